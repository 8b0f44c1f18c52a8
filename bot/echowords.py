"""A number of five digits that the line asked somebody to send back, however she writes it: "REMOVE 48213", "48213.",
"ok 48213", "Remove48213 please". Only a text that is nothing else; whether it is one of hers is for handlers/echoes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot import answerwords

MOST: Final = 80
"""Characters: what is longer is a message, whatever it consists of."""
DIGITS: Final = 5
WORDS: Final = {
    "add": "ADD",
    "remove": "REMOVE",
    "cover": "COVER",
    "line": "LINE",
    "key": "KEY",
    "lost": "KEY",
}
"""The words that such a number is asked for with, and the command of each."""
_PIECE: Final = re.compile(r"[0-9]+|(?:[^\W0-9_]|')+")
_AGREED: Final = re.compile(f"(?:{answerwords.listed('words.agree', 'words.polite', 'words.number')})*")
_REFUSED: Final = re.compile(f"(?:{answerwords.listed('words.refuse', 'words.polite', 'words.number')})*")


@dataclass(frozen=True, slots=True)
class Echo:
    """`word`: its command, "" where she left it out; `refused`: CAN'T stands beside it."""

    number: str
    word: str = ""
    refused: bool = False


def read(text: str) -> Echo | None:
    """The one number that the text is, with its word, OK or CAN'T and polite words around it or without; else None:
    "call 48213 now" is a message."""
    if len(text) > MOST:
        return None
    pieces = [piece.strip("'") for piece in _PIECE.findall(answerwords.plain(text))]
    numbers = {piece for piece in pieces if piece.isdigit()}
    words = {WORDS[piece] for piece in pieces if piece in WORDS}
    if len(numbers) != 1 or len(words) > 1:
        return None
    number, word = numbers.pop(), "".join(words)
    left = "".join(f"{piece} " for piece in pieces if piece and piece != number and piece not in WORDS)
    agreed = _AGREED.fullmatch(left) is not None
    if len(number) != DIGITS or not (agreed or _REFUSED.fullmatch(left)):
        return None
    return Echo(number, word, refused=not agreed)
