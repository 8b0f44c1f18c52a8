"""A key's fingerprint: what two people read to each other, to be sure that they mean the same key."""

from __future__ import annotations

import unicodedata
from typing import Final

from bot import casecode

GROUPS: Final = 4
GROUP: Final = 5
"""Four groups of five symbols of the case codes' alphabet (no 0 O 1 I L): 99 bits. Groups of four would look like
case codes."""
SYMBOLS: Final = GROUPS * GROUP
SHORTEST: Final = 2 * GROUP
"""Symbols by which a key may be named: two groups, 49 bits."""


def spoken(reader: str) -> str:
    """The fingerprint of the key with this name (32 hexadecimal digits of a hash): "7KQ2M XA9BD …"."""
    number = int(reader, 16)
    symbols = ""
    for _ in range(SYMBOLS):
        number, value = divmod(number, len(casecode.ALPHABET))
        symbols += casecode.ALPHABET[value]
    return " ".join(symbols[at : at + GROUP] for at in range(0, SYMBOLS, GROUP))


def means(typed: str, reader: str) -> bool:
    """Whether somebody who types this means that key: its fingerprint or how it begins, in any case and spacing."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    symbols = "".join(symbol for symbol in plain if symbol.isalnum())
    return len(symbols) >= SHORTEST and spoken(reader).replace(" ", "").startswith(symbols)
