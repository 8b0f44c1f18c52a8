"""The port: what a channel can carry, how it sends, and how what it hears comes in.

A channel is one file in handlers/channels. It raises `errors.Unreachable` or `errors.Refused` and nothing else: a
vendor's codes and sentences end inside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot import segments
from bot.messages import Address, Button, Copy, Inbound, Task
from bot.people import Medium
from bot.redact import Secret
from bot.removal import Answer


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may be: `characters` in the carrier's own measure, and whether it shows buttons and marks.
    `removals`: how many copies of one chat can be deleted in one call."""

    characters: int
    utf16: bool
    buttons: bool
    marks: bool
    removals: int

    def measure(self, text: str) -> int:
        """The length of a text as this carrier counts it."""
        return segments.utf16_units(text) if self.utf16 else segments.characters(text)


LIMITS: dict[Medium, Limits] = {
    # 1,600 characters in one API message: Twilio error 21617 beyond it.
    Medium.SMS: Limits(characters=1600, utf16=False, buttons=False, marks=False, removals=1),
    # 4,096 after entities parsing: Bot API, sendMessage. Telegram counts UTF-16 units. deleteMessages takes 1 to 100.
    Medium.TELEGRAM: Limits(characters=4096, utf16=True, buttons=True, marks=True, removals=100),
}


@dataclass(frozen=True, slots=True)
class Post:
    """One call to a carrier, with the address in the clear: built by the outbox, gone when the call ends.

    `reference` is opaque and unguessable; the carrier hands it back with a receipt. `protect`: the app must not forward
    or save it. `valid_for`: the carrier gives up after it. For Task.REACT, `text` is the mark and `replies_to` the
    message it is put on. `known`: an admin has given this number, so it may be in any country.
    """

    task: Task
    to: Address
    text: Secret[str]
    reference: Secret[str]
    protect: bool
    valid_for: timedelta
    known: bool = False
    buttons: tuple[Button, ...] = ()
    replies_to: Secret[str] | None = None

    def __repr__(self) -> str:
        return f"Post({self.task})"


class Outcome:
    """The words in which a receipt ends: sent, delivered, or why not (one of the phrases `why.*`)."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a carrier said later about a message: by our `reference`, in our own words. `because` explains a failure."""

    medium: Medium
    reference: Secret[str]
    message: Secret[str]
    outcome: str
    because: str = ""

    def __repr__(self) -> str:
        return f"Receipt({self.medium}, {self.outcome})"


class Channel(Protocol):
    """One way to people: a number's carrier or one bot."""

    @property
    def medium(self) -> Medium: ...

    @property
    def senders(self) -> Sequence[str]:
        """Our numbers or bots that it sends from (the `via` of addresses)."""
        ...

    async def send(self, post: Post) -> Copy | None:
        """Hands one message to the carrier; the copy it now holds (None for marks). Raises Unreachable or Refused."""
        ...

    async def remove(self, copies: Sequence[Copy]) -> Sequence[Answer]:
        """Asks the carrier to delete its copies, all of one chat: of each, in order, what it said (GONE, NOT_YET or
        REFUSED; never to have had it is GONE). To ask twice does no harm. Raises Unreachable."""
        ...

    async def close(self) -> None: ...


Receive = Callable[[Sequence[Inbound], int | None], Awaitable[None]]
"""`await receive(inbounds, offset)` returns after the commit of them all, and of the offset where there is one."""

TakeReceipt = Callable[[Receipt], Awaitable[None]]
"""`await receipt(…)` returns after the commit."""
