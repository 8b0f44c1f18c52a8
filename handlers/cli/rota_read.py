"""What the rota's commands are given: files, instants, spans, zones, people."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from bot import rota, rotafile, rotasheet, zones
from bot.people import Staff, StaffId
from bot.rota import Rota
from bot.rotanames import named, rename_all, stranger
from handlers.cli.front import answer_is_no, wrong_use

if TYPE_CHECKING:
    from handlers.cli.asked import Asked
    from handlers.line import Line
    from storage.work import Work

LARGEST_FILE: Final = 4_000_000
"""Bytes; a rota of thousands of layers is smaller."""
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
"""Of what is asked about: a calendar has an end, and a local clock a day beyond it is an error."""
INVITE: Final = "Invite her first: greenroom staff add."
SHEETS: Final = {".csv", ".tsv", ".tab"}
"""How the names of spreadsheets end; everything else is TOML."""

Given = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="Answer for this file (TOML, CSV): needs no configuration, keys, database.",
    ),
]
From = Annotated[str | None, typer.Option("--from", metavar="INSTANT", help="Default: now.")]
By = Annotated[
    str | None,
    typer.Option(
        "--by", metavar="NAME", help="Which admin does this, for the trail; default: the command line."
    ),
]
Zone = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="ZONE",
        help="Whose clock, like Europe/Kyiv: shows times by it, and reads instants without an offset by it.",
    ),
]


def read(
    here: Asked, path: Path, zone: str | None = None, *, of_line: Callable[[], str] | None = None
) -> Rota[str]:
    """The rota in a file; wrong use when there is none, RotaError with the place when it is not one. `zone`: of rows of
    a spreadsheet that name none; `of_line` gives the line's, and is asked only for a spreadsheet. Years of shifts take
    seconds, so whoever waits at a terminal is told."""
    with here.busy("Reading"):
        return _read(
            _text(path), zone or (of_line() if of_line and _sheet(path) else None), sheet=_sheet(path)
        )


def _sheet(path: Path) -> bool:
    return path.suffix.casefold() in SHEETS


def _read(text: str, zone: str | None, *, sheet: bool) -> Rota[str]:
    planned = rotasheet.parse(text, zone) if sheet else rotafile.parse(text)
    # Names are the same however they are capitalised: by the first spelling, or one person would be two.
    first: dict[str, str] = {}
    words = [name for schedule in planned.schedules for _, name in named(schedule)]
    alike = rename_all(planned, {name: first.setdefault(name.casefold(), name) for name in words})
    if alike != planned:
        rota.validate(alike)
    return alike


def no_strangers(path: Path, known: Iterable[str]) -> None:
    """The answer is no when a row of this spreadsheet names somebody else; it names the row. Nothing of a TOML file,
    whose places are names."""
    if _sheet(path):
        found = rotasheet.strangers(_text(path), {name.casefold() for name in known})
        if found is not None:
            raise answer_is_no(f"{found}. {INVITE}")


def _text(path: Path) -> str:
    content = _content(path)
    if len(content) > LARGEST_FILE:
        raise wrong_use("The rota file is too large to be one (4 MB at most). See that it is the right file.")
    if content.startswith(b"PK"):
        raise wrong_use("The rota file is a workbook. Save it as CSV (UTF-8) and try again.")
    # What Excel calls Unicode text is UTF-16 with tabs.
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff")) and _sheet(path)
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise wrong_use("The rota file is not text in UTF-8. Save it as UTF-8 and try again.") from None


def _content(path: Path) -> bytes:
    """What stands in the file, as far as a byte more than it may hold."""
    if str(path) == "-":
        raise wrong_use("A rota is not read from standard input. Save it as a file and name that.")
    try:
        # Without waiting: else whoever names a pipe that nobody writes to sits there for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise wrong_use("The rota file is a pipe or a device. Save it as a file and name that.")
            return opened.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise wrong_use("There is no rota file at this path. See that it is right.") from None
    except IsADirectoryError:
        raise wrong_use("The rota file is a folder. Name a file in it.") from None
    except (OSError, ValueError):
        raise wrong_use(
            "The rota file cannot be read. See that the path is right and this user may read it."
        ) from None


def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of --zone; wrong use when there is none of this name."""
    if name is None:
        return None
    if name not in zones.known():
        near = zones.nearest_to(name) or "Europe/Kyiv"
        raise wrong_use(f"--zone: unknown zone. Write one like {near}.")
    return ZoneInfo(name)


def instant(text: str, place: str, zone: ZoneInfo | None = None) -> datetime:
    """An instant with its offset, or by the clock of `zone` (the first of two, after a gap its end), in UTC; wrong use
    otherwise."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None and zone is None:
            raise wrong_use(
                f"{place}: an instant needs its offset, like 2026-02-01T05:00:00Z, or say --zone."
            )
        found = rota.instant(time, zone) if time.tzinfo is None and zone else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong_use(f"{place}: write an instant like 2026-02-01T05:00:00Z.") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise wrong_use(f"{place}: write a year from {FIRST_YEAR} to {LAST_YEAR}.")
    return found


def span(
    start: str | None,
    end: str | None,
    default: timedelta,
    zone: ZoneInfo | None = None,
    *,
    most: timedelta,
) -> tuple[datetime, datetime]:
    """From `start` (now) to `end` (`default` later); wrong use when it is empty or longer than `most`."""
    first = instant(start, "--from", zone) if start is not None else datetime.now(UTC).replace(microsecond=0)
    try:
        last = instant(end, "--to", zone) if end is not None else first + default
    except OverflowError:
        raise wrong_use("--from: choose an earlier instant.") from None
    if last <= first:
        raise wrong_use("--to: must be later than --from.")
    if last - first > most:
        raise wrong_use(f"--to: choose one within {most.days} days of --from.")
    return first, last


def shown(time: datetime) -> str:
    """An instant for programs."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def pairs(spans: Iterable[tuple[datetime, datetime]]) -> list[list[str]]:
    """Spans for programs."""
    return [[shown(start), shown(end)] for start, end in spans]


def names(people: Iterable[Staff], planned: Rota[StaffId]) -> dict[StaffId, str]:
    """Names of everybody in the rota; who has left keeps her turns, without her name."""
    gone = {person: gone_name(person) for schedule in planned.schedules for _, person in named(schedule)}
    return gone | {person.id: person.name for person in people}


def gone_name(person: StaffId) -> str:
    return f"(removed, {person})"


def by_name(work: Work, line: Line) -> Rota[str]:
    """The rota in force, by names."""
    planned = line.rota(work)
    return rename_all(planned, names(work.staff.everyone(), planned))


def by_id(planned: Rota[str], known: Mapping[StaffId, str]) -> Rota[StaffId]:
    """The rota by staff ids; the answer is no when somebody in it is not staff. `known`: as `names` gives them."""
    ids = {name.casefold(): person for person, name in known.items()}
    words = [mention for schedule in planned.schedules for mention in named(schedule)]
    for place, name in words:
        if name.casefold() not in ids:
            raise answer_is_no(f"{place}: {stranger(name)}. {INVITE}")
    return rename_all(planned, {name: ids[name.casefold()] for _, name in words})
