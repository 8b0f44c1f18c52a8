"""A second rota, written the slow way: its clock walks the minutes, it counts every handoff, and it must agree.

It takes from the engine the records only, and none of its arithmetic.
"""

from __future__ import annotations

import inspect
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import rota, zones
from bot.rota import EVERYONE, Advance, Kind, Layer, Order, Override, Schedule, Status, Swap, Unit, Window
from bot.rota import validate as check

MINUTE = timedelta(minutes=1)
CAST = ("alma", "bo", "cleo", "dana", "eve")
NIGHTS = {  # a zone, and an instant near which its clock does something
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Europe/Kyiv": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Europe/Paris": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "America/Santiago": ("2026-04-05T03:00", "2026-09-06T04:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2011-09-24T14:00"),
    "America/St_Johns": ("2010-11-07T02:31", "2010-03-14T03:31"),  # back from 00:01 to the day before
    "Asia/Kathmandu": ("2026-01-01T00:00", "2028-02-29T12:00"),
}


class Clock:
    """The furthest that a zone's clock has come by each minute of a range: what has been reached is never undone."""

    def __init__(self, zone: str, start: datetime, end: datetime) -> None:
        self.furthest: dict[datetime, datetime] = {}
        at, peak = start - timedelta(hours=27), datetime(1, 1, 1)
        while at < end:
            peak = max(peak, at.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
            self.furthest[at] = peak
            at += MINUTE


def handoffs(layer: Layer[str]) -> Iterator[datetime]:
    """The wall times at which turns begin, one by one from the start."""
    month, year = layer.start.month, layer.start.year
    wall = layer.start
    while True:
        yield wall
        if layer.unit is Unit.MONTH:
            for _ in range(layer.count):
                month, year = (month + 1, year) if month < 12 else (1, year + 1)
            wall = layer.start.replace(
                year=year, month=month, day=min(layer.start.day, monthrange(year, month)[1])
            )
        else:
            wall += layer.count * timedelta(**{f"{layer.unit}s": 1})


def windows(layer: Layer[str]) -> Iterator[tuple[datetime, datetime]]:
    """The wall times of the windows that end after the layer's start, day by day."""
    assert layer.window is not None
    day = layer.start.replace(hour=0, minute=0, second=0) - timedelta(days=3)
    while True:
        opens = day + timedelta(minutes=layer.window.opens)
        closes = day + timedelta(minutes=layer.window.closes)
        if closes <= opens:
            closes += timedelta(days=1)
        if day.weekday() in layer.window.days and closes > layer.start:
            yield opens, closes
        day += timedelta(days=1)


class SlowLayer:
    """A layer with everything counted up to a wall time beyond the range."""

    def __init__(self, layer: Layer[str], start: datetime, end: datetime) -> None:
        self.layer = layer
        self.clock = Clock(layer.zone, start, end)
        beyond = end.replace(tzinfo=None) + timedelta(days=3)
        self.handoffs = self._until(beyond, ((wall, wall) for wall in handoffs(layer)))
        self.windows = self._until(beyond, windows(layer)) if layer.window else []

    @staticmethod
    def _until(
        beyond: datetime, spans: Iterator[tuple[datetime, datetime]]
    ) -> list[tuple[datetime, datetime]]:
        found = []
        for span in spans:
            if span[0] > beyond:
                return found
            found.append(span)
        raise AssertionError("spans never end")

    def turn(self, shown: datetime) -> int:
        if self.layer.window and self.layer.advance is Advance.ACTIVE:
            return max(sum(opens <= shown for opens, _ in self.windows) - 1, 0) // self.layer.count
        return max(sum(wall <= shown for wall, _ in self.handoffs) - 1, 0)

    def shown(self, at: datetime) -> datetime:
        """The furthest the clock has come; outside the walked range it does nothing, so what it shows."""
        return self.clock.furthest.get(at) or at.astimezone(ZoneInfo(self.layer.zone)).replace(tzinfo=None)

    def people(self, at: datetime) -> tuple[str, ...]:
        shown = self.shown(at)
        if shown < self.layer.start or (self.layer.until and shown >= self.layer.until):
            return ()
        if self.layer.window and not any(opens <= shown < closes for opens, closes in self.windows):
            return ()
        participants, first, held = self.layer.participants, 0, 0
        for order in self.layer.revisions:
            if order.at <= at:
                participants = order.participants
                first, held = self.turn(self.shown(order.at)), participants.index(order.current)
        place = held
        for _ in range(self.turn(shown) - first):
            place = place + 1 if place + 1 < len(participants) else 0
        return participants[place]


def slow_on_call(schedule: Schedule[str], layers: list[SlowLayer], at: datetime) -> set[str]:
    """Layers by priority, then the overrides in order, then the taken swaps."""
    slots: list[list[str]] = []
    for priority in sorted({slow.layer.priority for slow in layers}, reverse=True):
        people = {person for slow in layers if slow.layer.priority == priority for person in slow.people(at)}
        if people:
            slots = [[person, person] for person in people]
            break
    steps = [
        (o.kind, o.start, min(o.end, o.cancelled) if o.cancelled else o.end, o.remove, o.add)
        for o in schedule.overrides
    ]
    steps += [
        (Kind.REPLACE, s.start, s.end, s.giver, s.taker) for s in schedule.swaps if s.status is Status.TAKEN
    ]
    for kind, start, end, remove, add in steps:
        if not start <= at < end:
            continue
        hit = [slot for slot in slots if remove is EVERYONE or remove in slot]
        if kind is Kind.ADD:
            slots.append([str(add), str(add)])
        elif kind is Kind.REMOVE:
            slots = [slot for slot in slots if slot not in hit]
        else:
            for slot in hit:
                slot[1] = str(add)
    return {holder for _, holder in slots}


GROUPS = st.lists(
    st.one_of(st.sampled_from(CAST).map(lambda one: (one,)), st.just(("bo", "cleo"))), min_size=1, max_size=4
).map(tuple)


ANYWHERE = sorted(zones.known())
A_CENTURY = (datetime(2000, 1, 1), datetime(2100, 12, 31))


@st.composite
def schedules(draw: st.DrawFn, anywhere: bool = False) -> tuple[Schedule[str], datetime]:
    """A schedule, and an instant near which a clock in it does something; or any of the century, in any zone."""
    if anywhere:
        zone = draw(st.sampled_from(ANYWHERE))
        middle = draw(st.datetimes(*A_CENTURY)).replace(second=0, microsecond=0, tzinfo=UTC)
    else:
        zone = draw(st.sampled_from(sorted(NIGHTS)))
        middle = datetime.fromisoformat(draw(st.sampled_from(NIGHTS[zone]))).replace(tzinfo=UTC)
    near = st.integers(-30 * 60, 30 * 60).map(lambda minutes: middle + minutes * MINUTE)

    @st.composite
    def layers(draw: st.DrawFn) -> Layer[str]:
        unit = draw(st.sampled_from(Unit))
        back = timedelta(days=draw(st.sampled_from([0, 1, 2, 31, 200])) if unit is not Unit.HOUR else 2)
        zoned = draw(st.sampled_from([zone, zone, zone, "Europe/Kyiv"]))
        # Half of all times lie in the hours that the clock repeats or leaves out.
        change = middle.astimezone(ZoneInfo(zoned)).replace(tzinfo=None)
        critical = st.sampled_from([-90, -60, -45, -30, -1, 0, 15, 30]).map(
            lambda late: change + late * MINUTE
        )
        start = draw(critical) if draw(st.booleans()) else change.replace(hour=draw(st.sampled_from([0, 21])))
        start -= back
        if unit is Unit.MONTH and draw(st.booleans()):
            start = start.replace(month=1, day=draw(st.integers(28, 31)))  # clamped in most months
        times = critical.map(lambda wall: wall.hour * 60 + wall.minute)
        quarter = times | st.sampled_from([0, 360, 1260, 1440]) | st.integers(0, 1440)
        days = st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found)))
        window = draw(st.none() | st.builds(Window, days, quarter, quarter))
        revisions = [
            Order(at, groups, groups[draw(st.integers(0, len(groups) - 1))])
            for at, groups in zip(
                sorted(draw(st.lists(near, max_size=2))), draw(st.tuples(GROUPS, GROUPS)), strict=False
            )
        ]
        return Layer(
            name="layer",
            zone=zoned,
            start=start,
            unit=unit,
            participants=draw(GROUPS),
            count=draw(st.integers(1, 3)),
            priority=draw(st.integers(0, 1)),
            window=window,
            advance=draw(st.sampled_from(Advance)) if unit is Unit.DAY else Advance.CALENDAR,
            until=draw(
                st.none() | st.just(max(start, start + back) + timedelta(hours=draw(st.integers(1, 40))))
            ),
            revisions=tuple(revisions),
        )

    whom, span = st.sampled_from(CAST), st.integers(30, 3000)
    spans = st.tuples(near, span).map(lambda pair: (pair[0], pair[0] + pair[1] * MINUTE))
    overrides = []
    for kind, (start, end) in draw(st.lists(st.tuples(st.sampled_from(Kind), spans), max_size=3)):
        remove = draw(whom | st.just(EVERYONE)) if kind is not Kind.ADD else None
        add = draw(whom.filter(lambda one, gone=remove: one != gone)) if kind is not Kind.REMOVE else None
        cancelled = draw(st.none() | near)
        overrides.append(
            Override(kind=kind, start=start, end=end, remove=remove, add=add, cancelled=cancelled)
        )
    swaps = [
        Swap(giver="alma", taker="eve", start=start, end=end, status=status)
        for (start, end), status in draw(st.lists(st.tuples(spans, st.sampled_from(Status)), max_size=1))
    ]
    found = tuple(draw(st.lists(layers(), min_size=1, max_size=2)))
    planned = Schedule(
        name="on call", zone=zone, layers=found, overrides=tuple(overrides), swaps=tuple(swaps)
    )
    return planned, middle


