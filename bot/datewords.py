"""The words in which people write dates, in every language that staff read: one class each, or none.

Names of days and months in all their cases come from `dateparser`; parts of the day and little words from the
catalogues.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from functools import cache, lru_cache
from typing import Final

from bot import letters, phrases

LONGEST: Final = 160
"""Characters of anything that could be a date: a whole SMS."""


class Sort(Enum):
    """What a word of a date is. DATE: (year or 0, month, day); CLOCK: a time; NUMBER, DAY (27th), YEAR: an int;
    WEEKDAY: 0 is Monday; MONTH: 1 to 12; AHEAD: days from today; PART: a part of the day, by its name, "eve" for the
    night before; NOW: this instant; NEXT: of the week after this one; COMING: the first one; THE: what makes a number a
    day; AT: "a las", before an hour, the first or the last."""

    DATE = auto()
    CLOCK = auto()
    NUMBER = auto()
    DAY = auto()
    YEAR = auto()
    WEEKDAY = auto()
    MONTH = auto()
    AHEAD = auto()
    NOW = auto()
    PART = auto()
    WEEK = auto()
    WEEKEND = auto()
    NEXT = auto()
    COMING = auto()
    THE = auto()
    AT = auto()
    TO = auto()
    FROM = auto()
    LITTLE = auto()


Value = int | str | time | tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DateWord:
    """One word, or a few that belong together."""

    sort: Sort
    value: Value = 0


DAYS_END: Final = time(0, fold=1)
"""24:00: the midnight at which a day ends; `fold` tells it from that at which it begins."""

LISTED: Final[dict[str, DateWord]] = {
    "when.morning": DateWord(Sort.PART, "morning"),
    "when.afternoon": DateWord(Sort.PART, "afternoon"),
    "when.evening": DateWord(Sort.PART, "evening"),
    "when.night": DateWord(Sort.PART, "night"),
    "when.today": DateWord(Sort.AHEAD, 0),
    "when.tomorrow": DateWord(Sort.AHEAD, 1),
    "when.after.tomorrow": DateWord(Sort.AHEAD, 2),
    "when.now": DateWord(Sort.NOW),
    "when.dawn": DateWord(Sort.PART, "dawn"),
    "when.eve": DateWord(Sort.PART, "eve"),
    "when.noon": DateWord(Sort.CLOCK, time(12)),
    "when.midnight": DateWord(Sort.CLOCK, DAYS_END),
    "when.week": DateWord(Sort.WEEK),
    "when.weekend": DateWord(Sort.WEEKEND),
    "when.next": DateWord(Sort.NEXT),
    "when.coming": DateWord(Sort.COMING),
    "when.the": DateWord(Sort.THE),
    "when.at": DateWord(Sort.AT),
    "when.from": DateWord(Sort.FROM),
    "when.to": DateWord(Sort.TO),
    "when.little": DateWord(Sort.LITTLE),
    "when.monday": DateWord(Sort.WEEKDAY, 0),
    "when.tuesday": DateWord(Sort.WEEKDAY, 1),
    "when.wednesday": DateWord(Sort.WEEKDAY, 2),
    "when.thursday": DateWord(Sort.WEEKDAY, 3),
    "when.friday": DateWord(Sort.WEEKDAY, 4),
    "when.saturday": DateWord(Sort.WEEKDAY, 5),
    "when.sunday": DateWord(Sort.WEEKDAY, 6),
}
"""Where each language's catalogue lists them."""

_PIECE = re.compile(
    r"""
    (?P<iso>\d{4}-\d{1,2}-\d{1,2})(?!\d)
    | (?P<clock>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?P<half>[ap])\.?m\b\.?
    | (?P<hour>\d{1,2})(?::|h)(?P<minutes>\d{2})(?!\d)
    | (?P<hours>\d{1,2})h\b
    | (?P<first>\d{1,2})(?P<mark>[./])(?P<second>\d{1,2})(?:(?P=mark)(?P<year>\d{4}|\d{2})?)?(?!\d)
    | (?P<ordinal>\d{1,2})(?:st|nd|rd|th|-?го|\ числа)\b
    | (?P<number>\d{1,4})(?!\d)
    | (?P<word>[^\W\d_]+(?:'[^\W\d_]+)*\.?)
    | (?P<to>-)
    | (?P<space>[\s,;!]+)
    """,
    re.VERBOSE,
)


