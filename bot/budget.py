"""What an SMS may still cost today: a number of segments a day, with a part kept for conversations that are open.

Pure: how much has been spent is passed in. Telegram costs nothing and is never asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from bot.messages import Letter, Priority, Side


class Level(IntEnum):
    """How much of the day's budget is left. RESERVED: only the part for open conversations. SPENT: none."""

    FREE = 0
    RESERVED = 1
    SPENT = 2


class Kind(IntEnum):
    """What a letter by SMS is, by who would miss it most.

    HUMAN: a person's own words, to either side, and all that staff are told: offers, alarms, questions. IN_TALK: what
    the line itself says in an open conversation. OUTSIDE: first answers, and lines to somebody without a conversation.
    """

    OUTSIDE = 0
    IN_TALK = 1
    HUMAN = 2


LEAVES: Final = {
    Kind.OUTSIDE: Level.FREE,
    Kind.IN_TALK: Level.RESERVED,
    Kind.HUMAN: Level.SPENT,
}
"""The last level at which a kind still leaves. A person's words always do: a flood must not silence a talk."""

TOLD: Final = (80, 100)
"""Per cent of the day at which the admins are told, once each."""


def kind_of(letter: Letter) -> Kind:
    """What a letter is that waits to be sent."""
    if letter.side is Side.STAFF or letter.writer is not None:
        return Kind.HUMAN
    strange = letter.about is None or letter.priority is Priority.FIRST
    return Kind.OUTSIDE if strange else Kind.IN_TALK


@dataclass(frozen=True, slots=True)
class Budget:
    """`daily` segments, of which `reserve` per cent are kept for open conversations (limits.*)."""

    daily: int
    reserve: float

    def level(self, spent: int) -> Level:
        """Where the day stands after so many segments."""
        if spent >= self.daily:
            return Level.SPENT
        return Level.RESERVED if spent >= self.daily * (100 - self.reserve) / 100 else Level.FREE

    def leaves(self, kind: Kind, spent: int) -> bool:
        """Whether a letter of this kind may still leave."""
        return self.level(spent) <= LEAVES[kind]

    def reached(self, spent: int) -> tuple[int, ...]:
        """The per cents of TOLD that have been reached."""
        return tuple(mark for mark in TOLD if spent * 100 >= self.daily * mark)
