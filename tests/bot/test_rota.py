"""The rota as its people live it: handoffs, change nights, windows, overrides, swaps, and the lists made of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot import rota, zones
from bot.errors import RotaError
from bot.rota import (
    EVERYONE,
    Advance,
    Kind,
    Layer,
    Order,
    Override,
    Rota,
    Schedule,
    Status,
    Swap,
    Unit,
    Window,
)

NEW_YORK = "America/New_York"
WEEKDAYS = (0, 1, 2, 3, 4)
NEVER = timedelta()


def z(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def layer(*people: str | tuple[str, ...], start: str = "2026-01-05T09:00", **rest: object) -> Layer[str]:
    """A layer of New York, a day a turn, unless it is said otherwise."""
    groups = tuple((one,) if isinstance(one, str) else one for one in people)
    given: dict[str, object] = {"name": "days", "zone": NEW_YORK, "unit": Unit.DAY, **rest}
    return Layer(start=datetime.fromisoformat(start), participants=groups, **given)  # type: ignore[arg-type]


def schedule(
    *layers: Layer[str], overrides: Iterable[Override[str]] = (), swaps: Iterable[Swap[str]] = ()
) -> Schedule[str]:
    return Schedule(
        name="on call", zone=NEW_YORK, layers=layers, overrides=tuple(overrides), swaps=tuple(swaps)
    )


def who(planned: Schedule[str], at: str) -> list[str]:
    return sorted(rota.on_call(planned, z(at)))


def change(kind: Kind, start: str, end: str, **whom: object) -> Override[str]:
    return Override(kind=kind, start=z(start), end=z(end), **whom)  # type: ignore[arg-type]


# ── the local clock ──


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        (NEW_YORK, "2026-03-08T01:59", "2026-03-08T06:59"),
        (NEW_YORK, "2026-03-08T02:00", "2026-03-08T07:00"),
        (NEW_YORK, "2026-03-08T02:30", "2026-03-08T07:00"),  # 03:00 local, not 03:30
        (NEW_YORK, "2026-03-08T03:00", "2026-03-08T07:00"),
        (NEW_YORK, "2026-03-08T03:01", "2026-03-08T07:01"),
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01T05:30"),  # the first of two
        (NEW_YORK, "2026-11-01T02:00", "2026-11-01T07:00"),
        ("Europe/Kyiv", "2026-03-29T03:30", "2026-03-29T01:00"),
        ("Europe/Kyiv", "2026-10-25T03:30", "2026-10-25T00:30"),
        ("Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # half an hour only
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        ("America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00"),  # midnight does not happen
        ("America/Santiago", "2026-09-06T00:59", "2026-09-06T04:00"),
        ("America/Santiago", "2026-04-04T23:30", "2026-04-05T02:30"),
        ("America/Santiago", "2026-04-05T00:00", "2026-04-05T04:00"),
        ("Pacific/Apia", "2011-12-30T00:00", "2011-12-30T10:00"),  # a day that does not exist
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31T00:01", "2011-12-30T10:01"),
    ],
)
def test_a_wall_time_is_the_first_instant_at_which_the_clock_has_reached_it(
    zone: str, wall: str, instant: str
) -> None:
    """The first of two, or the end of the gap."""
    assert rota.instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == z(instant)


@pytest.mark.parametrize("wall", [datetime.min, datetime.max])
@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/Santiago", "Asia/Kathmandu"])
def test_the_ends_of_the_calendar_give_an_answer(wall: datetime, zone: str) -> None:
    """No loop and no error, however far somebody types."""
    found = rota.instant(wall, ZoneInfo(zone))
    assert found.utcoffset() == timedelta()
    assert abs(found.year - wall.year) <= 1


# ── turns ──


def test_the_newcomer_is_on_call_at_the_handoff() -> None:
    """Half-open: at nine sharp it is Bo."""
    planned = schedule(layer("Alma", "Bo"))
    assert who(planned, "2026-01-05T13:59:59") == []
    assert who(planned, "2026-01-05T14:00") == ["Alma"]
    assert who(planned, "2026-01-06T13:59:59") == ["Alma"]
    assert who(planned, "2026-01-06T14:00") == ["Bo"]
    assert who(planned, "2026-01-07T14:00") == ["Alma"]


def test_the_answer_does_not_depend_on_the_offset_of_the_question() -> None:
    """The same instant asked from Kyiv."""
    planned = schedule(layer("Alma", "Bo"))
    asked = z("2026-01-06T14:00").astimezone(ZoneInfo("Europe/Kyiv"))
    assert rota.on_call(planned, asked) == {"Bo"}


def test_a_question_without_offset_is_refused() -> None:
    """Nobody guesses whose nine o'clock it is."""
    with pytest.raises(RotaError, match="needs an offset"):
        rota.on_call(schedule(layer("Alma")), datetime(2026, 1, 6))


