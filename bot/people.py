"""Who takes part: staff with their contacts, and the ids by which rules know people and conversations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

StaffId = NewType("StaffId", int)
ContactId = NewType("ContactId", bytes)
"""One address of a staff member or of a texter: 16 random bytes. Rules see this, never the address."""
ConversationId = NewType("ConversationId", bytes)
"""16 random bytes."""
QuestionId = NewType("QuestionId", bytes)
"""One question that the line has asked one staff member: 16 random bytes."""


class Role(StrEnum):
    """What a staff member may do. Supervisor includes counselor; who is only an admin never reads content, and a
    witness sees nothing at all: she answers when somebody asks for a texter's address."""

    COUNSELOR = "counselor"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    WITNESS = "witness"


class Medium(StrEnum):
    """The channel class of an address, kept in the clear."""

    SMS = "sms"
    TELEGRAM = "telegram"


class Standing(StrEnum):
    """Whether a staff contact can be written to."""

    INVITED = "invited"
    JOINED = "joined"
    OPTED_OUT = "opted out"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Contact:
    """One address of a staff member. `last_from`: where the last message came from that the carrier accepted;
    `last_question`: the question that it asked."""

    id: ContactId
    staff: StaffId
    medium: Medium
    standing: Standing
    last_from: ConversationId | None = None
    last_question: QuestionId | None = None

    @property
    def reachable(self) -> bool:
        return self.standing is Standing.JOINED


Came = tuple[ConversationId | None, QuestionId | None]
"""A message on a staff phone: the conversation that it came from, None for the line itself, and what it asked."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff member; `name` is an alias. `available` is ON / OFF; `unsettled`: somebody else ended or moved a
    conversation of hers since her last relayed text. `silent`: she was asked READY? and has not been heard of since.
    `zone`: the IANA zone by whose clock she plans, "" for the line's."""

    id: StaffId
    name: str
    roles: frozenset[Role]
    languages: tuple[str, ...]
    contacts: tuple[Contact, ...]
    available: bool = True
    unsettled: bool = False
    silent: bool = False
    zone: str = ""

    def __repr__(self) -> str:
        return f"Staff({self.id})"

    @property
    def is_supervisor(self) -> bool:
        return Role.SUPERVISOR in self.roles

    @property
    def takes_conversations(self) -> bool:
        return bool(self.roles & {Role.COUNSELOR, Role.SUPERVISOR})

    @property
    def contact(self) -> Contact | None:
        """The contact to write to: the first that is joined."""
        return next((c for c in self.contacts if c.reachable), None)

    @property
    def can_answer(self) -> bool:
        """Whether a shift of hers counts: she takes conversations, and a letter would reach her."""
        return self.takes_conversations and self.contact is not None
