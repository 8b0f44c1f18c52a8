"""A rota written in a spreadsheet: one row a shift, saved as CSV; every row becomes a layer that serves once."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from bot import zones
from bot.errors import RotaError
from bot.layers import Layer, Unit
from bot.rotanames import quoted, stranger
from bot.rotarules import printable, validate
from bot.schedules import Rota, Schedule
from bot.wallclock import instant
from bot.windows import DAY, clock

COLUMNS: Final = ("date", "from", "to", "zone", "name", "role")
ROLES: Final = {"oncall": "on call", "backup": "backup"}
"""As people write them, without case, blanks and hyphens."""
MOST_ROWS: Final = 20_000
"""Eighteen years of three shifts a day."""
MOST_SAID: Final = 10
"""Bad rows in one refusal; who has mended these sees the next."""
YEARS: Final = (2000, 2100)
"""For which clocks are known, or foreseen; another one is a slip of the hand."""
_TIME = re.compile(
    r"(\d{1,2})(?:(?:[:Hh]|(?<!^0)\.)(\d\d)(?::00)?|[Hh]|(?= ?[AaPp])|(?<=\d\d))(?: ?([AaPp])\.?[Mm]\.?)?",
    re.ASCII,
)
"""21:00, 21:00:00, 21.00, 21h, 21h00, 21, 9 pm. Not 0.25, which is how a spreadsheet thinks of six in the morning."""
_BLANK = re.compile(r"[^\S\n]")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]0?0:00(?::00)?)?", re.ASCII)
_DOTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)
_SLASHES = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", re.ASCII)


class _Wrong(Exception):
    """What is wrong with one cell, with the cure."""


class _Entry(NamedTuple):
    """One shift: from `start` to `end` by the clock of `zone`."""

    role: str
    start: datetime
    end: datetime
    zone: str
    name: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it stands: its number in the spreadsheet (the head is row 1), and its cells by column."""

    number: int
    cells: Mapping[str, str]


def parse(text: str, zone: str | None = None) -> Rota[str]:
    """The rota of a sheet, validated. `zone`: of rows that name none; None: they must.

    `date` and `from` and `to` are the clock of the zone; a `to` that is not later than its `from` is on the next day.
    Rows of one role at the same time serve together. `RotaError` names every bad row (the first ten), its column and
    the cure.
    """
    rows = _rows(text)
    dates = _Dates(_day_comes_first([row.cells["date"] for row in rows]))
    entries: list[_Entry] = []
    seen: dict[_Entry, int] = {}
    wrong: list[str] = []
    for row in rows:
        entry = _entry(row, dates, zone, wrong)
        if entry is None:
            continue
        # Names are the same however they are capitalised.
        first = seen.setdefault(entry._replace(name=entry.name.casefold()), row.number)
        if first == row.number:
            entries.append(entry)
        else:
            wrong.append(f"row {row.number} says the same as row {first}: take one out")
    if wrong:
        raise RotaError(f"{_listed(wrong)}.")
    if not entries:
        raise RotaError("The sheet has no row below its head.")
    rota = Rota(tuple(_schedules(entries)))
    validate(rota)
    return rota


def strangers(text: str, known: Container[str]) -> str | None:
    """The names of a sheet that `parse` has taken which are not among `known` (casefolded), in words, each with its
    first row; None if there are none."""
    rows: dict[str, list[_Row]] = {}
    for row in _rows(text):
        if row.cells["name"].casefold() not in known:
            rows.setdefault(row.cells["name"].casefold(), []).append(row)
    wrong = [
        f"row {first.number}, name: {stranger(first.cells['name'])}{_again(more)}"
        for first, *more in rows.values()
    ]
    return _listed(wrong) if wrong else None


def _again(more: list[_Row]) -> str:
    return f" (and {'once' if len(more) == 1 else f'{len(more)} times'} more)" if more else ""


def _listed(wrong: list[str]) -> str:
    more = f"; and {len(wrong) - MOST_SAID} more" if len(wrong) > MOST_SAID else ""
    return f"{'; '.join(wrong[:MOST_SAID])}{more}"


def _rows(text: str) -> list[_Row]:
    """The rows below the head that hold anything."""
    text = text.removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    if first.casefold().startswith("sep="):  # by which Excel tells itself the separator
        text = rest
    try:
        records = list(csv.reader(text.splitlines(keepends=True), delimiter=_separator(text), strict=True))
    except csv.Error:
        raise RotaError(
            "The sheet is not CSV: a quote is open, or a cell is too long. Save it anew as CSV (UTF-8)."
        ) from None
    head = [cell.strip().casefold() for cell in records[0]] if records else []
    _check_head(head)
    rows = [
        _Row(number, {**dict.fromkeys(COLUMNS, ""), **_cells(number, head, record)})
        for number, record in enumerate(records[1:], 2)
        if any(cell.strip() for cell in record)
    ]
    if len(rows) > MOST_ROWS:
        raise RotaError(f"The sheet has more than {MOST_ROWS} rows. Keep the years that are still to come.")
    return rows


