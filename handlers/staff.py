"""What happens when staff write: joining, commands, and words that go to exactly one texter or are held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import casecode, grammar, letters
from bot.conversation import Conversation, OfferState, State
from bot.errors import NoSuchConversation, NotNow, Stale, WriterError
from bot.grammar import Word
from bot.messages import Address, Copy, Inbound, Kind, Side
from bot.people import Came, Contact, ConversationId, Medium, Role, Staff, Standing
from bot.phrases import phrase
from bot.redact import Secret
from handlers import again, apply, covering, desk, echoes, naming, questions, reminding, takers
from handlers.line import Line
from handlers.turn import Turn
from storage.work import Work

Obey = Callable[[Turn, grammar.Command | questions.Answer], None]
"""What obeys a command, or an answer to a question; the tables of both are in handlers/commands."""


def wrote(work: Work, line: Line, inbound: Inbound, person: tuple[Staff, Contact], obey: Obey) -> None:
    """One inbound of a joined staff member, in the transaction that remembers it."""
    staff, contact = person
    turn = _swiped(Turn(work, line, inbound, staff, contact, last=_last(work, contact)))
    if inbound.kind is not Kind.BLOCKED:
        reminding.heard(work, staff)
    if _reach_changed(turn):
        return
    try:
        KINDS[inbound.kind](turn, obey)
    except WriterError as refusal:
        turn.tell(refusal.phrase, **refusal.arguments)
    _remember(turn)


def _remember(turn: Turn) -> None:
    """Where the carrier holds what she wrote about a conversation (a note, a command): it goes when that ends."""
    about = [*turn.about, *([turn.swiped] if turn.swiped else [])]
    if about and turn.inbound.copy is not None:
        turn.work.copies.keep(
            turn.inbound.copy,
            side=Side.STAFF,
            conversation=about[0].id,
            contact=turn.contact.id,
            line=None,
        )


def _last(work: Work, contact: Contact) -> frozenset[Came]:
    """What she may have seen last: what is on its way to her, else what came before that; both where that was a
    question, for then OK is not certain. Looked at in this order, and once for all that her text could be: a letter
    that arrives in between is then in one of the two, or in both."""
    on_its_way = work.outbox.in_flight(contact.id)
    found = work.staff.contact(contact.id)
    now = contact if found is None else found[0]
    before = (now.last_from, now.last_question)
    return on_its_way | {before} if now.last_question is not None or not on_its_way else on_its_way


def _swiped(turn: Turn) -> Turn:
    """With what the swiped message was, by the carrier's number of it: of a conversation, or a question of ours. From
    any other the swipe says nothing, and nobody guesses. One that is still on its way to her is as if not swiped."""
    told, to = turn.inbound.copy, turn.inbound.replies_to
    if told is None or to is None:
        return turn
    swiped = Copy(told.medium, told.via, told.chat, to)
    row = turn.work.copies.find(swiped)
    if row is None:
        on_its_way = turn.work.outbox.in_flight(turn.contact.id)
        row = turn.work.copies.find(swiped)  # the letter may have been written down in between
        if row is None and on_its_way and turn.line.waits_once_more(turn.contact.id):
            # Whoever answers within milliseconds is quicker than we write down that it arrived. A moment later it is
            # known; without that her words would be held, with a question, although the swipe says whom they are for.
            raise Stale("The letter that she answers is about to be written down.")
        if row is None:
            return replace(turn, astray=not on_its_way)
    turn.line.waited(turn.contact.id)
    conversation = turn.work.conversations.get(row.conversation) if row.conversation else None
    return replace(turn, swiped=conversation, astray=conversation is None, asked=row.question)


# ── Reach: STOP, START, blocked ──


def _reach_changed(turn: Turn) -> bool:
    """Whether this inbound was about her reach alone. A phone that opts out is no longer asked; what she had open
    goes back to the ladder."""
    text, medium = turn.inbound.text.reveal(), turn.inbound.medium
    word = grammar.texter_word(text) if medium is Medium.SMS and turn.inbound.kind is Kind.TEXT else None
    if turn.inbound.kind is Kind.BLOCKED:
        desk.cut_off(turn.work, turn.line, turn.contact, Standing.DEAD)
        return True
    if word is Word.STOP:
        desk.cut_off(turn.work, turn.line, turn.contact, Standing.OPTED_OUT)
        return True
    away = turn.contact.standing is not Standing.JOINED
    # YES is a word of the carrier's as well: who has opted out comes back by it, to everybody else it is an answer.
    start = word is Word.START or (word is Word.YES and turn.contact.standing is Standing.OPTED_OUT)
    # Who writes can be reached again; but by SMS only START lifts the carrier's own ban.
    if away and (start or turn.contact.standing is not Standing.OPTED_OUT):
        turn.work.staff.set_standing(turn.contact.id, Standing.JOINED)
        turn.tell("staff.back")
        takers.back_again(turn)
        _asked_anew(turn)
    slash_start = medium is Medium.TELEGRAM and grammar.is_slash_start(text)
    if slash_start and not away:
        turn.tell("staff.help")
    return turn.inbound.kind is Kind.UNBLOCKED or start or slash_start


def _asked_anew(turn: Turn) -> None:
    """What could not be offered to her meanwhile is offered now, if nobody has it yet."""
    for offer in turn.work.offers.to(turn.staff.id):
        if offer.state is OfferState.FAILED:
            turn.work.offers.put(replace(offer, state=OfferState.ENDED))
    turn.work.conversations.look_again()


# ── Kinds ──


def _text(turn: Turn, obey: Obey) -> None:
    text = turn.inbound.text.reveal()
    if echoes.heard(turn, text, obey):
        return
    said = _meant(turn, grammar.staff_said(text, admin=Role.ADMIN in turn.staff.roles))
    match said:
        case grammar.Command():
            obey(turn, said)
        case grammar.CodeText(code=code, text=words):
            _coded(turn, desk.named(turn, code), words)
        case grammar.CodeAlone(code=code):
            desk.send_held(turn, desk.named(turn, code))
        case grammar.WrongCode(written=written):
            raise NoSuchConversation("no.such", code=written)
        case grammar.Held(ask=ask, text=words, code=code):
            # Now, not at SEND: the question itself will be the last thing that the line sent her then.
            known = desk.named(turn, code) if code else desk.certain(turn)
            desk.hold(turn, Secret(words), "command", conversation=known, word=ask.upper())
        case grammar.Agreement(text=words) | grammar.Refusal(text=words):
            if grammar.bare(letters.straight(words)) not in ONLY_ANSWERS and again.either(turn, words):
                return
            answer = questions.meant(turn, agreed=isinstance(said, grammar.Agreement))
            if answer is not None:
                _answered(turn, obey, answer)
            elif not again.ask(turn) and not _asks_already(turn, said):
                desk.relay_plain(turn, Secret(words))
        case grammar.Plain(text=words):
            _plain(turn, obey, words)


ONLY_ANSWERS = frozenset({"ok", "okay", "ок", "can't", "cant"})
"""The words that every question names; "sí" and "no puedo" mean the same, and are also what one says to a texter."""


def _asks_already(turn: Turn, said: grammar.Said) -> bool:
    """Whether her OK, which no question expects, can only be that she comes after all: she hears what takes her request
    back."""
    return isinstance(said, grammar.Agreement) and _alone(turn) and covering.still_open(turn)


def _plain(turn: Turn, obey: Obey, words: str) -> None:
    """Words without a code: an answer in her own words, if a question was the last thing there; else a texter's."""
    if again.either(turn, words):
        return
    answer = questions.natural(turn, words)
    if answer is not None:
        _answered(turn, obey, answer)
    elif not again.unclear(turn):
        desk.relay_plain(turn, Secret(words))


