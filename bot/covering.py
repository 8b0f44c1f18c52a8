"""Who is asked to serve for a colleague, in which order, and what she could take over in return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot import fairness, rota
from bot.changes import Kind, Override, Status
from bot.people import Staff, StaffId
from bot.rota import Rota
from bot.schedules import Schedule
from bot.wallclock import FOREVER, LONG_AGO, instant, later, wall

Span = tuple[datetime, datetime]
"""[start, end), instants."""

NEAR: Final = timedelta(days=14)
"""A shift to be swapped for lies at most so far before or after; and so much of what is planned says who is fresh."""
LONG: Final = timedelta(hours=24)
"""Of a longer shift only the part is meant that was named."""
COMPARABLE: Final = 2.0
"""Neither of two shifts that are swapped is longer than so many times the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What is known when colleagues are looked for. `zone` and `most`: a week, by the line's clock, may hold so many
    hours of one person."""

    now: datetime
    rota: Rota[StaffId]
    people: Mapping[StaffId, Staff]
    aways: Sequence[tuple[StaffId, Span]]
    zone: ZoneInfo
    most: timedelta


def hers(books: Books, schedule: str, person: StaffId, start: datetime, end: datetime) -> list[Span]:
    """When she is on call in this schedule within [start, end)."""
    planned = books.rota.named(schedule)
    return [] if planned is None or end <= start else rota.shifts_of(planned, person, start, end)


def weekly(books: Books, person: StaffId, more: Span, less: Span | None = None) -> timedelta:
    """Her hours in the fullest of the weeks (from Monday) that `more` touches, if she serves it too, and no longer
    `less`. Time in two schedules at once counts once."""
    fullest = timedelta()
    monday = _monday(wall(more[0], books.zone))
    while (begins := instant(monday, books.zone)) < more[1]:
        monday = later(monday, 7 * 86400)
        week = (begins, instant(monday, books.zone))
        served = [one for plan in books.rota.schedules for one in hers(books, plan.name, person, *week)]
        kept = [piece for one in served for piece in _without(one, less)]
        fullest = max(fullest, _length([*kept, *_cut(more, week)]))
        if week[1] >= FOREVER:
            break
    return fullest


def candidates(books: Books, schedule: str, giver: StaffId, start: datetime, end: datetime) -> list[Staff]:
    """Every colleague who could serve [start, end) for her: who can answer, is not away and not on call then. The least
    burdened come first, and last of all who would pass the weekly hours: she is asked, for a gap is worse, and told."""
    able = {
        one.id: one
        for one in books.people.values()
        if one.id != giver
        and one.can_answer
        and not is_away(books, one.id, start, end)
        and not hers(books, schedule, one.id, start, end)
    }
    fair = _fair(books, list(able), start, end)
    return [able[one] for one in sorted(fair, key=lambda one: _tired(books, one, (start, end)))]


def _tired(books: Books, person: StaffId, more: Span, less: Span | None = None) -> bool:
    return weekly(books, person, more, less) > books.most


def _fair(books: Books, people: list[StaffId], start: datetime, end: datetime) -> list[StaffId]:
    planned = fairness.planned(books.rota.schedules, _earlier(start, NEAR), _later(end, NEAR))
    return fairness.fairest(sorted(people), fairness.burdens(planned, books.zone))


def partners(
    books: Books, schedule: str, giver: StaffId, start: datetime, end: datetime, wanted: Span | None
) -> list[tuple[Staff, Span]]:
    """Every colleague with whom she could swap [start, end), with what she would serve in return: a shift that begins
    in `wanted`, or that colleague's nearest comparable one."""
    able = [
        one
        for one in books.people.values()
        if one.id != giver
        and one.can_answer
        and not is_away(books, one.id, start, end)
        and not hers(books, schedule, one.id, start, end)
    ]
    order = {person: n for n, person in enumerate(_fair(books, [one.id for one in able], start, end))}
    found = []
    for one in sorted(able, key=lambda person: order[person.id]):
        back = in_return(books, schedule, giver, one.id, (start, end), wanted)
        if back is not None:
            found.append((one, back))
    return sorted(found, key=lambda pair: _tired(books, pair[0].id, (start, end), pair[1]))


