"""`greenroom rota apply`: a file becomes the rota in force."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from bot import rotadifference
from bot.changes import Status
from bot.coverage import Span, holes, opened
from bot.people import Staff, StaffId
from bot.rota import Rota, validate
from bot.rotanames import named
from handlers.cli import asked
from handlers.cli.known import admin
from handlers.cli.rota_look import ASKED_BY_THE_LADDER, moment
from handlers.cli.rota_read import By, by_id, names, no_strangers, pairs, read

if TYPE_CHECKING:
    from handlers.line import Line
    from storage.work import Work

AHEAD: Final = timedelta(days=14)
NOBODY_ASKED: Final = (
    'Careful: this rota has no schedule "on call". The line asks "on call" and then "backup", '
    "so it will find nobody who is on call."
)
MOST_LINES: Final = 60
"""Of the difference that a person reads; --json gives all."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a file changes, whom it names who cannot be reached, which gaps it opens within two weeks (by schedule), and
    which agreements it forgets, whether it has no schedule that the ladder begins with; how many people hear of it; and
    the version in the end."""

    changes: list[str]
    unreachable: list[str]
    opens: dict[str, list[Span]]
    drops: list[str]
    unasked: bool = False
    told: int = 0
    version: int = 0
    zones: dict[str, str] = field(default_factory=dict)


def apply(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The whole rota, as TOML, or as CSV out of a spreadsheet.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; save nothing.")] = False,
    by: By = None,
) -> None:
    """Make a file the rota in force: checks it, shows what changes, saves it whole or not at all.

    A spreadsheet has the columns date, from, to, zone, name and role ("on call" or "backup"), in any order, one row a
    shift, saved as CSV. Times are of the row's zone, or of the line's if it names none; a "to" that is not later than
    its "from" is on the next day.

    Whoever gets or loses a shift of the next 24 hours by it is told at once, but for a line's first rota.
    """
    from handlers import planning, rotanews

    here = asked.of(context)
    # A file that is none is told of before a configuration that is missing.
    new = read(here, file, of_line=lambda: here.settings().line.time_zone)
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> Applied:
        who = admin(work, by).id if by is not None else None
        people = work.staff.everyone()
        before = line.rota(work)
        known = names(people, before)
        no_strangers(file, known.values())
        planned = _without_open(by_id(new, known), work)
        validate(planned)
        found = _compared(line, before, planned, people, known, work.now)
        told = rotanews.whom(work, line, before, planned)
        if not dry_run and found.changes:
            planning.change(work, line, lambda _: planned, by=who, what="rota applied")
            rotanews.tell(work, line, told)
        return replace(found, told=len(told), version=work.rota.version())

    with here.busy("Comparing"), here.store(config) as store:
        found = store.do_now(thought)
    _say(here, found, dry_run=dry_run)


def _without_open(planned: Rota[StaffId], work: Work) -> Rota[StaffId]:
    """Without the requests that stand in an export as open: those are with the phones, and stay there."""
    asked_for = {(one.schedule, one.giver, one.start, one.end) for one in work.covers.standing()}
    return Rota(
        tuple(
            replace(
                schedule,
                swaps=tuple(
                    swap
                    for swap in schedule.swaps
                    if swap.status is not Status.OPEN
                    or (schedule.name, swap.giver, swap.start, swap.end) not in asked_for
                ),
            )
            for schedule in planned.schedules
        )
    )


def _compared(
    line: Line,
    before: Rota[StaffId],
    after: Rota[StaffId],
    people: list[Staff],
    known: dict[StaffId, str],
    now: datetime,
) -> Applied:
    mentioned = {person for schedule in after.schedules for _, person in named(schedule)}
    opens = {}
    for name in ASKED_BY_THE_LADDER:
        new = opened(_gaps(before, name, people, now), _gaps(after, name, people, now))
        # A backup that there never was is missed by nobody.
        if new and (before.named(name) is not None):
            opens[name] = new
    return Applied(
        changes=rotadifference.difference(before, after, known, local=True),
        unreachable=sorted(one.name for one in people if one.id in mentioned and not one.can_answer),
        opens=opens,
        drops=rotadifference.dropped(before, after, known, now),
        unasked=after.named(ASKED_BY_THE_LADDER[0]) is None,
        zones={one.name: one.zone for one in (*before.schedules, *after.schedules)},
    )


def _gaps(planned: Rota[StaffId], name: str, people: list[Staff], now: datetime) -> list[Span]:
    schedule = planned.named(name)
    if schedule is None:
        return [(now, now + AHEAD)]
    found = holes(schedule, {person.id: person for person in people}, (), now, now + AHEAD)
    return sorted([*found.nobody, *found.unreachable])


def _say(here: asked.Asked, found: Applied, *, dry_run: bool) -> None:
    saved = bool(found.changes) and not dry_run
    lines = found.changes[:MOST_LINES]
    if len(found.changes) > MOST_LINES:
        lines.append(f"… and {len(found.changes) - MOST_LINES} more changes; --json gives all.")
    lines += out_of_reach(found.unreachable)
    lines += [f"Note: an agreement is dropped: {what}" for what in found.drops]
    lines += [NOBODY_ASKED] if found.unasked else []
    for name, spans in found.opens.items():
        lines += [_opens(name, one, found.zones[name]) for one in spans[:MOST_LINES]]
    if found.told:
        lines.append(f"{'Told' if saved else 'To be told'} of shifts in the next 24 hours: {found.told}.")
    end = (
        f"Saved as version {found.version}."
        if saved
        else "Nothing changes."
        if not found.changes
        else "Nothing was saved."
    )
    here.answer(
        {
            "saved": saved,
            "version": found.version,
            "changes": found.changes,
            "unreachable": found.unreachable,
            "opens": {name: pairs(spans) for name, spans in found.opens.items()},
            "drops": found.drops,
            "unasked": found.unasked,
            "told": found.told,
        },
        *lines,
        end,
    )


def out_of_reach(names: list[str]) -> list[str]:
    """The line that says what it means to plan for somebody whom nothing reaches; none for nobody."""
    whose = "her" if len(names) == 1 else "their"
    return (
        [f"Note: {', '.join(names)} cannot be reached yet, so {whose} shifts count as gaps."] if names else []
    )


def _opens(name: str, hole: Span, zone: str) -> str:
    start, end = (moment(time, ZoneInfo(zone)) for time in hole)
    return f'Note: a gap opens in "{name}": {start} to {end} ({zone}). See: greenroom rota gaps'
