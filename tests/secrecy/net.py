"""Finds a thousand canaries, each in some thirty spellings, in a few hundred megabytes, in seconds.

Every pattern is cut into windows of a machine word at each offset; the content is read word by word, and only where a
word is a window of some pattern the pattern itself is looked for.
"""

from __future__ import annotations

import base64
import json
from array import array
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

WORD, HALF = 8, 4


def spellings(text: str) -> Iterator[tuple[str, bytes]]:
    """A text as it might lie on a disk or stand in a log: (name of the spelling, bytes)."""
    plain = text.encode()
    yield "UTF-8", plain
    yield "lower case", text.lower().encode()
    yield "upper case", text.upper().encode()
    yield "UTF-16 LE", text.encode("utf-16-le")
    yield "UTF-16 BE", text.encode("utf-16-be")
    yield "UTF-32", text.encode("utf-32-le")
    yield "reversed", text[::-1].encode()
    yield "reversed bytes", plain[::-1]
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    yield "hex of UTF-16", text.encode("utf-16-be").hex().upper().encode()
    for shift in range(3):
        standard = base64.b64encode(bytes(shift) + plain)
        inside = standard[4 if shift else 0 :].rstrip(b"=")[:-1]
        yield f"base64, offset {shift}", inside
        yield f"URL-safe base64, offset {shift}", inside.replace(b"+", b"-").replace(b"/", b"_")
    yield "URL", quote(text, safe="").encode()
    yield "URL, lower case", quote(text, safe="").lower().encode()
    yield "form", quote_plus(text).encode()
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "JSON, unescaped", json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield "repr", repr(text)[1:-1].encode()
    yield "ASCII escapes", ascii(text)[1:-1].encode()


def number_spellings(digits: str) -> Iterator[tuple[str, bytes]]:
    """A phone number (without +) or an account's id, as text and as a number."""
    yield from spellings(digits)
    yield "last seven digits", digits[-7:].encode()
    yield "last seven digits, reversed", digits[-7:][::-1].encode()
    number = int(digits)
    for size in (4, 8):
        if number.bit_length() > size * 8 - 8:
            yield f"{size} bytes, big end first", (number % 256**size).to_bytes(size, "big")
            yield f"{size} bytes, little end first", (number % 256**size).to_bytes(size, "little")
        elif size == 8:
            yield "8 bytes, big end first (MessagePack)", number.to_bytes(8, "big")
            yield "8 bytes, little end first", number.to_bytes(8, "little")
    yield "varint", _varint(number)
    yield "swapped nibbles", bytes(int(pair[::-1], 16) for pair in _pairs(digits))


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def _pairs(digits: str) -> list[str]:
    padded = digits + "f" * (len(digits) % 2)
    return [padded[at : at + 2] for at in range(0, len(padded), 2)]


class Net:
    """What is looked for, each with what it is called: never by its words."""

    def __init__(self, patterns: Iterable[tuple[str, bytes]]) -> None:
        self.patterns: dict[bytes, str] = {}
        for name, pattern in patterns:
            self.patterns.setdefault(pattern, name)
        self._long: dict[int, list[bytes]] = {}
        self._short: dict[int, list[bytes]] = {}
        self._tiny: list[bytes] = []
        for pattern in self.patterns:
            if len(pattern) >= 2 * WORD - 1:
                self._cut(pattern, WORD, "Q", self._long)
            elif len(pattern) >= 2 * HALF - 1:
                self._cut(pattern, HALF, "I", self._short)
            else:
                self._tiny.append(pattern)

    @staticmethod
    def _cut(pattern: bytes, width: int, code: str, into: dict[int, list[bytes]]) -> None:
        for offset in range(width):
            [window] = array(code, pattern[offset : offset + width])
            into.setdefault(window, []).append(pattern)

    def caught(self, content: bytes) -> set[str]:
        """The names of what is in there."""
        found = {pattern for pattern in self._tiny if pattern in content}
        for width, code, windows in ((WORD, "Q", self._long), (HALF, "I", self._short)):
            words = array(code, content[: len(content) // width * width])
            for window in windows.keys() & set(words):
                found |= {
                    pattern for pattern in windows[window] if pattern not in found and pattern in content
                }
        return {self.patterns[pattern] for pattern in found}
