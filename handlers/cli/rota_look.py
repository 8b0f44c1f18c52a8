"""`greenroom rota show` and `at`: who is on call, from the log, the saved rota or a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from bot import rota
from bot.rota import Rota, Shift
from bot.rotanames import named
from handlers.cli import asked
from handlers.cli.front import answer_is_no
from handlers.cli.rota_read import (
    From,
    Given,
    Zone,
    gone_name,
    instant,
    read,
    shown,
    span,
    zone_named,
)

if TYPE_CHECKING:
    from bot.people import StaffId
    from handlers.line import Line
    from storage.work import Work

ASKED_BY_THE_LADDER: Final = ("on call", "backup")
A_WEEK: Final = timedelta(days=7)
LONGEST: Final = timedelta(days=366)
"""That one table shows: a year of it is read in seconds."""

Calendar = dict[str, list[Shift[str]]]
"""Who serves when, by schedule, by name."""


def show(
    context: typer.Context,
    file: Given = None,
    start: From = None,
    end: Annotated[str | None, typer.Option("--to", metavar="INSTANT", help="Default: a week later.")] = None,
    zone: Zone = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="NAME", help="Only when she is on call.")
    ] = None,
) -> None:
    """The calendar: who serves from when to when, days that are over as they were; a file's before it is applied."""
    here = asked.of(context)
    clock = zone_named(zone)
    first, last = span(start, end, A_WEEK, clock, most=LONGEST)
    found, clocks = (
        _of_file(read(here, file, zone), first, last, person) if file else _of_line(here, first, last, person)
    )
    clocks = dict.fromkeys(found, clock) if clock else clocks
    if person is not None:
        found = _only(found, person)
    here.table(
        {name: [_plain(shift) for shift in shifts] for name, shifts in found.items()},
        ("schedule", by_clock("from", clocks.values()), "to", "lasts", "who"),
        [
            (name, *_times(shift, clocks[name]), _people(shift.people))
            for name, shifts in found.items()
            for shift in shifts
        ],
        none=f"{'She is not' if person else 'Nobody is'} on call from {shown(first)} to {shown(last)}.",
    )


def at(
    context: typer.Context,
    instants: Annotated[
        list[str] | None, typer.Argument(metavar="INSTANT…", help="Like 2026-02-01T05:00:00Z. Default: now.")
    ] = None,
    file: Given = None,
    zone: Zone = None,
) -> None:
    """Who is on call, and who is backup, at one or more instants; at one that is over, who was.

    Before the line's first rota was saved: whom that rota would have had.
    """
    here = asked.of(context)
    clock = zone_named(zone)
    times = [instant(text, f"INSTANT {n}", clock) for n, text in enumerate(instants or (), 1)]
    times = times or [datetime.now(UTC).replace(microsecond=0)]
    begun = None
    if file is not None:
        planned = read(here, file, zone)
        found = [[_on_call(planned, name, time) for name in ASKED_BY_THE_LADDER] for time in times]
    else:
        found, begun = _at_the_line(here, times)
    here.table(
        [
            {"at": shown(time)} | dict(zip(ASKED_BY_THE_LADDER, people, strict=True))
            for time, people in zip(times, found, strict=True)
        ],
        (by_clock("at", [clock] if clock else []), *ASKED_BY_THE_LADDER),
        [
            (moment(time, clock) if clock else shown(time), *map(_people, people))
            for time, people in zip(times, found, strict=True)
        ],
    )
    if begun is not None and min(times) < begun and not here.json:
        typer.echo(
            before_the_first(begun, clock or ZoneInfo("UTC"), "the answer is whom that rota would have had")
        )


def before_the_first(begun: datetime, zone: ZoneInfo, then: str) -> str:
    """What a person is told who asks about a time of which no log tells."""
    return f"This line's first rota was saved {moment(begun, zone)} ({zone.key}): of the time before, {then}."


def moment(at: datetime, zone: ZoneInfo) -> str:
    """ "Fri 2026-02-06 21:00": sorts, and names the day; with "EST" behind it where the clock shows that twice."""
    local = at.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%a %Y-%m-%d %H:%M %Z}" if twice else f"{local:%a %Y-%m-%d %H:%M}"


