"""Every sentence that Greenroom says, by place and language, from one gettext catalogue a language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent / "catalogues"
SOURCE = "en"

LANGUAGE_NAMES = {
    "en": "English",
    "es": "Spanish",
    "pt": "Portuguese",
    "fr": "French",
    "it": "Italian",
    "de": "German",
    "uk": "Ukrainian",
    "ru": "Russian",
    "pl": "Polish",
    "ro": "Romanian",
    "cs": "Czech",
    "hu": "Hungarian",
}
"""The languages that a line can have texts for (product.md), by ISO 639-1 code, as the command line names them."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence by its place, with what is filled in: said in the reader's language when it is written down."""

    place: str
    arguments: dict[str, str] = field(default_factory=dict)


def phrase(place: str, /, **arguments: str) -> Phrase:
    """A phrase by place; `arguments` fill its braces."""
    return Phrase(place, arguments)


def moment(then: datetime, now: datetime) -> str:
    """An instant as an argument named `time`, with the instant at which it is said: an ISO 8601 interval."""
    return f"{now.isoformat()}/{then.isoformat()}"


@cache
def catalogue(language: str) -> dict[str, str]:
    """The texts of one language by place; empty for a language without a catalogue."""
    path = CATALOGUES / f"{language}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        entries = read_po(file, locale=language)
    return {str(m.context): str(m.string or m.id) for m in entries if m.context}


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, the source language first."""
    return tuple(sorted((p.stem for p in CATALOGUES.glob("*.po")), key=lambda code: (code != SOURCE, code)))


def first_of(wanted: Iterable[str]) -> str:
    """The first of these languages that has a catalogue, else English."""
    return next((code for code in wanted if code in languages()), SOURCE)


def language_name(code: str, reader: str) -> str:
    """A language's name for somebody who reads `reader`: "Ukrainian", "ucraniano"; the code where nobody knows one."""
    return str(Locale(first_of([reader])).languages.get(code, code))


def listed(place: str, language: str) -> tuple[str, ...]:
    """An entry that is a list of words with commas between them; empty for a language without a catalogue."""
    return tuple(word.strip() for word in catalogue(language).get(place, "").split(",") if word.strip())


def say(place: str, language: str, /, **arguments: str) -> str:
    """The text at a place, in the language or else in English. KeyError when there is no such place."""
    text = catalogue(language).get(place) or catalogue(SOURCE)[place]
    return text.format_map(arguments)


def render(what: Phrase, language: str) -> str:
    """A phrase in words."""
    return say(what.place, language, **what.arguments)


def has(place: str) -> bool:
    """Whether there is a text at this place."""
    return place in catalogue(SOURCE)
