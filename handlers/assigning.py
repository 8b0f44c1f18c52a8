"""What admins plan for others from their phones: everybody whom it touches hears of it, in her language and zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot import covering as rules
from bot import rota
from bot.changes import Kind, Override, Status
from bot.covers import Cover, Deal
from bot.errors import NotNow
from bot.people import Staff, StaffId
from bot.phrases import phrase
from bot.rota import Rota
from handlers import apply, dates, planning, serving
from handlers.coverwords import books
from handlers.turn import Turn


def direct(turn: Turn, giver: Staff, taker: Staff, schedule: str, start: datetime, end: datetime) -> None:
    """`taker` serves for `giver` from now on, and may still give it back."""
    start = max(start, turn.work.now)
    may_replace(turn, giver, taker, schedule, start, end)
    open_one = turn.work.covers.add(
        Cover(
            number=0,
            deal=Deal.COVER,
            giver=giver.id,
            schedule=schedule,
            start=start,
            end=end,
            status=Status.OPEN,
            due_at=start if start > turn.work.now else end,
            by=turn.staff.id,
        )
    )
    serving.settle(turn.work, turn.line, open_one, open_one, taker, None, by=turn.staff.id)


def may_replace(
    turn: Turn, giver: Staff, taker: Staff, schedule: str, start: datetime, end: datetime
) -> None:
    """NotNow where it is over, where the one is not on call then or the other already is, or cannot be."""
    known = books(turn.work, turn.line)
    if end <= start:
        raise NotNow("cover.past")
    if giver.id == taker.id:
        raise NotNow("plan.same")
    _can_serve(taker)
    if not rules.current(known.rota.named(schedule), giver.id, start, end):
        raise dates.not_on(turn, giver)
    if rules.hers(known, schedule, taker.id, start, end):
        raise NotNow("plan.on.already", name=taker.name)


def _can_serve(person: Staff) -> None:
    if not person.takes_conversations:
        raise NotNow("plan.not.counselor", name=person.name)
    if not person.can_answer:
        raise NotNow("plan.unreachable", name=person.name)


def may_add(turn: Turn, person: Staff, schedule: str, start: datetime, end: datetime) -> None:
    """NotNow where it is over, or she is on call then."""
    if end <= max(start, turn.work.now):
        raise NotNow("cover.past")
    _can_serve(person)
    known = books(turn.work, turn.line)
    if rules.hers(known, schedule, person.id, max(start, turn.work.now), end):
        raise NotNow("plan.on.already", name=person.name)
    planned = known.rota.named(schedule)
    taker = rules.given_away(planned, person.id, max(start, turn.work.now), end) if planned else None
    other = known.people.get(taker) if taker is not None else None
    if other is not None:
        raise NotNow("plan.given.away", name=person.name, taker=other.name)


def add(turn: Turn, person: Staff, schedule: str, start: datetime, end: datetime) -> None:
    """She is on call then, beside whoever is."""
    may_add(turn, person, schedule, start, end)
    start = max(start, turn.work.now)
    made = Override(kind=Kind.ADD, start=start, end=end, add=person.id, by=turn.staff.id)
    _override(turn, schedule, (made,), "shift added")
    _inform(turn, person, "plan.added", "plan.added.done", start, end)


def remove(turn: Turn, person: Staff, schedule: str, start: datetime, end: datetime) -> None:
    """She is not on call then; nobody takes her place."""
    start = max(start, turn.work.now)
    if end <= start:
        raise NotNow("cover.past")
    known = books(turn.work, turn.line)
    planned = known.rota.named(schedule)
    if planned is None or not rules.hers(known, schedule, person.id, start, end):
        raise dates.not_on(turn, person)
    made = rules.taken_off(planned, person.id, start, end, by=turn.staff.id)
    _override(turn, schedule, made, "shift removed")
    _inform(turn, person, "plan.removed", "plan.removed.done", start, end)


def leaves_a_gap(turn: Turn, person: StaffId, schedule: str, start: datetime, end: datetime) -> bool:
    """Whether nobody who could answer is on call in some part of it without her."""
    planned = turn.line.rota(turn.work).named(schedule)
    able = {one.id for one in turn.work.staff.everyone() if one.can_answer and one.id != person}
    return planned is not None and bool(rota.gaps(planned, start, end, able.__contains__))


def _override(turn: Turn, schedule: str, made: tuple[Override[StaffId], ...], what: str) -> None:
    def change(planned: Rota[StaffId]) -> Rota[StaffId]:
        return Rota(
            tuple(
                replace(one, overrides=(*one.overrides, *made)) if one.name == schedule else one
                for one in planned.schedules
            )
        )

    planning.change(turn.work, turn.line, change, by=turn.staff.id, what=what)


def _inform(turn: Turn, person: Staff, place: str, done: str, start: datetime, end: datetime) -> None:
    """Whom it touches, and who did it."""
    said = {"name": person.name, "by": turn.staff.name}
    if person.id != turn.staff.id and person.contact is not None:
        span = turn.line.span_for(person, start, end)
        apply.tell(turn.work, turn.line, person.contact, phrase(place, span=span, **said))
    turn.tell(done, span=turn.line.span_for(turn.staff, start, end), **said)