def by_clock(word: str, clocks: Iterable[ZoneInfo]) -> str:
    """The head of a column of such times: whose clock it is, where it is one."""
    zones = {zone.key for zone in clocks}
    return f"{word} ({zones.pop()})" if len(zones) == 1 else word


def calendar(work: Work, line: Line, first: datetime, last: datetime) -> Calendar:
    """The line's calendar, by names; who has left keeps her turns, without her name."""
    from handlers import past

    people = {person.id: person.name for person in work.staff.everyone()}
    return {
        name: [
            Shift(shift.start, shift.end, frozenset(people.get(one, gone_name(one)) for one in shift.people))
            for shift in shifts
        ]
        for name, shifts in past.calendar(work, line, first, last).items()
    }


def _of_file(
    planned: Rota[str], first: datetime, last: datetime, person: str | None
) -> tuple[Calendar, dict[str, ZoneInfo]]:
    if person is not None and person.strip().casefold() not in map(str.casefold, mentioned(planned)):
        raise answer_is_no("--person: nobody in the file has that name.")
    found = {schedule.name: rota.shifts(schedule, first, last) for schedule in planned.schedules}
    return found, {schedule.name: ZoneInfo(schedule.zone) for schedule in planned.schedules}


def _of_line(
    here: asked.Asked, first: datetime, last: datetime, person: str | None
) -> tuple[Calendar, dict[str, ZoneInfo]]:
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> tuple[Calendar, dict[str, ZoneInfo]]:
        clocks = {one.name: ZoneInfo(one.zone) for one in line.rota(work).schedules}
        found = calendar(work, line, first, last)
        if person is not None and work.staff.by_name(person.strip()) is None:
            raise answer_is_no("Nobody on this line has that name. See: greenroom staff list")
        return found, {name: clocks.get(name, line.voice.zone) for name in found}

    with here.busy("Reading the calendar"), here.store(config) as store:
        return store.do_now(thought)


def _at_the_line(here: asked.Asked, times: list[datetime]) -> tuple[list[list[list[str]]], datetime | None]:
    """Of each instant who was on call and backup; and when there first was a rota."""
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> tuple[list[list[list[str]]], datetime | None]:
        return [_who(work, line, time) for time in times], work.rota.begun()

    with here.store(config) as store:
        return store.do_now(thought)


def _who(work: Work, line: Line, at: datetime) -> list[list[str]]:
    from handlers import past

    people: dict[StaffId, str] = {person.id: person.name for person in work.staff.everyone()}
    ending = min(at, datetime.max.replace(tzinfo=UTC) - timedelta.resolution) + timedelta.resolution
    on = past.calendar(work, line, ending - timedelta.resolution, ending)
    return [
        sorted(people.get(one, gone_name(one)) for shift in on.get(name, []) for one in shift.people)
        for name in ASKED_BY_THE_LADDER
    ]


def _on_call(planned: Rota[str], name: str, at: datetime) -> list[str]:
    schedule = planned.named(name)
    return sorted(rota.on_call(schedule, at)) if schedule else []


def _only(found: Calendar, person: str) -> Calendar:
    """The shifts of one person, whoever serves with her."""
    wanted = person.strip().casefold()
    return {
        name: [shift for shift in shifts if wanted in {one.casefold() for one in shift.people}]
        for name, shifts in found.items()
    }


def _plain(shift: Shift[str]) -> dict[str, object]:
    return {"start": shown(shift.start), "end": shown(shift.end), "people": sorted(shift.people)}


def _times(shift: Shift[str], zone: ZoneInfo) -> tuple[str, str, str]:
    return moment(shift.start, zone), moment(shift.end, zone), lasting(shift.end - shift.start)


def lasting(span: timedelta) -> str:
    """ "8 h", "7 h 56 min", "45 min"."""
    hours, minutes = divmod(round(span / timedelta(minutes=1)), 60)
    if not minutes:
        return f"{hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _people(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"


def mentioned(planned: Rota[str]) -> list[str]:
    """Everybody in a rota, once, in the order in which they are named."""
    return list(dict.fromkeys(name for schedule in planned.schedules for _, name in named(schedule)))
