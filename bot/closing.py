"""The line closed by hand, until an instant or until somebody opens it: whoever is talking goes on, nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from bot import datewords, dayside, letters, meaning, phrases, when
from bot.datewords import Sort
from bot.errors import NotNow
from bot.meaning import Said
from bot.wallclock import instant

NAME: Final = "closed"
"""Under this name the line remembers its last closing."""
LONGEST: Final = timedelta(days=31)
UNTIL: Final = re.compile(r"(?:until|till|til|hasta|до)\s+")
OPENS: Final = {
    "dawn": time(6),
    "morning": time(8),
    "afternoon": time(13),
    "evening": time(18),
    "night": time(21),
}
"""When the line opens that is closed until a part of a day."""


class Closing(msgspec.Struct, frozen=True, array_like=True):
    """Closed at `at` by a staff member; open again from `until` on. None: until somebody opens it."""

    at: datetime
    by: int
    until: datetime | None = None

    def is_closed(self, now: datetime) -> bool:
        """Whether it is at this instant."""
        return self.until is None or now < self.until


def written(closing: Closing) -> str:
    """As it is remembered."""
    return msgspec.json.encode(closing).decode()


def read(remembered: str | None) -> Closing | None:
    """The same, read again; None where it was never closed."""
    return msgspec.json.decode(remembered, type=Closing) if remembered else None


def until(words: str, now: datetime, zone: ZoneInfo, spoken: Iterable[str], *, month_first: bool) -> datetime:
    """The instant that somebody names ("until 8", "until Monday 08:00", "for 2 hours"): the next such one by her clock,
    of an hour without minutes in either twelve.

    NotNow where it is not understood, has passed, or is more than a month away.
    """
    said = UNTIL.sub("", words.strip(), count=1)
    languages = tuple(dict.fromkeys((*spoken, *phrases.languages())))
    length = _length(words)
    found = (
        _named(said, now.astimezone(zone), zone, languages, month_first=month_first)
        if length is None
        else now + length
    )
    if found is None:
        raise NotNow("line.how")
    if found <= now:
        raise NotNow("line.past")
    if found > now + LONGEST:
        raise NotNow("line.far")
    return found


def understood(words: str) -> bool:
    """Whether "closed" and these words close the line, whoever texts it: "until 8", "for 2 hours", "08:00". "Closed
    today" may be meant for a texter."""
    said = UNTIL.sub("", words.strip(), count=1)
    if _length(words) is not None or _hour(said, phrases.languages(), date(2026, 1, 1), month_first=False):
        return True
    return said != words.strip() and when.understood(said, phrases.languages(), month_first=False)


def _length(words: str) -> timedelta | None:
    """ "for 2 hours", "por una hora", "на 30 хв"."""
    if len(words) > datewords.LONGEST:
        return None
    found = _LENGTH.fullmatch(letters.folded(words.strip()))
    if found is None:
        return None
    number = int(found["number"]) if found["number"].isdecimal() else 1
    return next(number * length for unit, length in UNITS.items() if found["unit"] in _listed(unit))


UNITS: Final = {
    "length.minutes": timedelta(minutes=1),
    "length.hours": timedelta(hours=1),
    "length.days": timedelta(days=1),
}
"""Where the catalogues list the words for each."""


def _listed(place: str) -> list[str]:
    """In all languages, the longest first."""
    words = {letters.folded(one) for code in phrases.languages() for one in phrases.listed(place, code)}
    return sorted(words, key=lambda one: (-len(one), one))


def _one_of(*places: str) -> str:
    return "|".join(re.escape(one) for place in places for one in _listed(place))


_LENGTH: Final = re.compile(
    rf"(?:(?:{_one_of('length.for')})\s+)?(?P<number>\d{{1,3}}|{_one_of('length.one')})\s*(?P<unit>{_one_of(*UNITS)})"
)


def _hour(said: str, languages: Iterable[str], today: date, *, month_first: bool) -> time | None:
    """An hour without a day, however it is written: "8", "las 8", "8pm", "noon"."""
    for words in (said, f"today {said}"):
        meant = when.read(words, languages, today, month_first=month_first)
        if meant is not None and not (meant.since or meant.now):
            bare = meant.dayless or words is not said
            return meant.begins if bare and not (meant.exact or meant.part) else None
    return None


def _named(
    said: str, local: datetime, zone: ZoneInfo, languages: tuple[str, ...], *, month_first: bool
) -> datetime | None:
    """An hour, or a day with or without one; of a part of a day its beginning. What has passed today comes again."""
    hour = _hour(said, languages, local.date(), month_first=month_first)
    of_twelve = _is_of_twelve(said, languages, month_first=month_first)
    if hour is not None:
        return min(_next(at, local, zone) for at in (meaning.twelves(hour) if of_twelve else (hour,)))
    meant = when.read(said, languages, local.date(), month_first=month_first)
    if meant is None or meant.ends is not None or meant.since or meant.now:
        return None
    if meant.other is not None and meant.other.begins is not None and meant.begins is None:
        meant = meant.other  # "Friday 11" is an hour here
    begins = (OPENS[meant.part] if meant.part else meant.begins) or time(0)
    hours = meaning.twelves(begins) if of_twelve and meant.begins is not None else (begins,)
    found = [Said(day=meant.day, begins=at).span(zone)[0] for at in hours]
    if ahead := [at for at in found if at > local]:
        return min(ahead)
    if not (meant.weekly or meant.part):
        return max(found)
    later = meant.day + timedelta(days=7 if meant.weekly else 1)
    return Said(day=later, begins=begins).span(zone)[0]


def _is_of_twelve(said: str, languages: tuple[str, ...], *, month_first: bool) -> bool:
    """Whether it has one bare number that can be an hour of either twelve: not "08", "8:00" or "8 in the morning". The
    nearer one is meant: a line that opens too early is seen at once."""
    words = datewords.words(said, languages, month_first=month_first) or []
    numbers = [word for word in words if word.sort is Sort.NUMBER]
    told = any(word.sort in (Sort.PART, Sort.CLOCK) for word in words) or _TWO_DIGITS.search(said)
    return len(numbers) == 1 and dayside.of_twelve(numbers[0], most=12) and not told


_TWO_DIGITS: Final = re.compile(r"\b0\d\b")


def _next(at: time, local: datetime, zone: ZoneInfo) -> datetime:
    """The next instant at which her clock shows this."""
    return instant(datetime.combine(local.date() + timedelta(days=local.time() >= at), at), zone)
