"""The rota: who is on call at an instant, and everything that follows from it.

Nothing about the future is ever stored. Start reading here; layers, changes and schedules are the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from bot.changes import EVERYONE, Everyone, Kind, Override, Status, Swap, changed
from bot.errors import RotaError
from bot.layers import Advance, Layer, Order, P, Unit, holder, served
from bot.rotanames import rename, rename_all
from bot.rotarules import validate
from bot.schedules import Rota, Schedule
from bot.wallclock import FOREVER, instant, utc
from bot.windows import Window

__all__ = [
    "EVERYONE", "Advance", "Everyone", "Kind", "Layer", "Order", "Override", "Rota", "Schedule", "Shift",
    "Status", "Swap", "Unit", "Window", "boundaries", "gaps", "holder", "hours", "instant", "next_change",
    "next_shifts", "on_call", "rename", "rename_all", "shifts", "shifts_of", "validate",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shift(Generic[P]):
    """Within [start, end) (UTC) exactly these people are on call; nobody at all is a shift too."""

    start: datetime
    end: datetime
    people: frozenset[P]


def on_call(schedule: Schedule[P], at: datetime) -> frozenset[P]:
    """Who is on call at an instant (in any offset); the cost does not grow with the age of the rota."""
    at = min(utc(at), FOREVER - timedelta.resolution)
    return _sampled(schedule, at, at + timedelta.resolution)[0].people


def boundaries(schedule: Schedule[P], start: datetime, end: datetime) -> list[datetime]:
    """The instants strictly between `start` and `end` at which the answer may change, in order."""
    return [shift.start for shift in _sampled(schedule, start, end)[1:]]


def shifts(schedule: Schedule[P], start: datetime, end: datetime) -> list[Shift[P]]:
    """The final calendar: [start, end) cut where the people on call change. `RotaError` if end ≤ start."""
    return _merged(_sampled(schedule, start, end))


def next_change(
    schedule: Schedule[P], after: datetime, within: timedelta = timedelta(days=8)
) -> datetime | None:
    """The first instant after `after` at which other people are on call; None if there is none `within`."""
    following = shifts(schedule, after, _later(after, within))[1:2]
    return following[0].start if following else None


def gaps(
    schedule: Schedule[P], start: datetime, end: datetime, counts: Callable[[P], bool] = lambda _: True
) -> list[tuple[datetime, datetime]]:
    """The parts of [start, end) in which nobody is on call who `counts` (can be reached, speaks Ukrainian)."""
    return [(s.start, s.end) for s in _counted(schedule, start, end, counts) if not s.people]


def shifts_of(
    schedule: Schedule[P], person: P, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """When a person is on call within [start, end); turns back to back are one shift, and company does not cut it."""
    return [
        (s.start, s.end) for s in _counted(schedule, start, end, lambda other: other == person) if s.people
    ]


def next_shifts(
    schedule: Schedule[P], person: P, after: datetime, count: int, *, within: timedelta = timedelta(days=400)
) -> list[tuple[datetime, datetime]]:
    """A person's next shifts, as far as `within`; one in progress comes first and begins at `after`."""
    reach = min(timedelta(weeks=5), within)
    while True:
        end = _later(after, reach)
        found = shifts_of(schedule, person, after, end)
        whole = [shift for shift in found if shift[1] < end]
        if len(whole) >= count or reach >= within:
            return found[:count]
        reach = min(reach * 4, within)


def hours(schedule: Schedule[P], start: datetime, end: datetime) -> dict[P, timedelta]:
    """How long each person is on call within [start, end); those who are not at all are left out."""
    total: dict[P, timedelta] = {}
    for shift in shifts(schedule, start, end):
        for person in shift.people:
            total[person] = total.get(person, timedelta()) + (shift.end - shift.start)
    return total


def _later(at: datetime, span: timedelta) -> datetime:
    return FOREVER if span > FOREVER - utc(at) else utc(at) + span


def _counted(
    schedule: Schedule[P], start: datetime, end: datetime, counts: Callable[[P], bool]
) -> list[Shift[P]]:
    return _merged(
        Shift(shift.start, shift.end, frozenset(filter(counts, shift.people)))
        for shift in _sampled(schedule, start, end)
    )


def _merged(pieces: Iterable[Shift[P]]) -> list[Shift[P]]:
    """Adjacent pieces with the same people become one."""
    whole: list[Shift[P]] = []
    for piece in pieces:
        if whole and whole[-1].people == piece.people:
            whole[-1] = Shift(whole[-1].start, piece.end, piece.people)
        else:
            whole.append(piece)
    return whole


def _sampled(schedule: Schedule[P], start: datetime, end: datetime) -> list[Shift[P]]:
    """[start, end) cut at every boundary, with the answer in each piece."""
    start, end = utc(start), utc(end)
    if end <= start:
        raise RotaError("The end of a range must come after its start.")
    turns = [(layer.priority, turn) for layer in schedule.layers for turn in served(layer, start, end)]
    acting = [
        (max(override.start, start), min(override.over, end), override)
        for override in _overrides(schedule)
        if override.start < end and start < override.over
    ]
    acting = [entry for entry in acting if entry[0] < entry[1]]
    edges = {start, end, *(turn.start for _, turn in turns), *(turn.end for _, turn in turns)}
    times = sorted(edges.union(*(entry[:2] for entry in acting)))
    place = {at: n for n, at in enumerate(times)}
    layered: list[list[tuple[int, tuple[P, ...]]]] = [[] for _ in times]
    for priority, turn in turns:
        for n in range(place[turn.start], place[turn.end]):
            layered[n].append((priority, turn.people))
    overriding: list[list[Override[P]]] = [[] for _ in times]
    for first, last, override in acting:
        for n in range(place[first], place[last]):
            overriding[n].append(override)
    return [
        Shift(times[n], times[n + 1], changed(_highest(layered[n]), overriding[n]))
        for n in range(len(times) - 1)
    ]


def _highest(served_now: list[tuple[int, tuple[P, ...]]]) -> frozenset[P]:
    """Everybody at the highest priority at which somebody is on; equal priorities add up."""
    top = max((priority for priority, people in served_now if people), default=0)
    return frozenset(person for priority, people in served_now if priority == top for person in people)


def _overrides(schedule: Schedule[P]) -> Iterable[Override[P]]:
    yield from schedule.overrides
    yield from (swap.as_override() for swap in schedule.swaps if swap.status is Status.TAKEN)
