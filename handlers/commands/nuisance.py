"""Commands against a nuisance: BLOCK and UNBLOCK, by a case code; nobody sees a number."""

from __future__ import annotations

from bot import blocks, relay
from bot.blocks import Wish
from bot.conversation import Conversation
from bot.errors import NoSuchConversation, NotNow
from bot.grammar import Command
from bot.phrases import phrase
from handlers import apply, desk
from handlers.turn import Turn


def block(turn: Turn, command: Command) -> None:
    """The texter is not let in any more for a while, and is told nothing; every supervisor is told."""
    code = command.code or ""
    conversation = _theirs(turn, code)
    wish = blocks.asked(command.rest, code=code, default=turn.line.block_days)
    work = turn.work
    if conversation.texter is None:
        raise NotNow("block.gone", code=code)
    address = work.conversations.address(conversation)
    work.audit.add(
        "texter blocked",
        by=turn.staff.id,
        conversation=conversation.id,
        detail=f"{wish.said} days. {wish.reason}".strip(),
    )
    work.blocks.add(address, code=conversation.code, until=work.now + wish.period)
    newest = work.conversations.by_address(address)
    if newest is not None and newest.is_open:
        apply.apply(work, turn.line, newest, relay.texter_barred(newest, turn.staff, work.now))
    turn.tell("block.done", code=conversation.code, days=wish.said)
    _tell_supervisors(turn, conversation, wish)


def unblock(turn: Turn, command: Command) -> None:
    """The block that was made by this code is over."""
    code = command.code or ""
    work = turn.work
    if not work.blocks.made_by(code):
        raise NotNow("block.none", code=code)
    found = work.conversations.by_code(code)
    about = found.id if found is not None else None
    work.audit.add("texter unblocked", by=turn.staff.id, conversation=about)
    work.blocks.lift(code)
    turn.tell("block.lifted", code=code)


def _theirs(turn: Turn, code: str) -> Conversation:
    """Her own open one; for a supervisor any that there is."""
    found = turn.work.conversations.by_code(code)
    if not turn.staff.is_supervisor:
        return desk.hers(turn, found, code)
    if found is None:
        raise NoSuchConversation("no.such", code=code)
    return found


def _tell_supervisors(turn: Turn, conversation: Conversation, wish: Wish) -> None:
    place = "block.told.why" if wish.reason else "block.told"
    what = phrase(place, code=conversation.code, days=wish.said, reason=wish.reason, name=turn.staff.name)
    for person in turn.work.staff.everyone():
        if person.is_supervisor and person.contact is not None and person.id != turn.staff.id:
            apply.tell(turn.work, turn.line, person.contact, what)
