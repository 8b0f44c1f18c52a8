"""OK and CAN'T to a reminder and to READY?."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot.errors import NotNow
from bot.ownshifts import LONGEST
from bot.reminders import about_what
from handlers import covering, coverwords, handoff, reminding, resting, unreachable
from handlers.turn import Turn
from storage.questions import Question

SOON: Final = timedelta(hours=24)
"""Somebody who cannot come to a shift that begins so soon is told to the admins, whoever may still take it."""

MOST: Final = timedelta(hours=24)
"""Of a longer shift no more is given away unread: who is on call for ever would else ask for cover of weeks."""


def comes(turn: Turn, question: Question) -> None:
    """She will be there, if it is hers still."""
    if not any(reminding.left_of(turn.line.rota(turn.work), question, turn.work.now)):
        raise NotNow("shift.not.yours")
    turn.tell("reminder.ok" if turn.staff.available else "ready.ok.off")


def is_here(turn: Turn, question: Question) -> None:
    """She is there."""
    about = about_what(question.about)
    if not turn.staff.available:
        turn.tell("ready.ok.off")
        return
    if about.end - about.start >= LONGEST:
        turn.tell("ready.ok.open")
        return
    turn.tell("ready.ok", until=turn.line.moment_for(turn.staff, about.end))


def cannot_come(turn: Turn, question: Question) -> None:
    """Her colleagues are asked at once, each once; she hears how many, and may come all the same until one takes it.
    Where they were asked before, nobody but she hears anything."""
    work, line = turn.work, turn.line
    left = list(reminding.left_of(line.rota(work), question, work.now))
    if not left:
        raise NotNow("shift.not.yours")
    for schedule, start, last in left:
        end = min(last, start + MOST)
        cover = covering.open_request(
            work, line, giver=turn.staff, schedule=schedule, start=start, end=end, by=turn.staff
        )
        soon = cover.asked and start <= work.now + SOON
        if soon and work.told.first("cannot come", str(cover.number), until=cover.end):
            coverwords.tell_admins(
                work, line, cover, "cannot.soon", but=(turn.staff.id,), name=turn.staff.name
            )


def cannot_now(turn: Turn, question: Question) -> None:
    """The same for what is left of it; nobody is offered to her until somebody has taken it."""
    cannot_come(turn, question)
    unreachable.off_is_told(turn.work, turn.line, turn.staff.id)
    resting.rest(turn.work, turn.staff.id, about_what(question.about).end)
    mine = turn.work.conversations.talking_with(turn.staff.id)
    if mine:
        handoff.hand_on(turn.work, turn.line, turn.staff, mine, "off.open")
