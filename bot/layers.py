"""A layer of the rota: people taking turns by a zone's clock, and who of them serves when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from bot.wallclock import FOREVER, LONG_AGO, instant, later, months_later, utc, wall
from bot.windows import DAY, Window, openings

P = TypeVar("P", bound=Hashable)
"""A person: a name in a file, a staff id in storage. The rota never looks inside."""


class Unit(StrEnum):
    """The length of a turn is a count of these."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_STEADY = timedelta(days=6)
"""No clock of the zone data has gone forward and back by as much, or back and forward, within so long (the least: 167
hours, in Boa Vista in 2000)."""
_SECONDS = {Unit.HOUR: 3600, Unit.DAY: 86400, Unit.WEEK: 7 * 86400}


class Advance(StrEnum):
    """What moves the turn on: the calendar, or the windows that are really served."""

    CALENDAR = "calendar"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Order(Generic[P]):
    """From `at` on these take turns: `current` holds the turn in progress, the one after her the next, and so on.

    Before the first turn, `current` gets the first. A participant is a group; a single person is a group of one.
    """

    at: datetime
    participants: tuple[tuple[P, ...], ...]
    current: tuple[P, ...]

    @property
    def position(self) -> int | None:
        """Where `current` stands in the list: as exactly this group, else within a group; None if nowhere."""
        named = frozenset(self.current)
        groups = [frozenset(group) for group in self.participants]
        exact = (n for n, group in enumerate(groups) if group == named)
        return next(exact, next((n for n, group in enumerate(groups) if named and named <= group), None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer(Generic[P]):
    """Turn n begins at wall time start + n · count · unit in `zone` and is held by participants[n mod len].

    `start` and `until` (exclusive) are wall times without offset. `revisions` are later orders, by time.
    With `active`, each window from the start on is one step (one that is open at the start is the first) and
    `count` windows are a turn; without a window `active` means the same as `calendar`.
    """

    name: str
    zone: str
    start: datetime
    unit: Unit
    participants: tuple[tuple[P, ...], ...]
    count: int = 1
    priority: int = 0
    window: Window | None = None
    advance: Advance = Advance.CALENDAR
    until: datetime | None = None
    revisions: tuple[Order[P], ...] = ()


class Stretch(NamedTuple, Generic[P]):
    """A half-open piece of time and the people it belongs to."""

    start: datetime
    end: datetime
    people: tuple[P, ...]


def served(layer: Layer[P], start: datetime, end: datetime) -> Iterator[Stretch[P]]:
    """Who serves this layer within [start, end), in order, without overlap; times with nobody are left out."""
    zone = ZoneInfo(layer.zone)
    start = max(start, instant(layer.start, zone))
    end = end if layer.until is None else min(end, instant(layer.until, zone))
    if start >= end:
        return
    seatings = _seatings(layer, zone, start, end)
    if len(seatings) == 1:  # as good as always, and then nothing has to be cut
        shift, order = seatings[0].shift, seatings[0].participants
        for turn, begin, finish in _turns(layer, zone, start, end):
            yield Stretch(begin, finish, order[(turn + shift) % len(order)])
        return
    past = 0
    for turn, begin, finish in _turns(layer, zone, start, end):
        while seatings[past].before <= begin:
            past += 1
        for seating in islice(seatings, past, None):
            if seating.since >= finish:
                break
            first, last = max(begin, seating.since), min(finish, seating.before)
            if first < last:
                yield Stretch(first, last, seating.holder(turn))


def holder(layer: Layer[P], at: datetime) -> tuple[P, ...]:
    """Whose turn is in progress (or comes first), inside a window or not: what a new order may name as current."""
    zone = ZoneInfo(layer.zone)
    at = min(utc(at), FOREVER - timedelta.resolution)
    seating = _seatings(layer, zone, at, at + timedelta.resolution)[0]
    return seating.holder(_turn_at(layer, zone, at))


@dataclass(frozen=True, slots=True)
class _Seating(Generic[P]):
    """An order in force from `since` until `before`."""

    since: datetime
    before: datetime
    participants: tuple[tuple[P, ...], ...]
    shift: int

    def holder(self, turn: int) -> tuple[P, ...]:
        return self.participants[(turn + self.shift) % len(self.participants)]


def _seatings(layer: Layer[P], zone: ZoneInfo, start: datetime, end: datetime) -> list[_Seating[P]]:
    """The orders in force within [start, end); the others cost nothing, however many a rota has gathered."""
    times = [order.at for order in layer.revisions]
    first, last = bisect_right(times, start), bisect_left(times, end)
    found = []
    for n in range(first, last + 1):
        before = times[n] if n < len(times) else FOREVER
        if n == 0:
            found.append(_Seating(LONG_AGO, before, layer.participants, 0))
        else:
            order = layer.revisions[n - 1]
            shift = (order.position or 0) - _turn_at(layer, zone, order.at)
            found.append(_Seating(order.at, before, order.participants, shift))
    return found


def _turns(
    layer: Layer[P], zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[int, datetime, datetime]]:
    """(turn, begin, end) for every piece of [start, end) that is served; `start` is not before the layer's."""
    if layer.window is None:
        yield from _calendar_turns(layer, zone, start, end)
        return
    first = _first_day(layer, layer.window)
    for day, opens, closes in openings(layer.window, zone, start, end):
        if layer.advance is Advance.CALENDAR:
            yield from _calendar_turns(layer, zone, opens, closes)
        elif day >= first:
            yield layer.window.between(first, day) // layer.count, opens, closes


def _calendar_turns(
    layer: Layer[P], zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[int, datetime, datetime]]:
    turn = _calendar_turn_at(layer, zone, start)
    begin = start
    for handoff in _handoffs(layer, zone, turn + 1):
        finish = min(handoff, end)
        if begin < finish:
            yield turn, begin, finish
        turn, begin = turn + 1, finish
        if begin >= end:
            return


def _handoffs(layer: Layer[P], zone: ZoneInfo, turn: int) -> Iterator[datetime]:
    """When this turn begins, and all after it."""
    step = timedelta() if layer.unit is Unit.MONTH else timedelta(seconds=layer.count * _SECONDS[layer.unit])
    # Read off the clock six days at a time: one by one, two months of hourly turns in ten layers cost 40 ms more.
    many = _STEADY // step if step else 1
    first = _handoff(layer, zone, turn)
    while True:
        following = _handoff(layer, zone, turn + max(many, 1))
        if many > 1 and following - first == many * step:
            yield from (first + n * step for n in range(many))
        else:
            yield first
            yield from (_handoff(layer, zone, turn + n) for n in range(1, many))
        turn, first = turn + max(many, 1), following


def _first_day(layer: Layer[P], window: Window) -> int:
    """The ordinal of the first day whose window would end after the layer's start."""
    minutes_left = window.opens + window.length - (layer.start.hour * 60 + layer.start.minute)
    return max(layer.start.toordinal() - (minutes_left - 1) // DAY, 1)


def _handoff(layer: Layer[P], zone: ZoneInfo, turn: int) -> datetime:
    if layer.unit is Unit.MONTH:
        return instant(months_later(layer.start, turn * layer.count), zone)
    return instant(later(layer.start, turn * layer.count * _SECONDS[layer.unit]), zone)


def _calendar_turn_at(layer: Layer[P], zone: ZoneInfo, at: datetime) -> int:
    """The last turn begun by `at`, −1 before the first: computed from the wall time, corrected by a step or two."""
    shown = wall(at, zone)
    if layer.unit is Unit.MONTH:
        units = (shown.year - layer.start.year) * 12 + shown.month - layer.start.month
    else:
        units = (shown - layer.start) // timedelta(seconds=_SECONDS[layer.unit])
    turn = max(units // layer.count, -1)
    while (following := _handoff(layer, zone, turn + 1)) <= at and following < FOREVER:
        turn += 1
    while turn >= 0 and _handoff(layer, zone, turn) > at:
        turn -= 1
    return turn


def _turn_at(layer: Layer[P], zone: ZoneInfo, at: datetime) -> int:
    """The turn in progress at `at`, between windows the one before; 0 before the first."""
    if layer.window is None or layer.advance is Advance.CALENDAR:
        return max(_calendar_turn_at(layer, zone, at), 0)
    first = _first_day(layer, layer.window)
    midnight = wall(at, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    # The clock may have gone back over midnight, so tomorrow's window may have opened already.
    midnight = later(midnight, 86400)
    while midnight.toordinal() > first and (
        midnight.weekday() not in layer.window.days
        or instant(later(midnight, layer.window.opens * 60), zone) > at
    ):
        midnight = later(midnight, -86400)
    return layer.window.between(first, max(midnight.toordinal(), first)) // layer.count
