"""A text that cannot do anything to the terminal, or to the eyes of whoever reads it there."""

from __future__ import annotations

import unicodedata
from typing import Final

_KEPT: Final = frozenset("\n\u200c\u200d")
"""The two joiners belong to emoji and to Persian; they move nothing."""
_ACTING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control characters begin a terminal's commands; format characters turn the direction of a line around."""


def harmless(text: str) -> str:
    """The text with all that acts instead of being read written out: an escape becomes `\\x1b`. Lines stay lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        if character in _KEPT or unicodedata.category(character) not in _ACTING
        else character.encode("unicode_escape", "backslashreplace").decode()
        for character in lines
    )
