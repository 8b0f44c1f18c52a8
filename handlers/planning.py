"""The one way in which the rota changes while the line serves: the past is written down first, then the new version is
saved, with who, what, before and after in the trail."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from bot import reminders, rotadifference, rotafile
from bot.people import StaffId
from bot.rota import Rota, validate
from bot.rotanames import named
from handlers import duty
from handlers.line import Line
from storage.work import Work

LONGEST = 100_000
"""Characters of a change in the trail, some two thousand shifts: a greater one is told by its beginning."""


def change(
    work: Work, line: Line, make: Callable[[Rota[StaffId]], Rota[StaffId]], *, by: StaffId | None, what: str
) -> list[str]:
    """Saves what `make` makes of the rota in force; the lines of what changed, empty and nothing saved when nothing
    does. RotaError before anything is saved. Stale when somebody else changed it at this moment: then all is done anew,
    so `make` must begin with what it is given. `by`: None is the command line. `what`: fixed words for the trail.
    """
    before = line.rota(work)
    after = make(before)
    ids = {person.id for person in work.staff.everyone()} | _people(before)
    validate(after, known=ids)
    names = {person: f"#{person}" for person in ids}
    changes = rotadifference.difference(before, after, names)
    if not changes:
        return []
    duty.write(work, line, whole=False)
    version = work.rota.save(rotafile.encode(after), by="command line" if by is None else str(by))
    # Marked as said, not compared with the time of this change: the reminders of all other shifts stay due.
    for reminder, service in reminders.missed(before, after, work.now):
        work.told.first(reminder.value, *reminders.mark(service), until=service.start)
    work.audit.add(what, by=by, detail=f"rota {version}: {_told(changes)}")
    work.conversations.look_again()
    return changes


def _told(changes: list[str]) -> str:
    """One after the other, each whole; the rest are counted, and stand in the version, which `rota history` tells."""
    ends = accumulate(len(change) + 2 for change in changes)
    fit = sum(1 for end in ends if end <= LONGEST)
    more = f"; and {len(changes) - fit} more: greenroom rota history" if fit < len(changes) else ""
    return f"{'; '.join(changes[:fit])}{more}"


def _people(planned: Rota[StaffId]) -> set[StaffId]:
    """Whoever is in it already: somebody who has left keeps her turns."""
    return {person for schedule in planned.schedules for _, person in named(schedule)}
