"""A calendar as RFC 5545 has it: concrete events in UTC, and not a word about what the line is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.feeds import Event, Stretch, uid

if TYPE_CHECKING:
    from icalendar import Component

MADE_BY: Final = "-//On call//1//EN"
"""Not our name: somebody else may look at her calendar."""
REFRESH: Final = timedelta(hours=1)
_SECOND: Final = timedelta(seconds=1)


def write(feed_id: bytes, events: Iterable[Event], *, title: str, summary: Callable[[Stretch], str]) -> bytes:
    """The file: lines of at most 75 octets, ended by CRLF. The same events give the same bytes."""
    from icalendar import Calendar, vText  # only who asks for a calendar waits for it

    calendar = Calendar()
    calendar.add("prodid", MADE_BY)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", vText(title))
    calendar.add("x-wr-calname", vText(title))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    events = tuple(events)
    if not events:
        calendar.add_component(_utc())
    head, end, rest = calendar.to_ical(sorted=False).partition(b"END:VCALENDAR")
    lines = _Summaries(summary)
    return b"".join([head, *(_event(feed_id, event, lines) for event in events), end, rest])


class _Summaries:
    """The SUMMARY lines, escaped and folded; few differ, and each is made once."""

    def __init__(self, summary: Callable[[Stretch], str]) -> None:
        self._summary = summary
        self._made: dict[str, bytes] = {}

    def line(self, stretch: Stretch) -> bytes:
        from icalendar import Event as Written

        title = self._summary(stretch)
        if title not in self._made:
            written = Written()
            written.add("summary", title)
            _, _, rest = written.to_ical().partition(b"\r\n")
            self._made[title] = rest
        return self._made[title]


def _event(feed_id: bytes, event: Event, summaries: _Summaries) -> bytes:
    """One VEVENT, written by hand: a library takes a millisecond for each, and a rota of hours has thousands. Only the
    summary could need to be folded or escaped."""
    stretch, stamp = event.stretch, _written(event.changed)
    end = max(_whole(stretch.end), _whole(stretch.start) + _SECOND)
    lines = (
        "BEGIN:VEVENT",
        f"UID:{uid(feed_id, stretch)}",
        # No METHOD: both stamps say when it last changed (RFC 5545, 3.8.7.2), and the file stays the same till then.
        f"DTSTAMP:{stamp}",
        f"LAST-MODIFIED:{stamp}",
        f"DTSTART:{_written(stretch.start)}",
        f"DTEND:{_written(end)}",
        f"SEQUENCE:{event.sequence}",
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
        f"TRANSP:{'TRANSPARENT' if event.cancelled else 'OPAQUE'}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode() + summaries.line(stretch)


def _utc() -> Component:
    """A calendar must have something in it (RFC 5545, 3.6); without a shift it is what UTC means."""
    from icalendar import Timezone, TimezoneStandard

    standard = TimezoneStandard()
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - a local time, by the format
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    zone = Timezone()
    zone.add("tzid", "UTC")
    zone.add_component(standard)
    return zone


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _written(at: datetime) -> str:
    return f"{_whole(at):%Y%m%dT%H%M%SZ}"
