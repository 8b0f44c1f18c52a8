"""One table of a rota file: every key taken out as what it must be, or refused with the place and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from bot.errors import RotaError
from bot.rotanames import quoted
from bot.rotarules import refuse
from bot.wallclock import utc

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
YEARS = (1900, 2200)
"""Another one is a slip of the hand; wider than clocks are known for, since Kiribati's 2000 began in 1999."""


@dataclass(slots=True)
class Table:
    """`place` in words for refusals, what stands in the table, and the keys that may."""

    place: str
    keys: dict[str, object]
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        for key in self.keys:
            if key not in self.known:
                nearest = get_close_matches(key, self.known, n=1, cutoff=0)[0]
                refuse(self.place, f'unknown key {quoted(key)}, the nearest known one is "{nearest}"')

    def _take(self, key: str, kind: type[T], form: str) -> T:
        if key not in self.keys:
            refuse(self.place, f'"{key}" is missing')
        value = self.keys[key]
        # Exact: in Python True is a number too, and a date-time a date.
        if type(value) is not kind:
            refuse(self.place, f'"{key}" must be {form}')
        return value

    def text(self, key: str, absent: str | None = None) -> str:
        if absent is not None and key not in self.keys:
            return absent
        return self._take(key, str, "a text in quotes")

    def whole(self, key: str, absent: int) -> int:
        return self._take(key, int, "a whole number") if key in self.keys else absent

    def yes(self, key: str, absent: bool) -> bool:
        return self._take(key, bool, "true or false") if key in self.keys else absent

    def choice(self, key: str, kind: type[E], absent: E | None = None) -> E:
        if absent is not None and key not in self.keys:
            return absent
        word = self._take(key, str, "a text in quotes")
        if word not in set(kind):
            refuse(self.place, f'"{key}" must be one of {", ".join(kind)}')
        return kind(word)

    def of(self, key: str, words: tuple[str, ...]) -> list[int]:
        """A list of these words, as their positions."""
        found = self._take(key, list, f"a list of {', '.join(words)}")
        if not all(isinstance(word, str) and word in words for word in found):
            refuse(self.place, f'"{key}" must be a list of {", ".join(words)}')
        return [words.index(word) for word in found]

    def _dated(self, key: str, example: str) -> datetime:
        at = self._take(key, datetime, f"a date and time, such as {example}")
        if not YEARS[0] <= at.year <= YEARS[1]:
            refuse(self.place, f'"{key}" needs a year from {YEARS[0]} to {YEARS[1]}')
        return at

    def wall(self, key: str) -> datetime:
        """A wall time; one with an offset is left for the rules to refuse."""
        return self._dated(key, "2026-01-05T21:00:00")

    def instant(self, key: str) -> datetime:
        """In UTC."""
        at = self._dated(key, "2026-01-05T21:00:00Z")
        try:
            return utc(at)
        except RotaError:
            refuse(self.place, f'"{key}" is an instant and needs an offset, such as Z at its end')

    def person(self, key: str) -> str:
        return self._take(key, str, "a name in quotes")

    def group(self, key: str) -> tuple[str, ...]:
        """One name, or a list of names."""
        if isinstance(self.keys.get(key), str):
            return (self.person(key),)
        return self._names(key, self._take(key, list, "a name or a list of names"))

    def groups(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of names and of groups of names."""
        found = self._take(key, list, "a list of names")
        return tuple((one,) if isinstance(one, str) else self._names(key, one) for one in found)

    def _names(self, key: str, found: object) -> tuple[str, ...]:
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            refuse(self.place, f'"{key}" holds something that is neither a name nor a group of names')
        return tuple(found)

    def tables(self, key: str) -> list[dict[str, object]]:
        """The tables of [[…key]]; none if there are none."""
        found = self.keys.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            refuse(self.place, f'"{key}" must be written as [[…{key}]]')
        return found
