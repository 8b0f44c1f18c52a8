"""What she means by a date: by her own clock, in her own language, among the shifts that it can be about."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot import covering as rules
from bot import meaning, phrases, when
from bot.covering import Span
from bot.errors import NotNow
from bot.meaning import Said
from bot.people import Staff
from handlers.coverwords import SHOWN, books, next_shifts, next_spans
from handlers.turn import Turn

FARTHEST: Final = timedelta(days=400)
"""So far ahead a shift is looked for."""
MONTH_FIRST: Final = frozenset({"US"})
"""Countries where 11/27 is in November, for whoever reads English."""


def read(turn: Turn, text: str, *, word: str, whose: Staff | None = None) -> Said:
    """The date; NotNow with examples, and the next shifts, where it is not understood."""
    language = turn.line.read_by(turn.staff)
    today = turn.work.now.astimezone(turn.line.zone_of(turn.staff)).date()
    month_first = language == "en" and turn.line.country in MONTH_FIRST
    said = when.read(
        text, dict.fromkeys((language, "en", *phrases.languages())), today, month_first=month_first
    )
    if said is None:
        raise not_understood(turn, word, whose)
    return said


def not_understood(turn: Turn, word: str, whose: Staff | None = None) -> NotNow:
    shifts = next_spans(turn.work, turn.line, whose or turn.staff, SHOWN, reader=turn.staff) or ["-"]
    how = turn.line.listing(turn.staff, "when.how", "shifts", shifts, word=word.upper())
    return NotNow(how.place, **how.arguments)


def span_of(turn: Turn, said: Said, word: str) -> Span:
    """From its first to its last instant; NotNow where that is none."""
    start, end = said.span(turn.line.zone_of(turn.staff))
    if end <= start:  # hours that a clock jumped over
        raise not_understood(turn, word)
    return start, end


def shift(turn: Turn, text: str, whose: Staff, *, word: str) -> tuple[str, Span]:
    """The one shift of hers, or the part of one, that is meant, with its schedule. NotNow where there is none, or where
    she has to say which."""
    said = read(turn, text, word=word, whose=whose)
    zone = turn.line.zone_of(turn.staff)
    spans = [span_of(turn, one, word) for one in (said, said.other) if one is not None]
    start, end = min(one[0] for one in spans), max(one[1] for one in spans)
    now = turn.work.now
    if end <= now and not said.weekly:
        raise NotNow("cover.past")
    known = books(turn.work, turn.line)
    first = max(now, start - rules.NEAR)
    found = [
        (schedule.name, span)
        for schedule in known.rota.schedules
        for span in meaning.meant(
            said, rules.hers(known, schedule.name, whose.id, first, max(end, now) + rules.NEAR), zone
        )
        if start - now <= FARTHEST
    ]
    if not found:
        shifts = next_shifts(turn.work, turn.line, whose, reader=turn.staff)
        raise NotNow("cover.not.on", shifts=shifts)
    spans = sorted({span for _, span in found})
    if len(spans) > 1:
        choices = [turn.line.span_for(turn.staff, *one) for one in spans]
        asked = turn.line.listing(turn.staff, "when.which", "choices", choices, word=word.upper())
        raise NotNow(asked.place, **asked.arguments)
    return found[0]
