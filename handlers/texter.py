"""What happens when a texter writes: the word she used finds its line in a table, everything else is a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from bot import emergency, flood, grammar, languages, relay
from bot.conversation import Conversation, Step
from bot.decision import Said, ToTexter
from bot.grammar import Word
from bot.ladder import Watch, able
from bot.messages import Address, Direction, Inbound, Kind, Side
from bot.people import Medium
from bot.phrases import Phrase, moment, phrase
from bot.redact import Secret
from handlers import apply, deleting, gate, waits
from handlers.line import Line
from storage.work import Work


@dataclass(frozen=True, slots=True)
class Visit:
    """One inbound of one texter. `before`: her newest conversation, open or ended. `conversation`: the same, if it is
    open. `muted`: she has opted out."""

    work: Work
    line: Line
    inbound: Inbound
    before: Conversation | None
    conversation: Conversation | None
    muted: bool

    @property
    def address(self) -> Address:
        return self.inbound.sender

    @property
    def is_slash_start(self) -> bool:
        return self.inbound.medium is Medium.TELEGRAM and grammar.is_slash_start(self.inbound.text.reveal())

    @property
    def asks_for(self) -> str | None:
        """The language that she asks for by its own name, if the line serves it."""
        asked = grammar.asked_language(self.inbound.text.reveal())
        return asked if asked in self.line.languages else None

    @property
    def language(self) -> str:
        """Hers in the open conversation; a new one begins in what she asks for, in what we spoke last, or with the best
        guess."""
        if self.conversation is not None:
            return self.conversation.language
        if self.asks_for is not None:
            return self.asks_for
        if self.before is not None and self.before.language in self.line.languages:
            return self.before.language
        return languages.choose(
            telegram=self.inbound.language,
            country=_country(self.address),
            served=self.line.languages,
            default=self.line.default_language,
        )


def wrote(work: Work, line: Line, inbound: Inbound) -> None:
    """One inbound of a texter, in the transaction that remembers it."""
    known = work.conversations.by_address(inbound.sender)
    conversation = known if known and known.is_open else None
    visit = Visit(work, line, inbound, known, conversation, muted=work.optouts.has(inbound.sender))
    if gate.shut(work, line, inbound, conversation) is not None:
        _outside(visit)
        return
    KINDS[inbound.kind](visit)
    if conversation is not None:
        _keep(visit, conversation)


def _outside(visit: Visit) -> None:
    """Somebody who is not let in: nothing is stored, nothing answered. But what is hers to decide works: DELETE (which
    is answered as ever), STOP and START."""
    word = grammar.texter_word(visit.inbound.text.reveal()) if visit.inbound.kind in WORDED else None
    if word is Word.DELETE:
        _delete(visit)
    elif word is Word.STOP:
        _stop(visit)
    elif visit.is_slash_start or word is Word.START or (word is Word.YES and visit.muted):
        visit.work.optouts.remove(visit.address)
    elif visit.inbound.kind in (Kind.BLOCKED, Kind.UNBLOCKED):
        _out_of_reach(visit)


WORDED = frozenset({Kind.TEXT, Kind.EDITED})


def _text(visit: Visit) -> None:
    # A link may carry words behind Telegram's button: "/start from-a-poster".
    word = Word.START if visit.is_slash_start else grammar.texter_word(visit.inbound.text.reveal())
    if visit.is_slash_start and not visit.muted:
        _slash_start(visit)
    elif word is not None:
        WORDS[word](visit)
    elif visit.asks_for is not None:
        _language(visit, visit.asks_for)
    else:
        _message(visit)


def _edited(visit: Visit) -> None:
    """An edit arrives as "(edited) …"; one that has become DELETE or STOP is obeyed."""
    word = grammar.texter_word(visit.inbound.text.reveal())
    if word in (Word.DELETE, Word.STOP):
        WORDS[word](visit)
        return
    text = visit.line.say(phrase("edited", text=visit.inbound.text.reveal()), visit.line.default_language)
    _message(replace(visit, inbound=replace(visit.inbound, text=Secret(text))))


def _message(visit: Visit) -> None:
    """Her words reach the counselor, or open a conversation."""
    text = visit.inbound.text
    if visit.conversation is None:
        _open(visit, Said(Direction.IN, text))
        return
    before = visit.conversation
    if before.private.texter_at == before.private.opened_at:
        gate.came_again(visit.work, visit.address)
    decision = relay.texter_said(before, text, visit.work.now)
    if visit.inbound.missed:
        decision = relay.long_ago(before, decision, visit.inbound.at)
    _keep(visit, apply.apply(visit.work, visit.line, before, decision))


def _not_carried(visit: Visit) -> None:
    """A picture, a voice … : refused kindly, noted for the counselor, nothing of it kept."""
    conversation = visit.conversation or _open(visit, None)
    decision = relay.texter_sent_a_kind(conversation, visit.inbound.what, visit.work.now)
    if not gate.may_answer(visit.work, visit.address, visit.inbound.what):
        mine = tuple(letter for letter in decision.letters if not isinstance(letter, ToTexter))
        decision = replace(decision, letters=mine)
    _keep(visit, apply.apply(visit.work, visit.line, conversation, decision))


def _open(visit: Visit, said: Said | None) -> Conversation:
    """A new conversation: first answer, then the ladder."""
    work, line, before = visit.work, visit.line, visit.before
    begun = min(visit.inbound.at, work.now) if visit.inbound.missed else work.now
    conversation = work.conversations.new(address=visit.address, language=visit.language, at=begun)
    conversation = replace(
        conversation,
        private=msgspec.structs.replace(
            conversation.private,
            muted=visit.muted,
            country=_country(visit.address),
            before=before.counselor if before else None,
        ),
    )
    work.counts.add("opened")
    if before is None:
        gate.came_first(work, line, visit.address)
    watch = line.watch(work)
    hello = (
        greeting(work, conversation.medium, watch, line)
        if begun > work.now - line.pace.window and gate.may_greet(work, line, visit.address)
        else None
    )
    decision = relay.opened(conversation, said, hello)
    # The bare row is what is stored; the decision's conversation differs from it and is saved.
    after = replace(decision.conversation, due_at=work.now)
    if begun < work.now:
        # The ladder begins now: else all of its times had passed before anybody was asked.
        after = relay.changed(after, round_at=work.now)
    if gate.is_pumped(work, visit.address):
        after = relay.changed(after, unproven=True)
    conversation = apply.apply(work, line, conversation, replace(decision, conversation=after))
    conversation = apply.climb(work, line, conversation, watch)
    _keep(visit, conversation)
    return conversation


def _country(address: Address) -> str:
    return emergency.country_of(address.place.reveal()) if address.medium is Medium.SMS else ""


def greeting(work: Work, medium: Medium, watch: Watch, line: Line) -> Phrase:
    """The first answer, with an honest word on how long it may take."""
    place = "first.answer.telegram" if medium is Medium.TELEGRAM else "first.answer"
    now_on = [
        one
        for i in watch.on_call | watch.backup
        if (one := watch.people.get(i)) is not None and not one.silent
    ]
    if watch.closed and watch.next_on is None:
        return phrase(place, wait="wait.none")
    if watch.closed and watch.next_on is not None:
        return phrase(place, wait="wait.until", time=moment(watch.next_on, watch.now))
    if able(now_on, watch, line.pace):
        return phrase(place, wait="wait.soon", minutes=str(waits.usual(work)))
    if able([p for p in watch.people.values() if p.is_supervisor], watch, line.pace):
        return phrase(place, wait="wait.some")
    if watch.next_on is not None:
        return phrase(place, wait="wait.until", time=moment(watch.next_on, watch.now))
    return phrase(place, wait="wait.none")


# ── Bare words ──


def _help(visit: Visit) -> None:
    """As a first text it opens a conversation; later it is answered, and relayed as well."""
    if visit.conversation is None:
        _message(visit)
        return
    if not visit.inbound.carrier_answered and gate.may_answer(visit.work, visit.address, "help"):
        _answer(visit, phrase("help"))
    _message(_again(visit))


def _delete(visit: Visit) -> None:
    """Everything of hers is erased, open or ended; somebody unknown gets the same answer. Only where the law demands
    our copy and this line obeys it she hears so: she is not lied to."""
    erased = deleting.everything(visit.work, visit.line, visit.address)
    visit.work.copies.hasten_chat(visit.address)
    _keep(visit, None)
    answered = gate.may_answer(visit.work, visit.address, "erased", most=flood.ERASED)
    if not visit.muted and (answered or erased.anything):
        kept = erased.kept_until
        _farewell(visit, phrase("erased") if kept is None else phrase("kept", day=kept.isoformat()))


def _bye(visit: Visit) -> None:
    if visit.conversation is None:
        _once_a_day(visit, phrase("bye"))
        return
    said = relay.texter_said(visit.conversation, visit.inbound.text, visit.work.now)
    conversation = apply.apply(visit.work, visit.line, visit.conversation, said)
    left = relay.texter_left(conversation, Step.BYE, visit.work.now)
    _keep(visit, apply.apply(visit.work, visit.line, conversation, left))


def _stop(visit: Visit) -> None:
    """Nothing is sent to her any more, not even a word about it: the carrier confirms by SMS."""
    visit.work.optouts.add(visit.address)
    if visit.conversation is not None and not visit.conversation.private.muted:
        left = relay.texter_left(visit.conversation, Step.STOP, visit.work.now)
        apply.apply(visit.work, visit.line, visit.conversation, left)


def _start(visit: Visit) -> None:
    """Opts back in; what she wrote meanwhile goes up the ladder. As a first text it opens a conversation."""
    visit.work.optouts.remove(visit.address)
    if visit.conversation is None:
        if visit.is_slash_start:
            _slash_start(visit)
        else:
            _open(replace(visit, muted=False), Said(Direction.IN, visit.inbound.text))
        return
    if visit.conversation.private.muted:
        watch = visit.line.watch(visit.work)
        welcome = gate.may_greet(visit.work, visit.line, visit.address)
        hello = greeting(visit.work, visit.conversation.medium, watch, visit.line) if welcome else None
        decision = relay.texter_opted_in(visit.conversation, hello, visit.work.now)
        conversation = apply.apply(visit.work, visit.line, visit.conversation, decision)
        apply.climb(visit.work, visit.line, conversation, watch)


def _yes(visit: Visit) -> None:
    """The carrier's opt-in word for who has opted out; else an answer to the counselor."""
    if visit.muted:
        _start(visit)
    else:
        _message(visit)