def in_return(
    books: Books, schedule: str, giver: StaffId, colleague: StaffId, given: Span, wanted: Span | None
) -> Span | None:
    """What the giver would serve for this colleague: a shift that has not begun, at a time when she herself is free."""
    around = wanted or given
    first, last = _earlier(around[0], NEAR), _later(around[1], NEAR)
    served = hers(books, schedule, colleague, max(first, books.now), last)
    # One that the look begins or ends in has been cut.
    whole = [one for one in served if one[0] > first and one[1] < last and _alike(one, given)]
    possible = [
        (start, end)
        for start, end in (whole if wanted is None else _named(served, wanted))
        if start > books.now
        and not hers(books, schedule, giver, start, end)
        and not is_away(books, giver, start, end)
    ]
    return min(possible, key=lambda one: (abs(one[0] - given[0]), one), default=None)


def _named(served: Sequence[Span], wanted: Span) -> list[Span]:
    """The shifts that begin at the time that was named, whole: "Monday" is no slice of Sunday's night. Where none
    does, the hours themselves, if they lie within one."""
    begun = [
        one if one[1] - one[0] <= LONG else _cut(one, wanted)[0]
        for one in served
        if wanted[0] <= one[0] < wanted[1]
    ]
    return begun or [wanted for one in served if one[0] <= wanted[0] and wanted[1] <= one[1]]


def is_away(books: Books, person: StaffId, start: datetime, end: datetime) -> bool:
    return any(who == person and since < end and start < until for who, (since, until) in books.aways)


def current(schedule: Schedule[StaffId] | None, person: StaffId, start: datetime, end: datetime) -> bool:
    """Whether she is on call in all of [start, end): what she asks for can still be taken off her."""
    return (
        schedule is not None
        and start < end
        and rota.shifts_of(schedule, person, start, end) == [(start, end)]
    )


def taken_off(
    schedule: Schedule[StaffId], person: StaffId, start: datetime, end: datetime, *, by: StaffId
) -> tuple[Override[StaffId], ...]:
    """What takes her off call within [start, end), whoever's turn it was.

    Swaps act after overrides: of a shift that she has taken, the turn of whoever gave it goes, and of a chain of such
    swaps the first that is needed.
    """
    made: list[Override[StaffId]] = []
    seen: set[tuple[StaffId, datetime, datetime]] = set()
    level = {(person, start, end)}
    while level:
        seen |= level
        made += [Override(kind=Kind.REMOVE, start=a, end=b, remove=one, by=by) for one, a, b in sorted(level)]
        after = replace(schedule, overrides=(*schedule.overrides, *made))
        left = rota.shifts_of(after, person, start, end)
        level = {
            (swap.giver, max(first, a, swap.start), min(last, b, swap.end))
            for first, last in left
            for one, a, b in level
            for swap in schedule.swaps
            if swap.status is Status.TAKEN and swap.taker == one
            if max(first, a, swap.start) < min(last, b, swap.end)
        } - seen
    return tuple(made)


def _alike(one: Span, other: Span) -> bool:
    lengths = sorted((one[1] - one[0], other[1] - other[0]))
    return lengths[1] <= lengths[0] * COMPARABLE


def _monday(day: datetime) -> datetime:
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return later(midnight, -86400 * midnight.weekday())


def _cut(one: Span, to: Span) -> list[Span]:
    start, end = max(one[0], to[0]), min(one[1], to[1])
    return [(start, end)] if start < end else []


def _without(one: Span, less: Span | None) -> list[Span]:
    if less is None:
        return [one]
    return [*_cut(one, (LONG_AGO, less[0])), *_cut(one, (less[1], FOREVER))]


def _length(spans: list[Span]) -> timedelta:
    total, until = timedelta(), LONG_AGO
    for start, end in sorted(spans):
        if end > until:
            total += end - max(start, until)
            until = end
    return total


def _earlier(at: datetime, span: timedelta) -> datetime:
    return at - span if at - LONG_AGO > span else LONG_AGO


def _later(at: datetime, span: timedelta) -> datetime:
    return at + span if FOREVER - at > span else FOREVER
