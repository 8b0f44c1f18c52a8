"""What is due of a conversation that has ended, and when: sealed, its address forgotten, erased, struck off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.conversation import State

UNSEALED: Final = timedelta(hours=24)
"""So long a transcript may be kept that cannot be sealed, for want of two supervisors' keys (product.md §6)."""
SILENCE: Final = timedelta(days=30)
"""A number is given to somebody else: an address that was silent for so long is forgotten, whatever is open."""
MINUTE: Final = timedelta(minutes=1)
KEYS_TO_SEAL: Final = 2
"""With one key alone a lost passphrase would be a lost archive."""


class Act(StrEnum):
    """What time does to an ended conversation."""

    ERASE = "erase"
    FORGET = "forget"  # the address
    SEAL = "seal"
    STRIKE = "strike"  # the bare row that an erased one has left


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long this line keeps what, from its settings."""

    address: timedelta
    seal: timedelta
    transcript: timedelta
    dedup: timedelta
    audit: timedelta
    capsule: timedelta

    @property
    def hasty(self) -> bool:
        """Whether some period is shorter than the minute to which the end of a conversation is rounded up."""
        return min(self.address, self.seal, self.transcript) < MINUTE

    def mark(self, *, sealing: bool) -> str:
        """Changes with whatever may bring a due time forward or back."""
        parts = (self.address, self.seal, self.transcript, self.audit)
        return " ".join([*(f"{part.total_seconds():.3f}" for part in parts), f"sealing={sealing}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One ended conversation as time sees it. `at`: when it ended, or a little later, never earlier."""

    state: State
    at: datetime
    address: bool
    held_until: datetime | None


def dues(ending: Ending, keeping: Keeping, *, sealing: bool) -> Mapping[Act, datetime]:
    """When each act is due; none is named that has been done or cannot be. `sealing`: there are keys to seal to.

    A hold puts off what destroys, never the sealing.
    """
    if ending.state is State.ERASED:
        return {Act.STRIKE: ending.at + keeping.audit}
    found: dict[Act, datetime] = {}
    kept = keeping.transcript
    if ending.state is State.CLOSED and sealing:
        found[Act.SEAL] = ending.at + keeping.seal
    elif ending.state is State.CLOSED:
        kept = min(kept, UNSEALED)
    found[Act.ERASE] = _after(ending, ending.at + kept)
    if ending.address:
        # An address without a conversation would be of no use but to whoever steals it.
        found[Act.FORGET] = min(_after(ending, ending.at + keeping.address), found[Act.ERASE])
    return found


def _after(ending: Ending, due: datetime) -> datetime:
    return due if ending.held_until is None else max(due, ending.held_until)


def now_due(when: Mapping[Act, datetime], now: datetime) -> tuple[Act, ...]:
    """What is to be done now, in this order; erasing makes the rest needless."""
    ready = tuple(act for act in Act if act in when and when[act] <= now)
    return (Act.ERASE,) if Act.ERASE in ready else ready
