"""Somebody is on call whom no letter reaches, or who is OFF from before: the admins hear so, once for each shift."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot import rota
from bot.ownshifts import LONGEST, Service, services, whole
from bot.people import Staff, StaffId, Standing
from bot.phrases import phrase
from bot.schedules import Schedule
from handlers import alarms, gapalarm
from handlers.line import Line
from storage.work import Work

KEPT: Final = timedelta(days=30)
"""A shift without an end in sight is told of again after so long."""
OFF: Final = "off"
CAUSES: Final = {
    Standing.OPTED_OUT: "unreachable.stop",
    Standing.DEAD: "unreachable.dead",
    Standing.INVITED: "unreachable.invited",
}


def tell(work: Work, line: Line) -> int:
    """Who cannot be reached, or has been OFF since before, although she is on call now; how many were told of."""
    planned = [schedule for schedule in line.rota(work).schedules if schedule.gap_alarm]
    on_call = {schedule.name: rota.on_call(schedule, work.now) for schedule in planned}
    if not any(on_call.values()):
        return 0
    people = {one.id: one for one in work.staff.everyone()}
    done = 0
    for schedule in planned:
        there = on_call[schedule.name]
        able = [people[one] for one in sorted(there) if one in people and people[one].can_answer]
        for staff_id in sorted(there):
            person = people.get(staff_id)
            if person is None or not person.can_answer:
                done += _say(work, line, schedule, staff_id, person, alone=not able)
            elif not person.available:
                left = [one.name for one in able if one.available]
                done += _say_off(work, line, schedule, person, left)
    return done


def _say(
    work: Work,
    line: Line,
    schedule: Schedule[StaffId],
    staff_id: StaffId,
    person: Staff | None,
    *,
    alone: bool,
) -> bool:
    cause = why(person)
    if not _is_news(work, schedule, staff_id, cause):
        return False
    told = f"{cause} unreachable.alone" if alone else cause
    for admin in gapalarm.admins(work):
        if admin.id != staff_id:
            name, which = _named(work, line, schedule, staff_id, person, admin)
            what = phrase("unreachable", name=name, schedule=which, told=told)
            alarms.tell_each(work, line, [admin], what)
    if alone:
        gapalarm.mark_running(work, line, schedule.name)
    return True


def _named(
    work: Work, line: Line, schedule: Schedule[StaffId], staff_id: StaffId, person: Staff | None, admin: Staff
) -> tuple[str, str]:
    """Who, and in which schedule. The name of whoever was removed is gone with her: her shift says what
    is to be done."""
    if person is not None:
        return person.name, schedule.name
    running = _running(work, schedule, staff_id)
    name = line.say_to(admin, phrase("staff.gone"))
    if not running:
        return name, schedule.name
    shift = line.service_for(admin, whole(line.rota(work), running[-1]))
    return name, f"{schedule.name}, {shift}"


def _say_off(work: Work, line: Line, schedule: Schedule[StaffId], person: Staff, left: list[str]) -> bool:
    """OFF never ends by itself: without this nobody would know before a texter waits."""
    if not _is_news(work, schedule, person.id, OFF):
        return False
    said = {"name": person.name, "schedule": schedule.name}
    what = (
        phrase("on.call.off", names=", ".join(left), **said) if left else phrase("on.call.off.alone", **said)
    )
    alarms.tell_each(work, line, [one for one in gapalarm.admins(work) if one.id != person.id], what)
    if not left:
        gapalarm.mark_running(work, line, schedule.name)
    return True


def off_is_told(work: Work, line: Line, staff_id: StaffId) -> list[str]:
    """She has gone OFF in a shift that runs, which has its own word: that is not told as OFF from before. Where."""
    planned = [one for one in line.rota(work).schedules if staff_id in rota.on_call(one, work.now)]
    for schedule in planned:
        _is_news(work, schedule, staff_id, OFF)
    return [one.name for one in planned]


def _is_news(work: Work, schedule: Schedule[StaffId], staff_id: StaffId, cause: str) -> bool:
    """Once for this cause and shift."""
    mark = (str(staff_id), cause, schedule.name, _begun(work, schedule, staff_id))
    known = work.told.known("unreachable", *mark)
    return not known and work.told.first("unreachable", *mark, until=work.now + KEPT)


def why(person: Staff | None) -> str:
    """The place of the cause: what her first contact says, she has none, or she takes no conversations."""
    if person is None:
        return "unreachable.removed"
    if not person.takes_conversations:
        return "unreachable.role"
    standing = next((one.standing for one in person.contacts), None)
    return CAUSES.get(standing, "unreachable.none") if standing is not None else "unreachable.none"


def _begun(work: Work, schedule: Schedule[StaffId], staff_id: StaffId) -> str:
    """The beginning of the shift that runs; of one that began longer ago than we look, always the same word."""
    first = work.now - LONGEST
    mine = _running(work, schedule, staff_id)
    return mine[-1].start.isoformat() if mine and mine[-1].start > first else "always"


def _running(work: Work, schedule: Schedule[StaffId], staff_id: StaffId) -> list[Service]:
    """Her shifts up to now, cut to how far we look."""
    first, last = work.now - LONGEST, work.now + timedelta(seconds=1)
    return [one for one in services(schedule, first, last) if one.staff == staff_id]
