"""Where a schedule leaves texters alone: nobody is on call, nobody who can be reached, nobody who speaks Ukrainian."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import rota
from bot.people import Staff, StaffId
from bot.schedules import Schedule

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Holes:
    """Within a span: `nobody` is on call; some are, of whom none can answer (`unreachable`); some who can answer are,
    of whom none speaks the language (`languages`, of which those without a hole are left out). They never overlap but
    for two languages."""

    nobody: list[Span] = field(default_factory=list)
    unreachable: list[Span] = field(default_factory=list)
    languages: dict[str, list[Span]] = field(default_factory=dict)


def holes(
    schedule: Schedule[StaffId],
    people: Mapping[StaffId, Staff],
    languages: Iterable[str],
    start: datetime,
    end: datetime,
    reached: Callable[[Staff], bool] = lambda person: person.can_answer,
) -> Holes:
    """The holes within [start, end), from one look at the schedule. `reached`: whom an offer reaches."""
    found, spoken = Holes(), tuple(languages)
    for shift in rota.shifts(schedule, start, end):
        span = (shift.start, shift.end)
        able = [people[one] for one in shift.people if one in people and reached(people[one])]
        if not shift.people:
            _add(found.nobody, span)
        elif not able:
            _add(found.unreachable, span)
        else:
            for code in spoken:
                if not any(code in person.languages for person in able):
                    _add(found.languages.setdefault(code, []), span)
    return found


def opened(before: Iterable[Span], after: Iterable[Span]) -> list[Span]:
    """What of `after` does not lie in `before`: the holes that a change makes. Both in order, without overlap."""
    old, new = list(before), []
    for start, end in after:
        for first, last in old:
            if last <= start or first >= end:
                continue
            if start < first:
                new.append((start, first))
            start = last
        if start < end:
            new.append((start, end))
    return new


def length(spans: Iterable[Span]) -> timedelta:
    """How long they are together."""
    return sum((end - start for start, end in spans), timedelta())


def _add(spans: list[Span], span: Span) -> None:
    if spans and spans[-1][1] == span[0]:
        spans[-1] = (spans[-1][0], span[1])
    else:
        spans.append(span)