def _separator(text: str) -> str:
    """Comma, or what spreadsheets write where the comma is in numbers: what parts the head into the most columns."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=lambda mark: len(head.split(mark)))


def _check_head(head: list[str]) -> None:
    needed = [column for column in COLUMNS if column != "zone"]
    missing = [column for column in needed if column not in head]
    if missing:
        raise RotaError(
            f"The sheet's first row must name the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}."
        )
    for column in head:
        if column and column not in COLUMNS:
            raise RotaError(f"The sheet has an unknown column {quoted(column)}; take it out.")
        if column and head.count(column) > 1:
            raise RotaError(f'The sheet has two columns "{column}"; take one out.')


def _cells(number: int, head: list[str], record: list[str]) -> dict[str, str]:
    if any(cell.strip() for cell in record[len(head) :]):
        raise RotaError(f"row {number}: it has more cells than the head has columns. Is a quote missing?")
    # Blanks of every width are one to the eye: "6:00 PM" comes with a narrow one out of some spreadsheets.
    return {
        column: _BLANK.sub(" ", cell).strip() for column, cell in zip(head, record, strict=False) if column
    }


def _entry(row: _Row, dates: _Dates, zone: str | None, wrong: list[str]) -> _Entry | None:
    """The shift of a row; None when a cell is wrong, which is added to `wrong`."""
    found: dict[str, object] = {}
    reading: dict[str, Callable[[str], object]] = {
        "date": dates.read,
        "from": _minutes,
        "to": _minutes,
        # What zone was meant takes a moment to find: not for a row that is not told of.
        "zone": lambda cell: _zone(cell or (zone or ""), helps=len(wrong) < MOST_SAID),
        "name": _name,
        "role": _role,
    }
    for column, read in reading.items():
        try:
            found[column] = read(row.cells[column])
        except _Wrong as what:
            wrong.append(f"row {row.number}, {column}: {what}")
    if len(found) < len(reading):
        return None
    day, opens, closes = found["date"], found["from"], found["to"]
    assert isinstance(day, date)
    assert isinstance(opens, int)
    assert isinstance(closes, int)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (a wall time)
    start = midnight + timedelta(minutes=opens)
    end = midnight + timedelta(minutes=closes + (DAY if closes <= opens else 0))
    town = ZoneInfo(str(found["zone"]))
    if instant(start, town) >= instant(end, town):
        wrong.append(f"row {row.number}, from: on that day the clock of {town.key} jumps over all of it")
        return None
    return _Entry(str(found["role"]), start, end, town.key, str(found["name"]))


@dataclass(frozen=True, slots=True)
class _Dates:
    """Reads dates. `day_first`: whether 3/4/2026 is the third of April, by the other rows; None: they do not tell."""

    day_first: bool | None

    def read(self, cell: str) -> date:
        if iso := _ISO.fullmatch(cell):
            return _date(*map(int, iso.groups()))
        if dots := _DOTS.fullmatch(cell):
            day, month, year = map(int, dots.groups())
            return _date(year, month, day)
        if slashes := _SLASHES.fullmatch(cell):
            one, two, year = map(int, slashes.groups())
            if one == two:
                return _date(year, one, two)
            if self.day_first is None:
                raise _Wrong("it could be two days; write it like 2026-01-05")
            return _date(year, two, one) if self.day_first else _date(year, one, two)
        raise _Wrong("missing" if not cell else "write a date like 2026-01-05")


def _day_comes_first(cells: list[str]) -> bool | None:
    """A spreadsheet writes a column in one way, and a 13 can be no month; None if no row tells, or they disagree."""
    pairs = [(int(found[1]), int(found[2])) for cell in cells if (found := _SLASHES.fullmatch(cell))]
    told = {one > 12 for one, two in pairs if (one > 12) != (two > 12)}
    return told.pop() if len(told) == 1 else None


def _date(year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise _Wrong("there is no such day") from None
    if not YEARS[0] <= year <= YEARS[1]:
        raise _Wrong(f"write a year from {YEARS[0]} to {YEARS[1]}")
    return found


def _minutes(cell: str) -> int:
    """Minutes after midnight."""
    found = _TIME.fullmatch(cell)
    if found is None:
        raise _Wrong("missing" if not cell else "write a time like 21:00")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            raise _Wrong("there is no such time")
        hour = hour % 12 + (12 if half == "p" else 0)
    if minute > 59 or hour * 60 + minute > DAY:
        raise _Wrong("there is no such time")
    return hour * 60 + minute


def _zone(cell: str, *, helps: bool) -> str:
    if not cell:
        raise _Wrong("missing; write one like Europe/Paris, or say --zone")
    if cell in zones.known():
        return cell
    near = zones.nearest_to(cell) if helps else None
    raise _Wrong(
        f"unknown zone; the nearest known one is {near}"
        if near
        else "unknown zone; write one like Europe/Paris"
    )


def _name(cell: str) -> str:
    if not cell:
        raise _Wrong("missing; take the row out if nobody serves")
    if cell == "*" or not printable(cell):
        raise _Wrong("write one person's name")
    return cell


def _role(cell: str) -> str:
    role = ROLES.get(re.sub(r"[\s_-]", "", cell).casefold())
    if role is None:
        raise _Wrong('write "on call" or "backup"')
    return role


def _schedules(entries: list[_Entry]) -> Iterator[Schedule[str]]:
    """A schedule for each role that has a row, shown by the clock of its first."""
    for role in ROLES.values():
        groups: dict[tuple[datetime, datetime, str], list[str]] = {}
        for entry in entries:
            if entry.role == role:
                groups.setdefault((entry.start, entry.end, entry.zone), []).append(entry.name)
        if groups:
            first = next(iter(groups))
            layers = tuple(_layer(*times, tuple(names)) for times, names in sorted(groups.items()))
            yield Schedule(name=role, zone=first[2], layers=layers)


def _layer(start: datetime, end: datetime, zone: str, names: tuple[str, ...]) -> Layer[str]:
    opens = clock(start.hour * 60 + start.minute)
    return Layer(
        name=f"{start:%Y-%m-%d} {opens}",
        zone=zone,
        start=start,
        unit=Unit.DAY,
        participants=(names,),
        until=end,
    )
