"""A decision becomes rows: the one place where rules' wishes turn into transcript, letters and offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from bot import bursts, ladder, phrases, segments
from bot.budget import Kind
from bot.bursts import Pace
from bot.channel import LIMITS
from bot.conversation import Conversation, OfferState, State, Step
from bot.decision import Decision, ToStaff, ToTexter, Words
from bot.errors import SealBroken
from bot.ladder import Watch
from bot.messages import (
    Address,
    Button,
    Direction,
    Letter,
    Priority,
    Side,
    Task,
    Writer,
)
from bot.messages import (
    Line as TranscriptLine,
)
from bot.people import Contact, ContactId, Medium
from bot.phrases import Phrase, phrase
from bot.redact import Secret
from handlers.line import Line
from storage.work import Work


def apply(work: Work, line: Line, before: Conversation, decision: Decision) -> Conversation:
    """Writes everything that a decision wants; `before` is the conversation as the rule saw it."""
    return _Pen(work, line, before, decision).write()


class _Pen:
    """One decision on its way to paper."""

    def __init__(self, work: Work, line: Line, before: Conversation, decision: Decision) -> None:
        self.work = work
        self.line = line
        self.before = before
        self.decision = decision
        self.now = decision.conversation
        self.address = self._address() if self._needs_address() else None

    def write(self) -> Conversation:
        # Conversation and people before lanes, as everywhere: otherwise a BYE and an answer at the same moment wait
        # for each other on PostgreSQL, until it ends one of them a second later.
        played = self._played() if self.decision.play else None
        written = self._keep()
        self._desk()
        self._cancel()
        if self.decision.erase:
            self.work.conversations.erase(self.before)
        if self.decision.play:
            self._play(self.decision.play, played)
        for letter in self.decision.letters:
            self._post(letter, written)
        if self.decision.ended is not None and self.before.is_open:
            self.work.counts.add(f"ended: {self.decision.ended}")
        return self.now

    def _keep(self) -> bytes | None:
        """Offers, transcript and the conversation's new state; the last line written."""
        if self.decision.erase:
            self.before = self.work.conversations.touch(self.before)
            return None
        self._offers()
        written = self._say()
        if self.now != self.before:
            self.now = self.work.conversations.save(self.now)
        return written

    def _needs_address(self) -> bool:
        return any(isinstance(letter, ToTexter) for letter in self.decision.letters)

    def _address(self) -> Address:
        return self.work.conversations.address(self.before)

    def _cancel(self) -> None:
        """Queued letters go; whoever wrote one of them is told that it was not sent."""
        for side in self.decision.cancel:
            for letter in self.work.outbox.cancel(self.before.id, side):
                if letter.writer is not None and letter.last_part:
                    not_sent(
                        self.work,
                        self.line,
                        self.before.code,
                        letter,
                        "closed",
                        quote=self.decision.ended is not Step.ERASE,
                    )

    def _offers(self) -> None:
        if self.decision.end_offers:
            self.work.offers.set_all(self.before.id, OfferState.ENDED)
        for offer in self.decision.offers:
            self.work.offers.put(offer)

    def _say(self) -> bytes | None:
        """The transcript's new lines. What will not be sent was not said: whoever reads them must not believe it."""
        letters = [letter for letter in self.decision.letters if isinstance(letter, ToTexter)]
        unsaid = [letter.what for letter in letters if not self._may_leave(letter)]
        heard = [letter.what for letter in letters]
        written = None
        for said in self.decision.said:
            if said.direction is Direction.LINE and said.words in unsaid:
                continue
            # What she is not told herself is a remark for colleagues, and not all of them read her language.
            language = self.now.language if said.words in heard else self.line.default_language
            words = self._words(said.words, language)
            self.now, written = self.work.transcript.add(
                self.now, said.direction, Secret(words), staff=said.staff, at=self.work.now
            )
        return written

    def _words(self, what: Words, language: str) -> str:
        return self.line.say(what, language, self.before.private.country)

    def _post(self, letter: ToTexter | ToStaff, written: bytes | None) -> None:
        if isinstance(letter, ToTexter):
            self._post_to_texter(letter, written)
        else:
            post_to_staff(self.work, self.line, letter, self.before, written)

    def _post_to_texter(self, letter: ToTexter, written: bytes | None) -> None:
        """Not posted: anything that would arrive late, and anything for somebody who has opted out."""
        if self.address is None or self.before.texter is None or not self._may_leave(letter):
            return
        deadline = self._deadline(letter)
        text = self._words(letter.what, self.now.language)
        parts = split(text, self.address.medium)
        for number, part in enumerate(parts, start=1):
            self.work.outbox.add(
                Letter(
                    to=self.before.texter,
                    side=Side.TEXTER,
                    medium=self.address.medium,
                    via=self.address.via,
                    text=Secret(part),
                    deadline=deadline,
                    priority=letter.priority,
                    # In the conversation's own lane: a closing line must not overtake the counselor's last words.
                    about=self.before.id,
                    writer=letter.writer,
                    line=written,
                    last_part=number == len(parts),
                )
            )

    def _may_leave(self, letter: ToTexter) -> bool:
        if not affordable(self.line, self.before.medium, _kind(letter), self.work.now):
            return False
        return not self.now.private.muted and self._deadline(letter) > self.work.now

    def _deadline(self, letter: ToTexter) -> datetime:
        """Nothing arrives late: the window after the texter's last text, unless she or the counselor said otherwise."""
        private = self.now.private
        by_writer = self.work.now + self.line.reply_deadline
        if letter.sure or private.agreed:
            return by_writer
        window = private.texter_at + self.line.pace.window
        return min(by_writer, window) if letter.writer is not None or letter.farewell else window

    def _played(self) -> list[TranscriptLine] | None:
        """The transcript so far; None when it does not open, for nothing of it can be believed then."""
        try:
            return self.work.transcript.read(self.before)
        except SealBroken as broken:
            if not broken.column.startswith("transcript."):
                raise
            self.work.notice(broken)
            return None

    def _play(self, to: ContactId, lines: list[TranscriptLine] | None) -> None:
        """The card, then the transcript so far, oldest first."""
        found = self.work.staff.contact(to)
        if found is None:
            return
        contact, staff = found
        code = self.before.code
        card = phrase(
            "card.code" if contact.medium is Medium.SMS else "card.swipe",
            code=code,
            medium=self.before.medium.value,
            language=self.now.language,
            minutes=str(int((self.work.now - self.before.private.opened_at).total_seconds() // 60)),
            told=" ".join(
                told(self.before, self.work.now > self.before.private.texter_at + self.line.pace.window)
            ),
        )
        post_to_staff(self.work, self.line, ToStaff(to, card, priority=Priority.TALK), self.now)
        if lines is None:
            lost = ToStaff(to, phrase("broken.transcript", code=code), priority=Priority.TALK)
            post_to_staff(self.work, self.line, lost, self.now)
        for text in transcript(lines or [], lambda what: self.line.say_to(staff, what)):
            words = Secret(text)
            post_to_staff(
                self.work, self.line, ToStaff(to, words, coded=True, priority=Priority.TALK), self.now
            )

    def _desk(self) -> None:
        if self.decision.unsettle is not None:
            self.work.staff.set_unsettled(self.decision.unsettle, True)
        if self.decision.settle is not None:
            self.work.staff.set_unsettled(self.decision.settle, False)


def affordable(line: Line, medium: Medium, kind: Kind, now: datetime) -> bool:
    """Whether the day's budget still has room for it; only SMS costs money."""
    return medium is not Medium.SMS or line.purse.leaves(kind, now)


def _kind(letter: ToTexter) -> Kind:
    if not isinstance(letter.what, Phrase):
        return Kind.HUMAN
    return Kind.OUTSIDE if letter.priority is Priority.FIRST else Kind.IN_TALK


def told(conversation: Conversation, late: bool) -> list[str]:
    """What the texter has heard from the line, as places of the card."""
    private = conversation.private
    if private.muted:
        return ["card.told.muted"]
    first = "card.told.first" if private.greeted else "card.told.nothing"
    heard = ["card.told.nobody" if private.asked_at is not None else first]
    if private.agreed:
        heard.append("card.told.agreed")
    elif late:
        heard.append("card.told.late")
    return heard


SPEAKERS = {
    Direction.IN: "speaker.texter",
    Direction.OUT: "speaker.staff",
    Direction.LINE: "speaker.line",
    Direction.NOTE: "speaker.note",
}


def transcript(
    lines: list[TranscriptLine], say: Callable[[Phrase], str], *, whole: bool = False
) -> list[str]:
    """The transcript as letters: a burst of one voice becomes one text. Only the texter's words stand without a name,
    and only while nobody else has spoken. What the line said is on the card, and left out unless `whole`."""
    shown = [line for line in lines if whole or line.direction is not Direction.LINE]
    alone = all(line.direction is Direction.IN for line in shown)
    texts = []
    for direction, group in groupby(shown, key=lambda line: line.direction):
        text = "\n".join(line.text.reveal() for line in group)
        texts.append(text if alone else say(phrase(SPEAKERS[direction], text=text)))
    return texts


def split(text: str, medium: Medium, prefix: str = "") -> list[str]:
    """The parts of a text, each one call to the carrier and each beginning with the prefix."""
    limits = LIMITS[medium]
    measure = segments.utf16_units if limits.utf16 else segments.characters
    return segments.split(text, limits.characters, prefix, measure=measure)


HERS: Final = frozenset({"text", "reason"})
"""Arguments in which somebody's own words stand: they arrive as they were written."""


def post_to_staff(
    work: Work,
    line: Line,
    letter: ToStaff,
    conversation: Conversation | None = None,
    written: bytes | None = None,
) -> None:
    """One letter to a staff contact, in her language; nothing if the contact is gone or cannot be reached."""
    found = work.staff.contact(letter.contact)
    if found is None or not found[0].reachable:
        return
    contact, staff = found
    text = line.say_to(staff, letter.what)
    if (
        contact.medium is Medium.SMS
        and isinstance(letter.what, Phrase)
        and not HERS & letter.what.arguments.keys()
    ):
        text = segments.cheapest(text)  # one "María" would halve the room of the whole text
    prefix = f"{conversation.code} " if letter.coded and conversation else ""
    if letter.offer and not LIMITS[contact.medium].buttons and conversation:
        text += "\n" + line.say_to(staff, phrase("offer.words", code=conversation.code))
    address = work.staff.address(contact.id)
    parts = split(text, contact.medium, prefix)
    shown = letter.buttons if LIMITS[contact.medium].buttons else ()
    buttons = _captioned(shown, line.read_by(staff))
    for number, part in enumerate(parts, start=1):
        work.outbox.add(
            Letter(
                to=contact.id,
                side=Side.STAFF,
                medium=contact.medium,
                via=address.via,
                text=Secret(part),
                deadline=work.now + (letter.within or line.rested),
                priority=letter.priority,
                about=conversation.id if conversation and letter.about else None,
                line=written,
                offer=letter.offer,
                together=text if letter.pace is not Pace.ALONE and len(parts) == 1 else None,
                not_before=work.now + bursts.DELAY if letter.pace is Pace.LATER else None,
                buttons=buttons,
                question=letter.question,
                last_part=number == len(parts),
            )
        )


def post_outside(work: Work, to: Address, side: Side, text: str, *, within: timedelta) -> None:
    """One line to an address that belongs to no contact of ours; it carries the address itself, sealed, until sent."""
    work.outbox.add(
        Letter(
            to=ContactId(work.chance.id()),
            side=side,
            medium=to.medium,
            via=to.via,
            text=Secret(text),
            deadline=work.now + within,
            priority=Priority.TALK if side is Side.TEXTER else Priority.NOTICE,
            address=to,
        )
    )


def _captioned(buttons: tuple[Button, ...], language: str) -> tuple[Button, ...]:
    return tuple(replace(button, caption=phrases.say(button.caption, language)) for button in buttons)


def tell(
    work: Work, line: Line, contact: Contact, what: Words, conversation: Conversation | None = None
) -> None:
    """A short answer to a staff contact."""
    post_to_staff(work, line, ToStaff(contact.id, what), conversation)


SENT, DELIVERED, FAILED = "👀", "👌", "💔"
"""Marks on a counselor's own message; ✅ is not among the reactions that a bot may set."""


def mark(work: Work, line: Line, writer: Writer, what: str) -> None:
    """Puts a mark on the writer's own message, where her channel shows marks."""
    found = work.staff.contact(writer.contact)
    if found is None or writer.message is None or not LIMITS[found[0].medium].marks:
        return
    contact, _ = found
    work.outbox.add(
        Letter(
            to=contact.id,
            side=Side.STAFF,
            medium=contact.medium,
            via=work.staff.address(contact.id).via,
            text=Secret(what),
            deadline=work.now + line.reply_deadline,
            priority=Priority.MARK,
            task=Task.REACT,
            writer=writer,
        )
    )


def not_sent(work: Work, line: Line, code: str, letter: Letter, because: str, *, quote: bool = True) -> None:
    """The writer is told that her words did not leave, why, and what they were."""
    if letter.writer is None:
        return
    mark(work, line, letter.writer, FAILED)
    found = work.staff.contact(letter.writer.contact)
    if found is None:
        return
    text = letter.text.reveal() if quote else ""
    place = "not.sent" if quote else "not.delivered"
    tell(work, line, found[0], phrase(place, code=code, why=because, text=text))


def climb(work: Work, line: Line, conversation: Conversation, watch: Watch | None = None) -> Conversation:
    """Climbs the ladder for a waiting conversation now."""
    if conversation.state is not State.WAITING:
        return conversation
    offers = tuple(work.offers.of(conversation.id))
    decision = ladder.climb(conversation, offers, watch or line.watch(work), line.pace)
    return apply(work, line, conversation, decision)
