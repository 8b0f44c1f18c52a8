"""How long a text is for a carrier, and where it is cut if it is too long: no letter is lost or broken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import gsm0338  # type: ignore[import-untyped] # it publishes no types
import regex  # type: ignore[import-untyped] # its types are a package of their own

Measure = Callable[[str], int]
"""The length of a text as a carrier counts it; the whole is the sum of its code points."""


class Encoding(StrEnum):
    """How a text travels in SMS."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Segments:
    """What an SMS costs: its parts, and its length in septets (GSM-7) or UTF-16 units (UCS-2)."""

    number: int
    encoding: Encoding
    units: int


_ROOM: Final = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}
"""Units in a single part, and in each of several: 3GPP TS 23.040, their header takes 6 of 140 octets."""


def _gsm_costs() -> dict[str, int]:
    """Septets of each character of the default alphabet (1) and of its extension table (2): 3GPP TS 23.038."""
    codec, escape = gsm0338.Codec(), 0x1B
    costs: dict[str, int] = {}
    for septet in range(128):
        for octets in (bytes([septet]), bytes([escape, septet])):
            letter = codec.decode(octets, "ignore")[0]
            if septet != escape and len(letter) == 1:
                costs.setdefault(letter, len(octets))
    return costs


_GSM: Final = _gsm_costs()


def characters(text: str) -> int:
    """Length in code points: how Twilio counts an SMS."""
    return len(text)


def utf16_units(text: str) -> int:
    """Length in UTF-16 units: how Telegram counts, and UCS-2. An emoji is two or more."""
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def count(text: str) -> Segments:
    """The parts an SMS takes. An escaped septet or a surrogate pair is never split between two of them.

    One curly quote turns the text into UCS-2: 70 letters in one part, not 160.
    """
    gsm = all(letter in _GSM for letter in text)
    encoding = Encoding.GSM7 if gsm else Encoding.UCS2
    costs = [_GSM[letter] for letter in text] if gsm else [2 if letter > "\uffff" else 1 for letter in text]
    units = sum(costs)
    single, several = _ROOM[encoding]
    if units <= single:
        return Segments(min(units, 1), encoding, units)
    number, used = 1, 0
    for cost in costs:
        if used + cost > several:
            number, used = number + 1, 0
        used += cost
    return Segments(number, encoding, units)


def plain(text: str) -> str:
    """The text without the accents that keep a letter out of GSM-7: one "sáb" would take the room of 170 letters."""
    bases = [unicodedata.normalize("NFD", letter)[0] for letter in text]
    return "".join(
        base if letter not in _GSM and base in _GSM else letter
        for letter, base in zip(text, bases, strict=True)
    )


def cheapest(text: str) -> str:
    """The text in plain letters where it travels in GSM-7 then; else as it is: losing an accent would gain nothing."""
    without = plain(text)
    return without if all(letter in _GSM for letter in without) else text


def staff(text: str) -> int:
    """The parts of an automatic text to staff by SMS, which goes out in plain letters where that is cheaper."""
    return count(cheapest(text)).number


def split(text: str, limit: int, prefix: str = "", *, measure: Measure = characters) -> list[str]:
    """The text in parts of at most `limit`, each beginning with the prefix, cut at spaces, in order.

    Only white space at a cut goes. A word longer than a part is cut between graphemes; a grapheme longer than
    a part is cut between code points. ValueError if the prefix leaves no room for a character.
    """
    room = limit - measure(prefix)
    if room < 2:
        raise ValueError("The prefix leaves no room for a text.")
    if measure(text) <= room:
        return [prefix + text] if text else []
    pieces = [piece for grapheme in regex.findall(r"\X", text) for piece in _within(grapheme, room, measure)]
    costs = [measure(piece) for piece in pieces]
    parts = ["".join(pieces[start:end]) for start, end in _cuts(pieces, costs, room)]
    return [prefix + part for part in parts or [text[: room // 2]]]


def _within(grapheme: str, room: int, measure: Measure) -> Iterator[str]:
    """The grapheme, or its code points in runs of at most `room` if it is longer."""
    start = used = 0
    for at, letter in enumerate(grapheme):
        cost = measure(letter)
        if used + cost > room:
            yield grapheme[start:at]
            start, used = at, 0
        used += cost
    yield grapheme[start:]


def _cuts(pieces: Sequence[str], costs: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Where each part begins and ends; what lies between two parts is white space."""
    start, total = 0, len(pieces)
    while start < total:
        end, used = start, 0
        while end < total and used + costs[end] <= room:
            used += costs[end]
            end += 1
        cut = end if end == total else _last_space(pieces, start, end)
        stop = cut
        while stop > start and end != total and _is_space(pieces[stop - 1]):
            stop -= 1
        if stop > start:
            yield start, stop
        start = cut
        while start < total and end != total and _is_space(pieces[start]):
            start += 1


def _last_space(pieces: Sequence[str], start: int, end: int) -> int:
    """The last place up to `end` before a space with a word in front of it, else `end`: the word is cut."""
    for cut in range(end, start, -1):
        if _is_space(pieces[cut]) and not all(_is_space(piece) for piece in pieces[start:cut]):
            return cut
    return end


def _is_space(piece: str) -> bool:
    """White space that may be cut at: not the spaces that hold a number and its unit together."""
    return piece.isspace() and piece not in "\u00a0\u2007\u202f"


_PAIR: Final = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_LONE: Final = re.compile(r"[\ud800-\udfff]")
_BREAK: Final = re.compile(r"\r\n|[\r\x0b\x0c\x85]")
_UNSENDABLE: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """The text as it can be stored and sent; nothing else about it changes.

    Surrogate halves are joined or become U+FFFD, other line breaks become a line feed, control characters go:
    PostgreSQL or a carrier would refuse them. Bidirectional embeddings, overrides and isolates go as well: an
    unclosed one would turn the words that we write beside it, and no telephone has a key for them. The marks
    LRM, RLM and ALM stay: they act where they stand.
    """
    text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    text = _LONE.sub("\ufffd", text)
    return _UNSENDABLE.sub("", _BREAK.sub("\n", text))
