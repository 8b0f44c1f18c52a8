"""What one person may not do alone: who may ask, who may say yes or no, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.people import Role, Staff, StaffId


class RequestKind(StrEnum):
    """KEY: a further supervisor's key. REVEAL: a texter's address. LOST, LINE: her own echo to KEY LOST, to LINE
    CLOSED and LINE OPEN."""

    KEY = "key"
    REVEAL = "reveal"
    LOST = "lost"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may approve and who may refuse; `valid`: how long it stands."""

    approves: frozenset[Role]
    refuses: frozenset[Role]
    valid: timedelta


RULES: Final[dict[RequestKind, Rule]] = {
    # Without an answer a key counts all the same: every supervisor has been told, and three days to refuse it.
    RequestKind.KEY: Rule(
        frozenset({Role.ADMIN}), frozenset({Role.ADMIN, Role.SUPERVISOR}), timedelta(hours=72)
    ),
    RequestKind.REVEAL: Rule(
        frozenset({Role.SUPERVISOR, Role.WITNESS}),
        frozenset({Role.SUPERVISOR, Role.WITNESS}),
        timedelta(minutes=15),
    ),
    RequestKind.LOST: Rule(frozenset(), frozenset(), timedelta(minutes=15)),
    RequestKind.LINE: Rule(frozenset(), frozenset(), timedelta(minutes=15)),
}

GUESSES: Final = 5
"""Wrong numbers a person may text in a day: of 90,000 numbers that is one chance in 18,000."""
REASON: Final = 10
"""Characters that a reason has at least."""


def may_approve(kind: RequestKind, who: Staff, asker: StaffId) -> bool:
    """Whether her yes is the second: never the asker's own."""
    return who.id != asker and bool(who.roles & RULES[kind].approves)


def may_refuse(kind: RequestKind, who: Staff) -> bool:
    """Whether her no ends it; the asker may take back what she asked."""
    return bool(who.roles & RULES[kind].refuses)