def _answered(turn: Turn, obey: Obey, answer: questions.Answer) -> None:
    """A word of hers is the answer, unless it may be the OK before, said twice."""
    if not again.once_more(turn, answer):
        desk.was_answer(turn, answer.question.id)
        obey(turn, answer)


def _meant(turn: Turn, said: grammar.Said) -> grammar.Said:
    """A command about the rota or the line that is not understood whole can only be one where no texter could be meant:
    its answer says how to write it, and what her next shifts are. One that names nobody of ours is not complete
    either."""
    if isinstance(said, grammar.Command) and said.ask in NAMING and _names_nobody(turn, said.rest):
        whole = turn.inbound.text.reveal().strip()
        return said if _alone(turn) else grammar.Held(said.ask, whole)
    if not isinstance(said, grammar.Held) or said.code is not None or said.ask not in SHOWN:
        return said
    if not _alone(turn):
        return said
    return grammar.Command(grammar.Ask(said.ask), rest=grammar.after_word(said.text))


SHOWN = grammar.PLANNING | {grammar.Ask.LINE}
"""Commands whose answer says how they are written."""
NAMING = frozenset({grammar.Ask.ADD, grammar.Ask.REMOVE})
"""Commands that begin with a colleague's name: "Remove the pills from the room today" is meant for a texter."""


def _names_nobody(turn: Turn, rest: str) -> bool:
    asked = naming.named(turn, rest)
    return asked is not None and turn.work.staff.by_name(asked.name) is None


