"""Changes to what the layers of a rota say: overrides, and swaps that somebody has taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Generic

from bot.layers import P


class Kind(StrEnum):
    """What an override does to the people on call."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


class Everyone(Enum):
    """Instead of a person: every slot."""

    EVERYONE = "*"


EVERYONE = Everyone.EVERYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Generic[P]):
    """Within [start, end), until cancelled: `remove` goes, `add` comes, or the one takes the other's place."""

    kind: Kind
    start: datetime
    end: datetime
    remove: P | Everyone | None = None
    add: P | None = None
    by: P | None = None
    why: str = ""
    cancelled: datetime | None = None

    @property
    def over(self) -> datetime:
        """When it stops to act; what it did before it was cancelled remains true of the past."""
        return self.end if self.cancelled is None else min(self.end, self.cancelled)


class Status(StrEnum):
    """How far a swap or cover request has come; only a taken one changes the rota."""

    OPEN = "open"
    TAKEN = "taken"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap(Generic[P]):
    """`giver` asks somebody to serve for her within [start, end); once it is taken, `taker` does."""

    giver: P
    start: datetime
    end: datetime
    status: Status
    taker: P | None = None
    note: str = ""
    decided: datetime | None = None

    def as_override(self) -> Override[P]:
        """What a taken swap does."""
        return Override(kind=Kind.REPLACE, start=self.start, end=self.end, remove=self.giver, add=self.taker)


def changed(people: Iterable[P], overrides: Iterable[Override[P]]) -> frozenset[P]:
    """Who is on call after the overrides, one after the other.

    Each person is a slot with an owner and a holder; replace and remove act on the slots whose owner or
    holder is named, add appends a slot. On call are the holders.
    """
    slots = {(person, person): None for person in people}  # in order, and one that is there twice acts as one
    for override in overrides:
        whom, newcomer = override.remove, override.add
        if override.kind is Kind.ADD:
            if newcomer is not None:
                slots[newcomer, newcomer] = None
            continue
        named = [slot for slot in slots if whom is EVERYONE or whom in slot]
        for slot in named:
            del slots[slot]
        if newcomer is not None and override.kind is Kind.REPLACE:
            slots |= {(owner, newcomer): None for owner, _ in named}
    return frozenset(now for _, now in slots)