def test_a_group_serves_together() -> None:
    """Two on one night."""
    assert who(schedule(layer("Alma", ("Bo", "Cleo"))), "2026-01-06T14:00") == ["Bo", "Cleo"]


def test_until_is_exclusive() -> None:
    """The layer is over at the very instant."""
    planned = schedule(layer("Alma", until=datetime(2026, 1, 7, 9)))
    assert who(planned, "2026-01-07T13:59:59") == ["Alma"]
    assert who(planned, "2026-01-07T14:00") == []


def test_hourly_turns_in_the_night_the_clock_jumps() -> None:
    """02:00 and 03:00 are one instant: the turn between them is empty, and nobody is doubled."""
    planned = schedule(layer("Alma", "Bo", "Cleo", start="2026-03-08T00:00", unit=Unit.HOUR))
    assert who(planned, "2026-03-08T06:59") == ["Bo"]
    assert who(planned, "2026-03-08T07:00") == ["Alma"]  # 03:00, turn 3; Cleo's hour did not happen
    assert who(planned, "2026-03-08T08:00") == ["Bo"]


def test_the_clock_going_back_never_undoes_a_handoff() -> None:
    """Who came at 01:00 stays for both hours."""
    planned = schedule(layer("Alma", "Bo", "Cleo", start="2026-11-01T00:00", unit=Unit.HOUR))
    assert who(planned, "2026-11-01T05:00") == ["Bo"]
    assert who(planned, "2026-11-01T06:00") == ["Bo"]
    assert who(planned, "2026-11-01T06:59") == ["Bo"]
    assert who(planned, "2026-11-01T07:00") == ["Cleo"]


