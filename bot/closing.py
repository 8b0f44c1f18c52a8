"""The line closed by hand, until an instant or until somebody opens it: whoever is talking goes on, nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from bot import meaning, when
from bot.errors import NotNow
from bot.wallclock import instant

NAME: Final = "closed"
"""Under this name the line remembers its last closing."""
LONGEST: Final = timedelta(days=31)
CLOCK: Final = re.compile(r"([01]?\d|2[0-3]|24(?=:00)):([0-5]\d)")
UNTIL: Final = re.compile(r"(?:until|till|til|hasta|до)\s+")


class Closing(msgspec.Struct, frozen=True, array_like=True):
    """Closed at `at` by a staff member; open again from `until` on. None: until somebody opens it."""

    at: datetime
    by: int
    until: datetime | None = None

    def is_closed(self, now: datetime) -> bool:
        """Whether it is at this instant."""
        return self.until is None or now < self.until


def written(closing: Closing) -> str:
    """As it is remembered."""
    return msgspec.json.encode(closing).decode()


def read(remembered: str | None) -> Closing | None:
    """The same, read again; None where it was never closed."""
    return msgspec.json.decode(remembered, type=Closing) if remembered else None


def until(words: str, now: datetime, zone: ZoneInfo, spoken: Iterable[str], *, month_first: bool) -> datetime:
    """The instant that somebody names ("until 08:00", "until Monday 08:00"): the next such one by her clock.

    NotNow where it is not understood, has passed, or is more than a month away.
    """
    said = UNTIL.sub("", words.strip(), count=1)
    local = now.astimezone(zone)
    clock = CLOCK.fullmatch(said)
    if clock is not None:
        found = _next(time(int(clock[1]) % 24, int(clock[2])), local, zone)
    else:
        found = _named(said, local, zone, spoken, month_first=month_first)
    if found <= now:
        raise NotNow("line.past")
    if found > now + LONGEST:
        raise NotNow("line.far")
    return found


def _next(at: time, local: datetime, zone: ZoneInfo) -> datetime:
    """The next instant at which her clock shows this."""
    return instant(datetime.combine(local.date() + timedelta(days=local.time() >= at), at), zone)


def _named(
    said: str, local: datetime, zone: ZoneInfo, spoken: Iterable[str], *, month_first: bool
) -> datetime:
    """A day, with or without an hour, or an hour that is written in another way."""
    languages = tuple(spoken)
    meant = when.read(said, languages, local.date(), month_first=month_first)
    if meant is None:
        hour = when.read(f"today {said}", ("en", *languages), local.date(), month_first=month_first)
        if hour is None or hour.begins is None or hour.exact or hour.part:
            raise NotNow("line.how")
        return _next(hour.begins, local, zone)
    if meant.exact or meant.part:
        raise NotNow("line.how")
    found = meant.span(zone)[0]
    if found <= local and meant.weekly:
        return meaning.Said(day=meant.day + timedelta(days=7), begins=meant.begins).span(zone)[0]
    return found