@settings(max_examples=100, deadline=None)
@given(schedules())
def test_every_minute_has_the_people_that_counting_by_hand_finds(
    drawn: tuple[Schedule[str], datetime],
) -> None:
    """Around a night on which a clock changes."""
    compare(*drawn)


@settings(max_examples=60, deadline=None)
@given(schedules(anywhere=True))
def test_and_so_it_is_in_every_zone_of_the_world(drawn: tuple[Schedule[str], datetime]) -> None:
    """On any day from 2000 to 2100."""
    compare(*drawn)


def compare(schedule: Schedule[str], middle: datetime) -> None:
    """Both rotas around an instant, minute by minute where the people change."""
    check(rota.Rota((schedule,)))
    start, end = middle - timedelta(days=1), middle + timedelta(days=1, hours=12)
    slow = [SlowLayer(layer, start - timedelta(hours=17), end) for layer in schedule.layers]
    calendar = rota.shifts(schedule, start, end)
    assert (calendar[0].start, calendar[-1].end) == (start, end)
    # Between the engine's own boundaries every 29th minute will do; at them, the minutes around are walked.
    minutes = {start + n * MINUTE for n in range(0, (end - start) // MINUTE, 29)}
    for edge in (middle, *rota.boundaries(schedule, start, end)):
        minutes |= {edge - MINUTE, edge, edge + MINUTE}
    for at in sorted(minute for minute in minutes if start <= minute < end):
        people = next(shift.people for shift in calendar if shift.start <= at < shift.end)
        assert people == slow_on_call(schedule, slow, at), at
        assert people == rota.on_call(schedule, at), at


def test_the_reference_knows_none_of_the_engine_s_arithmetic() -> None:
    """Records and the question itself: else both could be wrong together."""
    mine = inspect.getsource(inspect.getmodule(compare) or compare)
    taken = {line for line in mine.splitlines() if line.startswith(("import bot", "from bot"))}
    assert taken == {
        "from bot import rota, zones",
        "from bot.rota import EVERYONE, Advance, Kind, Layer, Order, Override, Schedule, Status, Swap, Unit, Window",
        "from bot.rota import validate as check",
    }
    slow = inspect.getsource(Clock) + inspect.getsource(SlowLayer) + inspect.getsource(slow_on_call)
    assert "rota." not in slow
