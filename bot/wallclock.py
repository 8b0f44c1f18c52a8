"""The local-clock rule: the instant at which a zone's clock first reaches a wall time."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import RotaError

LONG_AGO = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)
EARLIEST_WALL = LONG_AGO.replace(tzinfo=None)
LATEST_WALL = FOREVER.replace(tzinfo=None)
_SECOND = timedelta(seconds=1)


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which the zone's clock has reached `wall`, a time without offset.

    The first of two when the clock shows it twice, the end of the gap when the clock jumps over it. Times near
    the ends of the calendar give `LONG_AGO` or `FOREVER` instead of an error.
    """
    try:
        first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if first.astimezone(zone).replace(tzinfo=None) == wall:
            return first
        return _end_of_gap(wall, zone, before=wall.replace(tzinfo=zone, fold=1).astimezone(UTC), after=first)
    except OverflowError:
        return FOREVER if wall.year > 5000 else LONG_AGO


def _end_of_gap(wall: datetime, zone: ZoneInfo, *, before: datetime, after: datetime) -> datetime:
    """The jump, a whole second, found by halving: at `before` `wall` is not reached, at `after` it is."""
    before = before.replace(microsecond=0)
    low, high = 0, -((before - after) // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * _SECOND).astimezone(zone).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = middle
    return before + high * _SECOND


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    """What the zone's clock shows at an instant, without offset; near the calendar's ends what UTC shows."""
    try:
        return at.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        return at.replace(tzinfo=None)


def utc(at: datetime) -> datetime:
    """An instant in UTC; beyond the calendar's ends, the end. `RotaError` if it has no offset."""
    if at.utcoffset() is None:
        raise RotaError("An instant needs an offset, such as Z at its end.")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return FOREVER if at.year > 5000 else LONG_AGO


def later(wall: datetime, seconds: int) -> datetime:
    """The wall time so many naive seconds later; beyond the calendar's ends, the end."""
    try:
        return wall + timedelta(seconds=seconds)
    except OverflowError:
        return LATEST_WALL if seconds > 0 else EARLIEST_WALL


def months_later(wall: datetime, months: int) -> datetime:
    """The wall time so many months later, clamped to the month's end: 31 January, 28 February, 31 March."""
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if year > LATEST_WALL.year:
        return LATEST_WALL
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
