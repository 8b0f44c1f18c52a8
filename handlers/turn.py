"""One inbound of one staff member, with everything that is needed to answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot import listing, segments
from bot.conversation import Conversation
from bot.messages import Inbound, Writer
from bot.people import Came, Contact, Medium, QuestionId, Staff
from bot.phrases import Phrase, phrase
from bot.redact import Secret
from bot.voice import shorter
from handlers import apply
from handlers.line import Line
from storage.work import Work


@dataclass(frozen=True, slots=True)
class Turn:
    """One inbound of one staff member. `swiped`: the conversation that it answers by a swipe-reply or a button.
    `astray`: it answers a message that comes from no conversation, or that we know nothing of any more; `asked`: the
    question that this message asked. `last`: what she may have seen last when she wrote. `about`: the conversations
    that it has turned out to be about, in that order."""

    work: Work
    line: Line
    inbound: Inbound
    staff: Staff
    contact: Contact
    swiped: Conversation | None = None
    astray: bool = False
    asked: QuestionId | None = None
    last: frozenset[Came] = frozenset()
    about: list[Conversation] = field(default_factory=list)

    @property
    def writer(self) -> Writer:
        message = self.inbound.copy.message if self.inbound.copy else None
        return Writer(self.staff.id, self.contact.id, message)

    def tell(self, place: str, /, **arguments: str) -> None:
        """A short answer of the line itself: it comes from no conversation."""
        apply.tell(self.work, self.line, self.contact, phrase(place, **arguments))

    def say(self, sentences: Sequence[Phrase]) -> None:
        """Several sentences in one short answer."""
        apply.tell(self.work, self.line, self.contact, self.joined(sentences))

    def joined(self, sentences: Sequence[Phrase]) -> Secret[str]:
        """The same, to be said; by SMS in plain letters where that is cheaper, in shorter forms where the others
        take three segments together."""
        text = " ".join(self.line.say_to(self.staff, one) for one in sentences)
        if self.contact.medium is not Medium.SMS:
            return Secret(text)
        if segments.staff(text) > listing.MOST:
            text = " ".join(self.line.say_to(self.staff, shorter(one)) for one in sentences)
        return Secret(segments.cheapest(text))

    def tell_about(self, conversation: Conversation, place: str, /, **arguments: str) -> None:
        """A short answer that comes from a conversation."""
        what = phrase(place, code=conversation.code, **arguments)
        apply.tell(self.work, self.line, self.contact, what, conversation)
