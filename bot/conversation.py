"""One conversation: its states, and the one table of steps between them. An illegal step changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import msgspec

from bot.bursts import Flow
from bot.errors import NotNow
from bot.people import ContactId, ConversationId, Medium, StaffId


class State(StrEnum):
    """WAITING: nobody has it. TALKING: a counselor has it. CLOSED: ended, may be read. SEALED: only supervisors' own
    keys open it, and the server knows no more of it than what stands in the clear. ERASED: nothing is left."""

    WAITING = "waiting"
    TALKING = "talking"
    CLOSED = "closed"
    SEALED = "sealed"
    ERASED = "erased"


class Step(StrEnum):
    """What can happen to a conversation."""

    TEXT = "text"  # the texter wrote
    ANSWER = "answer"  # the counselor wrote
    TAKE = "take"
    HAND = "hand"  # a colleague takes it over from its counselor
    PUT_BACK = "put back"  # the counselor passes it on, or cannot be reached any more
    DONE = "done"
    BYE = "bye"
    STOP = "stop"
    SILENCE = "silence"  # nobody has heard from the texter for as long as a number may be hers
    SEAL = "seal"
    BLOCK = "block"  # the staff have stopped a nuisance
    ERASE = "erase"


TABLE: dict[tuple[State, Step], State] = {
    (State.WAITING, Step.TEXT): State.WAITING,
    (State.WAITING, Step.TAKE): State.TALKING,
    (State.WAITING, Step.DONE): State.CLOSED,
    (State.WAITING, Step.BYE): State.CLOSED,
    (State.WAITING, Step.STOP): State.CLOSED,
    (State.WAITING, Step.SILENCE): State.CLOSED,
    (State.WAITING, Step.BLOCK): State.CLOSED,
    (State.WAITING, Step.ERASE): State.ERASED,
    (State.TALKING, Step.TEXT): State.TALKING,
    (State.TALKING, Step.ANSWER): State.TALKING,
    (State.TALKING, Step.HAND): State.TALKING,
    (State.TALKING, Step.PUT_BACK): State.WAITING,
    (State.TALKING, Step.DONE): State.CLOSED,
    (State.TALKING, Step.BYE): State.CLOSED,
    (State.TALKING, Step.STOP): State.CLOSED,
    (State.TALKING, Step.SILENCE): State.CLOSED,
    (State.TALKING, Step.BLOCK): State.CLOSED,
    (State.TALKING, Step.ERASE): State.ERASED,
    (State.CLOSED, Step.SEAL): State.SEALED,
    (State.CLOSED, Step.ERASE): State.ERASED,
    (State.SEALED, Step.ERASE): State.ERASED,
}

OPEN = frozenset({State.WAITING, State.TALKING})
UNREADABLE = frozenset({State.SEALED, State.ERASED})
"""Of these the server knows coarse times only."""


class Private(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed with the conversation: exact times, and what was asked of the texter. All instants are UTC."""

    opened_at: datetime
    texter_at: datetime
    """The texter's last text."""
    counselor_at: datetime | None = None
    """The counselor's last relayed text."""
    taken_at: datetime | None = None
    closed_at: datetime | None = None
    ended_by: str = ""
    """The Step that ended it."""
    looking_told: bool = False
    nobody_told: bool = False
    """All have been asked: the honest text is due, and whoever says ON is asked at once."""
    asked_at: datetime | None = None
    """When the honest text, "may we text you then?", was said."""
    agreed: bool = False
    """She answered OK to it."""
    greeted: bool = True
    """She was given the first answer; a flood, or a budget that is spent, may keep it back."""
    flow: Flow = Flow()
    """How fast she writes (bot/bursts)."""
    unproven: bool = False
    """Her prefix is full of numbers that write once: nobody is asked until she has written a second time."""
    muted: bool = False
    """The texter has opted out: nothing is sent to her."""
    round_at: datetime | None = None
    """Offers made before this instant no longer count: the ladder began again."""
    country: str = ""
    """Where the texter's number is from (ISO 3166), for the emergency number."""
    handing_at: datetime | None = None
    """Since then it is offered to colleagues, and stays its counselor's until one takes it (bot/handoff)."""
    before: int | None = None
    """The counselor of this texter's last conversation: asked first if she is on call."""
    chain: bytes = b""
    """Link of the last transcript line (storage/vault); b"" before the first."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as rules see it. `version` is the row's: two changes at once make the second `Stale`.

    `texter`: the texter's contact, None once forgotten. `due_at`: when the clock must look again.
    """

    id: ConversationId
    code: str
    state: State
    medium: Medium
    language: str
    texter: ContactId | None
    counselor: StaffId | None
    counselor_contact: ContactId | None
    version: int
    sequence: int
    due_at: datetime | None
    private: Private

    def __repr__(self) -> str:
        return f"Conversation({self.state})"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def step(conversation: Conversation, what: Step) -> Conversation:
    """The conversation after a step; raises NotNow, and nothing has changed, when the table has no such step."""
    after = TABLE.get((conversation.state, what))
    if after is None:
        raise NotNow("not_now")
    return replace(conversation, state=after)


class OfferState(StrEnum):
    """OPEN: she may answer. LAPSED: she was silent; she may still take it. FAILED: it never reached her."""

    OPEN = "open"
    LAPSED = "lapsed"
    PASSED = "passed"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Offer:
    """One conversation offered to one staff member. `due_at`: when it lapses; `at`: when it was made."""

    conversation: ConversationId
    staff: StaffId
    contact: ContactId
    state: OfferState
    at: datetime
    due_at: datetime
