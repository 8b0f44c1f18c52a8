"""Commands about one conversation: TAKE, PASS, DONE, NOTE, HISTORY, and SEND or DROP for what is held."""

from __future__ import annotations

from bot import handoff as handing
from bot import relay
from bot.conversation import Conversation, Offer, OfferState, State
from bot.decision import ToStaff
from bot.errors import NoSuchConversation, NotNow, SealBroken, WhichConversation
from bot.grammar import Command
from bot.messages import Priority
from bot.redact import Secret
from handlers import apply, desk, handoff, waits
from handlers.turn import Turn


def take(turn: Turn, command: Command) -> None:
    """She takes what is offered to her; the transcript follows."""
    conversation, offer = _offered(turn, command)
    work, line = turn.work, turn.line
    if handing.can_take_over(conversation, turn.staff.id, offer):
        _take_over(turn, conversation, offer)
        return
    decision = relay.take(
        conversation,
        turn.staff,
        turn.contact,
        open_now=len(work.conversations.talking_with(turn.staff.id)),
        most=line.pace.most,
        now=work.now,
        window=line.pace.window,
    )
    apply.apply(work, line, conversation, decision)
    work.counts.add("taken")
    if conversation.private.round_at is None:
        waits.remember(work, work.now - conversation.private.opened_at)


def _take_over(turn: Turn, conversation: Conversation, offer: Offer) -> None:
    """She takes what a colleague has and hands on."""
    work, line = turn.work, turn.line
    decision = handing.take_over(
        conversation,
        turn.staff,
        turn.contact,
        offer,
        open_now=len(work.conversations.talking_with(turn.staff.id)),
        most=line.pace.most,
        now=work.now,
    )
    apply.apply(work, line, conversation, decision)
    work.counts.add("taken")


def pass_on(turn: Turn, command: Command) -> None:
    """An offer declined, or a conversation put back; the ladder goes on at once."""
    mine = _mine(turn, command)
    offer = None
    if mine is None:
        mine, offer = _offered(turn, command)
    if offer is not None and handing.can_take_over(mine, turn.staff.id, offer):
        declined = handing.passed(mine, turn.contact, offer, turn.work.now)
        after = apply.apply(turn.work, turn.line, mine, declined)
        if handing.is_handing(after):
            handoff.climb(turn.work, turn.line, after)
        return
    decision = relay.passed(mine, turn.staff, turn.contact, offer, turn.work.now)
    after = apply.apply(turn.work, turn.line, mine, decision)
    apply.climb(turn.work, turn.line, after)


def done(turn: Turn, command: Command) -> None:
    """She closes the conversation."""
    conversation = _certain(turn, command)
    decision = relay.done(conversation, turn.staff, turn.contact, turn.work.now)
    apply.apply(turn.work, turn.line, conversation, decision)


def note(turn: Turn, command: Command) -> None:
    """A note for colleagues."""
    conversation = _certain(turn, command)
    decision = relay.noted(conversation, turn.staff, turn.contact, Secret(command.rest))
    apply.apply(turn.work, turn.line, conversation, decision)


HISTORY = 40
"""Lines that HISTORY sends again: about what fits on a few screens of a phone."""


def history(turn: Turn, command: Command) -> None:
    """The last lines again, with who said them."""
    conversation = _certain(turn, command)
    try:
        lines = turn.work.transcript.read(conversation, last=HISTORY)
    except SealBroken as broken:
        if not broken.column.startswith("transcript."):
            raise
        turn.work.notice(broken)
        raise NotNow("broken.transcript", code=conversation.code) from None
    turn.work.conversations.stay([conversation])
    for text in apply.transcript(lines, lambda what: turn.line.say_to(turn.staff, what), whole=True):
        letter = ToStaff(turn.contact.id, Secret(text), priority=Priority.NOTICE, coded=True)
        apply.post_to_staff(turn.work, turn.line, letter, conversation)


def send(turn: Turn, command: Command) -> None:
    """What is held goes out after all."""
    conversation = desk.named(turn, command.code) if command.code else turn.swiped
    desk.send_held(turn, conversation, sure=True)


def drop(turn: Turn, command: Command) -> None:
    """What is held is thrown away; with a code, or a swipe, what is held for that texter alone."""
    held = turn.work.held.of(turn.contact.id)
    about = desk.named(turn, command.code) if command.code else turn.swiped
    if about is not None:
        held = [one for one in held if one.conversation in (None, about.id)]
    if not held:
        raise NotNow("nothing.held")
    turn.work.held.drop([one.id for one in held])
    turn.tell("dropped")


def _mine(turn: Turn, command: Command) -> Conversation | None:
    """The conversation that the command names, if it is open with her."""
    if command.code is None and turn.swiped is None:
        return None
    found = turn.work.conversations.by_code(command.code) if command.code else turn.swiped
    hers = found is not None and found.state is State.TALKING and found.counselor == turn.staff.id
    return found if hers else None


def _certain(turn: Turn, command: Command) -> Conversation:
    """By its code, by the swipe, or where it can only be meant; else she is asked."""
    if command.code is not None:
        return desk.named(turn, command.code)
    if turn.swiped is not None:
        return desk.hers(turn, turn.swiped, turn.swiped.code)
    try:
        if turn.astray:
            raise WhichConversation("ask.which", codes="")
        found = relay.whose(desk.laid_out(turn), turn.work.now)
    except WhichConversation:
        codes = [c.code for c in turn.work.conversations.talking_with(turn.staff.id)]
        if not codes:
            raise NotNow("none.open") from None
        raise _which(turn, command, codes) from None
    turn.about.append(found)
    return found


def _offered(turn: Turn, command: Command) -> tuple[Conversation, Offer]:
    """What is offered to her and named by the command, or the only offer there is."""
    offers = {o.conversation: o for o in turn.work.offers.to(turn.staff.id)}
    if command.code is None and turn.swiped is None:
        live = [o for o in offers.values() if o.state in (OfferState.OPEN, OfferState.LAPSED)]
        known = [(turn.work.conversations.get(o.conversation), o) for o in live]
        waiting = [c for c, o in known if c is not None and _can_be_taken(turn, c, o)]
        if not waiting:
            raise NotNow("no.offer")
        if len(waiting) > 1:
            raise _which(turn, command, [c.code for c in waiting])
        turn.about.append(waiting[0])
        return waiting[0], offers[waiting[0].id]
    found = turn.work.conversations.by_code(command.code) if command.code else turn.swiped
    if found is None or found.id not in offers or not found.is_open:
        code = command.code or (found.code if found else "")
        raise NoSuchConversation("no.such", code=code)
    turn.about.append(found)
    return found, offers[found.id]


def _can_be_taken(turn: Turn, conversation: Conversation, offer: Offer) -> bool:
    return conversation.state is State.WAITING or handing.can_take_over(conversation, turn.staff.id, offer)


def _which(turn: Turn, command: Command, codes: list[str]) -> WhichConversation:
    word = command.ask.upper()
    return WhichConversation(
        "ask.which.command", codes=desk.either(turn, [f"{word} {code}" for code in codes])
    )
