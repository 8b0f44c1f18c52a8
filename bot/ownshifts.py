"""A person's own shifts: turns of hers back to back are one, and company does not cut it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot import rota
from bot.people import StaffId
from bot.rota import Rota
from bot.schedules import Schedule

LONGEST: Final = timedelta(days=40)
"""So far ahead the end of a shift is looked for; one that lasts longer is told without its end."""


@dataclass(frozen=True, slots=True)
class Service:
    """`staff` is on call in each of `schedules` within [start, end)."""

    staff: StaffId
    schedules: tuple[str, ...]
    start: datetime
    end: datetime


def services(schedule: Schedule[StaffId], start: datetime, end: datetime) -> list[Service]:
    """Everybody's shifts within [start, end), cut to it, in one pass: the cost does not grow with the people."""
    begun: dict[StaffId, datetime] = {}
    found = []
    for piece in rota.shifts(schedule, start, end):
        for person in [one for one in begun if one not in piece.people]:
            found.append(Service(person, (schedule.name,), begun.pop(person), piece.start))
        for person in sorted(piece.people):
            begun.setdefault(person, piece.start)
    found += [Service(person, (schedule.name,), since, end) for person, since in begun.items()]
    return sorted(found, key=lambda one: (one.start, one.staff))


def together(found: Iterable[Service]) -> list[Service]:
    """Shifts of one person that begin at the same instant are told as one, up to the last of their ends."""
    merged: dict[tuple[datetime, StaffId], Service] = {}
    for one in found:
        key = (one.start, one.staff)
        before = merged.get(key)
        if before is not None:
            one = Service(one.staff, (*before.schedules, *one.schedules), one.start, max(before.end, one.end))
        merged[key] = one
    return [merged[key] for key in sorted(merged)]


def whole(planned: Rota[StaffId], service: Service) -> Service:
    """The same with its real end, as far as LONGEST."""
    reach = service.start + LONGEST
    ends = [
        rota.shifts_of(schedule, service.staff, service.start, reach)[0][1]
        for schedule in planned.schedules
        if schedule.name in service.schedules and service.staff in rota.on_call(schedule, service.start)
    ]
    return Service(service.staff, service.schedules, service.start, max(ends, default=service.end))


def is_endless(service: Service) -> bool:
    """Whether no end of it is in sight."""
    return service.end - service.start >= LONGEST
