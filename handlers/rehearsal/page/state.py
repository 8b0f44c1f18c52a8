"""What the room knows of the line that is on: its script, its shift, its carriers, and who looks behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from handlers.rehearsal.play import events
from handlers.rehearsal.play.events import Row
from handlers.rehearsal.play.script import Kept, Scene, Script, ScriptWords

FREE = Script(name="free", order=0, words={"en": ScriptWords("", "")}, scenes=(), kept=Kept("", "", ""))
"""Nothing is played: everybody types what they like."""


class Behind(Protocol):
    """What lies behind the program; handed in, as a door may not open the database."""

    async def newest(self) -> tuple[str, tuple[Row, ...]] | None:
        """The newest line of any transcript, and the rows that hold it."""
        ...

    async def next_shift(self, now: datetime) -> datetime | None:
        """The next instant at which somebody else is on call, or nobody."""
        ...

    async def on_call(self, now: datetime) -> list[str]:
        """Who is on call, by name."""
        ...


class Setting(StrEnum):
    """How far the stage is set."""

    UNDER_WAY = "under way"
    READY = "ready"
    FAILED = "failed"


class Trouble(StrEnum):
    """What a carrier can be made to do."""

    NONE = "none"
    BUSY = "busy"
    BROKEN = "broken"
    SLOW = "slow"
    CUT = "cut"


@dataclass(slots=True)
class Course:
    """How far a script has come. `by_hand`: the trainee's part is played by a person."""

    script: Script = FREE
    by_hand: bool = False
    number: int = 0
    scene: Scene | None = None
    turn: events.YourTurn | None = None
    ended: bool = False
    failure: str = ""


@dataclass(slots=True)
class Shift:
    """Who is on call, and until when."""

    names: list[str] = field(default_factory=list)
    until: datetime | None = None
