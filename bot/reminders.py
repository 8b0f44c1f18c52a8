"""Who is told of her shift, and when: a day before, an hour before, and READY? as it begins.

Nothing is stored about the future: what is due follows from the rota in force and the clock, and what was said is
remembered (storage/told)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from bot.ownshifts import Service, services, together
from bot.people import StaffId
from bot.rota import Rota


class Remind(StrEnum):
    """What she is told."""

    DAY = "day"
    HOUR = "hour"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class When:
    """It is said `before` the shift begins, or up to `late` after that instant if the line was down then; of these
    `schedules` only (none: of every one)."""

    before: timedelta
    late: timedelta
    schedules: frozenset[str] = frozenset()


WHEN: Final[Mapping[Remind, When]] = {
    # Exactly a day, at any hour: whoever serves from 03:00 is up at 03:00 the day before, or has her phone silenced.
    # Later than six hours it says little that the hour's does not.
    Remind.DAY: When(timedelta(days=1), timedelta(hours=6)),
    Remind.HOUR: When(timedelta(hours=1), timedelta(minutes=50)),
    # Only those whom the ladder asks first: backup is asked nothing until it is needed.
    Remind.READY: When(timedelta(0), timedelta(minutes=10), frozenset({"on call"})),
}
SILENCE: Final = timedelta(minutes=5)
"""So long after READY? somebody who has not been heard of is out of reach."""
SPARE: Final = timedelta(minutes=5)
AHEAD: Final = max(when.before for when in WHEN.values())
BACK: Final = timedelta(hours=1)


def due(planned: Rota[StaffId], now: datetime) -> list[tuple[Remind, Service]]:
    """What is to be said now, each shift up to its end as far as that is near; what was said already, too.

    READY? comes last: of what comes to one phone at once, OK and CAN'T must answer that. Whoever is on call for ever
    has no beginning in sight, and is never asked.
    """
    found = _near(planned, now)
    return [(what, one) for what in Remind for one in found if _is_due(what, one, now)]


def missed(before: Rota[StaffId], after: Rota[StaffId], now: datetime) -> list[tuple[Remind, Service]]:
    """What must not be said of shifts that are on people only by this change, made now: its instant has passed, and
    they have just heard of them. What they had before stays due."""
    had = {mark(one) for one in _near(before, now)}
    fresh = [one for one in _near(after, now) if mark(one) not in had]
    return [(what, one) for one in fresh for what in Remind if one.start - WHEN[what].before < now]


def mark(service: Service) -> tuple[str, str]:
    """By which a shift is known to those marks that say what has been said of it."""
    return str(service.staff), service.start.isoformat()


def _near(planned: Rota[StaffId], now: datetime) -> list[Service]:
    """The shifts of which anything may be due."""
    first = now - BACK
    found = together(
        one
        for schedule in planned.schedules
        for one in services(schedule, first, now + AHEAD + timedelta(seconds=1))
    )
    return [one for one in found if one.start > first]


def _is_due(what: Remind, service: Service, now: datetime) -> bool:
    when = WHEN[what]
    at = service.start - when.before
    if when.schedules and not when.schedules.intersection(service.schedules):
        return False
    return at <= now < at + when.late


def leaves_by(what: Remind, service: Service) -> datetime:
    """Until when its letter is worth sending: one that waited for a carrier, or a dead process, must not come late."""
    when = WHEN[what]
    return service.start - when.before + when.late + SPARE


class About(msgspec.Struct, frozen=True, array_like=True):
    """Which shift a question is about; `asked`: when it was put."""

    schedules: tuple[str, ...]
    start: datetime
    end: datetime
    asked: datetime


def about(service: Service, now: datetime) -> bytes:
    """What a question about this shift remembers."""
    return msgspec.msgpack.encode(About(service.schedules, service.start, service.end, now))


def about_what(remembered: bytes) -> About:
    """The same, read again."""
    return msgspec.msgpack.decode(remembered, type=About)
