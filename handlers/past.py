"""The calendar as it was and as it is planned: the past from the on-call log, the rest from the rota."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from bot import rota, rotafile
from bot.people import StaffId
from bot.rota import Rota, Schedule, Shift
from handlers.line import Line
from storage.duty import Duty
from storage.work import Work


def calendar(work: Work, line: Line, start: datetime, end: datetime) -> dict[str, list[Shift[StaffId]]]:
    """Who was, is and will be on call within [start, end), by schedule; one that is no longer in the rota, as far as it
    is in the log. Before the first rota was saved: whom that one would have had, whatever became of it since."""
    planned, until, oldest = line.rota(work), work.duty.until(), work.rota.first()
    first = start if oldest is None else min(max(oldest.at, start), end)
    last = first if until is None else min(max(until, first), end)
    earlier: Rota[StaffId] = rotafile.decode(oldest.document) if oldest and start < first else Rota()
    log = work.duty.within(first, last) if first < last else []
    found: dict[str, list[Shift[StaffId]]] = {}
    for name in dict.fromkeys(_names(planned, earlier, log)):
        written = _as_written([one for one in log if one.schedule == name], first, last)
        found[name] = rota.merged(
            [
                *_planned(earlier.named(name), start, first),
                *written,
                *_planned(planned.named(name), last, end),
            ]
        )
    return found


def _names(planned: Rota[StaffId], earlier: Rota[StaffId], log: list[Duty]) -> list[str]:
    rotas = [one.name for whole in (planned, earlier) for one in whole.schedules]
    return [*rotas, *(one.schedule for one in log)]


def written(work: Work, start: datetime, end: datetime) -> dict[str, list[Shift[StaffId]]]:
    """Who was on call within [start, end) as it is written down, by schedule; one where nobody ever was is left out."""
    log = work.duty.within(start, end) if start < end else []
    names = dict.fromkeys(one.schedule for one in log)
    return {name: _as_written([one for one in log if one.schedule == name], start, end) for name in names}


def _planned(schedule: Schedule[StaffId] | None, start: datetime, end: datetime) -> list[Shift[StaffId]]:
    if start >= end:
        return []
    return rota.shifts(schedule, start, end) if schedule else [Shift(start, end, frozenset())]


def _as_written(log: list[Duty], start: datetime, end: datetime) -> list[Shift[StaffId]]:
    """The log cut where people change; the days that it was cut into are put together again by whoever merges."""
    if start >= end:
        return []
    turns: dict[datetime, list[tuple[StaffId, int]]] = {start: [], end: []}
    for one in log:
        turns.setdefault(one.start, []).append((one.staff, 1))
        turns.setdefault(one.end, []).append((one.staff, -1))
    count: dict[StaffId, int] = {}
    found = []
    for first, last in pairwise(sorted(turns)):
        for person, step in turns[first]:
            count[person] = count.get(person, 0) + step
        found.append(Shift(first, last, frozenset(person for person, n in count.items() if n > 0)))
    return found
