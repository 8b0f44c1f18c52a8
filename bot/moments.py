"""Times as staff read them: by their own clock, in their own language."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from bot import phrases, segments

DAY: Final = "EEE d MMM HH:mm"
"""Unicode's date patterns: "Fri 27 Nov 21:00"."""
HOUR: Final = "HH:mm"


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


def _said(at: datetime, zone: ZoneInfo, language: str, shape: str) -> str:
    return segments.plain(format_datetime(at.astimezone(zone), shape, locale=phrases.first_of([language])))
