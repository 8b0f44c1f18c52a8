"""What the carriers hold of what went through them: everything, until it is deleted there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from handlers.rehearsal.play.eye import JOINED
from handlers.rehearsal.town import Town

NEWEST = 8
"""So many texts of a shelf are shown."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One message as a carrier keeps it. `body` "" once it was emptied; `who` is the number or name that it knows."""

    incoming: bool
    who: str
    body: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """One carrier's, or one bot's: the newest copies first, and how many there are."""

    name: str
    count: int
    newest: tuple[Copy, ...]


def shelves(town: Town) -> list[Shelf]:
    """All of them."""
    found = [("Twilio", list(_of_twilio(town)))]
    found += [(f"Telegram · {name}", list(_of_bot(town, name))) for name in town.telegram.bots]
    return [Shelf(name, len(copies), tuple(reversed(copies[-NEWEST:]))) for name, copies in found]


def _of_twilio(town: Town) -> Iterator[Copy]:
    for message in town.twilio.messages.values():
        incoming = message.direction == "inbound"
        who = (message.sender if incoming else message.to) or ""
        yield Copy(incoming, who, message.body)


def _of_bot(town: Town, name: str) -> Iterator[Copy]:
    chats = town.telegram.bots[name].chats.values()
    kept = ((chat, one) for chat in chats for one in chat.messages.values())
    for chat, one in sorted(kept, key=lambda found: found[1].wire["message_id"]):
        text = JOINED.sub("/start …", str(one.wire.get("text", "")))
        yield Copy(not one.by_bot, str(chat.user["first_name"]), text)
