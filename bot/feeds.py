"""Calendars to subscribe to: which events follow from the rota and from what was handed out before.

A calendar asks again and again and keeps what it was told; so a shift keeps its identity, and one that is no more is
said to be off until its time is over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from bot import rota
from bot.people import StaffId
from bot.rota import Rota, Shift

BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=180)
BEYOND: Final = timedelta(days=32)
"""Looked at beyond both ends, so that a shift of up to a month that lies across an end is told whole."""
MOST_PAST: Final = 750
MOST_AHEAD: Final = 2000
MOST_OFF: Final = 250
"""Events of a calendar: about a megabyte, as much as calendar programs take. A rota of 24 shifts a day has 30 days back
and 83 ahead of it, and each plan that moves all of them calls 2,000 off."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One shift of `staff` in `schedule`, within [start, end)."""

    schedule: str
    staff: StaffId
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch as it was handed out: `sequence` counts its changes, `changed` is the instant of the last one; `title`
    stands for what it was called."""

    stretch: Stretch
    sequence: int
    changed: datetime
    cancelled: bool = False
    title: bytes = b""


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed out. `floor`: the sequence of what is new from then on, above any that was told of a shift which
    was left out and may come back."""

    events: tuple[Event, ...] = ()
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Whose:
    """What a calendar shows: one person's shifts in all schedules, or everybody's in one. One of both is None."""

    staff: StaffId | None
    schedule: str | None


