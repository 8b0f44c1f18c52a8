"""The gate behind the front door: who is not let in, and what still works for her."""

from __future__ import annotations

from enum import StrEnum

from bot.budget import Kind
from bot.messages import Address, Inbound
from handlers import apply
from handlers.line import Line
from storage.work import Work


class Shut(StrEnum):
    """Why somebody is not let in. Each is a count a day, and a meter's label."""

    BLOCKED = "blocked"


def shut(work: Work, line: Line, inbound: Inbound) -> Shut | None:
    """Why this inbound of a texter goes no further, counted; None lets it in. DELETE, STOP and START work anyhow."""
    why = _why(work, inbound)
    if why is not None:
        work.counts.add(f"refused {why}")
        # A thought that is run again counts twice here, and once above.
        line.count(why)
    return why


def _why(work: Work, inbound: Inbound) -> Shut | None:
    if work.blocks.until(inbound.sender) is not None:
        return Shut.BLOCKED
    return None


def may_greet(work: Work, line: Line, address: Address) -> bool:
    """Whether a conversation that begins now begins with the first answer."""
    return apply.affordable(line, address.medium, Kind.OUTSIDE, work.now)
