"""What travels: a text that came in, a letter that goes out, and where a carrier keeps its copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.people import ContactId, ConversationId, Medium, QuestionId, StaffId
from bot.redact import Secret


class Side(StrEnum):
    """Which end of the relay an address belongs to."""

    TEXTER = "texter"
    STAFF = "staff"


class Kind(StrEnum):
    """What an inbound is. NOT_CARRIED: a picture, voice, file … whose content we never take."""

    TEXT = "text"
    EDITED = "edited"
    PRESSED = "pressed"
    NOT_CARRIED = "not carried"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person is reached: `place` is a number or a chat id, `via` our own number or bot ("texters", "staff")."""

    medium: Medium
    place: Secret[str]
    via: str

    def __repr__(self) -> str:
        return f"Address({self.medium})"


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a carrier holds one message: `via` our number or bot, `chat` the other end, `message` its SID or number.

    `media`: it carried something beside words. `at`: since when the carrier has had it, where it says so.
    """

    medium: Medium
    via: str
    chat: Secret[str]
    message: Secret[str]
    media: bool = False
    at: datetime | None = None

    def __repr__(self) -> str:
        return f"Copy({self.medium})"


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that a carrier told us, already checked and cleaned, before we know from whom.

    `side` is None for SMS: the address decides. `provider_id`: MessageSid or update_id, unique within (medium, via).
    `what` names a kind that we do not carry ("photo", "voice", …). `carrier_answered`: the carrier itself has replied
    to this word (Twilio's OptOutType), so ours adds nothing. `missed`: nobody told us when it came; we found it there
    later, and `at` is when the carrier took it.
    """

    medium: Medium
    side: Side | None
    sender: Address
    provider_id: Secret[str]
    kind: Kind
    text: Secret[str]
    at: datetime
    copy: Copy | None = None
    replies_to: Secret[str] | None = None
    pressed: Secret[str] | None = None
    language: str | None = None
    what: str = ""
    carrier_answered: bool = False
    missed: bool = False

    def __repr__(self) -> str:
        return f"Inbound({self.medium}, {self.kind})"


class Direction(StrEnum):
    """Who wrote a line of the transcript: the texter, the counselor, the line itself, or a colleague's note."""

    IN = "in"
    OUT = "out"
    LINE = "line"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript, opened."""

    id: bytes
    sequence: int
    direction: Direction
    staff: StaffId | None
    at: datetime
    text: Secret[str]


class Task(StrEnum):
    """What the outbox is asked to do. REACT puts a mark on a staff member's own message."""

    SAY = "say"
    REACT = "react"


class Priority(StrEnum):
    """Which lane goes first when a sender is busy, in alphabetical order: the first answer before anybody is asked,
    first contact before chatter, chatter before marks."""

    FIRST = "a"
    OFFER = "b"
    TALK = "c"
    NOTICE = "d"
    MARK = "e"


@dataclass(frozen=True, slots=True)
class Button:
    """One button under a staff message: a caption and up to 64 bytes that come back when it is pressed."""

    caption: str
    data: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose words a letter carries, so that she is told what became of them: the staff contact, and the carrier's
    number of her own message where a mark can be put on it."""

    staff: StaffId
    contact: ContactId
    message: Secret[str] | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for the outbox: exactly one call to a carrier.

    `to` is a texter's or staff member's contact; its address is opened at the moment of sending, unless `address` is
    given (farewells only). `about`: the conversation it comes from; its lane is (conversation, to). Without one the
    lane is the contact's own. `deadline`: not sent after it. `line`: the transcript line that it carries. `buttons`
    only for Telegram. For Task.REACT `text` is the mark and `writer.message` what it is put on. `offer`: it offers
    `about` to its addressee. `question`: OK and CAN'T answer this one. `last_part`: the receipt of this part speaks for
    the whole text. `together`: it may be joined with a like one that waits before it; these are its words without the
    code in front.
    """

    to: ContactId
    side: Side
    medium: Medium
    via: str
    text: Secret[str]
    deadline: datetime
    priority: Priority
    about: ConversationId | None = None
    task: Task = Task.SAY
    buttons: tuple[Button, ...] = ()
    writer: Writer | None = None
    line: bytes | None = None
    address: Address | None = None
    offer: bool = False
    question: QuestionId | None = None
    not_before: datetime | None = None
    together: str | None = None
    last_part: bool = True

    def __repr__(self) -> str:
        return f"Letter({self.side}, {self.medium}, {self.task})"
