"""A second person answers, or nobody does in time: each request comes to one end, whoever answers at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.errors import NotNow
from bot.foureyes import RequestKind, may_approve, may_refuse
from bot.people import Staff, Standing
from handlers import guesses, newkey, reveal
from handlers.line import Line
from handlers.turn import Turn
from storage.requests import Request, RequestState
from storage.work import Work


@dataclass(frozen=True, slots=True)
class Ends:
    """What becomes of one kind of request."""

    granted: Callable[[Work, Line, Request, Staff], None]
    refused: Callable[[Work, Line, Request, Staff], None]
    lapsed: Callable[[Work, Line, Request], None]


def _nothing(work: Work, line: Line, request: Request, by: Staff | None = None) -> None:
    """An echo that never came: the key stays, and she knows."""


ENDS: Final[dict[RequestKind, Ends]] = {
    RequestKind.KEY: Ends(newkey.granted, newkey.refused, newkey.lapsed),
    RequestKind.REVEAL: Ends(reveal.granted, reveal.refused, reveal.lapsed),
    RequestKind.LOST: Ends(_nothing, _nothing, _nothing),
    RequestKind.LINE: Ends(_nothing, _nothing, _nothing),
}


def approve(turn: Turn, number: str) -> None:
    """Her yes, if it is the second, by the number that its asker was not shown: whoever forges her phone lacks it."""
    request = _named(turn, number, approving=True)
    if request.by == turn.staff.id:
        raise NotNow("foureyes.own", number=number)
    if not may_approve(request.kind, turn.staff, request.by):
        raise NotNow("foureyes.not_hers", number=number)
    _settle(turn, request, number, RequestState.GRANTED)
    ENDS[request.kind].granted(turn.work, turn.line, request, turn.staff)
    turn.tell("foureyes.approved", number=number)


def refuse(turn: Turn, number: str) -> None:
    """Her no; the asker may take back what she asked."""
    request = _named(turn, number)
    _settle(turn, request, number, RequestState.REFUSED)
    ENDS[request.kind].refused(turn.work, turn.line, request, turn.staff)
    turn.tell("foureyes.refused", number=number)


def lapse(work: Work, line: Line) -> int:
    """What nobody has answered in time comes to its end; how many."""
    due = work.requests.due()
    for request in due:
        if work.requests.settle(request, RequestState.LAPSED):
            ENDS[request.kind].lapsed(work, line, request)
    return len(due)


def _named(turn: Turn, number: str, *, approving: bool = False) -> Request:
    """The request of this number, if its kind is hers to answer; else it looks like one that is not there. So does, for
    a yes that would count (`approving`), the number that refuses it.

    Who guesses is stopped: a phone in the wrong hands must not find one.
    """
    work = turn.work
    if turn.contact.standing is Standing.OPTED_OUT:
        raise NotNow("foureyes.unknown", number=number)
    guesses.stop(turn, "foureyes.guessed")
    found = work.requests.by_number(number)
    if found is not None and _answers(turn.staff, found, number, approving=approving):
        return found
    guesses.wrong(turn)
    raise NotNow("foureyes.unknown", number=number)


def _answers(who: Staff, request: Request, number: str, *, approving: bool) -> bool:
    if approving and may_approve(request.kind, who, request.by):
        return number == request.approving
    return may_refuse(request.kind, who) or request.by == who.id


def _settle(turn: Turn, request: Request, number: str, state: RequestState) -> None:
    late = request.state is not RequestState.ASKED or request.due_at <= turn.work.now
    if late or not turn.work.requests.settle(request, state):
        raise NotNow("foureyes.late", number=number)
