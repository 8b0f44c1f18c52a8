"""Hours, nights, weekend days and holidays of each, and whom to ask first."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.fairness import Burden, burdens, fairest, planned, public_holidays
from bot.rota import Layer, Schedule, Unit

NEW_YORK = ZoneInfo("America/New_York")


def local(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def of(*spans: tuple[str, str], holidays: frozenset[date] = frozenset()) -> Burden:
    """Alma's burden in New York."""
    served = [("Alma", local(start), local(end)) for start, end in spans]
    return burdens(served, NEW_YORK, holidays)["Alma"]


@pytest.mark.parametrize(
    ("start", "end", "nights", "weekends"),
    [
        ("2026-03-03T09:00", "2026-03-03T22:00", 0, 0),  # ends as the night begins
        ("2026-03-03T09:00", "2026-03-03T22:01", 1, 0),
        ("2026-03-03T06:00", "2026-03-03T09:00", 0, 0),  # begins as the night ends
        ("2026-03-03T05:59", "2026-03-03T09:00", 1, 0),
        ("2026-03-03T21:00", "2026-03-04T06:00", 1, 0),  # one night over two dates
        ("2026-03-02T09:00", "2026-03-05T09:00", 3, 0),
        ("2026-03-06T21:00", "2026-03-07T00:00", 1, 0),  # Friday until midnight
        ("2026-03-06T21:00", "2026-03-07T00:01", 1, 1),
        ("2026-03-06T21:00", "2026-03-09T00:00", 3, 2),  # and Sunday's night begins on Sunday
    ],
)
def test_nights_and_weekend_days_are_those_of_which_any_part_is_served(
    start: str, end: str, nights: int, weekends: int
) -> None:
    """Each once, by the local clock."""
    found = of((start, end))
    assert (found.nights, found.weekends) == (nights, weekends)


def test_pieces_of_one_night_and_two_schedules_at_once_count_once() -> None:
    """The log is cut at midnight, and on call and backup at the same time are no double hours."""
    whole = of(("2026-03-07T21:00", "2026-03-08T06:00"))
    assert whole == of(("2026-03-07T21:00", "2026-03-08T00:00"), ("2026-03-08T00:00", "2026-03-08T06:00"))
    assert whole == of(("2026-03-07T21:00", "2026-03-08T06:00"), ("2026-03-07T23:00", "2026-03-08T05:00"))
    assert whole == Burden(hours=8, nights=1, weekends=2)  # the clock went forward


def test_public_holidays_are_those_of_the_country_or_of_a_part_of_it() -> None:
    """The day after the last, and a country that nobody knows."""
    found = public_holidays("US", date(2026, 7, 1), date(2026, 12, 25))
    assert found is not None
    assert date(2026, 12, 25) in found
    assert date(2027, 1, 1) not in found
    assert of(("2026-12-24T21:00", "2026-12-25T06:00"), holidays=found).holidays == 1
    assert public_holidays("XX", date(2026, 7, 1), date(2026, 7, 2)) is None
    assert public_holidays("US-ZZ", date(2026, 7, 1), date(2026, 7, 2)) is None
    assert public_holidays("us-ny", date(2026, 7, 1), date(2026, 7, 2)) == frozenset()


def test_the_least_burdened_is_asked_first() -> None:
    """Who has not served at all before everybody, a night weighs more than its hours, and equals keep their order."""
    known = {"Alma": Burden(hours=8, nights=1), "Bo": Burden(hours=9), "Cleo": Burden(hours=9)}
    assert fairest(["Alma", "Cleo", "Bo", "Dana"], known) == ["Dana", "Cleo", "Bo", "Alma"]


def test_what_is_planned_is_a_rota_s_own_answer() -> None:
    """Everybody of a group serves, and an empty span is no error."""
    pair = Layer(
        name="days",
        zone="UTC",
        start=datetime(2026, 3, 2),
        unit=Unit.DAY,
        participants=(("Alma", "Bo"), ("Cleo",)),
    )
    schedule = Schedule(name="on call", zone="UTC", layers=(pair,))
    start, end = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    found = burdens(planned([schedule], start, end), ZoneInfo("UTC"))
    assert {person: burden.hours for person, burden in found.items()} == {"Alma": 24, "Bo": 24, "Cleo": 24}
    assert planned([schedule], end, start) == []
