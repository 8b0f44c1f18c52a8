"""AWAY: when somebody cannot be asked, and which of her shifts fall in it."""

from __future__ import annotations

from bot import planwords
from bot.grammar import Command
from bot.phrases import phrase
from handlers import absences, dates, plans
from handlers.turn import Turn


def away(turn: Turn, command: Command) -> None:
    """Alone it lists hers; with a number and DROP it takes one back; with a time it notes it, once read back."""
    number = planwords.numbered(command.rest)
    if not command.rest:
        _list(turn)
    elif number is not None and number.word:
        absences.take_back(turn, number.number)
    else:
        _read_back(turn, command.rest)


def _list(turn: Turn) -> None:
    mine = absences.hers(turn.work, turn.staff)
    if not mine:
        turn.tell("away.none")
        return
    lines = [
        f"{n}: {absences.said(turn.line, turn.staff, one.start, one.end)}" for n, one in enumerate(mine, 1)
    ]
    turn.say([turn.line.listing(turn.staff, "away.list", "aways", lines, separator="; ")])


def _read_back(turn: Turn, text: str) -> None:
    said, (start, end) = dates.stretch(turn, text, word="away")
    if (said.begins is not None or said.now) and not said.exact:
        raise dates.not_understood(turn, "away")
    absences.check(turn, start, end)
    shifts = absences.shifts_within(turn, start, end)
    span = absences.said(turn.line, turn.staff, start, end)
    what = (
        absences.naming(turn, "away.sure.shifts", shifts, span=span)
        if shifts
        else phrase("away.sure", span=span)
    )
    plans.read_back(turn, what, plans.Absent(start, end))
