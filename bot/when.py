"""Dates as staff write them ("Friday night", "27 Nov 21-06", "3-10 Dec"), and which of somebody's shifts they mean.

Nothing is guessed: what is not understood whole, or contradicts itself, is None, and she is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot import datewords
from bot.datewords import DateWord, Sort
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
}
"""The hours of each part of a day; a night is the one that begins on that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A day, or those from `day` to `last`, with hours or a part of the day where they were named. `begins` without
    `ends` is one time of that day. `weekly`: only the day of the week was named."""

    day: date
    last: date | None = None
    part: str = ""
    begins: time | None = None
    ends: time | None = None
    weekly: bool = False

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
        over_midnight = ends == MIDNIGHT if self.last is not None else ends <= begins
        last += DAY * over_midnight
        return (
            instant(datetime.combine(self.day, begins), zone),
            instant(datetime.combine(last, ends), zone),
        )


def understood(text: str, languages: Iterable[str], *, month_first: bool) -> bool:
    """Whether every word of it belongs to a date and it can be read as one, whatever day it is."""
    return read(text, languages, date(2026, 1, 1), month_first=month_first) is not None


def read(text: str, languages: Iterable[str], today: date, *, month_first: bool) -> Said | None:
    """What the text says, in the first of these languages that knows each word; a past day without a year is the next
    one. None where any of it is not understood. Never an error, whatever the text."""
    found = datewords.words(text, languages, month_first=month_first)
    if found is None:
        return None
    kept = [word for word in found if word.sort is not Sort.LITTLE]
    try:
        return _read(kept, today)
    except (OverflowError, ValueError):  # 29 February of no leap year, the end of the calendar
        return None


def _read(words: list[DateWord], today: date) -> Said | None:
    at = _divided(words)
    if at is None:
        whole = [word for word in words if word.sort is not Sort.FROM]
        return None if any(word.sort is Sort.TO for word in whole) else _side(whole, today)
    left = [word for word in words[:at] if word.sort is not Sort.FROM]
    right = [word for word in words[at + 1 :] if word.sort is not Sort.FROM]
    if not left or not right:
        return None
    if _hours(left, right):
        return _with_hours(left, right, today)
    return _range(left, right, today)


def _divided(words: Sequence[DateWord]) -> int | None:
    """Where the one word stands that divides a beginning from an end."""
    places = [n for n, word in enumerate(words) if word.sort is Sort.TO]
    return places[0] if len(places) == 1 else None


def _hours(left: list[DateWord], right: list[DateWord]) -> bool:
    """Whether hours of one day stand beside the dash, not days: "Friday 22-2", "27 Nov 21-06", not "3-10 Dec"."""
    near = (left[-1].sort, right[0].sort)
    if not set(near) <= {Sort.CLOCK, Sort.NUMBER} or (_dates(left[:-1]) and _dates(right[1:])):
        return False
    if Sort.CLOCK in near:
        return True
    others = [*left[:-1], *right[1:]]
    days = [word for word in others if word.sort in ANCHORS]
    return bool(days) or not any(word.sort is Sort.MONTH for word in others)


ANCHORS: Final = frozenset({Sort.DATE, Sort.NUMBER, Sort.DAY, Sort.WEEKDAY, Sort.AHEAD})
"""Words that say which day, a month only with one of them."""


def _dates(words: Sequence[DateWord]) -> bool:
    return any(word.sort in ANCHORS | {Sort.MONTH} for word in words)


def _with_hours(left: list[DateWord], right: list[DateWord], today: date) -> Said | None:
    begins, ends = _clock(left[-1]), _clock(right[0])
    day = _side([*left[:-1], *right[1:]], today)
    if begins is None or ends is None or begins == ends or day is None or day.begins is not None:
        return None
    if day.part and not _fits(day.part, begins):
        return None
    return replace(day, begins=begins, ends=ends, part="")


def _fits(part: str, begins: time) -> bool:
    """ "Friday night 21-06" is said twice; "Friday night 10-12" contradicts itself."""
    first, last = PARTS[part]
    return first <= begins < last if first < last else begins >= first or begins < last


def _clock(word: DateWord) -> time | None:
    if isinstance(word.value, time):
        return word.value
    if isinstance(word.value, int) and word.value <= 24:
        return time(word.value % 24)
    return None


def _range(left: list[DateWord], right: list[DateWord], today: date) -> Said | None:
    """From a day to a day; what only the other one says, a month or a year, is said of both."""
    for sort in (Sort.MONTH, Sort.YEAR):
        both = [next((word for word in side if word.sort is sort), None) for side in (left, right)]
        if both[0] is None and both[1] is not None and _bare_day(left):
            left = [*left, both[1]]
        if both[1] is None and both[0] is not None and _bare_day(right):
            right = [*right, both[0]]
    first = _side(left, today)
    if first is None or first.part:
        return None
    last = _side(right, first.day)
    if last is None or last.part or last.day < first.day:
        return None
    if last.day == first.day and last.weekly and first.weekly and first.begins is None:
        return None
    return Said(day=first.day, last=last.day, begins=first.begins, ends=last.begins)


def _bare_day(side: Sequence[DateWord]) -> bool:
    return not any(word.sort in (Sort.DATE, Sort.WEEKDAY, Sort.AHEAD) for word in side)


def _side(words: Sequence[DateWord], today: date) -> Said | None:
    """One day, perhaps with a time or a part; None for two of a kind, and for two that contradict each other."""
    by_sort: dict[Sort, DateWord] = {}
    for word in words:
        if by_sort.setdefault(word.sort, word) != word:
            return None
    part, clock = by_sort.pop(Sort.PART, None), by_sort.pop(Sort.CLOCK, None)
    weekly = set(by_sort) == {Sort.WEEKDAY}
    day = _day(by_sort, today, alone=part is not None)
    if day is None or (part is not None and clock is not None and not _fits(str(part.value), _time(clock))):
        return None
    return Said(
        day=day,
        part="" if part is None or clock is not None else str(part.value),
        begins=None if clock is None else _time(clock),
        weekly=weekly,
    )


def _time(word: DateWord) -> time:
    assert isinstance(word.value, time)
    return word.value


def _day(by_sort: dict[Sort, DateWord], today: date, *, alone: bool) -> date | None:
    """The day that these name together. `alone`: a part of a day without one is today's."""
    named = {sort: word.value for sort, word in by_sort.items()}
    if not named:
        return today if alone else None
    weekday = named.pop(Sort.WEEKDAY, None)
    if not named and isinstance(weekday, int):
        return today + DAY * ((weekday - today.weekday()) % 7)
    found = _numbered(named, today)
    if found is None or (weekday is not None and found.weekday() != weekday):
        return None
    return found


