"""What a request that is taken, or given back, does to the rota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.changes import Status, Swap
from bot.covers import Cover
from bot.people import StaffId
from bot.rota import Rota
from handlers import planning
from handlers.line import Line
from storage.work import Work


def take(work: Work, line: Line, cover: Cover, *, by: StaffId) -> None:
    """Who took it serves from now on, and of a swap the giver for her in return: one change of the rota."""
    made = _swaps(cover)
    planning.change(
        work,
        line,
        lambda planned: _swapped(planned, cover.schedule, lambda before: (*before, *made)),
        by=by,
        what="shift taken",
    )


def undo(work: Work, line: Line, cover: Cover, *, by: StaffId | None) -> None:
    """The giver serves again, as if it had never been taken; that it was stays written down."""
    made = _swaps(cover)

    def cancelled(before: tuple[Swap[StaffId], ...]) -> tuple[Swap[StaffId], ...]:
        return tuple(
            replace(one, status=Status.CANCELLED, decided=work.now) if one in made else one for one in before
        )

    planning.change(
        work,
        line,
        lambda planned: _swapped(planned, cover.schedule, cancelled),
        by=by,
        what="shift given back",
    )


def stands(planned: Rota[StaffId], cover: Cover) -> bool:
    """Whether the rota still holds what was agreed; a new file may have left it out."""
    schedule = planned.named(cover.schedule)
    there = {_terms(one) for one in schedule.swaps} if schedule is not None else set()
    return all(_terms(one) in there for one in _swaps(cover))


def _terms(swap: Swap[StaffId]) -> tuple[object, ...]:
    return swap.giver, swap.taker, swap.start, swap.end, swap.status


def _swaps(cover: Cover) -> tuple[Swap[StaffId], ...]:
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


def _swapped(
    planned: Rota[StaffId],
    schedule: str,
    change: Callable[[tuple[Swap[StaffId], ...]], tuple[Swap[StaffId], ...]],
) -> Rota[StaffId]:
    return Rota(
        tuple(
            replace(one, swaps=change(one.swaps)) if one.name == schedule else one
            for one in planned.schedules
        )
    )
