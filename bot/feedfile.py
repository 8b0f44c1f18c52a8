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
    shown = [_event(feed_id, event, summary(event.stretch)) for event in events]
    for component in shown or [_utc()]:
        calendar.add_component(component)
    return bytes(calendar.to_ical(sorted=False))


def _event(feed_id: bytes, event: Event, summary: str) -> Component:
    from icalendar import Event as Written

    stretch, stamp = event.stretch, _whole(event.changed)
    start = _whole(stretch.start)
    written = Written()
    written.add("uid", uid(feed_id, stretch))
    # No METHOD, so both stamps say when the event last changed (RFC 5545, 3.8.7.2): the file stays the same till then.
    written.add("dtstamp", stamp)
    written.add("last-modified", stamp)
    written.add("dtstart", start)
    written.add("dtend", max(_whole(stretch.end), start + _SECOND))
    written.add("sequence", event.sequence)
    written.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    written.add("transp", "TRANSPARENT" if event.cancelled else "OPAQUE")
    written.add("summary", summary)
    return written


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
