"""Whose shifts of the next day a change of the rota moves, and what she is to hear of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.ownshifts import LONGEST, Service, services, together
from bot.people import StaffId
from bot.rota import Rota
from bot.wallclock import FOREVER

SOON: Final = timedelta(days=1)
"""Of a shift that begins later she hears by its day's reminder."""


@dataclass(frozen=True, slots=True)
class News:
    """The shifts that are hers now and were not, or were others; and those that she has no more. Each by its start."""

    gained: tuple[Service, ...]
    lost: tuple[Service, ...]

    @property
    def until(self) -> datetime:
        """When the last of it is over."""
        return max(one.end for one in (*self.gained, *self.lost))


def news(before: Rota[StaffId], after: Rota[StaffId], now: datetime) -> Mapping[StaffId, News]:
    """For each whom it concerns. Shifts that run already are not told of; one that is moved, or is longer or shorter
    now, is told as it is now."""
    old, new = _ahead(before, now), _ahead(after, now)
    near = [one for one in old - new if now < one.start <= now + SOON]
    kept = {one: [other for other in new if _meet(one, other)] for one in near}
    moved = {other for others in kept.values() for other in others}
    gained = {one for one in new - old if now < one.start and (one in moved or one.start <= now + SOON)}
    lost = [one for one in near if not kept[one]]
    return {
        person: News(_of(person, gained), _of(person, lost))
        for person in sorted({one.staff for one in (*gained, *lost)})
    }


def _ahead(planned: Rota[StaffId], now: datetime) -> set[Service]:
    """Each schedule's; an end that is not in sight is FOREVER."""
    end = now + SOON + LONGEST
    found = (one for schedule in planned.schedules for one in services(schedule, now, end))
    return {replace(one, end=FOREVER) if one.end == end else one for one in found}


def _meet(one: Service, other: Service) -> bool:
    """Whether the one lives on in the other, at least in part."""
    same = (one.staff, one.schedules) == (other.staff, other.schedules)
    return same and one.start < other.end and other.start < one.end


def _of(person: StaffId, found: Iterable[Service]) -> tuple[Service, ...]:
    return tuple(together(one for one in found if one.staff == person))
