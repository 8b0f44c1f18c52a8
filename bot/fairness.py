"""How much each person serves, and who should be asked next. Generic over people: names of a file, staff ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot import rota
from bot.layers import P
from bot.schedules import Schedule
from bot.wallclock import wall

NIGHT_BEGINS: Final = timedelta(hours=22)
NIGHT_ENDS: Final = timedelta(hours=30)
"""After the midnight at which its day begins: 22:00 to 06:00 of the next day, by the local clock."""
A_NIGHT: Final = 4.0
A_WEEKEND_DAY: Final = 4.0
A_HOLIDAY: Final = 8.0
"""Hours that each weighs beyond its own, when burdens are compared: they cost sleep, friends, family."""
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5

Served = tuple[P, datetime, datetime]
"""A person is on call from an instant until another, which is not part of it."""


@dataclass(frozen=True, slots=True)
class Burden:
    """What somebody serves within a span, by one local clock; time in two schedules at once counts once.

    `nights`: those of which she serves any part, each night (22:00 to 06:00) once. `weekends`: Saturdays and Sundays
    of which she serves any part, each day once. `holidays`: public holidays, likewise.
    """

    hours: float = 0.0
    nights: int = 0
    weekends: int = 0
    holidays: int = 0

    @property
    def weight(self) -> float:
        """By which burdens are compared: the hours, and more for each night, weekend day and holiday."""
        return self.hours + A_NIGHT * self.nights + A_WEEKEND_DAY * self.weekends + A_HOLIDAY * self.holidays


NOTHING: Final = Burden()


def planned(schedules: Iterable[Schedule[P]], start: datetime, end: datetime) -> list[Served[P]]:
    """What the rota has people serve within [start, end); none if it is empty."""
    if end <= start:
        return []
    return [
        (person, shift.start, shift.end)
        for schedule in schedules
        for shift in rota.shifts(schedule, start, end)
        for person in shift.people
    ]


def burdens(
    served: Iterable[Served[P]], zone: ZoneInfo, holidays: Collection[date] = frozenset()
) -> dict[P, Burden]:
    """The burden of everybody who serves at all, by the clock of `zone`."""
    mine: dict[P, list[tuple[datetime, datetime]]] = {}
    for person, start, end in served:
        mine.setdefault(person, []).append((start, end))
    return {person: _burden(_merged(spans), zone, holidays) for person, spans in mine.items()}


def fairest(candidates: Iterable[P], burdens: Mapping[P, Burden]) -> list[P]:
    """Whom to ask first: the least burdened; among equals the order in which they are given."""
    return sorted(candidates, key=lambda person: burdens.get(person, NOTHING).weight)


def public_holidays(country: str, first: date, last: date) -> frozenset[date] | None:
    """The public holidays from `first` to `last`, both included; None for a country (US, or US-NY with its
    subdivision) that is not known."""
    # 0.3 s, which only those pay who ask for holidays.
    import holidays

    nation, _, subdivision = country.upper().partition("-")
    try:
        found = holidays.country_holidays(
            nation, subdiv=subdivision or None, years=range(first.year, last.year + 1)
        )
    except NotImplementedError:
        return None
    return frozenset(day for day in found if first <= day <= last)


def _merged(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    whole: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


def _burden(spans: list[tuple[datetime, datetime]], zone: ZoneInfo, holidays: Collection[date]) -> Burden:
    nights: set[date] = set()
    days: set[date] = set()
    for start, end in spans:
        # To the last moment that is part of it, for one that ends at midnight does not touch the next day.
        first, last = wall(start, zone), wall(end - timedelta.resolution, zone)
        days |= set(_days(first, last))
        # A night reaches 6 hours into the next day, so the one that began the day before may still run.
        nights |= {
            day
            for day in _days(first - _DAY, last)
            if _at(day, NIGHT_BEGINS) <= last and first < _at(day, NIGHT_ENDS)
        }
    return Burden(
        hours=sum((end - start for start, end in spans), timedelta()) / timedelta(hours=1),
        nights=len(nights),
        weekends=sum(day.weekday() >= _SATURDAY for day in days),
        holidays=sum(day in holidays for day in days),
    )


def _days(first: datetime, last: datetime) -> Iterator[date]:
    day = first.date()
    while day <= last.date():
        yield day
        day += _DAY


def _at(day: date, clock: timedelta) -> datetime:
    return datetime(day.year, day.month, day.day) + clock  # noqa: DTZ001 (a wall time)
