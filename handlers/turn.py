"""One inbound of one staff member, with everything that is needed to answer it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.conversation import Conversation
from bot.messages import Inbound, Writer
from bot.people import Contact, Staff
from bot.phrases import phrase
from handlers import apply
from handlers.line import Line
from storage.work import Work


@dataclass(frozen=True, slots=True)
class Turn:
    """One inbound of one staff member. `swiped`: the conversation that it answers by a swipe-reply or a button.
    `astray`: it answers a message that we know nothing of any more. `about`: the conversations that it has turned out
    to be about, in that order."""

    work: Work
    line: Line
    inbound: Inbound
    staff: Staff
    contact: Contact
    swiped: Conversation | None = None
    astray: bool = False
    about: list[Conversation] = field(default_factory=list)

    @property
    def writer(self) -> Writer:
        message = self.inbound.copy.message if self.inbound.copy else None
        return Writer(self.staff.id, self.contact.id, message)

    def tell(self, place: str, /, **arguments: str) -> None:
        """A short answer of the line itself: it comes from no conversation."""
        apply.tell(self.work, self.line, self.contact, phrase(place, **arguments))

    def tell_about(self, conversation: Conversation, place: str, /, **arguments: str) -> None:
        """A short answer that comes from a conversation."""
        what = phrase(place, code=conversation.code, **arguments)
        apply.tell(self.work, self.line, self.contact, what, conversation)