@pytest.mark.parametrize(
    ("zone", "day", "long"),
    [
        (NEW_YORK, "2026-03-08", 23),
        (NEW_YORK, "2026-11-01", 25),
        ("Europe/Kyiv", "2026-03-29", 23),
        ("Europe/Kyiv", "2026-10-25", 25),
        ("Europe/Paris", "2026-03-29", 23),
        ("Europe/Paris", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Santiago", "2026-09-06", 23),
        ("America/Santiago", "2026-04-04", 25),
    ],
)
def test_a_day_of_a_change_night_is_one_turn(zone: str, day: str, long: float) -> None:
    """From midnight to midnight, however long that is, without a hole or a double hour."""
    start = datetime.fromisoformat(day) - timedelta(days=1)
    planned = schedule(layer("Alma", "Bo", "Cleo", start=start.isoformat(), zone=zone))
    begin = rota.instant(start, ZoneInfo(zone))
    _, second, third = rota.shifts(planned, begin, begin + timedelta(hours=56))
    assert (second.people, second.end - second.start) == ({"Bo"}, timedelta(hours=long))
    assert third.start == second.end


def test_the_day_that_apia_skipped_is_nobodys_turn() -> None:
    """The 29th is Alma's, the 31st Cleo's; Bo's day did not happen."""
    planned = schedule(layer("Alma", "Bo", "Cleo", start="2011-12-29T00:00", zone="Pacific/Apia"))
    found = rota.shifts(planned, z("2011-12-29T10:00"), z("2011-12-31T10:00"))
    assert [(shift.start, sorted(shift.people)) for shift in found] == [
        (z("2011-12-29T10:00"), ["Alma"]),
        (z("2011-12-30T10:00"), ["Cleo"]),
    ]


def test_month_ends_are_clamped_and_come_back() -> None:
    """31 January, 28 February, 31 March: the short month does not shorten the next."""
    planned = schedule(layer("Alma", "Bo", "Cleo", start="2026-01-31T12:00", zone="UTC", unit=Unit.MONTH))
    assert rota.boundaries(planned, z("2026-02-01T00:00"), z("2026-06-01T00:00")) == [
        z("2026-02-28T12:00"),
        z("2026-03-31T12:00"),
        z("2026-04-30T12:00"),
        z("2026-05-31T12:00"),
    ]


def test_a_rotation_from_a_leap_day() -> None:
    """Every twelve months from 29 February: the 28th, and the 29th when there is one."""
    planned = schedule(layer("Alma", "Bo", start="2024-02-29T08:00", zone="UTC", unit=Unit.MONTH, count=12))
    assert rota.boundaries(planned, z("2024-03-01T00:00"), z("2028-12-31T00:00")) == [
        z("2025-02-28T08:00"),
        z("2026-02-28T08:00"),
        z("2027-02-28T08:00"),
        z("2028-02-29T08:00"),
    ]
    assert who(schedule(layer("Alma", "Bo", start="2028-02-28T09:00")), "2028-02-29T14:00") == ["Bo"]


def test_week_53_is_a_week_like_any_other() -> None:
    """2026 has 53 ISO weeks; a weekly rotation counts weeks, not their numbers."""
    planned = schedule(layer("Alma", "Bo", start="2026-12-21T09:00", unit=Unit.WEEK))
    assert [who(planned, f"{day}T15:00") for day in ("2026-12-21", "2026-12-28", "2027-01-04")] == [
        ["Alma"],
        ["Bo"],
        ["Alma"],
    ]


def test_a_rotation_of_ten_years_counts_every_turn() -> None:
    """3,653 days from 2016-01-01 to 2026-01-01, three people: 3,653 mod 3 is 2."""
    planned = schedule(layer("Alma", "Bo", "Cleo", start="2016-01-01T00:00"))
    assert who(planned, "2026-01-01T12:00") == ["Cleo"]
    weekly = schedule(layer("Alma", "Bo", "Cleo", start="2016-01-04T09:00", unit=Unit.WEEK, count=2))
    assert who(weekly, "2026-01-05T15:00") == ["Alma"]  # 522 weeks, 261 turns, and 261 mod 3 is 0
    hourly = schedule(layer("Alma", "Bo", "Cleo", start="2016-01-01T00:00", unit=Unit.HOUR))
    assert who(hourly, "2026-01-01T06:30") == ["Bo"]  # 87,673 hours of wall time


@pytest.mark.parametrize("unit", Unit)
def test_the_last_day_of_the_calendar_has_an_answer(unit: Unit) -> None:
    """An override "for ever" is written with the last year there is."""
    planned = schedule(layer("Alma", unit=unit), layer("Bo", window=Window((0,), 1440, 1440)))
    assert "Alma" in rota.on_call(planned, datetime.max.replace(tzinfo=UTC))
    assert rota.on_call(planned, datetime.min.replace(tzinfo=UTC)) == frozenset()
    last = datetime.max.replace(tzinfo=UTC)
    assert rota.shifts(planned, last - timedelta(days=30), last)[-1].end == last


# ── windows ──


def test_a_night_window_belongs_to_the_weekday_on_which_it_begins() -> None:
    """Friday's night ends on Saturday; Sunday night is nobody's, Monday's night begins on Monday."""
    planned = schedule(layer("Alma", start="2026-01-05T21:00", window=Window(WEEKDAYS, 21 * 60, 6 * 60)))
    assert who(planned, "2026-01-10T10:59") == ["Alma"]  # Saturday 05:59
    assert who(planned, "2026-01-10T11:00") == []
    assert who(planned, "2026-01-11T03:00") == []  # Saturday 22:00
    assert who(planned, "2026-01-12T08:00") == []  # Monday 03:00
    assert who(planned, "2026-01-13T02:00") == ["Alma"]  # Monday 21:00


def test_midnight_as_24_00_and_a_window_of_a_whole_day() -> None:
    """To 24:00 is to the end of the day; from and to alike is round the clock."""
    evening = schedule(layer("Alma", zone="UTC", start="2026-01-05T00:00", window=Window((0,), 1080, 1440)))
    assert [who(evening, f"2026-01-05T{t}") for t in ("17:59", "18:00", "23:59")] == [[], ["Alma"], ["Alma"]]
    assert who(evening, "2026-01-06T00:00") == []
    around = schedule(layer("Alma", zone="UTC", start="2026-01-05T00:00", window=Window((0,), 540, 540)))
    assert who(around, "2026-01-06T08:59") == ["Alma"]
    assert who(around, "2026-01-06T09:00") == []


def test_windows_keep_to_the_clock_on_change_nights() -> None:
    """01:30–02:30: an hour, half an hour in spring, two hours in autumn; 02:00–03:00 is empty in spring."""
    planned = schedule(layer("Alma", window=Window(opens=90, closes=150)))
    assert rota.shifts_of(planned, "Alma", z("2026-03-08T05:00"), z("2026-03-08T12:00")) == [
        (z("2026-03-08T06:30"), z("2026-03-08T07:00"))
    ]
    assert rota.shifts_of(planned, "Alma", z("2026-11-01T04:00"), z("2026-11-01T12:00")) == [
        (z("2026-11-01T05:30"), z("2026-11-01T07:30"))
    ]
    gone = schedule(layer("Alma", window=Window(opens=120, closes=180)))
    assert rota.shifts_of(gone, "Alma", z("2026-03-08T05:00"), z("2026-03-08T12:00")) == []


def test_day_and_night_windows_tile_through_the_year() -> None:
    """Two layers that meet at 02:30 leave no hour uncovered and double none, change nights included."""
    for zone in (NEW_YORK, "Europe/Kyiv", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia"):
        day = layer("Alma", zone=zone, start="2011-01-01T00:00", window=Window(opens=150, closes=1080))
        night = layer("Bo", zone=zone, start="2011-01-01T00:00", window=Window(opens=1080, closes=150))
        planned = schedule(day, night)
        for year in (2011, 2026):
            found = rota.shifts(planned, z(f"{year}-02-01T00:00"), z(f"{year + 1}-02-01T00:00"))
            assert {len(shift.people) for shift in found} == {1}, zone


def test_turns_by_the_calendar_starve_those_whose_days_are_off_and_active_ones_do_not() -> None:
    """Fourteen people, weekdays only: four never serve by the calendar, all serve by windows."""
    team = tuple(f"person {n}" for n in range(14))
    half_a_year = (z("2026-01-05T00:00"), z("2026-07-05T00:00"))
    served = {}
    for advance in Advance:
        weekdays = layer(*team, start="2026-01-05T00:00", window=Window(WEEKDAYS), advance=advance)
        served[advance] = set(rota.hours(schedule(weekdays), *half_a_year))
    assert len(served[Advance.CALENDAR]) == 10
    assert len(served[Advance.ACTIVE]) == 14


def test_active_turns_step_from_window_to_window() -> None:
    """Friday Alma, Monday Bo: the weekend is no step, and two windows a turn are two nights."""
    nights = {"start": "2026-01-09T21:00", "window": Window(WEEKDAYS, 1260, 360), "advance": Advance.ACTIVE}
    one = schedule(layer("Alma", "Bo", "Cleo", **nights))
    assert [who(one, f"2026-01-{day}T04:00") for day in ("10", "11", "13", "14")] == [
        ["Alma"],
        [],
        ["Bo"],
        ["Cleo"],
    ]
    two = schedule(layer("Alma", "Bo", count=2, **nights))
    assert [who(two, f"2026-01-{day}T04:00") for day in ("10", "13", "14", "15", "16")] == [
        ["Alma"],
        ["Alma"],
        ["Bo"],
        ["Bo"],
        ["Alma"],
    ]


def test_an_active_turn_is_not_cut_at_midnight() -> None:
    """The counselor who began the night ends it, though the layer began at midnight."""
    nights = layer(
        "Alma", "Bo", start="2026-01-06T00:00", window=Window(opens=1260, closes=360), advance=Advance.ACTIVE
    )
    found = rota.shifts(schedule(nights), z("2026-01-07T00:00"), z("2026-01-09T00:00"))
    assert [(s.start, s.end) for s in found if s.people] == [
        (z("2026-01-07T02:00"), z("2026-01-07T11:00")),
        (z("2026-01-08T02:00"), z("2026-01-08T11:00")),
    ]


def test_a_window_open_at_the_start_is_the_first_step() -> None:
    """A layer that starts at 23:00 inside a night gives the rest of that night to the first."""
    nights = layer(
        "Alma", "Bo", start="2026-01-05T23:00", window=Window(WEEKDAYS, 1260, 360), advance=Advance.ACTIVE
    )
    assert who(schedule(nights), "2026-01-06T03:59") == []
    assert who(schedule(nights), "2026-01-06T04:00") == ["Alma"]
    assert who(schedule(nights), "2026-01-07T02:00") == ["Bo"]


def test_a_window_that_ends_at_the_start_is_no_step() -> None:
    """A layer that starts at 06:00, when the last night is over, gives the coming night to the first."""
    nights = layer(
        "Alma", "Bo", start="2026-01-06T06:00", window=Window(WEEKDAYS, 1260, 360), advance=Advance.ACTIVE
    )
    assert who(schedule(nights), "2026-01-07T02:00") == ["Alma"]


def test_a_clock_that_goes_back_over_midnight_does_not_undo_the_new_day() -> None:
    """In St. John's, in 2010, 00:01 became 23:01: who came at midnight stays."""
    days = layer(
        "Alma",
        "Bo",
        zone="America/St_Johns",
        start="2010-11-06T00:00",
        window=Window(),
        advance=Advance.ACTIVE,
    )
    asked = ["2010-11-07T02:29", "2010-11-07T02:30", "2010-11-07T02:45", "2010-11-07T03:45"]
    assert [who(schedule(days), at) for at in asked] == [["Alma"], ["Bo"], ["Bo"], ["Bo"]]
    assert [rota.holder(days, z(at))[0] for at in asked] == ["Alma", "Bo", "Bo", "Bo"]


def test_an_active_rotation_of_ten_years() -> None:
    """Monday 2016-01-04 to Monday 2026-01-05 are 522 weeks, 2,610 weekday windows: 2,610 mod 4 is 2."""
    nights = layer(
        "Alma", "Bo", "Cleo", "Dana", start="2016-01-04T21:00", window=Window(WEEKDAYS, 1260, 360),
        advance=Advance.ACTIVE,
    )  # fmt: skip
    assert who(schedule(nights), "2026-01-06T02:00") == ["Cleo"]


# ── layers ──


def test_the_highest_priority_with_somebody_on_serves_and_equal_ones_add_up() -> None:
    """The specialist's hours push the everyday layers aside, and only while she is there."""
    special = layer("Sam", priority=5, window=Window(opens=600, closes=660))
    planned = schedule(layer("Alma"), layer("Bo"), special)
    assert who(planned, "2026-01-06T14:59") == ["Alma", "Bo"]
    assert who(planned, "2026-01-06T15:00") == ["Sam"]
    assert who(planned, "2026-01-06T16:00") == ["Alma", "Bo"]


# ── changed participants ──


def test_a_new_order_moves_neither_the_handoffs_nor_the_turn_in_progress() -> None:
    """Dana joins while Bo serves: Bo goes on, then the one after Bo in the new list."""
    order = Order(z("2026-01-06T20:00"), (("Alma",), ("Bo",), ("Dana",), ("Cleo",)), ("Bo",))
    planned = schedule(layer("Alma", "Bo", "Cleo", revisions=(order,)))
    days = [who(planned, f"2026-01-{day:02}T14:00") for day in range(5, 12)]
    assert days == [["Alma"], ["Bo"], ["Dana"], ["Cleo"], ["Alma"], ["Bo"], ["Dana"]]
    assert rota.boundaries(planned, z("2026-01-06T14:00"), z("2026-01-07T14:00")) == [z("2026-01-06T20:00")]
    assert len(rota.shifts(planned, z("2026-01-06T14:00"), z("2026-01-07T14:00"))) == 1


def test_a_new_order_may_give_the_turn_in_progress_to_another() -> None:
    """Bo leaves in the middle of her turn; Cleo takes over at once, and Alma is next."""
    order = Order(z("2026-01-06T20:00"), (("Alma",), ("Cleo",)), ("Cleo",))
    planned = schedule(layer("Alma", "Bo", "Cleo", revisions=(order,)))
    assert who(planned, "2026-01-06T19:59") == ["Bo"]
    assert who(planned, "2026-01-06T20:00") == ["Cleo"]
    assert who(planned, "2026-01-07T14:00") == ["Alma"]


def test_an_order_before_the_first_turn_names_who_gets_it() -> None:
    """No turn is in progress yet."""
    order = Order(z("2026-01-01T00:00"), (("Alma",), ("Bo",)), ("Bo",))
    assert who(schedule(layer("Alma", revisions=(order,))), "2026-01-05T14:00") == ["Bo"]


def test_an_order_between_two_windows_concerns_the_turn_last_begun() -> None:
    """Changed on Sunday: Friday's turn counts as Alma's, so Monday's is Cleo's."""
    order = Order(z("2026-01-11T12:00"), (("Alma",), ("Cleo",)), ("Alma",))
    nights = layer(
        "Alma", "Bo", start="2026-01-09T21:00", window=Window(WEEKDAYS, 1260, 360), advance=Advance.ACTIVE,
        revisions=(order,),
    )  # fmt: skip
    assert who(schedule(nights), "2026-01-13T02:00") == ["Cleo"]


def test_a_group_may_be_named_by_one_of_its_people() -> None:
    """Bo alone first, else the group that she is in."""
    groups = (("Alma",), ("Bo", "Cleo"), ("Bo",))
    assert Order(z("2026-01-01T00:00"), groups, ("Bo",)).position == 2
    assert Order(z("2026-01-01T00:00"), groups, ("Cleo",)).position == 1
    assert Order(z("2026-01-01T00:00"), groups, ("Cleo", "Bo")).position == 1
    assert Order(z("2026-01-01T00:00"), groups, ("Dana",)).position is None


def test_who_holds_the_turn_can_be_asked_for_a_new_order() -> None:
    """Also before the start and between windows."""
    order = Order(z("2026-01-07T20:00"), (("Bo",), ("Cleo",)), ("Cleo",))
    days = layer("Alma", "Bo", window=Window(opens=600, closes=660), revisions=(order,))
    asked = [
        "2025-01-01T00:00",
        "2026-01-05T20:00",
        "2026-01-07T01:00",
        "2026-01-07T20:00",
        "2026-01-08T20:00",
    ]
    found = [rota.holder(days, z(at))[0] for at in asked]
    assert found == ["Alma", "Alma", "Bo", "Cleo", "Bo"]


# ── overrides and swaps ──

DAY = ("2026-01-05T16:00", "2026-01-05T20:00")


def overridden(*changes: tuple[Kind, dict[str, object]], people: tuple[str, ...] = ("Alma",)) -> list[str]:
    """Who is on at 18:00Z, when everybody in `people` would be, after overrides from 16:00Z to 20:00Z."""
    made = [change(kind, *DAY, **whom) for kind, whom in changes]
    return who(schedule(layer(people), overrides=made), "2026-01-05T18:00")


def test_each_kind_of_override() -> None:
    """Add, remove, replace, by name and for everybody."""
    both = ("Alma", "Bo")
    assert overridden((Kind.ADD, {"add": "Cleo"})) == ["Alma", "Cleo"]
    assert overridden((Kind.REMOVE, {"remove": "Alma"}), people=both) == ["Bo"]
    assert overridden((Kind.REMOVE, {"remove": EVERYONE}), people=both) == []
    assert overridden((Kind.REPLACE, {"remove": "Alma", "add": "Cleo"}), people=both) == ["Bo", "Cleo"]
    assert overridden((Kind.REPLACE, {"remove": EVERYONE, "add": "Cleo"}), people=both) == ["Cleo"]
    assert overridden((Kind.REPLACE, {"remove": "Dana", "add": "Cleo"})) == ["Alma"]


def test_overrides_act_in_order_on_owners_and_holders() -> None:
    """A slot remembers whose it was, so a second thought still finds it."""
    to_bo = (Kind.REPLACE, {"remove": "Alma", "add": "Bo"})
    assert overridden(to_bo, (Kind.REPLACE, {"remove": "Bo", "add": "Cleo"})) == ["Cleo"]
    assert overridden(to_bo, (Kind.REPLACE, {"remove": "Alma", "add": "Cleo"})) == ["Cleo"]
    assert overridden(to_bo, (Kind.REMOVE, {"remove": "Alma"})) == []
    assert overridden(to_bo, (Kind.REMOVE, {"remove": "Bo"})) == []
    assert overridden(to_bo, (Kind.REPLACE, {"remove": "Bo", "add": "Alma"})) == ["Alma"]
    assert overridden((Kind.REMOVE, {"remove": "Alma"}), to_bo) == []
    assert overridden((Kind.ADD, {"add": "Cleo"}), (Kind.REPLACE, {"remove": EVERYONE, "add": "Bo"})) == [
        "Bo"
    ]
    assert overridden((Kind.REPLACE, {"remove": EVERYONE, "add": "Bo"}), (Kind.ADD, {"add": "Cleo"})) == [
        "Bo",
        "Cleo",
    ]


def test_an_override_is_half_open_and_ends_when_it_is_cancelled() -> None:
    """What it did until then remains true of the past."""
    planned = schedule(layer("Alma"), overrides=[change(Kind.ADD, *DAY, add="Bo")])
    assert [who(planned, f"2026-01-05T{t}") for t in ("15:59", "16:00", "19:59", "20:00")] == [
        ["Alma"],
        ["Alma", "Bo"],
        ["Alma", "Bo"],
        ["Alma"],
    ]
    cancelled = [change(Kind.ADD, *DAY, add="Bo", cancelled=z("2026-01-05T18:00"))]
    planned = schedule(layer("Alma"), overrides=cancelled)
    assert who(planned, "2026-01-05T17:59") == ["Alma", "Bo"]
    assert who(planned, "2026-01-05T18:00") == ["Alma"]
    never = [change(Kind.ADD, *DAY, add="Bo", cancelled=z("2026-01-01T18:00"))]
    assert rota.shifts_of(schedule(layer("Alma"), overrides=never), "Bo", z(DAY[0]), z(DAY[1])) == []


@pytest.mark.parametrize("status", Status)
def test_only_a_taken_swap_counts_and_it_comes_after_the_overrides(status: Status) -> None:
    """Cleo stands in for Alma, who stands in for Bo."""
    swap = Swap(giver="Alma", taker="Cleo", start=z(DAY[0]), end=z(DAY[1]), status=status)
    stand_in = change(Kind.REPLACE, *DAY, remove="Bo", add="Alma")
    planned = schedule(layer("Bo"), overrides=[stand_in], swaps=[swap])
    assert who(planned, "2026-01-05T18:00") == (["Cleo"] if status is Status.TAKEN else ["Alma"])


# ── lists made of it ──


def test_the_calendar_is_cut_only_where_people_change() -> None:
    """Alma twice in a row is one shift, and what nobody covers is there too."""
    planned = schedule(layer("Alma", "Alma", "Bo", until=datetime(2026, 1, 8, 9)))
    found = rota.shifts(planned, z("2026-01-05T00:00"), z("2026-01-10T00:00"))
    assert [(shift.start.isoformat()[:16], sorted(shift.people)) for shift in found] == [
        ("2026-01-05T00:00", []),
        ("2026-01-05T14:00", ["Alma"]),
        ("2026-01-07T14:00", ["Bo"]),
        ("2026-01-08T14:00", []),
    ]
    assert found[-1].end == z("2026-01-10T00:00")


def test_gaps_are_for_everybody_or_for_a_language() -> None:
    """Two people on, and still no Ukrainian speaker on Bo's day."""
    planned = schedule(
        layer("Alma", "Bo", until=datetime(2026, 1, 8, 9)), layer("Charlie", until=datetime(2026, 1, 8, 9))
    )
    span = (z("2026-01-05T14:00"), z("2026-01-09T00:00"))
    assert rota.gaps(planned, *span) == [(z("2026-01-08T14:00"), z("2026-01-09T00:00"))]
    assert rota.gaps(planned, *span, counts={"Alma"}.__contains__) == [
        (z("2026-01-06T14:00"), z("2026-01-07T14:00")),
        (z("2026-01-08T14:00"), z("2026-01-09T00:00")),
    ]


def test_the_next_change_is_a_change_of_people() -> None:
    """A handoff from Alma to Alma wakes nobody."""
    planned = schedule(layer("Alma", "Alma", "Bo"))
    assert rota.next_change(planned, z("2026-01-05T14:00")) == z("2026-01-07T14:00")
    assert rota.next_change(planned, z("2026-01-05T13:00")) == z("2026-01-05T14:00")
    assert rota.next_change(planned, z("2026-01-05T14:00"), timedelta(days=1)) is None
    assert rota.next_change(planned, datetime.max.replace(tzinfo=UTC) - timedelta(hours=1)) is None


def test_my_next_shifts() -> None:
    """The one in progress first; company does not cut it, and a rare turn is found months away."""
    planned = schedule(layer("Alma", "Bo"), layer("Cleo", window=Window(opens=720, closes=780)))
    assert rota.next_shifts(planned, "Bo", z("2026-01-06T20:00"), 2) == [
        (z("2026-01-06T20:00"), z("2026-01-07T14:00")),
        (z("2026-01-08T14:00"), z("2026-01-09T14:00")),
    ]
    rare = schedule(layer("Alma", "Bo", unit=Unit.MONTH, count=3))
    assert rota.next_shifts(rare, "Bo", z("2026-01-06T00:00"), 1) == [
        (z("2026-04-05T13:00"), z("2026-07-05T13:00"))
    ]
    assert rota.next_shifts(rare, "Charlie", z("2026-01-06T00:00"), 3) == []


def test_hours_per_person_count_the_clock_change() -> None:
    """The spring night is an hour shorter."""
    planned = schedule(layer("Alma", "Bo", start="2026-03-07T00:00"))
    assert rota.hours(planned, z("2026-03-07T05:00"), z("2026-03-09T04:00")) == {
        "Alma": timedelta(hours=24),
        "Bo": timedelta(hours=23),
    }


@pytest.mark.parametrize("end", ["2026-01-05T00:00", "2026-01-04T00:00"])
def test_a_range_needs_to_have_a_length(end: str) -> None:
    """End ≤ start is refused, not answered with nothing."""
    with pytest.raises(RotaError, match="after its start"):
        rota.shifts(schedule(layer("Alma")), z("2026-01-05T00:00"), z(end))


def test_people_are_renamed_everywhere_or_the_place_is_named() -> None:
    """Names of a file become staff ids; the refusal does not repeat the name."""
    order = Order(z("2026-01-07T00:00"), (("Alma",), ("Bo", "Cleo")), ("Bo", "Cleo"))
    swap = Swap(giver="Alma", taker="Bo", start=z(DAY[0]), end=z(DAY[1]), status=Status.TAKEN)
    stand_in = change(Kind.REPLACE, *DAY, remove="Bo", add="Alma", by="Sam")
    for_all = change(Kind.REPLACE, *DAY, remove=EVERYONE, add="Alma")
    planned = schedule(layer("Alma", "Bo", revisions=(order,)), overrides=[stand_in, for_all], swaps=[swap])
    ids = {"Alma": 1, "Bo": 2, "Cleo": 3, "Sam": 4}
    numbered = rota.rename(planned, ids)
    assert rota.on_call(numbered, z("2026-01-05T18:00")) == {2}
    assert rota.rename(numbered, {value: key for key, value in ids.items()}) == planned
    with pytest.raises(RotaError) as refused:
        rota.rename(planned, {"Alma": 1, "Bo": 2, "Cleo": 3})
    assert str(refused.value) == 'schedule "on call", override 1, by: unknown person.'


# ── what must hold everywhere ──


def test_every_zone_answers_in_every_unit() -> None:
    """All of the zone data, far days too: asked at once and instant by instant it is the same, and nothing loops."""
    for n, zone in enumerate(sorted(zones.known())):
        unit = list(Unit)[n % 4]
        start = f"{2000 + n % 100}-0{1 + n % 9}-{1 + n % 28:02}T{n % 24:02}:30"
        nights = Window(WEEKDAYS, 1260, 360) if n % 3 else None
        planned = schedule(layer("Alma", "Bo", "Cleo", zone=zone, start=start, unit=unit, window=nights))
        rota.validate(Rota((planned,)))
        first = z(start) + timedelta(days=200)
        found = rota.shifts(planned, first, first + timedelta(days=9))
        assert (found[0].start, found[-1].end) == (first, first + timedelta(days=9)), zone
        assert all(rota.on_call(planned, shift.start) == shift.people for shift in found), zone


def test_no_clock_goes_there_and_back_within_six_days() -> None:
    """On which the engine relies when it reads handoffs off the clock, six days at a time."""
    half_days = [z("2000-01-01T00:00") + timedelta(hours=12 * n) for n in range(2 * 366)]
    half_days += [z("2011-06-01T00:00") + timedelta(hours=12 * n) for n in range(2 * 366)]
    for name in sorted(zones.known()):
        zone = ZoneInfo(name)
        changes = [
            (
                n,
                (after.astimezone(zone).utcoffset() or NEVER)
                - (before.astimezone(zone).utcoffset() or NEVER),
            )
            for n, (before, after) in enumerate(pairwise(half_days))
        ]
        moved = [(n, by) for n, by in changes if by]
        for (n, there), (later, back) in pairwise(moved):
            assert later - n > 12 or (there > NEVER) == (back > NEVER), name


def test_the_age_of_a_rota_and_what_is_over_cost_nothing() -> None:
    """Ten years ago or today, with a thousand past swaps and a thousand one-day layers or without: by the work done,
    counted in calls, so that a busy machine does not matter."""
    at = z("2026-03-02T12:00")
    past = [
        Swap(giver="Alma", taker="Bo", start=at - timedelta(days=n + 2), end=at - timedelta(days=n + 1),
             status=Status.TAKEN)
        for n in range(1000)
    ]  # fmt: skip
    years = [
        layer("Alma", start=f"{day:%Y-%m-%d}T09:00", until=day.replace(tzinfo=None) + timedelta(days=1))
        for day in (at - timedelta(days=n + 5) for n in range(1000))
    ]
    new, old = layer("Alma", "Bo", start="2026-02-28T09:00"), layer("Alma", "Bo", start="2016-02-28T09:00")
    cheap, aged, burdened = (
        calls(partial(rota.on_call, planned, at))
        for planned in (schedule(new), schedule(old), schedule(new, *years, swaps=past))
    )
    assert aged <= cheap + 2
    assert burdened <= cheap + 10


def test_who_is_deleted_moves_nobody() -> None:
    """In storage she stays as a number without a name: the others' turns are where they were."""
    days = layer("Alma", "Bo", "Cleo")
    numbered = rota.rename(schedule(days), {"Alma": 1, "Bo": 2, "Cleo": 3})
    span = (z("2026-02-01T00:00"), z("2026-03-01T00:00"))
    before = [rota.next_shifts(schedule(days), name, span[0], 9) for name in ("Alma", "Cleo")]
    assert [rota.next_shifts(numbered, number, span[0], 9) for number in (1, 3)] == before
    assert rota.gaps(numbered, *span, counts={1, 3}.__contains__) == rota.shifts_of(numbered, 2, *span)


def calls(what: Callable[[], object]) -> int:
    """How many of Python's functions it calls."""
    count = 0

    def counted(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        what()
    finally:
        sys.setprofile(None)
    return count
