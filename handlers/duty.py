"""The past is written down: who was on call, before anything can change it."""

from __future__ import annotations

from bot import rota
from bot.errors import SealBroken
from bot.people import StaffId
from bot.rota import Rota
from bot.rotanames import named
from handlers.line import Line
from storage.duty import Duty
from storage.tables import day_of, start_of_day
from storage.work import Work


def write(work: Work, line: Line, *, whole: bool = True) -> int:
    """Writes who was on call since it was last written, by the rota in force; how many stretches. `whole`: days (UTC)
    that have ended only; else up to this instant, because the rota is about to change. What is not written yet follows
    from the rota in force.

    Nothing before the rota was first saved, and nothing of who has left: nobody was on call then.
    """
    since = work.duty.until() or line.rota_since(work)
    if since is None or since >= work.now:
        return 0
    until = start_of_day(day_of(work.now)) if whole else work.now
    if until <= since:
        return 0
    planned = line.rota(work)
    left = gone(work, planned)
    served = [
        Duty(person, schedule.name, shift.start, shift.end)
        for schedule in planned.schedules
        for shift in rota.shifts(schedule, since, until)
        for person in sorted(shift.people - left)
    ]
    work.duty.write(served, since=work.duty.until(), until=until)
    return len(served)


def gone(work: Work, planned: Rota[StaffId]) -> frozenset[StaffId]:
    """Who is in this rota and has left. Somebody whose row does not open has not."""
    there = {one.id for one in work.staff.everyone()}
    mentioned = {person for schedule in planned.schedules for _, person in named(schedule)}
    return frozenset(person for person in mentioned - there if _left(work, person))


def _left(work: Work, person: StaffId) -> bool:
    try:
        return work.staff.get(person) is None
    except SealBroken:
        return False
