"""What completes the commands about the rota: a date, a number of a request, names. Who speaks decides which of them
are commands at all: what only admins plan is a text when a counselor writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot import letters, phrases, when

LONGEST_NAME: Final = 40
_NUMBER: Final = re.compile(r"#?\s?(\d{1,6})(?:\s+(.{1,20}))?", re.DOTALL)
_ECHO: Final = re.compile(r"[0-9]{5}")
_FOR: Final = re.compile(r"\s+for\s+", re.IGNORECASE)
_BY: Final = re.compile(r"(?<=\s)by(?=\s)", re.IGNORECASE)
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Numbered:
    """A request by its number; `word`: what is to become of it, "" to take it."""

    number: int
    word: str = ""


@dataclass(frozen=True, slots=True)
class For:
    """A time, and whom it is about: FOR somebody or another time, BY somebody."""

    time: str
    whom: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody, and a time."""

    name: str
    time: str


BACK: Final = frozenset(
    {"drop"} | {w for code in phrases.languages() for w in phrases.listed("words.cannot", code)}
)
"""What takes something back, by its number."""


def numbered(rest: str) -> Numbered | None:
    """ "12", "12 CAN'T", "12 DROP"."""
    found = _NUMBER.fullmatch(_tidy(rest)) if len(rest) <= _LONGEST else None
    if found is None:
        return None
    word = letters.folded(found[2] or "")
    return Numbered(int(found[1]), word) if word in FOLDED_BACK | {""} else None


FOLDED_BACK: Final = frozenset(letters.folded(letters.straight(word)) for word in BACK)


def for_whom(rest: str) -> list[For]:
    """ "Friday night FOR Alma BY Bo", "Friday FOR Sunday": every way to read it, for a name may have a "by" in it; the
    longest name before BY comes first. "Friday for me" is a time."""
    words = rest.strip()
    first = _FOR.search(words) if len(rest) <= _LONGEST else None
    if first is None or not first.start() or is_time(words):
        return []
    time, whom = words[: first.start()], words[first.end() :]
    parted = [(whom[: one.start()], whom[one.end() :]) for one in _BY.finditer(whom)]
    return [For(time, _name(one), _name(by)) for one, by in ((whom, ""), *reversed(parted)) if _name(one)]


def named(rest: str) -> list[Named]:
    """ "Bo Friday 21-06": every way to read it as a name and a time behind it, the longest name first."""
    words = rest.split() if len(rest) <= _LONGEST else []
    found = []
    for at in range(len(words) - 1, 0, -1):
        name, time = " ".join(words[:at]).rstrip(MARKS), " ".join(words[at:])
        if name and len(name) <= LONGEST_NAME and is_time(time):
            found.append(Named(name, time))
    return found


MARKS: Final = ",;: "
"""What people put behind a name: "Ana, Friday night"."""


def _name(written: str) -> str:
    return _tidy(written).rstrip(MARKS)


def is_time(text: str) -> bool:
    """Whether it is a date in any language that staff read."""
    return when.understood(text, phrases.languages(), month_first=False)


def _cover(rest: str, *, admin: bool) -> bool:
    if numbered(rest) is not None or is_time(rest):
        return True
    return admin and any(is_time(asked.time) for asked in for_whom(rest))


def _swap(rest: str, *, admin: bool) -> bool:
    if numbered(rest) is not None or is_time(rest):
        return True
    return any(not asked.by and is_time(asked.time) and is_time(asked.whom) for asked in for_whom(rest))


def _away(rest: str, *, admin: bool) -> bool:
    return numbered(rest) is not None or is_time(rest)


def _next(rest: str, *, admin: bool) -> bool:
    return len(rest) <= _LONGEST and re.fullmatch(r"\d{1,2}", _tidy(rest)) is not None


def echo(rest: str) -> str:
    """Five digits: a number that the line has asked her to send back; "" where it is anything else."""
    found = _tidy(rest)
    return found if _ECHO.fullmatch(found) else ""


def _somebody(rest: str, *, admin: bool) -> bool:
    return echo(rest) != "" or named(rest) != []


COMPLETE: Final[dict[str, Callable[..., bool]]] = {
    "cover": _cover,
    "swap": _swap,
    "away": _away,
    "next": _next,
    "add": _somebody,
    "remove": _somebody,
}
"""Each command, and whether what follows it completes it."""

FOR_ADMINS: Final = frozenset({"add", "remove", "gaps"})
"""Commands when an admin writes them, words of a text when anybody else does."""


def _tidy(text: str) -> str:
    return " ".join(letters.straight(text).split()).rstrip(".!")
