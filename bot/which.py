"""Which of somebody's shifts a date means, and what is left of one that runs.

A night belongs to the day on which it began: at half past midnight "Friday night", "the 27th" and "tonight" are the
one that runs, if she serves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot import meaning
from bot.meaning import DAY, PARTS, Said, Span
from bot.wallclock import instant, wall

LONG: Final = timedelta(hours=24)
"""Of a longer shift only what was named is meant: nobody who says "Friday night" gives away a week."""


def meant(said: Said, shifts: Sequence[Span], zone: ZoneInfo, now: datetime) -> list[Span]:
    """What of these shifts, whole, is meant: one, none, or several of which she has to choose. Hours that were named
    are meant exactly, and only within one shift; of one that runs, what is left."""
    return _left(_either(said, shifts, zone, now), now)


def underway(said: Said, shifts: Sequence[Span], zone: ZoneInfo, now: datetime) -> list[Span]:
    """The same of what was said as if it were yesterday still: the night that began then and is not over."""
    first, last = said.span(zone, now)
    single = said.begins is not None and said.ends is None
    if single and said.dayless and not said.since and last <= now:
        return []  # "21:00" at midnight is tonight's
    alone = replace(said, weekly=False, dayless=False, other=None)
    if said.part or (said.exact and said.begins is not None):
        near = [one for one in shifts if _mostly(one, (first, last))]
    elif single:
        near = list(shifts)
    else:
        near = [one for one in shifts if _begins(said, one, zone)]
        if not _left(near, now):
            return underway(replace(alone, part="night"), shifts, zone, now)
    return meant(alone, near, zone, now)


def is_of(said: Said, yesterday: date) -> bool:
    """Whether what was said yesterday is about a night of that day, not about the days behind it."""
    days = said.last is not None and said.begins is None and said.ends is None
    return said.day - DAY * said.late == yesterday and not said.now and not days


def coming(said: Said, zone: ZoneInfo, now: datetime) -> Said:
    """Hours without a day that are over today are tomorrow's; "until 7" is until the next seven of either twelve."""
    if said.now and said.twelve:
        return min(_both_twelves(said, said.ends), key=lambda one: one.span(zone, now)[1])
    if said.dayless and said.span(zone, now)[1] <= now:
        return replace(said, day=said.day + DAY)
    return said


def _left(found: Sequence[Span], now: datetime) -> list[Span]:
    return [(max(start, now), end) for start, end in found if end > now]


def _either(said: Said, shifts: Sequence[Span], zone: ZoneInfo, now: datetime) -> list[Span]:
    found = _soonest(said, shifts, zone, now)
    if said.other is None:
        return found
    either = found + [one for one in _either(said.other, shifts, zone, now) if one not in found]
    begun = [one for one in either if any(_begins(whole, one, zone) for whole in (said, said.other))]
    return begun or either


def _soonest(said: Said, shifts: Sequence[Span], zone: ZoneInfo, now: datetime) -> list[Span]:
    found = _meant(said, shifts, zone, now)
    # A coming Friday on which she does not serve is answered so: nobody means the one after.
    if not _left(found, now) and said.weekly and said.day <= wall(now, zone).date():
        found = _meant(replace(said, day=said.day + 7 * DAY), shifts, zone, now)
    if not _left(found, now) and (later := coming(said, zone, now)) != said:
        found = _meant(later, shifts, zone, now)
    return found


def _begins(said: Said, one: Span, zone: ZoneInfo) -> bool:
    """Whether it begins on the day, or on one of the days, that were named."""
    return said.day <= wall(one[0], zone).date() <= (said.last or said.day)


def _meant(said: Said, shifts: Sequence[Span], zone: ZoneInfo, now: datetime) -> list[Span]:
    if said.begins is not None and said.exact:
        # With those that are over: what was taken out of a night may lie between them and what is left.
        return _hours(said.span(zone), shifts, now)
    shifts = [one for one in shifts if one[1] > now]
    if said.now:
        return _from_now(said, shifts, zone, now)
    if said.since:
        return _since(said, shifts, zone)
    if said.begins is None and said.ends is not None and said.last in (None, said.day):
        return _until(said, shifts, zone, now)
    first, last = said.span(zone)
    touched = [one for one in shifts if one[0] < last and first < one[1]]
    if said.begins is not None:
        return [_cut(one, (first, last)) for one in touched]
    if said.part:
        return [_cut(one, (first, last)) for one in _of_part((first, last), touched)]
    begun = [one for one in touched if _begins(said, one, zone)]
    return [_cut(one, (first, last)) for one in _whole_night(said.day, begun, shifts, zone) or touched]


