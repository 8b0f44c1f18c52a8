"""Windows of a layer: the hours of some weekdays, by a zone's clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.wallclock import instant, later, wall

DAY = 24 * 60
"""Minutes."""
DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
"""Weekdays as operators write them; their positions are ours."""
_EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


def clock(minutes: int) -> str:
    """A time of day as operators write it: 21:00, 24:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class Window:
    """On call only from `opens` to `closes` (minutes after midnight, 0–1440) of these weekdays (0 is Monday).

    `closes` ≤ `opens` means the next day; the weekday is that of the midnight both are counted from.
    """

    days: tuple[int, ...] = _EVERY_DAY
    opens: int = 0
    closes: int = DAY

    @property
    def length(self) -> int:
        """Minutes of wall time, 1–1440."""
        return self.closes - self.opens + (DAY if self.closes <= self.opens else 0)

    def between(self, first: int, after: int) -> int:
        """How many of the days first ≤ day < after (ordinals, 1 is a Monday) have a window, by arithmetic."""
        weeks, rest = divmod(after - first, 7)
        return weeks * len(self.days) + sum((first + n - 1) % 7 in self.days for n in range(rest))


def openings(
    window: Window, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[int, datetime, datetime]]:
    """(day as an ordinal, begin, end) of every window that meets [start, end), cut to it."""
    midnight = wall(start, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    # A window ends at most 48 hours after its midnight, so only yesterday's may still be open.
    midnight = later(midnight, -86400)
    while (opens := instant(later(midnight, window.opens * 60), zone)) < end:
        if midnight.weekday() in window.days:
            closes = instant(later(midnight, (window.opens + window.length) * 60), zone)
            if max(opens, start) < min(closes, end):
                yield midnight.toordinal(), max(opens, start), min(closes, end)
        midnight = later(midnight, 86400)
