"""How the line says things: a phrase and its bare arguments become a sentence in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime

from bot import emergency, listing, phrases, segments
from bot.decision import Words
from bot.phrases import Phrase


@dataclass(frozen=True, slots=True)
class Voice:
    """One line's voice: its name for staff, and the zone in which it names times."""

    name: str
    zone: ZoneInfo

    def say(self, what: Words, language: str, *, country: str = "") -> str:
        """The words to send. `country` (ISO 3166) decides the emergency number."""
        if not isinstance(what, Phrase):
            return what.reveal()
        language = phrases.first_of([language])
        said = {
            name: SPOKEN[name](self, value, language) if name in SPOKEN else value
            for name, value in what.arguments.items()
        }
        said = {"emergency": emergency.number(country), "line": self.name, **said}
        if "wait" in said:
            # How long it takes is a sentence of its own, with the same minutes and hour.
            said["wait"] = phrases.say(said["wait"], language, **said)
        text = phrases.say(what.place, language, **said)
        if phrases.has(what.place + SHORT) and segments.staff(text) > listing.MOST:
            text = phrases.say(what.place + SHORT, language, **said)
        return text + "".join(f" · {note}" for note in said.get("notes", "").split(NOTE_SEPARATOR) if note)


def shorter(what: Phrase) -> Phrase:
    """Its second form, where it has one."""
    return Phrase(what.place + SHORT, what.arguments) if phrases.has(what.place + SHORT) else what


NOTE_SEPARATOR = "\n"
SHORT: Final = ".short"
"""Some texts to staff have a second form, without what can be missed, for when the first takes three segments: a name
in Cyrillic letters more than halves the room of the whole text."""


def _language(voice: Voice, value: str, language: str) -> str:
    return phrases.language_name(value, language)


def _time(voice: Voice, value: str, language: str) -> str:
    """A `phrases.moment` as the line's own clock shows it; the day is named only where the hour could mislead."""
    now, then = (datetime.fromisoformat(part).astimezone(voice.zone) for part in value.split("/"))
    shape = next(shape for within, shape in SHAPES if then - now < within)
    return segments.plain(format_datetime(then, shape, locale=language))


def _day(voice: Voice, value: str, language: str) -> str:
    """The last day before an instant (ISO 8601), as the line's own calendar has it."""
    last = (datetime.fromisoformat(value) - timedelta(microseconds=1)).astimezone(voice.zone)
    return segments.plain(format_date(last.date(), "d MMM y", locale=language))


SHAPES = (
    (timedelta(hours=20), "HH:mm"),
    (timedelta(days=6), "EEE HH:mm"),
    (timedelta.max, "d MMM HH:mm"),
)
"""How an instant is said, by how far it is away (Unicode's date patterns): "08:00" five days ahead would be a lie."""


def _place(prefix: str) -> Callable[[Voice, str, str], str]:
    """An argument that is itself a phrase: "photo" is what.photo."""

    def said(voice: Voice, value: str, language: str) -> str:
        name = f"{prefix}.{value}"
        return phrases.say(name if phrases.has(name) else FALLBACK[prefix], language)

    return said


def _places(voice: Voice, value: str, language: str) -> str:
    """Several phrases by place, one sentence after the other."""
    return " ".join(phrases.say(place, language, emergency="", line=voice.name) for place in value.split())


def _notes(voice: Voice, value: str, language: str) -> str:
    """Short remarks behind an offer: `place` or `place=language`."""
    said = []
    for note in value.split():
        place, _, argument = note.partition("=")
        said.append(phrases.say(place, language, language=_language(voice, argument, language)))
    return NOTE_SEPARATOR.join(said)


def _colleagues(voice: Voice, value: str, language: str) -> str:
    """A number of them, in the form that the language has for it."""
    one = Locale(language).plural_form(int(value)) == "one"
    return phrases.say("colleagues.one" if one else "colleagues.other", language, count=value)


FALLBACK = {"found": "found.phone", "what": "what.other", "why": "why.failed", "medium": "medium.sms"}
SPOKEN: dict[str, Callable[[Voice, str, str], str]] = {
    "language": _language,
    "time": _time,
    "day": _day,
    "colleagues": _colleagues,
    "medium": _place("medium"),
    "found": _place("found"),
    "what": _place("what"),
    "why": _place("why"),
    "told": _places,
    "notes": _notes,
}
"""Arguments that are said, not copied, by name."""
