"""Somebody leaves the line: at once, with all that was hers."""

from __future__ import annotations

from bot.errors import SealBroken
from bot.people import Staff, StaffId, Standing
from handlers import desk, duty, newkey, takers
from handlers.line import Line
from storage.work import Work


def leave(work: Work, line: Line, person: Staff, *, by: StaffId | None = None) -> None:
    """Nothing is sent to her any more and her keys end; whoever she was talking with is offered to the others, and so
    is what she had taken of colleagues' shifts."""
    for one in person.contacts:
        desk.cut_off(work, line, one, Standing.DEAD)
    newkey.ended_with(work, line, person, by)
    _tell_givers(work, line, person)
    _write_down(work, line)
    work.staff.remove(person.id)
    work.audit.add("staff removed", by=by, detail=str(person.id))


def _tell_givers(work: Work, line: Line, person: Staff) -> None:
    """By her name, which goes with her; what does not open is seen to in the next round, without it."""
    try:
        takers.leaves(work, line, person)
    except SealBroken as broken:
        work.notice(broken)


def _write_down(work: Work, line: Line) -> None:
    """What she has served stays hers, up to this instant; a log that does not open keeps nobody on the line."""
    try:
        duty.write(work, line, whole=False)
    except SealBroken as broken:
        work.notice(broken)
