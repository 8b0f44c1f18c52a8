"""`greenroom rota`: who is on call, from the saved rota or from a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import rota, rotadifference, rotafile
from bot.errors import RotaError
from bot.people import Staff, StaffId
from bot.rota import Rota
from bot.rotanames import named, rename_all
from handlers.cli import asked
from handlers.cli.front import answer_is_no, wrong_use

if TYPE_CHECKING:
    from storage.work import Work

app = typer.Typer(help="Who is on call, and when nobody is.")

ASKED_BY_THE_LADDER = ("on call", "backup")
A_WEEK = timedelta(days=7)
TWO_WEEKS = timedelta(days=14)
LARGEST_FILE = 4_000_000
"""Bytes; a rota of thousands of layers is smaller."""

Given = Annotated[
    Path | None,
    typer.Option("--file", help="Answer for this file: needs neither configuration, keys nor database."),
]
From = Annotated[str | None, typer.Option("--from", metavar="INSTANT", help="Default: now.")]


@app.command()
def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The whole rota, as TOML.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; save nothing.")] = False,
) -> None:
    """Make a file the rota in force: checks it, shows what changes, saves it whole or not at all."""
    here = asked.of(context)
    new = read(file)

    def thought(work: Work) -> tuple[list[str], list[str], int]:
        people = work.staff.everyone()
        planned = _by_id(new, people)
        before = _document(work)
        changes = rotadifference.difference(before, planned, {person.id: person.name for person in people})
        unreachable = sorted({p.name for p in people if p.contact is None} & _mentioned(new, people))
        if dry_run or not changes:
            return changes, unreachable, work.rota.version()
        work.conversations.look_again()
        work.audit.add("rota applied", detail=f"{len(changes)} changes")
        return changes, unreachable, work.rota.save(rotafile.encode(planned), by="command line")

    with here.store(here.settings()) as store:
        changes, unreachable, version = store.do_now(thought)
    saved = bool(changes) and not dry_run
    lines = [*changes, *(f"Note: {name} cannot be reached yet: no joined contact." for name in unreachable)]
    end = f"Saved as version {version}." if saved else "Nothing was saved." if dry_run else "Nothing changes."
    here.answer(
        {"saved": saved, "version": version, "changes": changes, "unreachable": unreachable}, *lines, end
    )


@app.command()
def at(
    context: typer.Context,
    instants: Annotated[
        list[str] | None, typer.Argument(metavar="INSTANT…", help="Like 2026-02-01T05:00:00Z. Default: now.")
    ] = None,
    file: Given = None,
) -> None:
    """Who is on call, and who is backup, at one or more instants."""
    here = asked.of(context)
    times = [instant(text, f"INSTANT {n}") for n, text in enumerate(instants or (), 1)] or [datetime.now(UTC)]
    planned = _planned(here, file)
    answers = [
        {"at": shown(time)} | {name: _on_call(planned, name, time) for name in ASKED_BY_THE_LADDER}
        for time in times
    ]
    here.table(
        answers,
        ("at", *ASKED_BY_THE_LADDER),
        [(shown(t), *(_people(_on_call(planned, name, t)) for name in ASKED_BY_THE_LADDER)) for t in times],
    )


@app.command()
def show(
    context: typer.Context,
    file: Given = None,
    start: From = None,
    end: Annotated[str | None, typer.Option("--to", metavar="INSTANT", help="Default: a week later.")] = None,
) -> None:
    """The calendar that follows from the rota: who serves from when to when."""
    here = asked.of(context)
    first, last = _span(start, end, A_WEEK)
    planned = _planned(here, file)
    shifts = [
        (schedule.name, shift)
        for schedule in planned.schedules
        for shift in rota.shifts(schedule, first, last)
    ]
    plain: dict[str, list[dict[str, object]]] = {schedule.name: [] for schedule in planned.schedules}
    for name, shift in shifts:
        plain[name].append(
            {"start": shown(shift.start), "end": shown(shift.end), "people": sorted(shift.people)}
        )
    here.table(
        plain,
        ("schedule", "from", "to", "people"),
        [(name, shown(s.start), shown(s.end), _people(sorted(s.people))) for name, s in shifts],
    )


@app.command()
def gaps(
    context: typer.Context,
    file: Given = None,
    start: From = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="INSTANT", help="Default: two weeks later.")
    ] = None,
) -> None:
    """When nobody is on call."""
    here = asked.of(context)
    first, last = _span(start, end, TWO_WEEKS)
    planned = _planned(here, file)
    found = {schedule.name: rota.gaps(schedule, first, last) for schedule in planned.schedules}
    found.setdefault("on call", [(first, last)])
    here.table(
        {name: [[shown(a), shown(b)] for a, b in pairs] for name, pairs in found.items()},
        ("schedule", "nobody from", "to"),
        [(name, shown(a), shown(b)) for name, pairs in found.items() for a, b in pairs],
    )


def read(path: Path) -> Rota[str]:
    """The rota in a file; wrong use when there is none, RotaError with the place when it is not one."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise wrong_use("The rota file is too large to be one.")
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise wrong_use("The rota file is not text in UTF-8. Save it as UTF-8 and try again.") from None
    except (OSError, ValueError):
        raise wrong_use(
            "The rota file cannot be read. See that the path is right and this user may read it."
        ) from None
    return rotafile.parse(text)


