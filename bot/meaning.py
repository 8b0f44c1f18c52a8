"""What a date says: days, hours or a part of the day, or only from when or until when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.wallclock import LONG_AGO, instant

Span = tuple[datetime, datetime]
"""[start, end), instants."""
DAY: Final = timedelta(days=1)
MIDNIGHT: Final = time(0)

PARTS: Final = {
    "morning": (time(5), time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(17), time(23)),
    "night": (time(20), time(8)),
    "dawn": (time(0), time(6)),
}
"""The hours of each part of a day; a night is the one that begins on that day."""
FITTING: Final = PARTS | {"morning": (time(0), time(12)), "evening": (time(16), time(23, 59))}
"""The hours that people name together with it: "two in the morning"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A day, or those from `day` to `last`, with hours or a part of the day where they were named. `begins` without
    `ends` is one time of that day; with `since`, all that comes after it; `ends` without `begins` is all before it.
    `now`: from this instant on, `day` is today. `twelve`: an hour written without saying of which twelve.
    `late`: an hour after midnight of the night that began the day before `day`. `weekly`: only the day of the week was
    named. `dayless`: only a time was, so `day` is today. `other`: what may be meant as well."""

    day: date
    last: date | None = None
    part: str = ""
    begins: time | None = None
    ends: time | None = None
    since: bool = False
    now: bool = False
    twelve: bool = False
    late: bool = False
    weekly: bool = False
    dayless: bool = False
    other: Said | None = None

    @property
    def exact(self) -> bool:
        """Whether it has a beginning and an end by itself."""
        return self.last is not None or self.ends is not None

    def span(self, zone: ZoneInfo, now: datetime = LONG_AGO) -> Span:
        """From its first to its last instant, by the clock of `zone`."""
        if self.now:
            return self._from(now, zone)
        begins, ends = self.begins or MIDNIGHT, self.ends or MIDNIGHT
        last = self.last or self.day
        if self.part:
            begins, ends = PARTS[self.part][0], self.ends or PARTS[self.part][1]
        if self.begins is not None and not self.exact and not self.since:
            at = instant(datetime.combine(self.day, self.begins), zone)
            return at, at + timedelta(minutes=1)
        over_midnight = self.ends is None if self.last is not None else ends <= begins
        last += DAY * over_midnight
        return (
            instant(datetime.combine(self.day, begins), zone),
            instant(datetime.combine(last, ends), zone),
        )

    def _from(self, now: datetime, zone: ZoneInfo) -> Span:
        """From now until the next time that the clock shows `ends`, or on the last day; else a minute."""
        start = max(now, instant(datetime.combine(self.day, MIDNIGHT), zone))
        if self.last is not None:
            last = self.last + DAY * (self.ends is None)
            return start, instant(datetime.combine(last, self.ends or MIDNIGHT), zone)
        if self.ends is None:
            return start, start + timedelta(minutes=1)
        days = (self.day + DAY * n for n in range(4))  # a zone may skip a day
        return start, next(
            at for day in days if (at := instant(datetime.combine(day, self.ends), zone)) > start
        )


def at(said: Said, begins: time, ends: time | None = None) -> Said | None:
    """At this time of the day, or part of one, that was named. Of a night, the hours after midnight are the next day's.
    "Friday night 21-06" is said twice; "Friday night 10-12" contradicts itself, but "9 at night" is 21:00."""
    day = said.day
    if said.part:
        first, last = FITTING[said.part]
        fits = [one for one in _twice(begins, ends) if _within(first, last, one)]
        if not fits:
            return None
        begins = fits[0]
    late = bool(begins.fold) or (said.part == "night" and begins < PARTS["night"][1])
    day += DAY * late
    other = said.other and at(said.other, begins, ends)
    ends = None if ends is None else ends.replace(fold=0)
    return replace(said, day=day, begins=begins.replace(fold=0), ends=ends, part="", late=late, other=other)


def _twice(begins: time, ends: time | None) -> list[time]:
    """A single hour before noon may be meant of twelve; where an end stands beside it, nobody knows of which twelve
    that is."""
    return [begins, begins.replace(hour=begins.hour + 12)] if ends is None and begins.hour < 12 else [begins]


def twelves(at: time) -> tuple[time, time]:
    """An hour that was written without saying of which twelve, and the other one that it can be."""
    return at, at.replace(hour=(at.hour + 12) % 24)


def _within(first: time, last: time, one: time) -> bool:
    return first <= one < last if first < last else one >= first or one < last
