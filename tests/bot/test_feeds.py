"""Calendars to subscribe to: any rota's are read by somebody else's parser, and a shift is the same one for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import feedfile, feeds, rota
from bot.feeds import Event, Handed, Stretch, Whose, bounded, follow, planned, uid, window
from bot.people import StaffId
from bot.rota import Kind, Layer, Override, Rota, Schedule, Status, Swap, Unit
from tests.bot.test_rota_reference import CAST, schedules

ALMA, BO = StaffId(1), StaffId(2)
FEED = b"one calendar ..."
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HERS = Whose(ALMA, None)


def nights(**more: object) -> Schedule[StaffId]:
    """Alma and Bo in turn from 18:00 to 18:00; Alma's are today's, the day after tomorrow's …"""
    layer = Layer(
        name="nights",
        zone="UTC",
        start=datetime(2026, 2, 28, 18),
        unit=Unit.DAY,
        participants=((ALMA,), (BO,)),
    )
    return Schedule(name="on call", zone="UTC", layers=(layer,), **more)  # type: ignore[arg-type]


def swap(start: datetime, end: datetime) -> Swap[StaffId]:
    return Swap(giver=ALMA, taker=BO, start=start, end=end, status=Status.TAKEN)


def told(
    of: Schedule[StaffId],
    handed: tuple[Event, ...] = (),
    *,
    now: datetime = NOON,
    looked: datetime | None = None,
) -> tuple[Event, ...]:
    """What Alma's calendar is told."""
    return follow(planned(Rota((of,)), HERS, now), handed, settled=looked, now=now)


def read(events: tuple[Event, ...], feed: bytes = FEED) -> list[icalendar.Event]:
    """As another program reads the file."""
    body = feedfile.write(feed, events, title="On call", summary=lambda stretch: f"#{stretch.staff}")
    calendar = icalendar.Calendar.from_ical(body)
    assert not calendar.errors
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    return [one for one in calendar.walk("VEVENT") if not one.errors]


APIA = "Pacific/Apia"
TWO_MONTHS = Layer(
    name="layer",
    zone=APIA,
    start=datetime(2011, 8, 1, 12),
    unit=Unit.MONTH,
    count=2,
    participants=(("alma",), ("bo",)),
)
"""A turn that ends further beyond the window than a calendar looks, on the day that Apia left out."""
SKIPPED = (
    Schedule(name="on call", zone=APIA, layers=(TWO_MONTHS,)),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
)


@settings(max_examples=12, deadline=None)
@example(SKIPPED, SKIPPED, 0)
@given(schedules(), schedules(), st.integers(0, 3 * 24))
def test_any_rota_is_read_by_another_program(
    drawn: tuple[Schedule[str], datetime], other: tuple[Schedule[str], datetime], hours: int
) -> None:
    """Everybody's shifts, exactly as the rota has them; and after any change each lives on, is new, or is off."""
    ids = {name: StaffId(n) for n, name in enumerate(CAST)}
    (first, now), second = drawn, replace(other[0], name=drawn[0].name)
    before, after = (rota.rename_all(Rota((one,)), ids) for one in (first, second))
    later = now + hours * HOUR
    whose = Whose(None, "on call")

    events = follow(planned(before, whose, now), (), settled=None, now=now)
    _as_planned(before, events, now)
    assert follow(planned(before, whose, now), events, settled=now, now=now + HOUR) == events
    changed = follow(planned(after, whose, later), events, settled=now, now=later)

    shown = read(changed)
    names = [str(one["UID"]) for one in shown]
    assert len(names) == len(set(names)) == len(changed)
    then = {uid(FEED, event.stretch): event for event in events}
    for event in changed:
        was = then.get(uid(FEED, event.stretch))
        if was is not None:
            assert (event == was) is (event.sequence == was.sequence)
            assert event.sequence >= was.sequence
        if event.cancelled:
            assert event.sequence > 0
            assert event.stretch.end > later
    live = {(e.stretch.staff, e.stretch.end) for e in changed if not e.cancelled and e.stretch.end > later}
    assert live == {(s.staff, s.end) for s in planned(after, whose, later) if s.end > later}