def _ok(visit: Visit) -> None:
    """An answer to "may we text you then?" if that was asked; relayed in any case."""
    agreed = relay.texter_agreed(visit.conversation) if visit.conversation else None
    if agreed is not None and visit.conversation is not None:
        apply.apply(visit.work, visit.line, visit.conversation, agreed)
        visit = _again(visit)
    _message(visit)


def _language(visit: Visit, language: str) -> None:
    """We speak it from now on. As a first text it opens a conversation, whose first answer is in it."""
    if visit.conversation is None:
        _message(visit)
        return
    work, line = visit.work, visit.line
    watch = line.watch(work)
    decision = languages.switched(
        visit.conversation,
        language,
        visit.inbound.text,
        offers=work.offers.of(visit.conversation.id),
        watch=watch,
    )
    conversation = apply.apply(work, line, visit.conversation, decision)
    _keep(visit, apply.climb(work, line, conversation, watch))


def _slash_start(visit: Visit) -> None:
    """Telegram's button answers and opens nothing."""
    if visit.conversation is None:
        _once_a_day(visit, phrase("start"))
    elif gate.may_answer(visit.work, visit.address, "start"):
        _farewell(visit, phrase("start"))


def _again(visit: Visit) -> Visit:
    """The visit with its conversation as it is now."""
    assert visit.conversation is not None
    return replace(visit, conversation=visit.work.conversations.get(visit.conversation.id))