def words(text: str, languages: Iterable[str], *, month_first: bool) -> list[DateWord] | None:
    """The text as words of a date, in the first of these languages that has each; None when any of it is something
    else. `month_first`: 11/27 is in November."""
    if len(text) > LONGEST:
        return None
    plain = _plain(text)
    if not plain:
        return None
    wanted = tuple(languages)
    found: list[DateWord] = []
    at = 0
    while at < len(plain):
        known_at = _known_at(plain, at, wanted)
        if known_at is not None:
            word, at = known_at
            found.append(word)
            continue
        piece = _PIECE.match(plain, at)
        if piece is None:
            return None
        at = piece.end()
        if piece.lastgroup == "space":
            continue
        known = _classed(piece, month_first=month_first)
        if known is None:
            return None
        found.append(known)
    return found


def _plain(text: str) -> str:
    """In small letters, with plain dashes and apostrophes, and without smiles and what else stands around it; a "?"
    stays: whoever asks a texter "tomorrow?" plans nothing."""
    straight = letters.straight(letters.folded(text)).translate(letters.DASHES)
    plain = "".join(" " if _is_picture(letter) else letter for letter in straight)
    start, end = 0, len(plain)
    while end and _is_around(plain[end - 1]):
        end -= 1
    while start < end and _is_around(plain[start]):
        start += 1
    return plain[start:end]


def _is_picture(letter: str) -> bool:
    # U+FE0F and U+20E3 belong to emoji, and Sk are their skin tones.
    return unicodedata.category(letter) in ("So", "Sk") or letter in "\ufe0f\ufe0e\u20e3"


