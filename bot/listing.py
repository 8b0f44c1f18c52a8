"""Lists in texts to staff: as many items as a text of two segments holds, and how many more there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bot import segments

MOST: Final = 2
"""Segments of a text to staff."""


def fitting(
    items: Sequence[str], whole: Callable[[str], str], more: Callable[[int], str], *, separator: str = ", "
) -> str:
    """The first items, one at least, with which the whole text takes two segments. `whole`: the text with this list in
    it; `more`: how the number of those left out is said."""
    for shown in range(len(items), 0, -1):
        left = [more(len(items) - shown)] if shown < len(items) else []
        listed = separator.join([*items[:shown], *left])
        if shown == 1 or segments.staff(whole(listed)) <= MOST:
            return listed
    return ""


def within(items: Sequence[str], most: int = 1) -> list[str]:
    """The first items, one at least, that fit into so many segments by themselves."""
    shown = len(items)
    while shown > 1 and segments.staff(", ".join(items[:shown])) > most:
        shown -= 1
    return list(items[:shown])