def _as_planned(of: Rota[StaffId], events: tuple[Event, ...], now: datetime) -> None:
    start, end = window(now)
    found = {(str(e["SUMMARY"]), e["DTSTART"].dt, e["DTEND"].dt) for e in read(events)}
    wanted = {
        (f"#{person}", a, b)
        for person in map(StaffId, range(len(CAST)))
        # As far as a calendar looks: of a turn of two months it knows no end that is further away.
        for a, b in rota.shifts_of(of.schedules[0], person, start - feeds.BEYOND, end + feeds.BEYOND)
        if a < end and start < b
    }
    assert found == wanted


def test_a_shift_keeps_its_name_until_its_time_is_over() -> None:
    """Through an edit that does not touch it, for a day and for ever; another calendar calls it otherwise."""
    events = told(nights())
    tomorrow = told(nights(), events, now=NOON + DAY, looked=NOON)
    edited = told(nights(swaps=(swap(NOON + 50 * DAY, NOON + 60 * DAY),)), events, looked=NOON)
    names = {str(one["UID"]): one["DTSTART"].dt for one in read(events)}
    for later in (tomorrow, edited):
        for one in read(later):
            assert names.get(str(one["UID"]), one["DTSTART"].dt) == one["DTSTART"].dt
    assert set(names) & {str(one["UID"]) for one in read(events, feed=b"another calendar")} == set()
    assert {event.sequence for event in tomorrow} == {0}


def test_a_shift_that_is_covered_is_off_and_comes_back() -> None:
    """CANCELLED with a raised SEQUENCE until its time is over; the same name when it is hers again."""
    start, end = NOON + 6 * HOUR, NOON + 30 * HOUR
    events = told(nights())
    covered = told(nights(swaps=(swap(start, end),)), events, looked=NOON)
    again = told(nights(), covered, now=NOON + HOUR, looked=NOON)
    of = [next(one for one in read(some) if one["DTSTART"].dt == start) for some in (events, covered, again)]
    assert len({str(one["UID"]) for one in of}) == 1
    assert [(str(one["STATUS"]), one["SEQUENCE"]) for one in of] == [
        ("CONFIRMED", 0), ("CANCELLED", 1), ("CONFIRMED", 2),
    ]  # fmt: skip
    assert of[2]["LAST-MODIFIED"].dt == of[2]["DTSTAMP"].dt == NOON + HOUR
    over = told(nights(swaps=(swap(start, end),)), covered, now=end, looked=NOON)
    assert all(event.stretch.start != start for event in over)


def test_a_shift_that_is_cut_short_is_the_same_one() -> None:
    """Its end moves, its SEQUENCE rises; what is served after the gap is a shift of its own."""
    start = NOON + 6 * HOUR
    events = told(nights())
    cut = told(nights(swaps=(swap(start + 2 * HOUR, start + 4 * HOUR),)), events, looked=NOON)
    first, rest = [one for one in read(cut) if start <= one["DTSTART"].dt < start + DAY]
    whole = next(event.stretch for event in events if event.stretch.start == start)
    assert (str(first["UID"]), first["SEQUENCE"]) == (uid(FEED, whole), 1)
    assert (first["DTEND"].dt, rest["DTSTART"].dt) == (start + 2 * HOUR, start + 4 * HOUR)
    assert rest["SEQUENCE"] == 0


def test_the_past_stays_as_it_was_handed_out() -> None:
    """A new file that begins tomorrow takes away no night that was served."""
    events = told(nights())
    layer = replace(nights().layers[0], start=datetime(2026, 3, 3, 18))
    since = NOON + 8 * HOUR
    new = told(replace(nights(), layers=(layer,)), events, now=since + HOUR, looked=since)
    assert [e for e in new if e.stretch.end <= since] == [e for e in events if e.stretch.end <= since]
    assert any(e.stretch.end <= since for e in events)


def test_a_shift_without_end_is_one_event() -> None:
    """Alone on call for ever: one name, day after day, though the window moves over both of its ends."""
    alone = replace(
        nights(), layers=(replace(nights().layers[0], participants=((ALMA,),), start=datetime(2020, 1, 1)),)
    )
    events: tuple[Event, ...] = ()
    names = set()
    for day in range(100):
        now = NOON + day * DAY
        events = told(alone, events, now=now, looked=now - DAY if day else None)
        (only,) = events
        names.add(uid(FEED, only.stretch))
        assert only.stretch.start < now < only.stretch.end
    assert len(names) == 1


def test_a_clock_that_was_set_back_takes_nothing_away() -> None:
    """Yesterday's window knows less of the future: what was handed out stays."""
    events = told(nights())
    assert told(nights(), events, now=NOON - 3 * DAY, looked=NOON)[-80:] == events[-80:]
    assert {e.sequence for e in told(nights(), events, now=NOON - 3 * DAY, looked=NOON)} == {0}


