"""Who has said that she is away: it is noted, it warns, and it never changes the rota by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot import covering as rules
from bot import moments
from bot.covering import Span
from bot.errors import NotNow
from bot.people import Staff
from bot.phrases import Phrase
from handlers import covering
from handlers.coverwords import books
from handlers.line import Line
from handlers.turn import Turn
from storage.aways import Away
from storage.work import Work

LONGEST: Final = timedelta(days=184)
FARTHEST: Final = timedelta(days=400)
"""Longer, or later, and it is a slip of the thumb."""
LONG: Final = timedelta(hours=24)
"""Of a longer shift only the part is meant that lies within."""


def said(line: Line, person: Staff, start: datetime, end: datetime) -> str:
    """Whole days as days, anything else with its hours."""
    return moments.days(start, end, line.zone_of(person), line.read_by(person))


def hers(work: Work, person: Staff) -> list[Away]:
    """Those that are not over, the first to begin first: their numbers are their places in this list."""
    return sorted(work.aways.of(person.id), key=lambda one: (one.start, one.end, one.id))


def check(turn: Turn, start: datetime, end: datetime) -> None:
    """NotNow for a time that is over, upside down, years long or far, or of which a part is noted already."""
    now = turn.work.now
    if end <= now:
        raise NotNow("away.past")
    if end <= start or end - start > LONGEST or start - now > FARTHEST:
        raise NotNow("away.long", days=str(LONGEST.days))
    for n, one in enumerate(hers(turn.work, turn.staff), 1):
        if one.start < end and start < one.end:
            span = said(turn.line, turn.staff, one.start, one.end)
            raise NotNow("away.twice", number=str(n), span=span)


def note(turn: Turn, start: datetime, end: datetime) -> list[tuple[str, Span]]:
    """She is away then; her shifts in it, which stay hers."""
    check(turn, start, end)
    turn.work.aways.add(turn.staff.id, start, end)
    turn.tell("away.noted", span=said(turn.line, turn.staff, start, end))
    return shifts_within(turn, start, end)


def stands(turn: Turn, start: datetime, end: datetime) -> bool:
    """Whether she has not taken it back since it was noted."""
    return any((one.start, one.end) == (start, end) for one in hers(turn.work, turn.staff))


def shifts_within(turn: Turn, start: datetime, end: datetime) -> list[tuple[str, Span]]:
    """Her shifts, whole, of which a part lies within it, by schedule."""
    known = books(turn.work, turn.line)
    first, last = max(start, turn.work.now), end
    found = []
    for schedule in known.rota.schedules:
        for one in rules.hers(known, schedule.name, turn.staff.id, first - rules.NEAR, last + rules.NEAR):
            begins, ends = max(one[0], turn.work.now), one[1]
            if begins < last and first < ends:
                whole = ends - begins <= LONG
                span = (begins, ends) if whole else (max(begins, first), min(ends, last))
                found.append((schedule.name, span))
    return sorted(found, key=lambda one: one[1])


def naming(turn: Turn, place: str, shifts: list[tuple[str, Span]], **said: str) -> Phrase:
    """A phrase that lists these, as many as she can be told, and how many more."""
    spans = [turn.line.span_for(turn.staff, *span) for _, span in shifts]
    return turn.line.listing(turn.staff, place, "shifts", spans, **said)


def offer(turn: Turn, shifts: list[tuple[str, Span]]) -> Phrase:
    """The question whether cover is to be asked for these."""
    return naming(turn, "away.cover", shifts)


def ask_for_all(turn: Turn, shifts: list[tuple[str, Span]]) -> None:
    """A request for each; of one that cannot be asked for she hears why."""
    for schedule, span in shifts:
        try:
            covering.open_request(
                turn.work, turn.line, giver=turn.staff, schedule=schedule, start=span[0], end=span[1]
            )
        except NotNow as refusal:
            turn.tell(refusal.phrase, **refusal.arguments)


def take_back(turn: Turn, number: int) -> None:
    """She is there after all."""
    mine = hers(turn.work, turn.staff)
    if not 1 <= number <= len(mine) or not turn.work.aways.drop(mine[number - 1]):
        raise NotNow("away.unknown", number=str(number))
    one = mine[number - 1]
    turn.tell("away.back", span=said(turn.line, turn.staff, one.start, one.end))
