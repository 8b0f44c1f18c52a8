"""A request of one counselor to her colleagues: serve for me then, or change shifts with me."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.changes import Status
from bot.people import StaffId


class Deal(StrEnum):
    """COVER: somebody serves for her. SWAP: somebody does, and she serves for that one in return."""

    COVER = "cover"
    SWAP = "swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """`giver` looks for somebody who serves for her in `schedule` within [start, end).

    `number`: by which people speak of it. `wanted`: of a SWAP, the time in which she would serve in return, None for
    whatever a colleague has to give. `by`: who asked, if not she herself. `asked`: to whom it was put, each once.
    `taker` and `decided`: who took it, and when. `left`: who had taken it and went, each with what was served for her
    in return, until she is back and has been told. `due_at`: open, it expires then; taken, it is over.
    """

    number: int
    deal: Deal
    giver: StaffId
    schedule: str
    start: datetime
    end: datetime
    status: Status
    due_at: datetime
    wanted: tuple[datetime, datetime] | None = None
    returned: tuple[datetime, datetime] | None = None
    by: StaffId | None = None
    asked: tuple[StaffId, ...] = ()
    taker: StaffId | None = None
    left: tuple[tuple[StaffId, tuple[datetime, datetime] | None], ...] = ()
    decided: datetime | None = None
    note: str = ""
