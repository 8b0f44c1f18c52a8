"""Whom a command about the rota names: of several ways to read it, the one in which everybody is one of ours."""

from __future__ import annotations

from bot import planwords
from bot.errors import NotNow
from bot.people import Staff
from handlers.turn import Turn


def named(turn: Turn, rest: str) -> planwords.Named | None:
    """Somebody and a time, the longest name that is somebody's: "Juan Domingo domingo 10-12" is not about Juan."""
    ways = planwords.named(rest)
    return next((one for one in ways if _is_ours(turn, one.name)), ways[-1] if ways else None)


def for_whom(turn: Turn, rest: str) -> planwords.For | None:
    """A time and whom it is about; of a name that nobody has, the reading in which the other one is somebody."""
    ways = planwords.for_whom(rest)
    ours = [one for one in ways if _is_ours(turn, one.whom)]
    both = [one for one in ours if not one.by or _is_ours(turn, one.by)]
    return next(iter((*both, *ours, *reversed(ways))), None)


def somebody(turn: Turn, name: str) -> Staff:
    """The one of this name."""
    found = turn.work.staff.by_name(name)
    if found is None:
        raise NotNow("name.unknown", name=name[: planwords.LONGEST_NAME])
    return found


def _is_ours(turn: Turn, name: str) -> bool:
    return turn.work.staff.by_name(name) is not None
