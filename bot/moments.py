"""Times as staff read them: by their own clock, in their own language."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from bot import phrases, segments

DAY: Final = "EEE d MMM HH:mm"
"""Unicode's date patterns: "Fri 27 Nov 21:00"."""
HOUR: Final = "HH:mm"
DATE: Final = "EEE d MMM"
MIDNIGHT: Final = time(0)


def moment(at: datetime, zone: ZoneInfo, language: str) -> str:
    """ "Fri 27 Nov 21:00", in letters that SMS carries cheaply where the language has them."""
    return _said(at, zone, language, DAY)


def span(start: datetime, end: datetime, zone: ZoneInfo, language: str) -> str:
    """ "Fri 27 Nov 21:00-06:00"; the second day is named where it is another one and not just the next morning."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    nights = (last.date() - first.date()).days
    short = nights == 0 or (nights == 1 and last.time() < first.time())
    between, shape = ("-", HOUR) if short else (" - ", DAY)
    return f"{_said(start, zone, language, DAY)}{between}{_said(end, zone, language, shape)}"


def days(start: datetime, end: datetime, zone: ZoneInfo, language: str) -> str:
    """ "Thu 3 Dec - Thu 10 Dec" where it begins and ends at midnight, the last day included; else as `span` says it."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.time() != MIDNIGHT or last.time() != MIDNIGHT:
        return span(start, end, zone, language)
    through = last - timedelta(days=1)
    one = _said(start, zone, language, DATE)
    if through.date() <= first.date():
        return one
    return f"{one} - {_plain(format_date(through.date(), DATE, locale=phrases.first_of([language])))}"


def _said(at: datetime, zone: ZoneInfo, language: str, shape: str) -> str:
    return _plain(format_datetime(at.astimezone(zone), shape, locale=phrases.first_of([language])))


def _plain(said: str) -> str:
    """Without the dot of an abbreviation: "27 лист" may stand at the end of a sentence."""
    return segments.plain(said).replace(".", "")
