"""What she means by a date: by her own clock, in her own language, among the shifts that it can be about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot import covering as rules
from bot import meaning, phrases, when, which
from bot.covering import Span
from bot.errors import NotNow
from bot.meaning import Said
from bot.people import Staff
from handlers.coverwords import SHOWN, books, next_shifts, next_spans
from handlers.turn import Turn

FARTHEST: Final = timedelta(days=400)
"""So far ahead a shift is looked for."""
NAMING: Final = frozenset({"add", "remove"})
"""Words behind which a name comes before the date."""
MONTH_FIRST: Final = frozenset({"US"})
"""Countries where 11/27 is in November, for whoever reads English."""


def read(turn: Turn, text: str, *, word: str, whose: Staff | None = None) -> Said:
    """The date; NotNow with examples, and the next shifts, where it is not understood."""
    said = _said(turn, text, _today(turn))
    if said is None:
        raise not_understood(turn, word, whose)
    return said


def _today(turn: Turn) -> date:
    return turn.work.now.astimezone(turn.line.zone_of(turn.staff)).date()


def _said(turn: Turn, text: str, today: date) -> Said | None:
    language = turn.line.read_by(turn.staff)
    month_first = language == "en" and turn.line.country in MONTH_FIRST
    languages = dict.fromkeys((language, "en", *phrases.languages()))
    return when.read(text, languages, today, month_first=month_first)


def _of_yesterday(turn: Turn, text: str) -> Said | None:
    """What it means if a night that began yesterday is meant: after midnight it is the night still."""
    yesterday = _today(turn) - meaning.DAY
    said = _said(turn, text, yesterday)
    return said if said is not None and which.is_of(said, yesterday) else None


def not_understood(turn: Turn, word: str, whose: Staff | None = None) -> NotNow:
    if word in NAMING and whose is None:
        return NotNow("plan.how", word=word.upper())
    shifts = next_spans(turn.work, turn.line, whose or turn.staff, SHOWN, reader=turn.staff) or ["-"]
    person = whose or turn.staff
    place = "when.how" if person.id == turn.staff.id and word not in NAMING else "plan.when"
    how = turn.line.listing(turn.staff, place, "shifts", shifts, word=word.upper(), giver=person.name)
    return NotNow(how.place, **how.arguments)


def span_of(turn: Turn, said: Said, word: str, whose: Staff | None = None) -> Span:
    """From its first to its last instant; NotNow where that is none."""
    start, end = said.span(turn.line.zone_of(turn.staff), turn.work.now)
    if end <= start:  # hours that a clock jumped over
        raise not_understood(turn, word, whose)
    return start, end


def stretch(turn: Turn, text: str, *, word: str) -> tuple[Said, Span]:
    """A time that no shift decides, which ADD and AWAY name: the night that runs while it does, hours that are over
    today tomorrow's."""
    zone, now = turn.line.zone_of(turn.staff), turn.work.now
    late = _of_yesterday(turn, text)
    if late is not None and (late.exact or late.part) and late.span(zone, now)[1] > now:
        return late, span_of(turn, late, word)
    said = which.coming(read(turn, text, word=word), zone, now)
    return said, span_of(turn, said, word)


def shift(turn: Turn, text: str, whose: Staff, *, word: str) -> tuple[list[str], Span]:
    """The one shift of hers, or the part of one, that is meant, with the schedules in which she serves just then: of
    one that runs, what is left. NotNow where there is none, or where she has to say which."""
    late, said = _of_yesterday(turn, text), _said(turn, text, _today(turn))
    if late is None and said is None:
        raise not_understood(turn, word, whose)
    found = [] if late is None else _shifts(turn, late, whose, which.underway, word)
    if not found and said is not None:
        found = _shifts(turn, said, whose, which.meant, word)
    if not found:
        raise _none(turn, said, whose)
    spans = sorted({span for _, span in found})
    if len(spans) > 1:
        choices = [turn.line.span_for(turn.staff, *one) for one in spans]
        asked = turn.line.listing(turn.staff, "when.which", "choices", choices, word=word.upper())
        raise NotNow(asked.place, **asked.arguments)
    return [schedule for schedule, _ in found], spans[0]


def naming(turn: Turn, span: Span, schedules: Sequence[str], whose: Staff) -> str:
    """The time as she reads it; with the schedules that are meant, where `whose` serves in several then."""
    said, known = turn.line.span_for(turn.staff, *span), books(turn.work, turn.line)
    all_ = [one for one in known.rota.schedules if rules.hers(known, one.name, whose.id, *span)]
    return said if len(all_) < 2 else f"{said} ({', '.join(schedules)})"


Choosing = Callable[[Said, list[Span], ZoneInfo, datetime], list[Span]]
"""Which of these shifts are meant."""


def _shifts(turn: Turn, said: Said, whose: Staff, chosen: Choosing, word: str) -> list[tuple[str, Span]]:
    """What is meant, with the schedule of each."""
    zone, now = turn.line.zone_of(turn.staff), turn.work.now
    spans = [span_of(turn, one, word, whose) for one in (said, said.other) if one is not None]
    start, end = min(one[0] for one in spans), max(one[1] for one in spans)
    if start - now > FARTHEST:
        return []
    known = books(turn.work, turn.line)
    first, last = max(now, start) - rules.NEAR, max(end, now) + rules.NEAR
    return [
        (schedule.name, span)
        for schedule in known.rota.schedules
        for span in chosen(said, rules.hers(known, schedule.name, whose.id, first, last), zone, now)
    ]


def _none(turn: Turn, said: Said | None, whose: Staff) -> NotNow:
    zone, now = turn.line.zone_of(turn.staff), turn.work.now
    if said is None or (said.span(zone, now)[1] <= now and not (said.weekly or said.dayless)):
        return NotNow("cover.past")
    if whose.id != turn.staff.id:
        return not_on(turn, whose)
    return NotNow("cover.not.on", shifts=next_shifts(turn.work, turn.line, whose, reader=turn.staff))


def not_on(turn: Turn, whose: Staff) -> NotNow:
    """A colleague is not on call then: whose shifts there are, and which."""
    shifts = next_spans(turn.work, turn.line, whose, SHOWN, reader=turn.staff) or ["-"]
    said = turn.line.listing(turn.staff, "plan.not.on", "shifts", shifts, giver=whose.name)
    return NotNow(said.place, **said.arguments)
