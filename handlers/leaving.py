"""Somebody leaves the line: at once, with all that was hers."""

from __future__ import annotations

from bot.people import Staff, StaffId, Standing
from handlers import desk, newkey
from handlers.line import Line
from storage.work import Work


def leave(work: Work, line: Line, person: Staff, *, by: StaffId | None = None) -> None:
    """Nothing is sent to her any more and her keys end; whoever she was talking with is offered to the others."""
    for one in person.contacts:
        desk.cut_off(work, line, one, Standing.DEAD)
    newkey.ended_with(work, line, person, by)
    work.staff.remove(person.id)
    work.audit.add("staff removed", by=by, detail=str(person.id))
