"""Break-glass: a texter's address, for one supervisor, once, with the consent of a second person. Off unless set.

The request holds no address. It is opened only when a second person has said yes, and goes to the asker alone.
"""

from __future__ import annotations

from bot.decision import ToStaff
from bot.errors import NoSuchConversation, NotAllowed, NotNow
from bot.foureyes import REASON, RULES, RequestKind, may_approve
from bot.people import Medium, Staff
from bot.phrases import phrase
from bot.redact import Secret
from handlers import alarms, apply
from handlers.line import Line
from handlers.turn import Turn
from storage.requests import Request
from storage.work import Work

LONGEST = 300
"""Characters of a reason: it goes to phones, and into the audit trail."""


def ask(turn: Turn, code: str | None, reason: str) -> None:
    """A supervisor asks; every other supervisor and witness is told, and may say yes for fifteen minutes."""
    work, line = turn.work, turn.line
    why = " ".join(reason.split())[:LONGEST]
    if not line.reveal:
        raise NotAllowed("reveal.off")
    if code is None:
        raise NotNow("reveal.how")
    conversation = work.conversations.by_code(code)
    if conversation is None:
        raise NoSuchConversation("no.such", code=code)
    if conversation.texter is None:
        raise NotNow("reveal.gone", code=code)
    if len(why) < REASON:
        raise NotNow("reveal.how")
    if any(one.conversation == conversation.id for one in work.requests.waiting()):
        raise NotNow("reveal.open", code=code)
    others = [one for one in _seconds(work, turn.staff) if one.contact is not None]
    if not others:
        raise NotNow("reveal.alone")
    request = work.requests.add(
        RequestKind.REVEAL,
        turn.staff.id,
        valid=RULES[RequestKind.REVEAL].valid,
        contact=turn.contact.id,
        conversation=conversation.id,
        code=conversation.code,
        reason=Secret(why),
    )
    work.audit.add(
        "address asked for", by=turn.staff.id, conversation=conversation.id, detail=f"{code}: {why}"
    )
    told = phrase(
        "reveal.asked", name=turn.staff.name, code=conversation.code, reason=why, number=request.approving
    )
    alarms.tell_each(work, line, others, told)
    turn.tell("reveal.waits", code=conversation.code, number=request.number)


def granted(work: Work, line: Line, request: Request, by: Staff) -> None:
    """A second person has said yes: the asker alone gets the address, once, where she asked for it."""
    asker = work.staff.get(request.by)
    found = work.staff.contact(request.contact) if request.contact else None
    conversation = work.conversations.get(request.conversation) if request.conversation else None
    if asker is None or found is None or not found[0].reachable or not asker.is_supervisor:
        _end(work, line, request, "address not revealed: its asker cannot be reached", "reveal.lapsed", by)
    elif conversation is None or conversation.texter is None:
        _end(work, line, request, "address not revealed: it is gone", "reveal.gone", by)
    else:
        address = work.conversations.address(conversation)
        place = "reveal.number" if address.medium is Medium.SMS else "reveal.account"
        words = phrase(place, code=request.code, address=address.place.reveal())
        # As short as the consent was: an address must not wait half a day for a phone that was switched off.
        told = ToStaff(found[0].id, Secret(line.say_to(asker, words)), within=RULES[RequestKind.REVEAL].valid)
        apply.post_to_staff(work, line, told, None)
        _write(work, request, "address revealed, approved", by)
        done = phrase("reveal.done", code=request.code, name=asker.name, by=by.name)
        alarms.tell_each(work, line, _seconds(work, asker), done)


def refused(work: Work, line: Line, request: Request, by: Staff) -> None:
    """Somebody has said no."""
    _end(work, line, request, "address refused", "reveal.refused", by)


def lapsed(work: Work, line: Line, request: Request) -> None:
    """Nobody has said anything in time."""
    _end(work, line, request, "address not revealed: nobody approved in time", "reveal.lapsed", None)


def _end(work: Work, line: Line, request: Request, written: str, place: str, by: Staff | None) -> None:
    _write(work, request, written, by)
    asker = work.staff.get(request.by)
    people = [*([asker] if asker else []), *_seconds(work, asker)]
    alarms.tell_each(work, line, people, phrase(place, code=request.code))


def _write(work: Work, request: Request, what: str, by: Staff | None) -> None:
    work.audit.add(what, by=by.id if by else None, conversation=request.conversation, detail=request.code)


def _seconds(work: Work, asker: Staff | None) -> list[Staff]:
    """Everybody whose yes would count."""
    return [
        one
        for one in work.staff.everyone()
        if asker is None or may_approve(RequestKind.REVEAL, one, asker.id)
    ]