def _answer(visit: Visit, what: Phrase) -> None:
    """An automatic answer inside the conversation."""
    assert visit.conversation is not None
    decision = relay.texter_said(visit.conversation, visit.inbound.text, visit.work.now)
    answer = replace(decision, said=(Said(Direction.LINE, what),), letters=(ToTexter(what),))
    apply.apply(visit.work, visit.line, visit.conversation, answer)


def _once_a_day(visit: Visit, what: Phrase) -> None:
    """One automatic line a day to somebody without an open conversation, whatever she presses or writes."""
    if visit.work.rates.first_today("outside", visit.address):
        _farewell(visit, what)


def _farewell(visit: Visit, what: Phrase) -> None:
    """One line to somebody without an open conversation; it carries its own sealed address. None after STOP."""
    if visit.before is None:
        gate.came_first(visit.work, visit.line, visit.address)
    if visit.work.optouts.has(visit.address):
        return
    if not gate.may_answer_outside(visit.work, visit.line, visit.address):
        return
    if visit.inbound.missed and visit.work.now > visit.inbound.at + visit.line.pace.window:
        return  # nothing arrives late
    text = visit.line.say(what, visit.language, _country(visit.address))
    apply.post_outside(visit.work, visit.address, Side.TEXTER, text, within=visit.line.reply_deadline)


def _out_of_reach(visit: Visit) -> None:
    """She blocked the bot, or came back."""
    muted = visit.inbound.kind is Kind.BLOCKED
    if visit.conversation is not None and visit.conversation.private.muted is not muted and not visit.muted:
        decision = relay.texter_out_of_reach(visit.conversation, muted=muted)
        apply.apply(visit.work, visit.line, visit.conversation, decision)


def _keep(visit: Visit, conversation: Conversation | None) -> None:
    """Remembers where the carrier holds her message, so that it can be deleted there: at once, if it is about none."""
    if visit.inbound.copy is not None:
        visit.work.copies.keep(
            visit.inbound.copy,
            side=Side.TEXTER,
            conversation=None if conversation is None else conversation.id,
            contact=None,
            line=None,
            at_once=conversation is None,
        )


KINDS: dict[Kind, Callable[[Visit], None]] = {
    Kind.TEXT: _text,
    Kind.EDITED: _edited,
    Kind.NOT_CARRIED: _not_carried,
    Kind.BLOCKED: _out_of_reach,
    Kind.UNBLOCKED: _out_of_reach,
    Kind.PRESSED: lambda visit: None,  # texters get no buttons: whatever this was, it says nothing
}

WORDS: dict[Word, Callable[[Visit], None]] = {
    Word.HELP: _help,
    Word.DELETE: _delete,
    Word.BYE: _bye,
    Word.STOP: _stop,
    Word.START: _start,
    Word.YES: _yes,
    Word.OK: _ok,
}
