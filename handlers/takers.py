"""Whoever took a shift has gone, or is back: each hears what follows from the rota as it is then."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot import agreements, rota
from bot import covering as rules
from bot.changes import Status
from bot.covering import Span
from bot.covers import Cover
from bot.errors import Stale
from bot.people import Role, Staff, StaffId, Standing
from bot.schedules import Schedule
from handlers import exchanging
from handlers.coverwords import concerned, inform, when, whens
from handlers.line import Line
from handlers.serving import open_again, tell_given_back
from handlers.turn import Turn
from storage.work import Work

GONE: Final = frozenset({Standing.OPTED_OUT, Standing.DEAD})


def find_gone(work: Work, line: Line) -> int:
    """What was taken by somebody who has left, sent STOP or blocked the bot since is given back by that, before it
    begins: who gave it believes that she need not come. How much."""
    people = {one.id: one for one in work.staff.everyone()}
    return sum(
        _gone(work, line, cover, people.get(cover.taker))
        for cover in work.covers.standing()
        if cover.status is Status.TAKEN and cover.taker is not None and _is_gone(people.get(cover.taker))
    )


def leaves(work: Work, line: Line, person: Staff) -> None:
    """She is about to be removed: her name can be said now."""
    for cover in work.covers.standing():
        if cover.status is Status.TAKEN and cover.taker == person.id:
            _gone(work, line, cover, person)


def _is_gone(taker: Staff | None) -> bool:
    return taker is None or (bool(taker.contacts) and all(one.standing in GONE for one in taker.contacts))


def _gone(work: Work, line: Line, cover: Cover, taker: Staff | None) -> bool:
    """It is open again and hers until somebody takes it; where that cannot be, the request is over, and they hear that
    nobody serves, unless somebody else has it by now."""
    assert cover.taker is not None
    name = taker.name if taker is not None else ""
    begun = cover.start <= work.now or (cover.returned is not None and cover.returned[0] <= work.now)
    planned = line.rota(work).named(cover.schedule)
    if not begun and agreements.can_be_undone(planned, cover, cover.taker, work.now):
        after, count = open_again(work, line, cover, cover.taker, by=None)
        tell_given_back(work, line, cover, after, "cover.left.other", name=name, count=count)
        return True
    uncovered = _uncovered(work, planned, cover)
    if not uncovered:
        # Somebody else has it by now, and may give it back yet: then it is to be undone.
        return False
    left = (*cover.left, (cover.taker, cover.returned))
    if not work.covers.settle(cover, replace(cover, status=Status.CANCELLED, left=left)):
        return False
    giver = work.staff.get(cover.giver)
    said = {"name": name, "giver": giver.name if giver else ""}
    place = "cover.left.gap" if giver is not None else "cover.orphan"
    for person in _others(work, cover, but=cover.taker):
        span = whens(line, person, cover, uncovered)
        inform(work, line, person, cover, "cover.left.you" if person == giver else place, span=span, **said)
    return True


def _uncovered(work: Work, planned: Schedule[StaffId] | None, cover: Cover) -> list[Span]:
    """What is left of it that its taker serves by the rota, and beside that one nobody who can be reached."""
    start = max(cover.start, work.now)
    if planned is None or cover.taker is None or cover.end <= start:
        return []
    able = {one.id for one in work.staff.everyone() if one.can_answer and one.id != cover.taker}
    served = rota.shifts_of(planned, cover.taker, start, cover.end)
    return [gap for piece in served for gap in rota.gaps(planned, *piece, able.__contains__)]


def _others(work: Work, cover: Cover, but: StaffId) -> list[Staff]:
    """The giver, who asked in her place, and the admins."""
    people = {one.id: one for one in concerned(work, cover)}
    people |= {one.id: one for one in work.staff.everyone() if Role.ADMIN in one.roles}
    return [one for one in people.values() if one.id != but]


LOST: Final = {
    (False, False): "cover.lost.gone",
    (False, True): "cover.lost",
    (True, False): "cover.lost.swap.gone",
    (True, True): "cover.lost.swap",
}
"""What she reads who is back: of cover or of a swap, and whether there is one answer to who has it."""


def back_again(turn: Turn) -> None:
    """She can be reached again: of what she had taken before she went she reads whose it is, by the rota."""
    work = turn.work
    for cover in work.covers.coming():
        mine = [back for one, back in cover.left if one == turn.staff.id]
        if not mine:
            continue
        others = tuple(one for one in cover.left if one[0] != turn.staff.id)
        planned = turn.line.rota(work).named(cover.schedule)
        start = max(cover.start, work.now)
        served = rota.shifts_of(planned, turn.staff.id, start, cover.end) if planned is not None else []
        after = replace(cover, left=others)
        # Nobody could say that it is hers while she was gone; nothing else has happened to it.
        resumed = cover.status is Status.CANCELLED and cover.taker == turn.staff.id and bool(served)
        if resumed and exchanging.stands(turn.line.rota(work), replace(cover, status=Status.TAKEN)):
            after = replace(after, status=Status.TAKEN)
        if not work.covers.settle(cover, after):
            raise Stale("Somebody else was quicker.")
        if served:
            _tell_kept(turn, cover, served, resumed=resumed)
        else:
            _tell_lost(turn, cover, planned, mine[-1])


def _tell_kept(turn: Turn, cover: Cover, served: list[Span], *, resumed: bool) -> None:
    """She serves by the rota; whoever had heard that nobody does hears that too."""
    turn.tell("cover.kept", span=whens(turn.line, turn.staff, cover, served))
    if resumed:
        for person in _others(turn.work, cover, but=turn.staff.id):
            span = whens(turn.line, person, cover, served)
            inform(turn.work, turn.line, person, cover, "cover.kept.other", span=span, name=turn.staff.name)


def _tell_lost(turn: Turn, cover: Cover, planned: Schedule[StaffId] | None, back: Span | None) -> None:
    """Who has it now is said where one answer is true of all that is left of it."""
    work, start = turn.work, max(cover.start, turn.work.now)
    pieces = rota.shifts(planned, start, cover.end) if planned is not None else []
    found = [one.name for one in work.staff.everyone() if len(pieces) == 1 and one.id in pieces[0].people]
    said = {"span": when(turn.line, turn.staff, cover), "name": ", ".join(found)}
    swap = back is not None and rules.current(planned, turn.staff.id, *back)
    if back is not None:
        said["back"] = turn.line.span_for(turn.staff, *back)
    nobody = not any(one.people for one in pieces)
    place = "cover.lost.nobody" if nobody and not swap else LOST[swap, bool(found)]
    turn.tell(place, **said)
