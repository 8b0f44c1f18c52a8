"""One side of a date: a day, perhaps with a time or a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time

from bot import datewords, days, meaning
from bot.datewords import DateWord, Sort
from bot.meaning import DAY, Said


def read(words: Sequence[DateWord], today: date, *, hours: bool = True) -> Said | None:
    """One day, perhaps with a time or a part; None for two of a kind, and for two that contradict each other. `hours`:
    a bare number may be one."""
    by_sort: dict[Sort, datewords.Value] = {}
    for word in _one_night(words):
        if by_sort.setdefault(word.sort, word.value) != word.value:
            return None
    if Sort.YEAR in by_sort and not by_sort.keys() & {Sort.MONTH, Sort.DATE, Sort.CLOCK}:
        at = as_clock(DateWord(Sort.YEAR, by_sort.pop(Sort.YEAR)))
        by_sort[at.sort] = at.value
    part, clock = by_sort.pop(Sort.PART, ""), by_sort.pop(Sort.CLOCK, None)
    bare = not part and by_sort.keys() <= {Sort.NUMBER}
    if bare and (by_sort or clock is None):
        return None
    found = days.read(by_sort, today, hours=hours and clock is None) if by_sort else days.Day(today)
    if found is None or (found.last is not None and (part or clock is not None)):
        return None
    dayless = not by_sort or (by_sort.keys() == {Sort.NUMBER} and found.hour is not None)
    return _said(found, str(part), clock if isinstance(clock, time) else None, dayless=dayless)


def _one_night(words: Sequence[DateWord]) -> list[DateWord]:
    """ "The night from Friday to Saturday" is Friday's."""
    weekdays = [word for word in words if word.sort is Sort.WEEKDAY]
    if DateWord(Sort.PART, "night") in words and len(weekdays) == 2:
        first, second = map(value, weekdays)
        if (second - first) % 7 == 1:
            return [word for word in words if word != weekdays[1]]
    return list(words)


def value(word: DateWord) -> int:
    assert isinstance(word.value, int)
    return word.value


def _said(found: days.Day, part: str, clock: time | None, *, dayless: bool = False) -> Said | None:
    """The day with its part, its time, and what else may be meant."""
    eve = part == "eve"
    what = Said(
        day=found.day - DAY * eve,
        last=found.last,
        part="night" if eve else part,
        weekly=found.weekly,
        dayless=dayless and (not part or clock is not None or found.hour is not None),
    )
    at = clock if found.hour is None else hour_of(DateWord(Sort.NUMBER, found.hour))
    placed = what if at is None else meaning.at(what, at)
    return placed and replace(placed, other=_said(found.other, part, clock) if found.other else None)


def hour_of(word: DateWord) -> time | None:
    """24 is the midnight at which the day ends."""
    if isinstance(word.value, time):
        return word.value
    if isinstance(word.value, int) and word.value <= days.HOURS:
        return time(word.value) if word.value < days.HOURS else datewords.DAYS_END
    return None


def as_clock(word: DateWord) -> DateWord:
    """ "2030" as an hour, where it can be one."""
    if word.sort is Sort.YEAR and isinstance(word.value, int) and word.value % 100 < 60:
        return DateWord(Sort.CLOCK, time(word.value // 100, word.value % 100))
    return word


def lone_hour(words: Sequence[DateWord]) -> time | None:
    hour = len(words) == 1 and words[0].sort in (Sort.CLOCK, Sort.NUMBER)
    return hour_of(words[0]) if hour else None


def of_twelve(word: DateWord, most: int = 11) -> bool:
    """Whether nobody can say of which twelve this hour is. At noon things begin; until 12 is until midnight, too."""
    return word.sort is Sort.NUMBER and 0 < value(word) <= most