def window(now: datetime) -> tuple[datetime, datetime]:
    """The whole days (UTC) that a calendar shows at an instant."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - BACK, midnight + AHEAD


@dataclass(frozen=True, slots=True)
class Past:
    """Who was on call within [begun, until), by schedule, cut where people change; `begun`: when there was a rota."""

    begun: datetime
    until: datetime
    shifts: Mapping[str, Sequence[Shift[StaffId]]]


def planned(
    of: Rota[StaffId],
    whose: Whose,
    now: datetime,
    *,
    past: Past | None = None,
    gone: Collection[StaffId] = (),
) -> list[Stretch]:
    """Who was and will be on call for this calendar within its window, each shift whole: in the past as it was, from
    there on as the rota has it. `gone`: who serves no more, whatever the rota says."""
    first, last = window(now)
    past = past or Past(first - BEYOND, first - BEYOND, {})
    names = dict.fromkeys([*past.shifts, *(schedule.name for schedule in of.schedules)])
    return [
        stretch
        for name in names
        if whose.schedule in (None, name)
        for stretch in _stretches(name, whose.staff, _shifts(of, name, past, last + BEYOND, gone))
        if stretch.start < last and first < stretch.end
    ]


def _shifts(
    of: Rota[StaffId], name: str, past: Past, last: datetime, gone: Collection[StaffId]
) -> Iterator[Shift[StaffId]]:
    """Of one schedule, from where the past begins until `last`, without a hole."""
    if past.begun < past.until:
        yield from past.shifts.get(name) or [Shift(past.begun, past.until, frozenset())]
    schedule = of.named(name)
    if schedule is None:
        yield Shift(past.until, last, frozenset())
        return
    for shift in rota.shifts(schedule, past.until, last):
        yield Shift(shift.start, shift.end, shift.people.difference(gone)) if gone else shift


def _stretches(schedule: str, staff: StaffId | None, shifts: Iterable[Shift[StaffId]]) -> Iterator[Stretch]:
    """Each person's time on call, or only that of `staff`; turns back to back are one."""
    serving: dict[StaffId, datetime] = {}
    end = None
    for shift in shifts:
        people = shift.people if staff is None else shift.people & {staff}
        for person in sorted(serving.keys() - people):
            yield Stretch(schedule, person, serving.pop(person), shift.start)
        for person in people - serving.keys():
            serving[person] = shift.start
        end = shift.end
    for person, start in sorted(serving.items()):
        assert end is not None
        yield Stretch(schedule, person, start, end)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A stretch as it shall be told, and the event that it was before."""

    stretch: Stretch
    before: Event | None
    cancelled: bool = False


def follow(
    wanted: Iterable[Stretch],
    handed: Iterable[Event],
    *,
    settled: datetime | None,
    now: datetime,
    floor: int = 0,
    called: Callable[[Stretch], bytes] = lambda _: b"",
) -> tuple[Event, ...]:
    """The events that a calendar is told now, in the order of their starts.

    `settled`: when somebody last looked; what had ended by then stays as it was handed out; None: nothing was yet. A
    stretch with another end is the same one, changed; one that ran at `settled` is, too, where it seems to begin
    elsewhere. Any other that is not wanted any more is cancelled, and forgotten once its time is over. `floor`: the
    sequence of what is new; `called`: stands for what a stretch is called now.
    """
    first, last = window(now)
    known: dict[tuple[str, StaffId], dict[datetime, Event]] = {}
    wishes: list[_Wish] = []
    for event in handed:
        stretch = event.stretch
        if stretch.start >= last:  # a clock was set back
            wishes.append(_as_it_is(event))
        else:
            known.setdefault((stretch.schedule, stretch.staff), {})[stretch.start] = event
    for stretch in wanted:
        hers = known.get((stretch.schedule, stretch.staff), {})
        if settled is None or _is_news(stretch, hers, settled):
            before = _same(stretch, hers, settled)
            start = before.stretch.start if before else stretch.start
            wishes.append(_Wish(Stretch(stretch.schedule, stretch.staff, start, stretch.end), before))
    for event in (event for hers in known.values() for event in hers.values()):
        if settled is not None and event.stretch.end <= settled:
            wishes += [_as_it_is(event)] if event.stretch.end > first and not event.cancelled else []
        elif event.stretch.end > now:
            wishes.append(_Wish(event.stretch, event, cancelled=True))
    return tuple(sorted((_told(wish, now, floor, called(wish.stretch)) for wish in wishes), key=_order))


def bounded(events: Iterable[Event], before: Handed, now: datetime) -> Handed:
    """As many of them as a calendar takes, those nearest to this day; `before`: what was handed out last."""
    midnight = window(now)[0] + BACK
    past: list[Event] = []
    ahead: list[Event] = []
    off: list[Event] = []
    for event in events:
        (off if event.cancelled else past if event.stretch.end <= midnight else ahead).append(event)
    kept = (*past[-MOST_PAST:], *ahead[:MOST_AHEAD], *off[:MOST_OFF])
    there = {_name(event) for event in kept}
    lost = (e.sequence + 1 for e in before.events if e.stretch.end > now and _name(e) not in there)
    return Handed(tuple(sorted(kept, key=_order)), max(before.floor, *lost, 0))


def _is_news(stretch: Stretch, hers: Mapping[datetime, Event], settled: datetime) -> bool:
    """Whether it may differ from what was handed out: what was over by then does not."""
    before = hers.get(stretch.start)
    return stretch.end > settled or (before is not None and before.stretch.end > settled)


def _same(stretch: Stretch, hers: dict[datetime, Event], settled: datetime | None) -> Event | None:
    """The event that this stretch was before, taken out of `hers`."""
    if stretch.start in hers:
        return hers.pop(stretch.start)
    running = (
        at
        for at, event in hers.items()
        if settled is not None and at <= settled < event.stretch.end and not event.cancelled
        if stretch.start < event.stretch.end and at < stretch.end
    )
    at = next(running, None)
    return None if at is None else hers.pop(at)


def _as_it_is(event: Event) -> _Wish:
    return _Wish(event.stretch, event, event.cancelled)


def _told(wish: _Wish, now: datetime, floor: int, title: bytes) -> Event:
    """The event as it was where nothing has become of it; else with the next sequence, changed now."""
    before = wish.before
    if before is None:
        return Event(wish.stretch, floor, now, title=title)
    if (before.stretch, before.cancelled, before.title) == (wish.stretch, wish.cancelled, title):
        return before
    return Event(wish.stretch, before.sequence + 1, max(before.changed, now), wish.cancelled, title)


def _order(event: Event) -> tuple[datetime, str, int]:
    return event.stretch.start, event.stretch.schedule, event.stretch.staff


def _name(event: Event) -> tuple[str, StaffId, datetime]:
    return event.stretch.schedule, event.stretch.staff, event.stretch.start


def uid(feed_id: bytes, stretch: Stretch) -> str:
    """The event's name for ever: 32 hex digits that tell nothing, and are another calendar's never."""
    told = f"{stretch.start.astimezone(UTC).isoformat()} {stretch.staff} {stretch.schedule}"
    return sha256(feed_id + told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
