"""Case codes, four characters that people say and type ("K7R2"): made, checked, read forgivingly.

A code grants nothing: it is looked up only among the conversations that the writer may touch now.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, NewType

CaseCode = NewType("CaseCode", str)

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 symbols, a prime, none of 0 O 1 I L."""
DIGITS: Final = frozenset("23456789")
LENGTH: Final = 4

_WEIGHTS: Final = (7, 2, 4, 1)
"""Weights and neighbours' differences (5, 2, 3) are not 0 modulo 31: a wrong character or a swap shows."""
_VALUE: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}
_TRIES: Final = 64

# Letters that look alike in capitals. Not the letter Ze, which looks like 3: a Ukrainian word has no digit.
_TWINS: Final = dict(
    zip(
        "АВЕЅКМНРСТУХЈԚԜΑΒΕΖΗΚΜΝΡΤΥΧ" + "АВЕЅКМНРСТУХЈԚԜΑΒΕΖΗΚΜΝΡΤΥΧ".lower(),
        "ABESKMHPCTYXJQWABEZHKMNPTYX" * 2,
        strict=True,
    )
)
_SEPARATOR: Final = re.compile(r"\s*(?:[:,;.：，،、–—-](?=\s|\Z)|[:,;：，،、])?\s*")


@dataclass(frozen=True, slots=True)
class Mistyped:
    """Four symbols that were meant as a code and are none."""

    written: str


def check(code: str) -> bool:
    """Whether these four symbols are a code: a digit among them and a weighted sum of 0 modulo 31."""
    if len(code) != LENGTH or not all(symbol in _VALUE for symbol in code):
        return False
    total = sum(weight * _VALUE[symbol] for weight, symbol in zip(_WEIGHTS, code, strict=True))
    return total % len(ALPHABET) == 0 and not DIGITS.isdisjoint(code)


def make(symbols: str) -> CaseCode | None:
    """The code of three symbols; None if it would have no digit, or they are not of the alphabet."""
    if len(symbols) != LENGTH - 1 or not all(symbol in _VALUE for symbol in symbols):
        return None
    total = sum(weight * _VALUE[symbol] for weight, symbol in zip(_WEIGHTS, symbols, strict=False))
    code = symbols + ALPHABET[-total % len(ALPHABET)]
    return None if DIGITS.isdisjoint(code) else CaseCode(code)


def every() -> Iterator[CaseCode]:
    """All case codes there are, about 20,000, in the alphabet's order."""
    for symbols in product(ALPHABET, repeat=LENGTH - 1):
        if code := make("".join(symbols)):
            yield code


def pick(choose: Callable[[int], int], taken: Callable[[str], bool]) -> CaseCode:
    """A random code that is not taken; `choose(n)` gives 0 … n-1. LookupError if all are.

    After 64 vain tries the whole list is walked from a random place: nearly all codes are resting then.
    """
    for _ in range(_TRIES):
        code = make("".join(ALPHABET[choose(len(ALPHABET))] for _ in range(LENGTH - 1)))
        if code is not None and not taken(code):
            return code
    codes = list(every())
    start = choose(len(codes))
    for code in codes[start:] + codes[:start]:
        if not taken(code):
            return code
    raise LookupError("Every case code is taken.")


def read(text: str) -> CaseCode | None:
    """The code, if the text is nothing else; case, spaces, `@`, `#` and look-alikes are forgiven."""
    folded = "".join(_folded(letter) for letter in text).lstrip("#@")
    return CaseCode(folded) if check(folded) else None


def looks_like(text: str) -> bool:
    """Whether the text is nothing but a mistyped code."""
    found = leading(text)
    return found is not None and isinstance(found[0], Mistyped) and not found[1]


def leading(text: str) -> tuple[CaseCode | Mistyped, str] | None:
    """The code at the beginning of a text, and the rest after its separator; None if there is none.

    "K7R2: hello", "K7R2, hello", "#k7r2 hello" and "K7 R2 hello" give K7R2 and "hello". A word without a
    digit is never a code; two words ("by 25") are a mistyped one only if one mixes letters and digits.
    """
    if (whole := read(text)) is not None:
        return whole, ""
    start, marked = _past_marks(text)
    found = _four(text, start)
    if found is None:
        return None
    symbols, gap, end = found
    rest = text[end:]
    rest = rest[_separator_end(rest) :]
    if check(symbols):
        return CaseCode(symbols), rest
    return (Mistyped(symbols), rest) if _is_meant(symbols, gap=gap, marked=marked) else None


def _is_meant(symbols: str, *, gap: bool, marked: bool) -> bool:
    """Whether four symbols that fail the check were meant as a code; after `#` or `@` 0 O 1 I L count too."""
    if marked:
        return any(symbol.isdigit() for symbol in symbols)
    if not all(symbol in _VALUE for symbol in symbols) or DIGITS.isdisjoint(symbols):
        return False
    return not gap or any(
        half.isalnum() and not half.isalpha() and not half.isdigit() for half in _halves(symbols)
    )


def _halves(symbols: str) -> tuple[str, str]:
    return symbols[:2], symbols[2:]


def _folded(letter: str) -> str:
    """One typed character as a symbol: case, full width and look-alikes undone; "" for what is not seen."""
    if letter.isspace() or unicodedata.category(letter) == "Cf":
        return ""
    plain = unicodedata.normalize("NFKC", letter)
    plain = _TWINS.get(plain, plain)
    return plain.upper() if plain.isascii() else plain


def _past_marks(text: str) -> tuple[int, bool]:
    """Where the first symbol stands, and whether `#` or `@` stood before it."""
    at, marked = 0, False
    while at < len(text) and (_folded(text[at]) in {"", "#", "@"}):
        marked = marked or _folded(text[at]) != ""
        at += 1
    return at, marked


def _four(text: str, start: int) -> tuple[str, bool, int] | None:
    """Four letters or digits that stand alone, whether a space parts them, and where they end."""
    symbols, gap, at = "", False, start
    while at < len(text) and len(symbols) < LENGTH:
        symbol = _folded(text[at])
        if symbol == "" and text[at].isspace():
            if len(symbols) != LENGTH // 2 or text[at] in "\r\n":
                return None
            gap = True
        elif symbol != "":
            if not (len(symbol) == 1 and symbol.isascii() and symbol.isalnum()):
                return None
            symbols += symbol
        at += 1
    while at < len(text) and unicodedata.category(text[at]) == "Cf":
        at += 1
    goes_on = at < len(text) and unicodedata.category(text[at])[0] in "LNM"
    return None if len(symbols) < LENGTH or goes_on else (symbols, gap, at)


def _separator_end(rest: str) -> int:
    found = _SEPARATOR.match(rest)
    return found.end() if found else 0
