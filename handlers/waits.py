"""How long people have waited lately, so that the first answer can be honest."""

from __future__ import annotations

from datetime import timedelta
from statistics import median

import msgspec

from bot.errors import SealBroken
from storage.work import Work

NAME = "recent waits"
KEPT = 20
ROUND = (1, 2, 5, 10, 15, 20, 30, 45, 60)
"""Minutes as a person would say them."""
UNKNOWN = 5
"""Said while nobody has waited yet: product.md's own example."""


def usual(work: Work) -> int:
    """The usual wait in round minutes: the median of the last waits, rounded up."""
    waits = _read(work)
    if not waits:
        return UNKNOWN
    minutes = median(waits) / 60
    return next((step for step in ROUND if minutes <= step), ROUND[-1])


def remember(work: Work, wait: timedelta) -> None:
    """A conversation was taken after this long."""
    seconds = max(0, int(wait.total_seconds()))
    work.line.set(NAME, msgspec.json.encode([*_read(work), seconds][-KEPT:]).decode())


def _read(work: Work) -> list[int]:
    try:
        value = work.line.get(NAME)
    except SealBroken as broken:  # a first answer matters more than how exact it is
        work.notice(broken)
        return []
    return msgspec.json.decode(value, type=list[int]) if value else []
