"""A counselor's desk: which conversation her words belong to, what is held and asked about, what ends with her."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot import handoff, planwords, relay
from bot.conversation import Conversation, Offer, OfferState, State
from bot.errors import NoSuchConversation, NotNow, WhichConversation
from bot.messages import Side, Writer
from bot.people import Contact, ConversationId, Standing
from bot.phrases import phrase
from bot.redact import Secret
from handlers import apply, held
from handlers.line import Line
from handlers.turn import Turn
from storage.held import Held
from storage.work import Work


def laid_out(turn: Turn) -> relay.Desk:
    """Everything that a text without a code could belong to."""
    work = turn.work
    return relay.Desk(
        staff=turn.staff,
        talking=tuple(work.conversations.talking_with(turn.staff.id)),
        offers=tuple(work.offers.to(turn.staff.id)),
        closed=tuple(work.conversations.closed_with(turn.staff.id, work.now - relay.RECENT)),
        last_from=frozenset(came_from for came_from, _ in turn.last),
    )


def named(turn: Turn, code: str) -> Conversation:
    """The conversation of a code, only if she may write in it now."""
    return hers(turn, turn.work.conversations.by_code(code), code)


def hers(turn: Turn, conversation: Conversation | None, code: str) -> Conversation:
    """The conversation, if it is open with her; the same error for "not yours", "over" and "never was"."""
    if (
        conversation is None
        or conversation.state is not State.TALKING
        or conversation.counselor != turn.staff.id
    ):
        raise NoSuchConversation("no.such", code=code)
    turn.about.append(conversation)
    return conversation


def relay_plain(turn: Turn, text: Secret[str]) -> None:
    """Words without a code: by the swipe, or where they can only belong, else held."""
    if turn.swiped is not None:
        relay_to(turn, turn.swiped, text)
        return
    if turn.astray:
        hold(turn, text, "which")
        return
    try:
        conversation = relay.whose(laid_out(turn), turn.work.now)
    except WhichConversation:
        hold(turn, text, "which")
    else:
        relay_to(turn, conversation, text)


def certain(turn: Turn) -> Conversation | None:
    """The conversation that her words belong to by the swipe, or can only belong to; None where it is not certain."""
    if turn.swiped is not None:
        return turn.swiped
    if turn.astray:
        return None
    try:
        return relay.whose(laid_out(turn), turn.work.now)
    except (WhichConversation, NotNow):
        return None


def relay_to(turn: Turn, conversation: Conversation, text: Secret[str]) -> None:
    """Her new words to this texter, or held because they could tell who she is, or the texter has been silent too long.

    Where they leave, what she was asked about before and has not sent is dropped: a later SEND is meant for another.
    """
    before = turn.work.held.of(turn.contact.id)
    if _relayed(turn, conversation, text, turn.writer):
        held.abandon(turn, conversation, before)


def _relayed(
    turn: Turn,
    conversation: Conversation,
    text: Secret[str],
    writer: Writer,
    *,
    sure: bool = False,
    shown: bool = False,
) -> bool:
    """Whether her words left. Else they are held and asked about, or came back to her."""
    work, line = turn.work, turn.line
    try:
        decision = relay.counselor_said(
            conversation,
            turn.staff,
            text,
            writer,
            now=work.now,
            window=line.pace.window,
            sure=sure,
            shown=shown,
        )
    except NotNow as refusal:
        if refusal.phrase in HELD_FOR:
            put_aside(turn, text, HELD_FOR[refusal.phrase], writer, conversation)
            turn.tell_about(conversation, refusal.phrase, **_but_code(refusal.arguments))
            return False
        apply.mark(work, line, writer, apply.FAILED)
        told = {**refusal.arguments, "code": conversation.code, "text": text.reveal()}
        apply.tell(work, line, turn.contact, phrase(refusal.phrase, **told), conversation)
        return False
    apply.apply(work, line, conversation, decision)
    _belongs(turn, conversation, writer)
    if turn.inbound.copy is not None:
        # A swipe on her own message, or an edit of it, finds the conversation again.
        work.copies.keep(
            turn.inbound.copy,
            side=Side.STAFF,
            conversation=conversation.id,
            contact=turn.contact.id,
            line=None,
            writer=writer,
        )
    return True


HELD_FOR = {"ask.identifier": "identifier", "ask.late": "late"}
"""The question that a rule refuses with, and the word for why her text is held; SEND answers either."""


def _but_code(arguments: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in arguments.items() if name != "code"}


def _belongs(turn: Turn, conversation: Conversation, writer: Writer) -> None:
    """Words that were held are about this conversation, as is the message in which she wrote them."""
    copy = turn.inbound.copy
    if copy is not None and writer.message is not None and writer.message != copy.message:
        turn.work.copies.belongs(replace(copy, message=writer.message), conversation.id)


def hold(
    turn: Turn,
    text: Secret[str],
    why: str,
    *,
    conversation: Conversation | None = None,
    word: str = "",
) -> None:
    """Keeps her words until she says where they go, and asks. Never guessed, never lost without a word."""
    put_aside(turn, text, why, turn.writer, conversation)
    if why == "command" and conversation is not None:
        turn.tell("ask.command.for", code=conversation.code, word=word)
    elif why == "command":
        planned = word.lower() in planwords.COMPLETE
        turn.tell(COMMAND_HELD.get(word, "ask.command.when" if planned else "ask.command"), word=word)
    else:
        ask_which(turn)


COMMAND_HELD = {"LINE": "ask.command.line", "ADD": "ask.command.name", "REMOVE": "ask.command.name"}
"""What is said of a held text that begins like a command which is not written as the others are."""


def put_aside(
    turn: Turn, text: Secret[str], why: str, writer: Writer, conversation: Conversation | None = None
) -> bytes:
    """Keeps her words without asking: whoever calls does. The id that they are kept by."""
    could_be = (conversation,) if conversation else turn.work.conversations.talking_with(turn.staff.id)
    turn.work.conversations.stay(could_be)
    return turn.work.held.put(
        turn.staff.id,
        turn.contact.id,
        text,
        why=why,
        conversation=conversation.id if conversation else None,
        message=writer.message,
        due_at=turn.work.now + turn.line.reply_deadline,
    )


def hold_or_answer(turn: Turn, text: Secret[str], to: bytes) -> None:
    """Keeps her words, which are for a texter or the answer to what asked (`to`, its id), until she says which."""
    kept = put_aside(turn, text, "which", turn.writer)
    turn.work.told.first("or", to.hex(), kept.hex(), until=turn.work.now + turn.line.reply_deadline)


def was_answer(turn: Turn, to: bytes) -> None:
    """She has answered it: what was held meanwhile was that answer, and goes to nobody. It would come along with her
    next words for a texter else."""
    waiting = turn.work.held.of(turn.contact.id)
    turn.work.held.drop([one.id for one in waiting if turn.work.told.known("or", to.hex(), one.id.hex())])


def ask_which(turn: Turn) -> None:
    """The question, with the codes that can answer it."""
    codes = [c.code for c in turn.work.conversations.talking_with(turn.staff.id)]
    if not codes:
        raise NotNow("none.open")
    count = sum(held.why == "which" for held in turn.work.held.of(turn.contact.id))
    place = "ask.which" if count <= 1 else "ask.which.several"
    turn.tell(place, codes=either(turn, codes), count=str(count))


def either(turn: Turn, codes: list[str]) -> str:
    """ "K7R2 or M3XA", in her language."""
    word = turn.line.say_to(turn.staff, phrase("or"))
    return f" {word} ".join(codes)


def send_held(turn: Turn, conversation: Conversation | None, *, sure: bool = False) -> None:
    """Her answer to a question: what was asked about goes there, oldest first. `sure`: SEND, so even if it is late.

    SEND alone answers the last question. Where several texts that could tell who she is wait, it sends none of them.
    """
    waiting = turn.work.held.of(turn.contact.id)
    if conversation is not None:
        hers = [one for one in waiting if one.conversation in (None, conversation.id)]
        meant = hers if sure else held.told_by_code(hers)
    else:
        meant = held.asked_last(waiting)
    if not meant:
        if conversation is None:
            raise NotNow("nothing.held")
        raise NotNow("say.what", code=conversation.code)
    if conversation is None and len(meant) > 1 and held.telling(meant[0]):
        _ask_which_to_send(turn, meant)
        return
    turn.work.held.drop([one.id for one in meant])
    for target in _send_each(turn, meant, conversation, sure=sure):
        held.abandon(turn, target, [one for one in waiting if one not in meant])


def _send_each(
    turn: Turn, meant: Sequence[Held], conversation: Conversation | None, *, sure: bool
) -> Iterable[Conversation]:
    """The conversations to which something has left, each once."""
    reached: dict[ConversationId, Conversation] = {}
    unsure = False
    for one in meant:
        about = one.conversation or (conversation.id if conversation else None)
        target = turn.work.conversations.get(about) if about else certain(turn)
        writer = replace(turn.writer, message=one.message)
        if target is None:
            put_aside(turn, one.text, "which", writer)
            unsure = True
        elif target.state is not State.TALKING or target.counselor != turn.staff.id:
            apply.mark(turn.work, turn.line, writer, apply.FAILED)
            turn.tell("not.sent", code=target.code, why="closed", text=one.text.reveal())
        else:
            # Late comes second: whoever is asked about that has answered for what the text holds.
            asked = sure and one.why in HELD_FOR.values()
            late = sure and one.why == "late"
            if _relayed(turn, target, one.text, writer, sure=late, shown=asked):
                reached[target.id] = target
    if unsure:
        # One question for all of them: three on a bus would be three to answer.
        ask_which(turn)
    return reached.values()


def _ask_which_to_send(turn: Turn, meant: Sequence[Held]) -> None:
    """The question, with the commands that answer it, and how many texts it is about."""
    about = {one.conversation for one in meant}
    codes = [c.code for c in turn.work.conversations.talking_with(turn.staff.id) if c.id in about]
    turn.tell(
        "ask.which.several", codes=either(turn, [f"SEND {code}" for code in codes]), count=str(len(meant))
    )


def cut_off(work: Work, line: Line, contact: Contact, standing: Standing) -> None:
    """A staff contact can no longer be written to: what she had open goes back to the ladder."""
    work.staff.set_standing(contact.id, standing)
    for conversation in work.conversations.talking_with(contact.staff):
        if conversation.counselor_contact == contact.id:
            decision = relay.put_back(conversation, contact.id, by_herself=False, now=work.now)
            apply.apply(work, line, conversation, decision)
    for offer in work.offers.to(contact.staff):
        if offer.contact == contact.id and offer.state is OfferState.OPEN:
            offer_failed(work, offer)
    work.outbox.cancel_contact(contact.id)


def offer_failed(work: Work, offer: Offer) -> None:
    """An offer that never reached her is skipped at once."""
    work.offers.put(replace(offer, state=OfferState.FAILED, due_at=work.now))
    conversation = work.conversations.get(offer.conversation)
    if conversation is not None and (conversation.state is State.WAITING or handoff.is_handing(conversation)):
        work.conversations.save(replace(conversation, due_at=work.now))
