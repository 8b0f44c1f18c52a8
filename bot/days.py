"""Which day, or days, the words of a date name together: by number, by the week, by what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from bot.datewords import Sort, Value

DAY: Final = timedelta(days=1)
WEEK: Final = 7 * DAY
SATURDAY: Final = 5
HOURS: Final = 24
"""A number up to here may be an hour."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or those from `day` to `last`. `hour`: a number that was an hour of it. `weekly`: only the day of the week
    was named. `other`: what may be meant as well."""

    day: date
    last: date | None = None
    hour: int | None = None
    weekly: bool = False
    other: Day | None = None


def read(words: Mapping[Sort, Value], today: date, *, hours: bool) -> Day | None:
    """The day that these name together, None where they name none or contradict each other. `hours`: a number may be an
    hour. ValueError or OverflowError for a day that no calendar has."""
    named = dict(words)
    number = named.pop(Sort.NUMBER, None) if Sort.MONTH not in named else None
    if isinstance(number, int):
        return _with_number(named, number, today, hours=hours)
    return _without(named, today)


def _with_number(named: dict[Sort, Value], number: int, today: date, *, hours: bool) -> Day | None:
    """ "Friday 27" is a day and "Friday 22" an hour; what can be either is both."""
    at_hour = None
    if hours and number <= HOURS:
        found = _without(dict(named), today) if named else Day(today)
        at_hour = replace(found, hour=number, other=None) if found and found.last is None else None
    if Sort.AHEAD in named and at_hour is not None:
        return at_hour
    by_number = _next_of_month(number, today) if number else today
    if not named:
        return Day(by_number) if number > HOURS else at_hour
    if number and _agrees(named, by_number, today):
        return Day(by_number, other=at_hour)
    return at_hour


def _agrees(named: Mapping[Sort, Value], day: date, today: date) -> bool:
    match named:
        case {Sort.WEEKDAY: int(weekday), **rest} if not rest:
            return day.weekday() == weekday
        case {Sort.AHEAD: int(days), **rest} if not rest:
            return day == today + DAY * days
    return False


def _without(named: dict[Sort, Value], today: date) -> Day | None:
    following = named.pop(Sort.NEXT, None) is not None
    coming = named.pop(Sort.COMING, None) is not None
    monday = today - DAY * today.weekday()
    if named.pop(Sort.WEEK, None) is not None:
        return _of_week(named, monday + WEEK * (following or coming), today)
    if named.pop(Sort.WEEKEND, None) is not None:
        begun = coming and today.weekday() >= SATURDAY
        return None if named else _weekend(monday, today, following=following or begun)
    weekday = named.pop(Sort.WEEKDAY, None)
    if not named and isinstance(weekday, int):
        # "El viernes que viene", said on a Friday, is not today.
        soon = today + DAY * ((weekday - today.weekday() - coming) % 7 + coming)
        return _following(monday, weekday, soon, today) if following else Day(soon, weekly=True)
    found = None if following else _numbered(named, today)
    if found is None or (weekday is not None and found.weekday() != weekday):
        return None
    return Day(found)


def _of_week(named: dict[Sort, Value], monday: date, today: date) -> Day | None:
    """All that is left of this week, or one day of it."""
    weekday = named.pop(Sort.WEEKDAY, None)
    if named:
        return None
    if not isinstance(weekday, int):
        return Day(max(monday, today), monday + 6 * DAY)
    day = monday + DAY * weekday
    return Day(day) if day >= today else None


def _weekend(monday: date, today: date, *, following: bool) -> Day:
    saturday = monday + SATURDAY * DAY
    this = Day(max(saturday, today), saturday + DAY)
    if not following:
        return this
    return Day(saturday + WEEK, saturday + WEEK + DAY, other=this if today < saturday else None)


def _following(monday: date, weekday: int, soon: date, today: date) -> Day:
    """ "Next Friday" is next week's; said on a Thursday, some mean tomorrow."""
    day = monday + WEEK + DAY * weekday
    return Day(day, other=Day(soon) if today < soon < day else None)


def _numbered(named: Mapping[Sort, Value], today: date) -> date | None:
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
    for ahead in range(62):
        if (today + DAY * ahead).day == day:
            return today + DAY * ahead
    raise ValueError("no such day")
