"""BLOCK: for how long a contact is not let in, and why, from what a staff member wrote behind the code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.errors import NotNow
from bot.retention import POLICIES

LEAST: Final = int(POLICIES["block_days"].floor)
MOST: Final = int(POLICIES["block_days"].ceiling)
_DAYS: Final = re.compile(r"\s*(-?\d+(?:[.,/]\d+)?)(?:\s*(?:days?|d)\b)?[\s,;:.-]*", re.IGNORECASE)
_LONGEST: Final = 200
"""Characters of a reason that are kept: it is read on a lock screen, and by SMS."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; `reason` may be empty."""

    days: float
    reason: str

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.days)

    @property
    def said(self) -> str:
        """The days as people write them."""
        return f"{self.days:g}"


def asked(rest: str, *, code: str, default: float) -> Wish:
    """`rest`: "7 pranks", "pranks" or "". Raises NotNow("block.days") for a number of days that is out of bounds."""
    found = _DAYS.match(rest)
    if found is None:
        return Wish(default, _tidy(rest))
    # "1.5 days" is no whole number: read as one it would block for a day, because of "5 days".
    whole = re.fullmatch(r"\d{1,5}", found[1])
    if whole is None or not LEAST <= int(found[1]) <= MOST:
        raise NotNow("block.days", code=code, least=str(LEAST), most=str(MOST))
    return Wish(int(found[1]), _tidy(rest[found.end() :]))


def _tidy(reason: str) -> str:
    return " ".join(reason.split())[:_LONGEST]
