"""Staff are told of their shifts, and asked whether they are there; who says nothing is out of reach until she does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from bot import reminders, rota
from bot.ownshifts import Service, whole
from bot.people import Role, Staff, StaffId
from bot.phrases import Phrase, phrase
from bot.questions import QuestionKind
from bot.reminders import Remind, about_what
from bot.rota import Rota
from handlers import alarms, questions, resting
from handlers.line import Line
from storage.questions import Question
from storage.work import Work

AT_ONCE: Final = 20
"""Letters in one transaction: small enough not to keep inbound texts waiting."""
KEPT: Final = timedelta(hours=12)
"""After its end, so that a late answer is told that it is late."""
LATELY: Final = timedelta(minutes=5)
"""Whoever wrote in the last five to ten minutes is there, and is not asked."""
KINDS: Final = {
    Remind.DAY: QuestionKind.REMINDER,
    Remind.HOUR: QuestionKind.REMINDER,
    Remind.READY: QuestionKind.READY,
}
OURS: Final = frozenset({*KINDS.values(), QuestionKind.GAPS, QuestionKind.ECHO})
CALLED: Final = ("on call", "backup")


def remind(work: Work, line: Line) -> int:
    """Says what is due, some of it in one transaction; how much. Each once for a shift, whatever else happens."""
    planned = line.rota(work)
    due = reminders.due(planned, work.now)
    people = {person.id: person for person in work.staff.everyone()} if due else {}
    done = 0
    for what, service in due:
        person = people.get(service.staff)
        if person is None or not person.can_answer or done == AT_ONCE:
            continue
        mark = reminders.mark(service)
        known = work.told.known(what.value, *mark)
        if not known and work.told.first(what.value, *mark, until=service.start):
            _say(work, line, person, what, whole(planned, service))
            done += 1
    return done


def _say(work: Work, line: Line, person: Staff, what: Remind, service: Service) -> None:
    if what is Remind.READY and person.available and _was_here(work, person.id):
        return
    asked = words(line, person, what, service)
    about = reminders.about(service, work.now)
    within = reminders.leaves_by(what, service) - work.now
    questions.ask(work, line, person, asked, KINDS[what], due_at=service.end, about=about, within=within)


def words(line: Line, person: Staff, what: Remind, service: Service) -> Phrase:
    """How it is put to her."""
    said = line.service_for(person, service)
    # OFF never ends by itself: she hears of her shift all the same, and of the word that brings her back.
    place = f"reminder.{what.value}" if person.available else f"reminder.{what.value}.off"
    return phrase(place, span=said, schedule=", ".join(service.schedules))


# ── Is she there? ──


def heard(work: Work, person: Staff) -> None:
    """She wrote, or pressed a button: she can be reached, whatever it was."""
    if person.silent:
        work.staff.set_silent(person.id, False)
        work.conversations.look_again()
    work.told.first("heard", str(person.id), _stretch(work.now), until=work.now)
    for question in work.questions.of(person.id):
        if question.kind is QuestionKind.READY:
            work.told.first("there", question.id.hex(), until=question.due_at)


def _was_here(work: Work, staff_id: StaffId) -> bool:
    stretches = (_stretch(work.now), _stretch(work.now - LATELY))
    return any(work.told.known("heard", str(staff_id), one) for one in stretches)


def _stretch(at: datetime) -> str:
    return str(int(at.timestamp() // LATELY.total_seconds()))


def find_silent(work: Work, line: Line) -> int:
    """Who has said nothing for five minutes after READY? is asked last from now on; backup and admins hear so before
    anybody waits. The flag ends with the shift. How many changed."""
    planned = line.rota(work)
    people = {person.id: person for person in work.staff.everyone()}
    busy = {name: _now(planned, name, work.now) for name in CALLED}
    on_call = frozenset().union(*busy.values())
    done = resting.wake(work, on_call)
    for person in people.values():
        if person.silent and person.id not in on_call:
            work.staff.set_silent(person.id, False)
            done += 1
        elif person.id in busy["on call"] and not person.silent and _is_silent(work, person):
            work.staff.set_silent(person.id, True)
            work.conversations.look_again()
            told = [one for one in people.values() if one.id in busy["backup"] or Role.ADMIN in one.roles]
            others = [one for one in told if one.id != person.id]
            alarms.tell_each(work, line, others, phrase("ready.silent", name=person.name))
            done += 1
    return done


def _now(planned: Rota[StaffId], name: str, at: datetime) -> frozenset[StaffId]:
    schedule = planned.named(name)
    return rota.on_call(schedule, at) if schedule is not None else frozenset()


def _is_silent(work: Work, person: Staff) -> bool:
    return person.available and any(
        about_what(one.about).asked + reminders.SILENCE <= work.now < one.due_at
        and not work.told.known("there", one.id.hex())
        and work.told.first("silent", one.id.hex(), until=one.due_at)
        for one in work.questions.of(person.id)
        if one.kind is QuestionKind.READY
    )


def lapse(work: Work, line: Line) -> int:
    """Questions of ours that nobody has answered in time."""
    late = [one for one in work.questions.due() if one.kind in OURS and one.due_at + KEPT <= work.now]
    return sum(work.questions.settle(one.id) for one in late)


def left_of(
    planned: Rota[StaffId], question: Question, now: datetime
) -> Iterable[tuple[str, datetime, datetime]]:
    """What is still hers of the shift that a question is about, in each schedule."""
    about = about_what(question.about)
    for schedule in planned.schedules:
        if schedule.name in about.schedules and max(about.start, now) < about.end:
            for start, end in rota.shifts_of(schedule, question.staff, max(about.start, now), about.end):
                yield schedule.name, start, end
