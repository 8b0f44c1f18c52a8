"""Dates as staff write them: "Friday night", "27 Nov 21-06", "3-10 Dec".

Nothing is guessed: what is not understood whole, or contradicts itself, is None, and she is asked.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from bot import datewords, days, dayside, meaning
from bot.datewords import DateWord, Sort
from bot.meaning import DAY, MIDNIGHT, Said

YEARS: Final = [date(year, month, 1) for year in range(2026, 2030) for month in range(1, 13)]
"""Months in which every day of the month falls on every day of the week."""


def understood(text: str, languages: Iterable[str], *, month_first: bool) -> bool:
    """Whether every word of it belongs to a date and it can be read as one, whatever day it is."""
    found = datewords.words(text, languages, month_first=month_first)
    if found is None:
        return False
    sorts = {word.sort for word in found}
    # "Friday 27" is one in some months only.
    tried = YEARS if {Sort.WEEKDAY, Sort.NUMBER} <= sorts and Sort.MONTH not in sorts else YEARS[:1]
    return any(_tried(found, today) is not None for today in tried)


def read(text: str, languages: Iterable[str], today: date, *, month_first: bool) -> Said | None:
    """What the text says, in the first of these languages that knows each word; a past day without a year is the next
    one. None where any of it is not understood. Never an error, whatever the text."""
    found = datewords.words(text, languages, month_first=month_first)
    return None if found is None else _tried(found, today)


def _tried(words: list[DateWord], today: date) -> Said | None:
    try:
        return _read(_plain(words), today)
    except (OverflowError, ValueError):  # 29 February of no leap year, the end of the calendar
        return None


def _plain(words: Sequence[DateWord]) -> list[DateWord]:
    """Without the little words; a number behind an article is a day, "el 27", and behind "at" an hour."""
    kept: list[DateWord] = []
    before = Sort.LITTLE
    for n, word in enumerate(words):
        sort, before = before, word.sort
        if word.sort is Sort.AT and _is_end(kept, words[n + 1 :]):
            kept.append(DateWord(Sort.TO))
        elif sort is Sort.THE and word.sort is Sort.NUMBER:
            kept.append(DateWord(Sort.DAY, word.value))
        elif sort is Sort.AT and word.sort is Sort.NUMBER:
            at = dayside.hour_of(word)
            kept.append(word if at is None else DateWord(Sort.CLOCK, at))
        elif word.sort not in (Sort.LITTLE, Sort.THE, Sort.AT):
            kept.append(word)
    return kept


def _is_end(before: Sequence[DateWord], behind: Sequence[DateWord]) -> bool:
    """Whether "a las" stands before the last hour: "de 21 a las 6", "ahora a las 7", not "el 27 a las 22"."""
    sorts = [word.sort for word in before[-2:]]
    hour = bool(behind) and behind[0].sort in (Sort.CLOCK, Sort.NUMBER)
    return hour and (sorts[-1:] in ([Sort.CLOCK], [Sort.NOW]) or sorts == [Sort.FROM, Sort.NUMBER])


def _read(words: list[DateWord], today: date) -> Said | None:
    if DateWord(Sort.NOW) in words or (words and words[0].sort is Sort.TO):
        return _from_now([word for word in words if word.sort is not Sort.FROM], today)
    at = _divided(words)
    if at is None and (hour := _since(words)) is not None:
        whole = [word for word in words if word.sort is not Sort.FROM and word is not hour]
        return _from_hour(whole, hour, today)
    if at is None:
        whole = [word for word in words if word.sort is not Sort.FROM]
        return None if any(word.sort is Sort.TO for word in whole) else dayside.read(whole, today)
    left = [word for word in words[:at] if word.sort is not Sort.FROM]
    right = [word for word in words[at + 1 :] if word.sort is not Sort.FROM]
    if not left or not right:
        return None
    if {left[-1].sort, right[0].sort} <= {Sort.CLOCK, Sort.YEAR}:  # "2000-0600" is no year
        left, right = [*left[:-1], dayside.as_clock(left[-1])], [dayside.as_clock(right[0]), *right[1:]]
    if _hours(left, right):
        return _with_hours(left, right, today)
    return _range(left, right, today)


def _from_now(words: list[DateWord], today: date) -> Said | None:
    """ "Now", "now until 7", "until 7", "until Monday"."""
    if words[0].sort is Sort.NOW:
        del words[0]
    if not words:
        return Said(day=today, now=True, dayless=True)
    ends = words[1:]
    if words[0].sort is not Sort.TO or not ends or {Sort.TO, Sort.NOW} & {word.sort for word in ends}:
        return None
    if (at := dayside.lone_hour(ends)) is not None:
        twelve = dayside.of_twelve(ends[0], most=12)
        return Said(day=today, now=True, ends=at.replace(fold=0), twelve=twelve, dayless=True)
    last = dayside.read(ends, today)
    if last is None or last.part or last.last is not None or last.other is not None:
        return None
    return Said(day=today, now=True, last=None if last.dayless else last.day, ends=last.begins)


def _since(words: Sequence[DateWord]) -> DateWord | None:
    """The hour from which on, if it is one: "Friday from 2", not "from 3 December"."""
    for n, word in enumerate(words[1:], 1):
        month = [one.sort for one in words[n + 1 : n + 2] if one.sort is not Sort.FROM] == [Sort.MONTH]
        hour = word.sort is Sort.CLOCK or (word.sort is Sort.NUMBER and not month)
        if words[n - 1].sort is Sort.FROM and hour and dayside.hour_of(word) is not None:
            return word
    return None


def _from_hour(words: list[DateWord], hour: DateWord, today: date) -> Said | None:
    day = dayside.read(words, today, hours=False) if words else Said(day=today, dayless=True)
    at = dayside.hour_of(hour)
    if day is None or at is None or day.begins is not None or day.last is not None:
        return None
    twelve = dayside.of_twelve(hour) and not day.part
    other = day.other and replace(day.other, since=True, twelve=twelve)
    return meaning.at(replace(day, since=True, twelve=twelve, other=other), at)


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
    if not others:
        return None not in (dayside.hour_of(left[-1]), dayside.hour_of(right[0]))
    sorts = {word.sort for word in others}
    return bool(sorts & ANCHORS) or Sort.MONTH not in sorts


ANCHORS: Final = frozenset({Sort.DATE, Sort.NUMBER, Sort.DAY, Sort.WEEKDAY, Sort.AHEAD, Sort.WEEKEND})
"""Words that say which day, a month only with one of them."""


def _dates(words: Sequence[DateWord]) -> bool:
    return any(word.sort in ANCHORS | {Sort.MONTH} for word in words)


def _with_hours(left: list[DateWord], right: list[DateWord], today: date) -> Said | None:
    begins, ends = dayside.hour_of(left[-1]), dayside.hour_of(right[0])
    words = [*left[:-1], *right[1:]]
    if begins is None or ends is None or (begins == ends and begins.fold >= ends.fold):
        return None
    if not words:
        # Of two bare numbers only those are hours that cannot be days of one month: "21-6", not "3-10".
        both = {left[-1].sort, right[0].sort} == {Sort.NUMBER}
        day = None if both and MIDNIGHT < begins < ends else Said(day=today, dayless=True)
    else:
        day = dayside.read(words, today, hours=False)
    if day is None or day.begins is not None or day.last is not None:
        return None
    return meaning.at(day, begins, ends)


def _range(left: list[DateWord], right: list[DateWord], today: date) -> Said | None:
    """From a day to a day."""
    if len(left) == len(right) == 1 and {left[0].sort, right[0].sort} <= {Sort.NUMBER, Sort.DAY}:
        return _numbers(dayside.value(left[0]), dayside.value(right[0]), today)
    left, right = _both(left, right)
    if {word.sort for word in left} & {Sort.MONTH, Sort.DATE}:
        running = _between(left, right, today - LATELY)
        if running is not None and running.day < today <= (running.last or today - DAY):
            return running  # "26-30 Nov" on the 27th is not next year's
    return _between(left, right, today)


LATELY: Final = DAY * 60
"""So long ago may a time have begun that is not over."""


def _between(left: list[DateWord], right: list[DateWord], today: date) -> Said | None:
    first = dayside.read(left, today)
    if first is not None and first.part and (at := dayside.lone_hour(right)) is not None:
        at = at.replace(fold=0)
        return replace(first, ends=at, other=first.other and replace(first.other, ends=at))
    last = None if first is None else dayside.read(right, first.day)
    if first is None or last is None or first.last is not None or last.last is not None:
        return None
    if first.part == "night" and last.day - first.day == DAY and last.begins is None and last.part in EARLY:
        return first  # "Friday night to Saturday morning"
    if first.part or last.part:
        return None
    if last.day == first.day and last.weekly and first.weekly and first.begins is None:
        return None
    ends = (last.day + DAY, MIDNIGHT) if last.begins is None else (last.day, last.begins)
    if ends <= (first.day, first.begins or MIDNIGHT):
        return None
    return Said(day=first.day, last=last.day, begins=first.begins, ends=last.begins)


EARLY: Final = frozenset({"", "morning", "dawn"})
"""Parts at which a night ends."""


def _both(left: list[DateWord], right: list[DateWord]) -> tuple[list[DateWord], list[DateWord]]:
    """What only one side says, a month or a year, is said of both."""
    for sort in (Sort.MONTH, Sort.YEAR):
        both = [next((word for word in side if word.sort is sort), None) for side in (left, right)]
        if both[0] is None and both[1] is not None and _bare_day(left):
            left = [*left, both[1]]
        if both[1] is None and both[0] is not None and _bare_day(right):
            right = [*right, both[0]]
    return left, right


def _numbers(first: int, last: int, today: date) -> Said | None:
    """ "27-30", of this month, running perhaps, or the next; "27-11" is the 27th of November to some."""
    if first < today.day <= last <= monthrange(today.year, today.month)[1]:
        return Said(day=today.replace(day=first), last=today.replace(day=last))
    begins = days.read({Sort.DAY: first}, today, hours=False) if first < last else None
    ends = None if begins is None else days.read({Sort.DAY: last}, begins.day, hours=False)
    return None if begins is None or ends is None else Said(day=begins.day, last=ends.day)


def _bare_day(side: Sequence[DateWord]) -> bool:
    return not any(word.sort in (Sort.DATE, Sort.WEEKDAY, Sort.AHEAD) for word in side)