def instant(text: str, place: str) -> datetime:
    """An instant with its offset, in UTC; wrong use otherwise."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise wrong_use(f"{place}: an instant needs its offset, like 2026-02-01T05:00:00Z.")
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong_use(f"{place}: write an instant like 2026-02-01T05:00:00Z.") from None


def shown(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _span(start: str | None, end: str | None, default: timedelta) -> tuple[datetime, datetime]:
    first = instant(start, "--from") if start is not None else datetime.now(UTC).replace(microsecond=0)
    try:
        last = instant(end, "--to") if end is not None else first + default
    except OverflowError:
        raise wrong_use("--from: choose an earlier instant.") from None
    if last <= first:
        raise wrong_use("--to: must be later than --from.")
    return first, last


def _planned(here: asked.Asked, file: Path | None) -> Rota[str]:
    """The rota by names: of the file, or the one in force."""
    if file is not None:
        return read(file)
    with here.store(here.settings()) as store:
        return store.do_now(lambda work: _saved(work, work.staff.everyone()))


def _document(work: Work) -> Rota[StaffId]:
    """The rota in force; one without schedules where none has been applied."""
    document = work.rota.current()
    return rotafile.decode(document) if document else Rota()


def _saved(work: Work, people: list[Staff]) -> Rota[str]:
    planned = _document(work)
    return rename_all(planned, _names(people, planned))


def _names(people: list[Staff], planned: Rota[StaffId]) -> dict[StaffId, str]:
    """Names of everybody in the rota; who has left keeps her turns, without her name."""
    gone = {person: f"(removed, {person})" for schedule in planned.schedules for _, person in named(schedule)}
    return gone | {person.id: person.name for person in people}


def _ids(people: list[Staff]) -> Mapping[str, StaffId]:
    return {person.name.casefold(): person.id for person in people}


def _mentioned(planned: Rota[str], people: list[Staff]) -> set[str]:
    """The names, as the staff list spells them, of those who are in the rota."""
    words = {name.casefold() for schedule in planned.schedules for _, name in named(schedule)}
    return {person.name for person in people if person.name.casefold() in words}


def _by_id(planned: Rota[str], people: list[Staff]) -> Rota[StaffId]:
    """The rota by staff ids; the answer is no when somebody in it is not staff."""
    ids = _ids(people)
    words = {name for schedule in planned.schedules for _, name in named(schedule)}
    try:
        return rename_all(planned, {name: ids[name.casefold()] for name in words if name.casefold() in ids})
    except RotaError as error:
        raise answer_is_no(f"{error} Invite her first: greenroom staff add.") from None


def _on_call(planned: Rota[str], name: str, at: datetime) -> list[str]:
    schedule = planned.named(name)
    return sorted(rota.on_call(schedule, at)) if schedule else []


def _people(names: list[str]) -> str:
    return ", ".join(names) or "nobody"
