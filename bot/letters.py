"""Letters as they are compared: what a phone's keyboard adds to a word does not make it another word."""

from __future__ import annotations

import unicodedata
from typing import Final

APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ`´′", "'"))
DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


def straight(text: str) -> str:
    """The text with every apostrophe that phones put there as the plain one."""
    return text.translate(APOSTROPHES)


def folded(text: str) -> str:
    """NFKC, case folded, without format characters, and without accents on Latin letters only."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return without_accents("".join(c for c in plain if unicodedata.category(c) != "Cf"))


def without_accents(text: str) -> str:
    """Accents go from Latin letters only: й is not и."""
    out: list[str] = []
    latin = False
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.combining(character):
            if latin:
                continue
        else:
            latin = unicodedata.name(character, "").startswith("LATIN")
        out.append(character)
    return unicodedata.normalize("NFC", "".join(out))