def _is_around(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "PSZC" and letter != "?"


def _known_at(plain: str, at: int, languages: tuple[str, ...]) -> tuple[DateWord, int] | None:
    """What begins here in the first language that knows it, and where it ends: "mar" is Tuesday to one, March to
    another."""
    piece = _PIECE.match(plain, at)
    name = piece["word"] if piece is not None else None
    for language in languages:
        found = _listed_at(plain, at, language)
        if found is not None:
            return found
        word = _name(name.rstrip("."), language) if name is not None else None
        if word is not None and piece is not None:
            return word, piece.end()
    return None


def _listed_at(plain: str, at: int, language: str) -> tuple[DateWord, int] | None:
    """The longest listed word or group of words that begins here, and where it ends."""
    if at and (plain[at - 1].isalnum() or plain[at - 1] == "'"):
        return None
    for phrase, word in _listed(language):
        end = at + len(phrase)
        if (
            plain.startswith(phrase, at)
            and not plain[end : end + 1].isalnum()
            and plain[end : end + 1] != "'"
        ):
            return word, end
    return None


@cache
def _listed(language: str) -> tuple[tuple[str, DateWord], ...]:
    """The longest first: "por la mañana" is no "mañana"."""
    entries = [
        (letters.straight(letters.folded(one)), word)
        for place, word in LISTED.items()
        for one in phrases.listed(place, language)
    ]
    return tuple(sorted(entries, key=lambda entry: -len(entry[0])))


def _classed(piece: re.Match[str], *, month_first: bool) -> DateWord | None:
    got = piece.groupdict()
    if got["to"]:
        return DateWord(Sort.TO)
    if got["word"]:
        return None
    if got["iso"]:
        year, month, day = map(int, got["iso"].split("-"))
        return _date(year, month, day)
    if got["clock"]:
        return _half(int(got["clock"]), int(got["minute"] or 0), afternoon=got["half"] == "p")
    if got["hour"] or got["hours"]:
        return _clock(int(got["hour"] or got["hours"]), int(got["minutes"] or 0))
    if got["first"]:
        return _numeric(got, month_first=month_first)
    if got["ordinal"]:
        return _number(Sort.DAY, int(got["ordinal"]), 31)
    number = int(got["number"])
    if len(got["number"]) == len("2026"):
        return DateWord(Sort.YEAR, number) if 2000 <= number < 2100 else _clock(number // 100, number % 100)
    return _number(Sort.NUMBER, number, 31)


def _number(sort: Sort, value: int, most: int) -> DateWord | None:
    return DateWord(sort, value) if 0 <= value <= most else None


def _half(hour: int, minute: int, *, afternoon: bool) -> DateWord | None:
    if not 1 <= hour <= 12:
        return None
    return _clock(hour % 12 + 12 * afternoon, minute)


def _clock(hour: int, minute: int) -> DateWord | None:
    if minute > 59 or not (hour < 24 or (hour, minute) == (24, 0)):
        return None
    return DateWord(Sort.CLOCK, time(hour, minute) if hour < 24 else DAYS_END)


def _numeric(got: dict[str, str | None], *, month_first: bool) -> DateWord | None:
    """27.11., 27/11 or 11/27; what can be no date may be an hour: 21.30."""
    first, second = int(got["first"] or 0), int(got["second"] or 0)
    year = int(got["year"] or 0)
    year += 2000 if got["year"] and year < 100 else 0
    orders = [(first, second), (second, first)]
    if month_first and got["mark"] == "/":
        orders.reverse()
    for day, month in orders if got["mark"] == "/" else orders[:1]:
        found = _date(year, month, day)
        if found is not None:
            return found
    return (
        _clock(first, second) if got["mark"] == "." and not year and len(got["second"] or "") == 2 else None
    )


def _date(year: int, month: int, day: int) -> DateWord | None:
    try:
        date(year or 2000, month, day)  # a leap year: 29 February may be meant of the next one
    except ValueError:
        return None
    return DateWord(Sort.DATE, (year, month, day))


# ── Names of days and months ──

_BASES: Final = (datetime(2026, 1, 5), datetime(2026, 1, 7))  # noqa: DTZ001 - wall times, a Monday and a Wednesday
_SHORTEST: Final = 2


@lru_cache(maxsize=4096)
def _name(word: str, language: str) -> DateWord | None:
    """A weekday or a month in this language, in whatever case; None for anything else that dateparser may know: "now",
    "week", a time zone."""
    if not _SHORTEST <= len(word) <= 20:
        return None
    months = [_parsed(word, language, base, ["month"]) for base in _BASES]
    if months[0] is not None and months[1] is not None:
        return DateWord(Sort.MONTH, months[0].month) if months[0].month == months[1].month else None
    days = [_parsed(word, language, base, []) for base in _BASES]
    if days[0] is None or days[1] is None or days[0].weekday() != days[1].weekday():
        return None
    within = all(
        timedelta() <= day - base < timedelta(days=8) for day, base in zip(days, _BASES, strict=True) if day
    )
    return DateWord(Sort.WEEKDAY, days[0].weekday()) if within else None


def _parsed(word: str, language: str, base: datetime, needed: list[str]) -> datetime | None:
    # It costs 0.25 s to import, and the first word in a language up to 0.2 s: `warm` pays both where nobody waits.
    import dateparser  # type: ignore[import-untyped] # its types are a package of their own

    try:
        found = dateparser.parse(
            word,
            languages=[language],
            settings={
                "RELATIVE_BASE": base,
                "PREFER_DATES_FROM": "future",
                "PARSERS": ["absolute-time"],
                "REQUIRE_PARTS": needed,
            },
        )
    except Exception:  # a parser of free text: whatever it stumbles over is no date
        return None
    return found.replace(tzinfo=None) if isinstance(found, datetime) else None


def warm() -> None:
    """Pays for the first word in every language."""
    for language in phrases.languages():
        _name("abc", language)
        words("friday", [language], month_first=True)
