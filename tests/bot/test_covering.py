"""Who is asked to serve for a colleague: who can answer, is free, and has not served enough that week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import covering, rotafile, rotanames
from bot.covering import Books
from bot.people import Contact, ContactId, Medium, Role, Staff, StaffId, Standing
from tests.stories.planning import FRIDAY, NIGHTS, THURSDAY

NAMES = {"Alma": StaffId(1), "Bo": StaffId(2), "Cleo": StaffId(3)}


def person(name: str, standing: Standing = Standing.JOINED) -> Staff:
    number = NAMES[name]
    contact = Contact(ContactId(bytes([number] * 16)), number, Medium.SMS, standing)
    return Staff(number, name, frozenset({Role.COUNSELOR}), ("en",), (contact,))


def books(hours: float = 20) -> Books:
    """Alma has Friday's night, Bo Saturday's and Tuesday's, Cleo Sunday's: nine hours each."""
    planned = rotanames.rename_all(rotafile.parse(NIGHTS.format(names='"Alma", "Bo", "Cleo"')), NAMES)
    return Books(
        now=THURSDAY,
        rota=planned,
        people={NAMES[name]: person(name) for name in NAMES},
        aways=(),
        zone=ZoneInfo("America/New_York"),
        most=timedelta(hours=hours),
    )


def asked(known: Books) -> list[str]:
    return [one.name for one in covering.candidates(known, "on call", NAMES["Alma"], *FRIDAY)]


def test_everybody_who_is_free() -> None:
    """Not the giver, nobody away, nobody who cannot be written to."""
    known = books()
    assert sorted(asked(known)) == ["Bo", "Cleo"]
    away = (FRIDAY[1] - timedelta(hours=1), FRIDAY[1] + timedelta(days=1))
    assert asked(replace(known, aways=((NAMES["Bo"], away),))) == ["Cleo"]
    unreached = {**known.people, NAMES["Cleo"]: person("Cleo", Standing.OPTED_OUT)}
    assert asked(replace(known, people=unreached)) == ["Bo"]


def test_who_would_pass_the_weekly_hours_is_asked_last() -> None:
    """From Monday to Monday by the line's clock: Bo's Saturday night is in that week whole, of Cleo's Sunday night two
    hours are. All are asked, for nobody at all is worse."""
    assert covering.weekly(books(), NAMES["Bo"], FRIDAY) == timedelta(hours=18)
    assert covering.weekly(books(), NAMES["Cleo"], FRIDAY) == timedelta(hours=11)
    first = asked(books())[0]
    assert asked(books(hours=17)) == ["Cleo", "Bo"]
    assert asked(books(hours=10))[0] == first
    saturday = (FRIDAY[0] + timedelta(days=1), FRIDAY[1] + timedelta(days=1))
    assert covering.weekly(books(), NAMES["Bo"], FRIDAY, saturday) == timedelta(hours=9)


def test_in_return_each_gives_her_nearest_comparable_shift() -> None:
    """Only one that has not begun, and at which the giver is free."""
    found = covering.partners(books(), "on call", NAMES["Alma"], *FRIDAY, None)
    assert {one.name: back[0] for one, back in found} == {
        "Bo": datetime(2026, 11, 29, 3, tzinfo=UTC),
        "Cleo": datetime(2026, 11, 30, 3, tzinfo=UTC),
    }
