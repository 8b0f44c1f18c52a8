"""Wrong numbers are counted: whoever guesses is stopped for the day, and those who answer for the line hear of it."""

from __future__ import annotations

from bot.errors import NotNow
from bot.foureyes import GUESSES
from bot.phrases import phrase
from handlers import alarms
from handlers.turn import Turn


def stop(turn: Turn, place: str) -> None:
    """NotNow with this phrase where she has texted too many wrong ones today (UTC), from whatever phone of hers: no
    right one counts then."""
    if turn.work.requests.guesses(turn.staff.id) >= GUESSES:
        raise NotNow(place)


def wrong(turn: Turn) -> None:
    """One more. At the last that she has, the others who answer for the line are told, once."""
    work = turn.work
    if work.requests.guessed(turn.staff.id) != GUESSES:
        return
    work.audit.add("wrong numbers", by=turn.staff.id, detail=str(GUESSES))
    others = [one for one in alarms.answerable(work) if one.id != turn.staff.id]
    alarms.tell_each(work, turn.line, others, phrase("foureyes.alarm", name=turn.staff.name))
