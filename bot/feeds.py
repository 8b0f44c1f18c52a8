"""Calendars to subscribe to: which events follow from the rota and from what was handed out before.

A calendar asks again and again and keeps what it was told; so a shift keeps its identity, and one that is no more is
said to be off until its time is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from bot import rota
from bot.people import StaffId
from bot.rota import Rota, Schedule

BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=180)
BEYOND: Final = timedelta(days=32)
"""Looked at beyond both ends, so that a shift of up to a month that lies across an end is told whole."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One shift of `staff` in `schedule`, within [start, end)."""

    schedule: str
    staff: StaffId
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch as it was handed out: `sequence` counts its changes, `changed` is the instant of the last one."""

    stretch: Stretch
    sequence: int
    changed: datetime
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Whose:
    """What a calendar shows: one person's shifts in all schedules, or everybody's in one. One of both is None."""

    staff: StaffId | None
    schedule: str | None


def window(now: datetime) -> tuple[datetime, datetime]:
    """The whole days (UTC) that a calendar shows at an instant."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - BACK, midnight + AHEAD


def planned(
    of: Rota[StaffId], whose: Whose, now: datetime, *, gone: Collection[StaffId] = ()
) -> list[Stretch]:
    """What the rota says for this calendar within its window, each shift whole. `gone`: who serves no more, whatever
    the rota says."""
    first, last = window(now)
    return [
        stretch
        for schedule in of.schedules
        if whose.schedule in (None, schedule.name)
        for stretch in _stretches(schedule, whose.staff, first - BEYOND, last + BEYOND)
        if stretch.staff not in gone and stretch.start < last and first < stretch.end
    ]


def _stretches(
    schedule: Schedule[StaffId], staff: StaffId | None, first: datetime, last: datetime
) -> Iterator[Stretch]:
    if staff is not None:
        for start, end in rota.shifts_of(schedule, staff, first, last):
            yield Stretch(schedule.name, staff, start, end)
        return
    serving: dict[StaffId, datetime] = {}
    for shift in rota.shifts(schedule, first, last):
        for person in sorted(serving.keys() - shift.people):
            yield Stretch(schedule.name, person, serving.pop(person), shift.start)
        for person in shift.people - serving.keys():
            serving[person] = shift.start
    for person, start in sorted(serving.items()):
        yield Stretch(schedule.name, person, start, last)


def follow(
    wanted: Iterable[Stretch], handed: Iterable[Event], *, settled: datetime | None, now: datetime
) -> tuple[Event, ...]:
    """The events that a calendar is told now, in the order of their starts.

    `settled`: what had ended by then stays as it was handed out, for what is planned since is no news of the past;
    None: nothing was handed out yet. A stretch with another end is the same one, changed; one that runs at `settled`
    is, too, where it seems to begin elsewhere; any other that is not wanted any more is cancelled, and forgotten once
    its time is over.
    """
    first, last = window(now)
    known: dict[tuple[str, StaffId], dict[datetime, Event]] = {}
    told: list[Event] = []
    for event in handed:
        stretch = event.stretch
        if settled is not None and stretch.end <= settled:
            told += [event] if stretch.end > first and not event.cancelled else []
        elif stretch.start >= last:  # a clock was set back
            told.append(event)
        else:
            known.setdefault((stretch.schedule, stretch.staff), {})[stretch.start] = event
    for stretch in wanted:
        if settled is None or stretch.end > settled:
            before = _same(stretch, known.get((stretch.schedule, stretch.staff), {}), settled)
            told.append(_now(stretch, before, now))
    left = (event for those in known.values() for event in those.values())
    told += [_off(event, now) for event in left if event.stretch.end > now]
    return tuple(sorted(told, key=_order))


def _same(stretch: Stretch, known: dict[datetime, Event], settled: datetime | None) -> Event | None:
    """The event that this stretch was before, taken out of `known`."""
    if stretch.start in known:
        return known.pop(stretch.start)
    if settled is None or stretch.start > settled:
        return None
    running = (at for at, event in known.items() if at <= settled and not event.cancelled)
    at = next(running, None)
    return None if at is None else known.pop(at)


def _now(stretch: Stretch, before: Event | None, now: datetime) -> Event:
    if before is None:
        return Event(stretch, 0, now)
    if before.stretch.end == stretch.end and not before.cancelled:
        return before
    return _changed(replace(before, stretch=replace(before.stretch, end=stretch.end), cancelled=False), now)


def _off(event: Event, now: datetime) -> Event:
    return event if event.cancelled else _changed(replace(event, cancelled=True), now)


def _changed(event: Event, now: datetime) -> Event:
    return replace(event, sequence=event.sequence + 1, changed=max(event.changed, now))


def _order(event: Event) -> tuple[datetime, str, int]:
    return event.stretch.start, event.stretch.schedule, event.stretch.staff


def uid(feed_id: bytes, stretch: Stretch) -> str:
    """The event's name for ever: 32 hex digits that tell nothing, and are another calendar's never."""
    told = f"{stretch.start.astimezone(UTC).isoformat()} {stretch.staff} {stretch.schedule}"
    return sha256(feed_id + told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
