"""DELETE: everything of one address is gone in the transaction in which she asked, whatever state it is in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot import relay
from bot.conversation import Conversation
from bot.decision import Decision, ToStaff
from bot.messages import Address
from bot.phrases import phrase
from handlers import apply
from handlers.line import Line
from storage.holds import Hold
from storage.work import Work


@dataclass(frozen=True, slots=True)
class Erased:
    """What a DELETE came to. `anything`: something has changed by it. `kept_until`: None where nothing of hers is left;
    else until when something must be kept, because of a hold that DELETE does not end on this line."""

    anything: bool
    kept_until: datetime | None


def everything(work: Work, line: Line, address: Address) -> Erased:
    """Erases every conversation of this address that no hold keeps; what one keeps goes by itself when it ends."""
    until: datetime | None = None
    anything = False
    for conversation in work.conversations.all(address):
        hold = work.holds.of(conversation.id)
        if hold is not None and line.keeps_during_hold and hold.until > work.now:
            anything |= not hold.wished
            _keep(work, line, conversation, hold)
            until = max(hold.until, until or hold.until)
        else:
            _erase(work, line, conversation, hold)
            anything = True
    return Erased(anything, until)


def _erase(work: Work, line: Line, conversation: Conversation, hold: Hold | None) -> None:
    decision = relay.texter_erased(conversation, work.now)
    apply.apply(work, line, conversation, _with_held(work, conversation, decision))
    if hold is not None:
        work.audit.note("erased by its texter during a hold", conversation=conversation.id)


def _keep(work: Work, line: Line, conversation: Conversation, hold: Hold) -> None:
    """Nobody talks in it any more and nothing leads to it: kept for the hold alone. Once, however often she asks."""
    if hold.wished:
        return
    decision = relay.texter_erases_later(conversation, hold.until, work.now)
    apply.apply(work, line, conversation, _with_held(work, conversation, decision))
    work.conversations.unroute(conversation.id)
    work.holds.wish(hold)
    work.audit.note("erasing asked for during a hold", conversation=conversation.id)


def _with_held(work: Work, conversation: Conversation, decision: Decision) -> Decision:
    """What her counselor has written and what was held because it could be for anybody may be about her: it goes as
    well, and the counselor hears so, for it may have been for somebody else."""
    if not relay.lately_hers(conversation, work.now):
        return decision
    counselor, contact = conversation.counselor, conversation.counselor_contact
    if counselor is None or contact is None:
        return decision
    if not work.held.drop_about(counselor, conversation.id):
        return decision
    told = ToStaff(contact, phrase("held.dropped", code=conversation.code), about=False)
    return replace(decision, letters=(*decision.letters, told))
