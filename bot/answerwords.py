"""What people answer instead of OK and CAN'T: "can't, sorry", "ok, will do", "listo". Only a text that is nothing else.

Which of them is an answer is for handlers/questions to find: only where a question was the last thing on her phone.
"""

from __future__ import annotations

import re
from typing import Final

from bot import letters, phrases

MOST: Final = 60
"""Characters: what is longer is a message, whatever it consists of."""
THUMB: Final = "\U0001f44d"
_TONES: Final = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff\ufe0f")
_BEFORE: Final = re.compile(r"[^\w']+")


def agreed(text: str) -> bool | None:
    """True for what means OK, False for what means CAN'T; None for anything else, and for both at once.

    Words of one kind and polite ones around them, nothing more: "I can't come to the casting" is no answer.
    """
    if text.strip()[:1] == THUMB and not set(text.strip()) - {THUMB} - _TONES:
        return True
    words = plain(text)
    if len(words) > MOST or "?" in text:
        return None
    for means, pattern in _PATTERNS.items():
        if pattern.fullmatch(f"{words} "):
            return means
    return None


def polite(text: str) -> bool:
    """Whether it is thanks, and the like, and nothing else."""
    return len(text) <= MOST and "?" not in text and _POLITE.fullmatch(f"{plain(text)} ") is not None


def plain(text: str) -> str:
    """Its words with a space between them: no punctuation, no emoji, no accents on Latin letters."""
    kept = letters.folded(letters.straight(text))
    return " ".join(_BEFORE.sub(" ", kept).replace("_", " ").split())


def _pattern(place: str, *beside: str) -> re.Pattern[str]:
    said, polite = listed(place), listed("words.polite", *beside)
    return re.compile(f"(?:{polite})*(?:{said})(?:{said}|{polite})*")


def listed(*places: str) -> str:
    """The words of all languages, as a pattern of words with a space behind each; the longest first."""
    found = {
        plain(word)
        for place in places
        for language in phrases.languages()
        for word in phrases.listed(place, language)
    }
    return "|".join(f"{re.escape(word)} " for word in sorted(found, key=len, reverse=True))


_PATTERNS: Final = {True: _pattern("words.agree"), False: _pattern("words.refuse", "words.when")}
"""Only a no stays one with a time beside it: "ok, tomorrow" may be the wish for another day."""
_POLITE: Final = re.compile(f"(?:{listed('words.polite')})+")
