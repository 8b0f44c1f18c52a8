"""What colleagues have agreed about a shift, held against the rota: whether it still decides who serves, and whether
taking it back would bring back what was before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot import rota
from bot.changes import Kind, Override, Status, Swap
from bot.covering import Span, current
from bot.covers import Cover
from bot.people import StaffId
from bot.schedules import Schedule


def swaps(cover: Cover) -> tuple[Swap[StaffId], ...]:
    """What a request that is taken is in the rota: who serves for whom, and of a swap the same in return."""
    given = Swap(
        giver=cover.giver,
        start=cover.start,
        end=cover.end,
        status=Status.TAKEN,
        taker=cover.taker,
        note=cover.note,
        decided=cover.decided,
    )
    if cover.returned is None or cover.taker is None:
        return (given,)
    start, end = cover.returned
    return (given, replace(given, giver=cover.taker, taker=cover.giver, start=start, end=end))


def without(schedule: Schedule[StaffId], cover: Cover, now: datetime) -> Schedule[StaffId]:
    """As if it had never been taken; that it was stays written down."""
    made = swaps(cover)
    left = [
        replace(one, status=Status.CANCELLED, decided=now) if one in made else one for one in schedule.swaps
    ]
    return replace(schedule, swaps=tuple(left))


def can_be_undone(schedule: Schedule[StaffId] | None, cover: Cover, taker: StaffId, now: datetime) -> bool:
    """Whether nothing else has happened to the shifts since: `taker` serves what was agreed, and without it each would
    serve her own again, the whole of it, and nothing of the other's. Somebody taken off and added again serves because
    of that, and the giver would hear that it is hers while the rota says otherwise."""
    if schedule is None or not _kept(schedule, cover, taker):
        return False
    after = without(schedule, cover, now)
    own = ((cover.giver, taker, (cover.start, cover.end)), (taker, cover.giver, cover.returned))
    return all(
        current(after, one, *span) and not rota.shifts_of(after, other, *span)
        for one, other, span in own
        if span is not None
    )


def _kept(schedule: Schedule[StaffId], cover: Cover, taker: StaffId) -> bool:
    return current(schedule, taker, cover.start, cover.end) and (
        cover.returned is None or current(schedule, cover.giver, *cover.returned)
    )


def without_idle(schedule: Schedule[StaffId], within: Span, now: datetime) -> Schedule[StaffId]:
    """The same calendar without those agreements about a part of `within` that decide nothing any more, since an admin
    has taken off whoever served by them. Left in, they would act again: whoever gave it could not be added."""
    for swap in schedule.swaps:
        touches = swap.start < within[1] and within[0] < swap.end
        if touches and swap.status is Status.TAKEN and now < swap.end and _is_idle(schedule, swap, now):
            schedule = _ended(schedule, swap, now)
    return schedule


def _is_idle(schedule: Schedule[StaffId], swap: Swap[StaffId], now: datetime) -> bool:
    rest = max(swap.start, now), swap.end
    return rota.shifts(schedule, *rest) == rota.shifts(_ended(schedule, swap, now), *rest)


def _ended(schedule: Schedule[StaffId], swap: Swap[StaffId], now: datetime) -> Schedule[StaffId]:
    """Of one that runs, what it did so far stays true."""
    over = replace(swap, end=now) if swap.start < now else replace(swap, status=Status.CANCELLED, decided=now)
    return replace(schedule, swaps=tuple(over if one is swap else one for one in schedule.swaps))


def given_away(
    schedule: Schedule[StaffId], person: StaffId, start: datetime, end: datetime
) -> StaffId | None:
    """Who would serve in her place if she were added within [start, end), since she has given it away: the last of
    those who took it one from another."""
    added = Override(kind=Kind.ADD, start=start, end=end, add=person)
    alone = replace(schedule, layers=(), overrides=(added,))
    held = {one for shift in rota.shifts(alone, start, end) for one in shift.people}
    return min(held - {person}, default=None)
