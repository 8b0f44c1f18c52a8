"""What a request that is taken, or given back, does to the rota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import agreements
from bot.changes import Status, Swap
from bot.covers import Cover
from bot.errors import Stale
from bot.people import StaffId
from bot.rota import Rota
from bot.schedules import Schedule
from handlers import planning
from handlers.line import Line
from storage.work import Work


def take(work: Work, line: Line, cover: Cover, *, by: StaffId) -> None:
    """Who took it serves from now on, and of a swap the giver for her in return: one change of the rota."""
    made = agreements.swaps(cover)
    planning.change(
        work,
        line,
        lambda planned: changed(planned, cover.schedule, lambda one: replace(one, swaps=(*one.swaps, *made))),
        by=by,
        what="shift taken",
    )


def undo(work: Work, line: Line, cover: Cover, *, by: StaffId | None) -> None:
    """The giver serves again, as if it had never been taken; that it was stays written down."""
    planning.change(
        work,
        line,
        lambda planned: changed(
            planned, cover.schedule, lambda one: agreements.without(one, cover, work.now)
        ),
        by=by,
        what="shift given back",
    )


def follow(work: Work, before: Rota[StaffId], after: Rota[StaffId]) -> None:
    """What a change by an admin has ended is no agreement any more: nobody gives back later what is not hers. Of a swap
    of which half is left, that half is cover."""
    for cover in work.covers.standing():
        if cover.status is not Status.TAKEN or not stands(before, cover) or stands(after, cover):
            continue
        half = replace(cover, returned=None)
        ended = replace(cover, status=Status.CANCELLED, decided=work.now)
        if not work.covers.settle(cover, half if stands(after, half) else ended):
            raise Stale("Somebody else was quicker.")


def stands(planned: Rota[StaffId], cover: Cover) -> bool:
    """Whether the rota still holds what was agreed; a new file may have left it out."""
    schedule = planned.named(cover.schedule)
    there = {_terms(one) for one in schedule.swaps} if schedule is not None else set()
    return all(_terms(one) in there for one in agreements.swaps(cover))


def _terms(swap: Swap[StaffId]) -> tuple[object, ...]:
    return swap.giver, swap.taker, swap.start, swap.end, swap.status


def changed(
    planned: Rota[StaffId], schedule: str, change: Callable[[Schedule[StaffId]], Schedule[StaffId]]
) -> Rota[StaffId]:
    """One schedule of it, changed."""
    return Rota(tuple(change(one) if one.name == schedule else one for one in planned.schedules))