@pytest.mark.parametrize(
    "name", ["Alma, Bo; \\ and\nanother", "x" * 40, "Їжачиха " * 5, "a\tb", "\u200eAlma"]
)
def test_a_name_is_shown_as_it_is(name: str) -> None:
    """Commas, line breaks, and letters of two octets where a line is folded."""
    body = feedfile.write(FEED, told(nights())[:1], title="On call", summary=lambda stretch: name)
    calendar = icalendar.Calendar.from_ical(body)
    assert str(calendar.walk("VEVENT")[0]["SUMMARY"]) == name
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))


def test_a_calendar_without_a_shift_is_valid() -> None:
    """The format wants something in it; the same events give the same bytes."""
    body = feedfile.write(FEED, (), title="On call", summary=str)
    assert body == feedfile.write(FEED, (), title="On call", summary=str)
    calendar = icalendar.Calendar.from_ical(body)
    assert (len(calendar.subcomponents), calendar.walk("VEVENT")) == (1, [])


def test_who_has_left_serves_no_more() -> None:
    """Her turns stay hers in the rota; in a schedule's calendar they are off."""
    whose = Whose(None, "on call")
    events = follow(planned(Rota((nights(),)), whose, NOON), (), settled=None, now=NOON)
    wanted = planned(Rota((nights(),)), whose, NOON, gone={BO})
    left = follow(wanted, events, settled=NOON, now=NOON)
    assert {e.stretch.staff for e in left if not e.cancelled and e.stretch.end > NOON} == {ALMA}
    assert {e.stretch.staff for e in left if e.cancelled} == {BO}


def test_another_name_is_a_change() -> None:
    """Of whoever has left the alias goes from the past, too: each event says that it has changed, and when."""
    wanted = planned(Rota((nights(),)), Whose(None, "on call"), NOON)
    names = {ALMA: b"Alma", BO: b"Bo"}
    events = follow(wanted, (), settled=None, now=NOON, called=lambda one: names[one.staff])
    names[BO] = b"On call"
    later = NOON + HOUR
    after = follow(wanted, events, settled=NOON, now=later, called=lambda one: names[one.staff])
    assert {(e.stretch.staff, e.sequence, e.changed) for e in after} == {(ALMA, 0, NOON), (BO, 1, later)}


def test_a_calendar_has_an_end() -> None:
    """A shift every hour, all moved by a minute again and again: no more than a calendar takes, the nearest; and
    what was left out comes back with a sequence that nobody has seen."""
    hour = replace(nights().layers[0], unit=Unit.HOUR, start=datetime(2026, 1, 1))
    handed, looked, seen = Handed(), None, dict[str, int]()
    for edit in range(6):
        now = NOON + edit * HOUR
        layer = replace(hour, start=hour.start + edit % 3 * timedelta(minutes=1))
        wanted = planned(Rota((replace(nights(), layers=(layer,)),)), Whose(None, "on call"), now)
        events = follow(wanted, handed.events, settled=looked, now=now, floor=handed.floor)
        handed, looked = bounded(events, handed, now), now
        live = [one for one in handed.events if not one.cancelled]
        assert feeds.MOST_AHEAD < len(live) <= feeds.MOST_AHEAD + feeds.MOST_PAST
        assert len(handed.events) - len(live) <= feeds.MOST_OFF
        assert any(e.stretch.start <= now < e.stretch.end for e in live)
        for event in handed.events:
            name = uid(FEED, event.stretch)
            assert event.sequence >= seen.get(name, 0)
            seen[name] = event.sequence
    assert handed.floor > 0
    again = follow(wanted, handed.events, settled=looked, now=now, floor=handed.floor)
    assert bounded(again, handed, now) == handed


def test_a_person_sees_all_her_schedules_and_nobody_elses_shift() -> None:
    """On call, and as backup."""
    backup = replace(
        nights(overrides=(Override(kind=Kind.ADD, start=NOON, end=NOON + DAY, add=BO),)), name="backup"
    )
    found = planned(Rota((nights(), backup)), HERS, NOON)
    assert {one.schedule for one in found} == {"on call", "backup"}
    assert {one.staff for one in found} == {ALMA}
    assert Stretch("backup", ALMA, NOON + 6 * HOUR, NOON + 30 * HOUR) in found
