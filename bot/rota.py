"""The rota: who is on call at an instant, and everything that follows from it.

Nothing about the future is ever stored. Start reading here; layers, changes and schedules are the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Final, Generic

from bot.changes import EVERYONE, Everyone, Kind, Override, Status, Swap, changed
from bot.errors import RotaError
from bot.layers import Advance, Layer, Order, P, Unit, holder, served
from bot.rotanames import rename, rename_all
from bot.rotarules import validate
from bot.schedules import Rota, Schedule
from bot.wallclock import FOREVER, instant, later, utc
from bot.windows import Window

__all__ = [
    "EVERYONE", "Advance", "Everyone", "Kind", "Layer", "Order", "Override", "Rota", "Schedule", "Shift",
    "Status", "Swap", "Unit", "Window", "boundaries", "gaps", "holder", "hours", "instant", "merged",
    "next_change", "next_shifts", "on_call", "rename", "rename_all", "shifts", "shifts_of", "validate",
]  # fmt: skip

_Step = tuple[datetime, int, tuple[P, ...]]
"""When, which layer by its place, and who serves it from then on."""
_NO_LAYER: Final = -1
"""In the place of a layer, where something else may change the answer."""
_FAR: Final = 2 * 86400
"""Seconds by which no clock ever differed from UTC's: a layer that begins or ends further away is not asked."""


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
    return merged(_sampled(schedule, start, end))


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
    return merged(
        Shift(shift.start, shift.end, frozenset(filter(counts, shift.people)))
        for shift in _sampled(schedule, start, end)
    )


def merged(pieces: Iterable[Shift[P]]) -> list[Shift[P]]:
    """Adjacent pieces with the same people become one."""
    whole: list[Shift[P]] = []
    for piece in pieces:
        if whole and whole[-1].people == piece.people:
            whole[-1] = Shift(whole[-1].start, piece.end, piece.people)
        else:
            whole.append(piece)
    return whole


def _sampled(schedule: Schedule[P], start: datetime, end: datetime) -> list[Shift[P]]:
    """[start, end) cut where the answer may change, with the answer in each piece; turns below the top cut nothing."""
    start, end = utc(start), utc(end)
    if end <= start:
        raise RotaError("The end of a range must come after its start.")
    acting = _acting(schedule, start, end)
    steps = _turned(schedule.layers, start, end)
    steps += [(time, _NO_LAYER, ()) for time in {start, *acting}]
    steps.sort(key=itemgetter(0))
    ranks = [layer.priority for layer in schedule.layers]
    on: dict[int, tuple[P, ...]] = {}
    layered: frozenset[P] = frozenset()
    top: int | None = None
    overriding: dict[int, Override[P]] = {}
    found: list[tuple[datetime, frozenset[P]]] = []
    known: dict[
        frozenset[P], frozenset[P]
    ] = {}  # the same people under the same overrides give the same answer
    for begin, some in groupby(steps, key=itemgetter(0)):
        if begin >= end:
            break
        seen = begin == start  # what turns below the highest is not asked
        for _, n, people in some:
            if n == _NO_LAYER:
                continue
            seen = seen or top is None or ranks[n] >= top
            if people:
                on[n] = people
            else:
                on.pop(n, None)
        if begin in acting:
            known.clear()
            begun = {n: override for n, override in acting[begin] if n not in overriding}
            ended = {n for n, _ in acting[begin]} - begun.keys()
            overriding = dict(
                sorted({n: one for n, one in (overriding | begun).items() if n not in ended}.items())
            )
        if seen:
            top = max(map(ranks.__getitem__, on)) if on else None
            layered = frozenset().union(*[on[n] for n in on if ranks[n] == top])
        elif begin not in acting:
            continue
        if layered not in known:
            known[layered] = changed(layered, overriding.values()) if overriding else layered
        found.append((begin, known[layered]))
    ends = [*(begin for begin, _ in found[1:]), end]
    return [Shift(begin, finish, people) for (begin, people), finish in zip(found, ends, strict=True)]


def _turned(layers: tuple[Layer[P], ...], start: datetime, end: datetime) -> list[_Step[P]]:
    """When a layer, by its place, passes to other people within [start, end); to nobody is a step too. In no order."""
    # A CSV of a year is hundreds of layers of a day: those far away cost a comparison each.
    earliest, latest = later(start.replace(tzinfo=None), -_FAR), later(end.replace(tzinfo=None), _FAR)
    steps: list[_Step[P]] = []
    near = [
        (-layer.priority, n)
        for n, layer in enumerate(layers)
        if layer.start <= latest and (layer.until is None or layer.until >= earliest)
    ]
    whole: int | None = None
    for rank, n in sorted(near):
        if whole is not None and rank > whole:
            break  # somebody above serves all the time
        before, gaps = start, False
        for begin, finish, people in served(layers[n], start, end):
            if before != begin:
                gaps = True
                steps.append((before, n, ()))
            steps.append((begin, n, people))
            before = finish
        steps.append((before, n, ()))
        if before == end and not gaps:
            whole = rank
    return steps


def _acting(
    schedule: Schedule[P], start: datetime, end: datetime
) -> dict[datetime, list[tuple[int, Override[P]]]]:
    """When an override, by its place in the order of creation, begins and ends to act within [start, end)."""
    acting: dict[datetime, list[tuple[int, Override[P]]]] = {}
    for n, override in enumerate(_overrides(schedule, start, end)):
        first, last = max(override.start, start), min(override.over, end)
        if first < last:
            acting.setdefault(first, []).append((n, override))
            acting.setdefault(last, []).append((n, override))
    return acting


def _overrides(schedule: Schedule[P], start: datetime, end: datetime) -> Iterable[Override[P]]:
    """Those that meet [start, end), in the order of creation, and after them the swaps that are taken."""
    for override in schedule.overrides:
        if override.start < end and start < override.end:
            yield override
    for swap in schedule.swaps:
        if swap.start < end and start < swap.end and swap.status is Status.TAKEN:
            yield swap.as_override()