def _numbered(named: dict[Sort, datewords.Value], today: date) -> date | None:
    match named:
        case {Sort.AHEAD: int(days), **rest} if not rest:
            return today + DAY * days
        case {Sort.DATE: (int(year), int(month), int(day)), **rest} if not rest:
            return _coming(year, month, day, today)
        case {Sort.DATE: (0, int(month), int(day)), Sort.YEAR: int(year), **rest} if not rest:
            return date(year, month, day)
        case {Sort.MONTH: int(month), Sort.NUMBER: int(day), Sort.YEAR: int(year), **rest} if not rest:
            return date(year, month, day)
        case {Sort.MONTH: int(month), Sort.DAY: int(day), Sort.YEAR: int(year), **rest} if not rest:
            return date(year, month, day)
        case {Sort.MONTH: int(month), Sort.NUMBER: int(day), **rest} if not rest:
            return _coming(0, month, day, today)
        case {Sort.MONTH: int(month), Sort.DAY: int(day), **rest} if not rest:
            return _coming(0, month, day, today)
        case {Sort.DAY: int(day), **rest} if not rest:
            return _next_of_month(day, today)
    return None


def _coming(year: int, month: int, day: int, today: date) -> date:
    """This year's, or the next one's that has such a day."""
    if year:
        return date(year, month, day)
    for candidate in range(today.year, today.year + 9):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError("no such day")


def _next_of_month(day: int, today: date) -> date:
    """ "The 27th": of this month or the next that has one."""
    for ahead in range(60):
        if (today + DAY * ahead).day == day:
            return today + DAY * ahead
    raise ValueError("no such day")


# ── Whose shifts are meant ──


def meant(said: Said, shifts: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    """What of these shifts is meant: one, none, or several of which she has to choose. Hours that were named are meant
    exactly, and only within one shift."""
    found = _meant(said, shifts, zone)
    if not found and said.weekly:
        return _meant(replace(said, day=said.day + 7 * DAY), shifts, zone)
    return found


def _meant(said: Said, shifts: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    first, last = said.span(zone)
    touched = [one for one in shifts if one[0] < last and first < one[1]]
    if said.exact:
        return [(first, last)] if any(start <= first and last <= end for start, end in touched) else []
    cut = [_cut(one, (first, last)) for one in touched]
    if said.begins is not None:
        return cut
    if said.part:
        # The largest overlap: a night reaches into the next evening's shift by an hour.
        overlap = [min(end, last) - max(start, first) for start, end in touched]
        most = max(overlap, default=timedelta())
        return [one for one, length in zip(cut, overlap, strict=True) if length == most]
    begun = [one for one, whole in zip(cut, touched, strict=True) if wall(whole[0], zone).date() == said.day]
    return begun or cut


def _cut(one: Span, to: Span) -> Span:
    """The whole shift; of a very long one only what was named."""
    if one[1] - one[0] <= LONG or to[1] - to[0] < timedelta(hours=1):
        return one
    return max(one[0], to[0]), min(one[1], to[1])