def _hours(named: Span, shifts: Sequence[Span], now: datetime) -> list[Span]:
    """Exactly these within one shift; all the pieces of a night of which somebody has taken the middle; of a shift that
    runs, what of it was named."""
    touched = [one for one in shifts if _overlap(one, named)]
    if any(start <= named[0] and named[1] <= end for start, end in touched):
        return [named]
    if len(touched) > 1 and all(named[0] <= start and end <= named[1] for start, end in touched):
        return list(touched)
    running = [one for one in touched if one[0] <= now and _mostly(one, named)]
    return [(max(start, named[0]), min(end, named[1])) for start, end in running]


def _of_part(named: Span, touched: Sequence[Span]) -> list[Span]:
    """Those that lie in it for the most part, else the one that overlaps it most: a night reaches into the next
    evening's shift by an hour."""
    within = [one for one in touched if 2 * _overlap(one, named) >= one[1] - one[0]]
    most = max((_overlap(one, named) for one in touched), default=timedelta())
    return within or [one for one in touched if _overlap(one, named) == most]


def _whole_night(day: date, begun: list[Span], shifts: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    """What begins on a day, and what is left beyond midnight of a night of which somebody has taken the middle."""
    night = Said(day=day, part="night").span(zone)
    dawn = instant(datetime.combine(day + DAY, PARTS["dawn"][1]), zone)
    midnight = instant(datetime.combine(day + DAY, time(0)), zone)
    if not any(_overlap(one, night) for one in begun):
        return begun
    return begun + [one for one in shifts if midnight < one[0] < dawn and one[1] <= night[1]]


def _from_now(said: Said, shifts: Sequence[Span], zone: ZoneInfo, now: datetime) -> list[Span]:
    """What is left of the shift that runs, of a very long one a day; until seven is until seven in the evening where
    only that lies in it."""
    found = []
    for start, end in shifts:
        if start <= now < end:
            named = _both_twelves(said, said.ends) if said.exact else []
            most = end if end - start <= LONG or said.exact else min(end, now + LONG)
            found.append((start, next((at for one in named if (at := one.span(zone, now)[1]) <= end), most)))
    return found


def _both_twelves(said: Said, at: time | None) -> list[Said]:
    if at is None or not said.twelve:
        return [said]
    other = meaning.twelves(at)[1]
    # Midnight is an hour as good as another, and no `None`.
    return [said, replace(said, begins=said.begins and other, ends=None if said.ends is None else other)]


def _since(said: Said, shifts: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    """From that time to the end of the shift in which it lies: at two, at two in the afternoon, or at two in the night
    that begins on that day."""
    days = [said, replace(said, day=said.day + DAY)] if said.dayless else [said]
    for one in (twelve for day in days for twelve in _both_twelves(day, said.begins)):
        if found := _rest(one, shifts, zone):
            return found
    begun = [one for one in shifts if _begins(said, one, zone)]
    return _rest(replace(said, day=said.day + DAY), begun, zone)


def _rest(said: Said, shifts: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    at, midnight = said.span(zone)
    return [
        (at, end if end - start <= LONG else min(end, midnight)) for start, end in shifts if start <= at < end
    ]


def _until(said: Said, shifts: Sequence[Span], zone: ZoneInfo, now: datetime) -> list[Span]:
    """The shift of that day, or of that part of it, until this time."""
    assert said.ends is not None
    whole = _meant(replace(said, ends=None, last=None), shifts, zone, now)
    found = []
    for start, end in whole:
        until = Said(day=wall(start, zone).date(), ends=said.ends, now=True).span(zone, start)[1]
        if until < end:
            found.append((start, until))
    return found


def _overlap(one: Span, other: Span) -> timedelta:
    return max(min(one[1], other[1]) - max(one[0], other[0]), timedelta())


def _mostly(one: Span, named: Span) -> bool:
    """Whether half of the shift was named, or half of what was named is the shift."""
    return 2 * _overlap(one, named) >= min(one[1] - one[0], named[1] - named[0])


def _cut(one: Span, to: Span) -> Span:
    """The whole shift; of a very long one only what was named."""
    if one[1] - one[0] <= LONG or to[1] - to[0] < timedelta(hours=1):
        return one
    return max(one[0], to[0]), min(one[1], to[1])
