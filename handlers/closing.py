"""LINE CLOSED and LINE OPEN: who did it is told to everybody who answers for the line, and stands in the trail."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import closing
from bot.closing import Closing
from bot.phrases import phrase
from handlers import alarms, apply, gapalarm
from handlers.line import Line
from handlers.turn import Turn
from storage.work import Work


def close(turn: Turn, until: datetime | None) -> None:
    """From now on nobody is offered anything new; a closing from before is replaced."""
    made = Closing(turn.work.now, turn.staff.id, until)
    turn.work.line.set(closing.NAME, closing.written(made))
    detail = "" if until is None else f"until {until.isoformat(timespec='minutes')}"
    turn.work.audit.add("line closed", by=turn.staff.id, detail=detail)
    turn.work.conversations.look_again()
    _tell_all(turn, "line.closed", until)


def reopen(turn: Turn) -> None:
    """Whoever waits is offered first, at once."""
    before = closing.read(turn.work.line.get(closing.NAME))
    if before is None or not before.is_closed(turn.work.now):
        turn.tell("line.is.open")
        return
    made = Closing(before.at, before.by, turn.work.now)
    turn.work.line.set(closing.NAME, closing.written(made))
    turn.work.audit.add("line opened", by=turn.staff.id)
    turn.work.conversations.look_again()
    _tell_all(turn, "line.opened", None)


def _tell_all(turn: Turn, place: str, until: datetime | None) -> None:
    """She and everybody else who answers for the line read the same, each by her own clock."""
    people = {one.id: one for one in (*alarms.answerable(turn.work), turn.staff)}
    for person in people.values():
        contact = turn.contact if person.id == turn.staff.id else person.contact
        said = {"name": turn.staff.name}
        if until is not None:
            said["until"] = turn.line.moment_for(person, until)
        if contact is not None:
            apply.tell(
                turn.work,
                turn.line,
                contact,
                phrase(f"{place}.until" if until is not None else place, **said),
            )


def daily(work: Work, line: Line) -> int:
    """A closing without an end is not forgotten: the admins hear of it each morning; whether they did now."""
    closed = closing.read(work.line.get(closing.NAME))
    if closed is None or closed.until is not None or work.now < closed.at + timedelta(hours=12):
        return 0
    if not gapalarm.is_morning(work, line):
        return 0
    if not work.told.first("closed", gapalarm.today(work, line), until=work.now):
        return 0
    alarms.tell_each(work, line, gapalarm.admins(work), phrase("line.still.closed"))
    return 1
