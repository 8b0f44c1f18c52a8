"""`greenroom rota gaps`: when a texter would find nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from bot import rota
from bot.coverage import Holes, Span, holes
from bot.phrases import LANGUAGE_NAMES
from handlers.cli import asked
from handlers.cli.rota_look import by_clock, moment
from handlers.cli.rota_read import From, Given, Zone, pairs, read, shown, span, zone_named

if TYPE_CHECKING:
    from storage.work import Work

ON_CALL: Final = "on call"
TWO_WEEKS: Final = timedelta(days=14)
LONGEST: Final = timedelta(days=3660)

Row = tuple[str, str, Span]
"""Which schedule, what is missing, and when."""


def gaps(
    context: typer.Context,
    file: Given = None,
    start: From = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="INSTANT", help="Default: two weeks later.")
    ] = None,
    zone: Zone = None,
) -> None:
    """When nobody is on call; of the saved rota also when nobody who can be reached is, or nobody who speaks one of the
    line's languages. A language that is missing at the same hours again and again is one line; --json has each time."""
    here = asked.of(context)
    clock = zone_named(zone)
    first, last = span(start, end, TWO_WEEKS, clock, most=LONGEST)
    if file is not None:
        planned = read(here, file, zone)
        found = {schedule.name: rota.gaps(schedule, first, last) for schedule in planned.schedules}
        found.setdefault(ON_CALL, [(first, last)])
        clocks = {name: ZoneInfo("UTC") for name in found}
        clocks |= {schedule.name: ZoneInfo(schedule.zone) for schedule in planned.schedules}
        rows = [(name, "nobody", one) for name, spans in found.items() for one in spans]
        plain: dict[str, object] = {name: pairs(spans) for name, spans in found.items()}
    else:
        holed, clocks = _of_line(here, first, last)
        rows = [row for name, one in holed.items() for row in _rows(name, one)]
        plain = _plain(holed)
    clocks = dict.fromkeys(clocks, clock) if clock else clocks
    here.table(
        plain,
        ("schedule", "missing", by_clock("from", clocks.values()), "to"),
        folded(sorted(rows, key=lambda row: (row[0] != ON_CALL, row[0], row[2])), clocks),
        none=f"No gaps from {shown(first)} to {shown(last)}.",
    )


def folded(rows: list[Row], clocks: Mapping[str, ZoneInfo]) -> list[tuple[str, str, str, str]]:
    """The rows as a person reads them. A language that is missing at the same hours again and again is one: its first
    time, and how often more. When nobody is there, each time is told."""
    alike: dict[tuple[str, ...], list[Span]] = {}
    for n, (name, what, one) in enumerate(rows):
        hours = (f"{time.astimezone(clocks[name]):%H:%M}" for time in one)
        each = () if what.startswith("no ") else (str(n),)
        alike.setdefault((name, what, *hours, *each), []).append(one)
    found = []
    for (name, what, *_), spans in alike.items():
        start, end = (moment(time, clocks[name]) for time in spans[0])
        if len(spans) > 1:
            more = f"{len(spans) - 1} times more" if len(spans) > 2 else "once more"
            end += f", and so {more}, the last on {spans[-1][0].astimezone(clocks[name]):%a %Y-%m-%d}"
        found.append((name, what, start, end))
    return found


def _of_line(
    here: asked.Asked, first: datetime, last: datetime
) -> tuple[dict[str, Holes], dict[str, ZoneInfo]]:
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> tuple[dict[str, Holes], dict[str, ZoneInfo]]:
        people = {person.id: person for person in work.staff.everyone()}
        planned = line.rota(work)
        # Every language has to be spoken by those who are asked first.
        found = {
            one.name: holes(one, people, line.languages if one.name == ON_CALL else (), first, last)
            for one in planned.schedules
        }
        found.setdefault(ON_CALL, Holes(nobody=[(first, last)]))
        clocks = {one.name: ZoneInfo(one.zone) for one in planned.schedules}
        return found, {name: clocks.get(name, line.voice.zone) for name in found}

    with here.busy("Looking for gaps"), here.store(config) as store:
        return store.do_now(thought)


def _rows(name: str, found: Holes) -> list[Row]:
    return [
        *((name, "nobody", one) for one in found.nobody),
        *((name, "nobody reachable", one) for one in found.unreachable),
        *(
            (name, f"no {LANGUAGE_NAMES.get(code, code)} speaker", one)
            for code, spans in found.languages.items()
            for one in spans
        ),
    ]


def _plain(found: dict[str, Holes]) -> dict[str, object]:
    return {
        **{name: pairs(one.nobody) for name, one in found.items()},
        "unreachable": {name: pairs(one.unreachable) for name, one in found.items()},
        "languages": {code: pairs(spans) for code, spans in found[ON_CALL].languages.items()},
    }
