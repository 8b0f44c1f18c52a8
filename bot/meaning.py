"""What a date says: days, hours or a part of the day; and which of somebody's shifts it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.wallclock import instant, wall

Span = tuple[datetime, datetime]
"""[start, end), instants."""
DAY: Final = timedelta(days=1)
LONG: Final = timedelta(hours=24)
"""Of a longer shift only what was named is meant: nobody who says "Friday night" gives away a week."""
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
    `ends` is one time of that day. `weekly`: only the day of the week was named. `dayless`: only a time was, so `day`
    is today. `other`: what may be meant as well."""

    day: date
    last: date | None = None
    part: str = ""
    begins: time | None = None
    ends: time | None = None
    weekly: bool = False
    dayless: bool = False
    other: Said | None = None

    @property
    def exact(self) -> bool:
        """Whether it has a beginning and an end by itself."""
        return self.last is not None or self.ends is not None

    def span(self, zone: ZoneInfo) -> Span:
        """From its first to its last instant, by the clock of `zone`."""
        begins, ends = self.begins or MIDNIGHT, self.ends or MIDNIGHT
        last = self.last or self.day
        if self.part:
            begins, ends = PARTS[self.part]
        if self.begins is not None and not self.exact:
            at = instant(datetime.combine(self.day, self.begins), zone)
            return at, at + timedelta(minutes=1)
        over_midnight = self.ends is None if self.last is not None else ends <= begins
        last += DAY * over_midnight
        return (
            instant(datetime.combine(self.day, begins), zone),
            instant(datetime.combine(last, ends), zone),
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
    if begins.fold or (said.part == "night" and begins < PARTS["night"][1]):
        day += DAY
    other = said.other and at(said.other, begins, ends)
    ends = None if ends is None else ends.replace(fold=0)
    return replace(said, day=day, begins=begins.replace(fold=0), ends=ends, part="", other=other)


def _twice(begins: time, ends: time | None) -> list[time]:
    """A single hour before noon may be meant of twelve; where an end stands beside it, nobody knows of which twelve
    that is."""
    return [begins, begins.replace(hour=begins.hour + 12)] if ends is None and begins.hour < 12 else [begins]


def _within(first: time, last: time, one: time) -> bool:
    return first <= one < last if first < last else one >= first or one < last


# ── Whose shifts are meant ──


def meant(said: Said, shifts: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    """What of these shifts is meant: one, none, or several of which she has to choose. Hours that were named are meant
    exactly, and only within one shift."""
    found = _meant(said, shifts, zone)
    if not found and said.weekly:
        found = _meant(replace(said, day=said.day + 7 * DAY), shifts, zone)
    if said.other is None:
        return found
    either = found + [one for one in meant(said.other, shifts, zone) if one not in found]
    begun = [one for one in either if any(_begins(whole, one, zone) for whole in (said, said.other))]
    return begun or either


def _begins(said: Said, one: Span, zone: ZoneInfo) -> bool:
    """Whether it begins on the day, or on one of the days, that were named."""
    return said.day <= wall(one[0], zone).date() <= (said.last or said.day)


def _meant(said: Said, shifts: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    first, last = said.span(zone)
    touched = [one for one in shifts if one[0] < last and first < one[1]]
    if said.begins is not None and said.exact:
        return [(first, last)] if any(start <= first and last <= end for start, end in touched) else []
    cut = [_cut(one, (first, last)) for one in touched]
    if said.begins is not None:
        return cut
    if said.part:
        # The largest overlap: a night reaches into the next evening's shift by an hour.
        overlap = [min(end, last) - max(start, first) for start, end in touched]
        most = max(overlap, default=timedelta())
        return [one for one, length in zip(cut, overlap, strict=True) if length == most]
    begun = [one for one, whole in zip(cut, touched, strict=True) if _begins(said, whole, zone)]
    return begun or cut


def _cut(one: Span, to: Span) -> Span:
    """The whole shift; of a very long one only what was named."""
    if one[1] - one[0] <= LONG or to[1] - to[0] < timedelta(hours=1):
        return one
    return max(one[0], to[0]), min(one[1], to[1])
