"""What was agreed about a shift, held against the rota: Alma has Friday's night, Bo Saturday's, Cleo Sunday's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import agreements, rota, rotafile, rotanames
from bot.changes import Kind, Override, Status
from bot.covering import Span, taken_off
from bot.covers import Cover, Deal
from bot.people import StaffId
from bot.schedules import Schedule
from tests.stories.planning import FRIDAY, NIGHTS, THURSDAY

ALMA, BO, CLEO = map(StaffId, (1, 2, 3))
NAMES = {"Alma": ALMA, "Bo": BO, "Cleo": CLEO}
SATURDAY = (FRIDAY[0] + timedelta(days=1), FRIDAY[1] + timedelta(days=1))
MIDDLE = (FRIDAY[0] + timedelta(hours=1), FRIDAY[0] + timedelta(hours=4))
"""23-02."""


def planned() -> Schedule[StaffId]:
    schedule = rotanames.rename_all(rotafile.parse(NIGHTS.format(names='"Alma", "Bo", "Cleo"')), NAMES).named(
        "on call"
    )
    assert schedule is not None
    return schedule


def taken(
    giver: StaffId = ALMA, taker: StaffId = BO, span: Span = FRIDAY, returned: Span | None = None
) -> Cover:
    return Cover(
        number=1,
        deal=Deal.SWAP if returned else Deal.COVER,
        giver=giver,
        taker=taker,
        schedule="on call",
        start=span[0],
        end=span[1],
        status=Status.TAKEN,
        due_at=span[1],
        returned=returned,
        decided=THURSDAY,
    )


def agreed(schedule: Schedule[StaffId], *covers: Cover) -> Schedule[StaffId]:
    made = tuple(one for cover in covers for one in agreements.swaps(cover))
    return replace(schedule, swaps=(*schedule.swaps, *made))


def removed(schedule: Schedule[StaffId], person: StaffId, span: Span = FRIDAY) -> Schedule[StaffId]:
    made = taken_off(schedule, person, *span, by=CLEO)
    return agreements.without_idle(replace(schedule, overrides=(*schedule.overrides, *made)), span, THURSDAY)


def added(schedule: Schedule[StaffId], person: StaffId, span: Span = FRIDAY) -> Schedule[StaffId]:
    made = Override(kind=Kind.ADD, start=span[0], end=span[1], add=person)
    return replace(schedule, overrides=(*schedule.overrides, made))


def served(schedule: Schedule[StaffId], span: Span = FRIDAY) -> list[set[StaffId]]:
    return [set(one.people) for one in rota.shifts(schedule, *span)]


SWAP = taken(returned=SATURDAY)
PART = taken(BO, CLEO, MIDDLE)
"""Cleo serves 23-02 of what Bo has taken."""


@pytest.mark.parametrize(
    ("schedule", "cover", "can"),
    [
        (agreed(planned(), taken()), taken(), True),
        (agreed(planned(), SWAP), SWAP, True),
        (planned(), taken(), False),
        (agreed(planned(), taken(), PART), taken(), False),
        (agreed(planned(), SWAP, taken(ALMA, CLEO, SATURDAY)), SWAP, False),
        # Bo serves the whole of it again, because an admin says so: without what was agreed Alma would not.
        (added(removed(agreed(planned(), taken()), BO), BO), taken(), False),
        (added(removed(agreed(planned(), taken()), BO, MIDDLE), BO, MIDDLE), taken(), False),
        (added(removed(agreed(planned(), SWAP), ALMA, SATURDAY), ALMA, SATURDAY), SWAP, False),
    ],
)
def test_it_is_undone_only_if_that_brings_back_what_was(
    schedule: Schedule[StaffId], cover: Cover, can: bool
) -> None:
    """The whole of both shifts, and nothing else has happened to them."""
    assert agreements.can_be_undone(schedule, cover, BO, THURSDAY) is can
    after = agreements.without(schedule, cover, THURSDAY)
    if can:
        assert (served(after), served(after, SATURDAY)) == ([{ALMA}], [{BO}])


def test_what_an_admin_has_ended_acts_no_more() -> None:
    """REMOVE of whoever has it at the end of a chain ends all of it; of a part, or of half a swap, what still decides
    something stays. Alma can be added then, and serves."""
    chain = agreed(planned(), taken(), taken(BO, CLEO))
    off = removed(chain, CLEO)
    assert {one.status for one in off.swaps} == {Status.CANCELLED}
    assert [agreements.given_away(one, ALMA, *FRIDAY) for one in (chain, off)] == [CLEO, None]
    assert served(off) == [set()]
    assert served(added(off, ALMA)) == [{ALMA}]

    part = removed(agreed(planned(), taken()), BO, MIDDLE)
    assert [one.status for one in part.swaps] == [Status.TAKEN]
    assert served(part) == [{BO}, set(), {BO}]
    half = removed(agreed(planned(), SWAP), ALMA, SATURDAY)
    assert [one.status for one in half.swaps] == [Status.TAKEN, Status.CANCELLED]
    assert (served(half), served(half, SATURDAY)) == ([{BO}], [set()])


def test_of_one_that_runs_what_it_did_stays_true() -> None:
    """Bo is taken off in the middle of the night that he took."""
    now = MIDDLE[0]
    schedule = agreed(planned(), taken())
    made = taken_off(schedule, BO, now, FRIDAY[1], by=CLEO)
    after = agreements.without_idle(replace(schedule, overrides=made), (now, FRIDAY[1]), now)
    assert served(after) == [{BO}, set()]
    assert served(added(after, ALMA, (now, FRIDAY[1]))) == [{BO}, {ALMA}]