def _alone(turn: Turn) -> bool:
    """Whether no texter could be meant by what she writes."""
    there = desk.laid_out(turn)
    return not (there.talking or there.offers or there.closed or turn.swiped is not None or turn.astray)


def _coded(turn: Turn, conversation: Conversation, words: str) -> None:
    """Her words behind a code; held where a swipe, or a second code of hers, names another texter."""
    if turn.swiped is not None and turn.swiped.id != conversation.id:
        desk.hold(turn, Secret(words), "which")
        return
    second, rest = casecode.leading(words) or (None, "")
    if second in [c.code for c in turn.work.conversations.talking_with(turn.staff.id)]:
        # "K7R2 M3XA are you safe?": she changed her mind on the way, or means both.
        if rest:
            desk.hold(turn, Secret(rest), "which")
        else:
            desk.ask_which(turn)
        return
    desk.relay_to(turn, conversation, Secret(words))


def _edited(turn: Turn, obey: Obey) -> None:
    """A corrected message goes out again, as a correction; only while its conversation is open with her."""
    copy = turn.inbound.copy
    row = turn.work.copies.find(copy) if copy else None
    conversation = turn.work.conversations.get(row.conversation) if row and row.conversation else None
    if (
        conversation is None
        # A command of hers, or a note: what becomes of it by an edit was never words for a texter.
        or row is None
        or row.writer is None
        or conversation.state is not State.TALKING
        or conversation.counselor != turn.staff.id
    ):
        raise NotNow("edit.lost")
    said = grammar.staff_said(turn.inbound.text.reveal(), admin=Role.ADMIN in turn.staff.roles)
    plain = grammar.CodeText | grammar.Plain | grammar.Agreement | grammar.Refusal
    words = said.text if isinstance(said, plain) else ""
    if not words or (isinstance(said, grammar.CodeText) and said.code != conversation.code):
        raise NotNow("edit.lost")
    if conversation.medium is Medium.SMS:
        words = turn.line.say(phrase("correction", text=words), conversation.language)
    desk.relay_to(turn, conversation, Secret(words))


def _not_carried(turn: Turn, obey: Obey) -> None:
    raise NotNow("staff.words.only")


def _pressed(turn: Turn, obey: Obey) -> None:
    """A button: "take:…" or "pass:…" with the conversation's handle, looked up among what is offered to her; or an
    answer to a question of hers."""
    pressed = turn.inbound.pressed.reveal() if turn.inbound.pressed else ""
    answer = questions.pressed(turn, pressed)
    if answer is not None:
        desk.was_answer(turn, answer.question.id)
        obey(turn, answer)
        return
    what, _, handle = pressed.partition(":")
    conversation = turn.work.conversations.get(_id(handle))
    asks = {"take": grammar.Ask.TAKE, "pass": grammar.Ask.PASS}
    if conversation is None or what not in asks:
        raise NotNow("not_now")
    obey(turn, grammar.Command(asks[what], conversation.code))


def _id(handle: str) -> ConversationId:
    try:
        return ConversationId(bytes.fromhex(handle))
    except ValueError:
        return ConversationId(b"")


KINDS: dict[Kind, Callable[[Turn, Obey], None]] = {
    Kind.TEXT: _text,
    Kind.EDITED: _edited,
    Kind.PRESSED: _pressed,
    Kind.NOT_CARRIED: _not_carried,
}


# ── Joining ──


def joins_by_sms(work: Work, line: Line, inbound: Inbound, person: tuple[Staff, Contact]) -> bool:
    """OK to the invitation: one welcome. Anything else from an invited phone is a texter's."""
    _, contact = person
    if contact.standing is not Standing.INVITED or grammar.texter_word(inbound.text.reveal()) is not Word.OK:
        return False
    work.staff.set_standing(contact.id, Standing.JOINED)
    apply.tell(work, line, contact, phrase("staff.welcome"))
    work.conversations.look_again()
    return True


def stranger(work: Work, line: Line, inbound: Inbound) -> None:
    """Somebody unknown at the staff bot: a one-time link lets her in, else one neutral line a day."""
    words = inbound.text.reveal().split()
    if len(words) == 2 and grammar.is_slash_start(words[0]):
        joined = work.staff.redeem(Secret(words[1]), inbound.sender)
        if joined is not None:
            apply.tell(work, line, joined[1], phrase("staff.welcome"))
            work.conversations.look_again()
            return
    if inbound.kind in (Kind.BLOCKED, Kind.UNBLOCKED):
        return
    if work.rates.first_today("stranger", inbound.sender):
        _neutral(work, line, inbound.sender)


def _neutral(work: Work, line: Line, to: Address) -> None:
    text = line.say(phrase("staff.stranger"), line.default_language)
    apply.post_outside(work, to, Side.STAFF, text, within=line.reply_deadline)
