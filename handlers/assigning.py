"""What admins plan for others from their phones: everybody whom it touches hears of it, in her language and zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot import agreements, rota
from bot import covering as rules
from bot.changes import Kind, Override, Status
from bot.covers import Cover, Deal
from bot.errors import NotNow
from bot.people import Staff, StaffId
from bot.phrases import phrase
from bot.schedules import Schedule
from handlers import apply, dates, exchanging, planning, serving
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


def replaceable(
    turn: Turn, giver: Staff, taker: Staff, schedules: Sequence[str], start: datetime, end: datetime
) -> list[str]:
    """Those of the schedules in which `taker` can serve for `giver`; NotNow where there is none."""
    found, refused = [], NotNow("not_now")
    for schedule in schedules:
        try:
            may_replace(turn, giver, taker, schedule, start, end)
            found.append(schedule)
        except NotNow as refusal:
            refused = refusal
    if not found:
        raise refused
    return found


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
    start = max(start, turn.work.now)
    taker = agreements.given_away(planned, person.id, start, end) if planned else None
    other = known.people.get(taker) if taker is not None else None
    if other is not None:
        serves = rules.hers(known, schedule, other.id, start, end)
        place = "plan.given.away" if serves else "plan.given.away.off"
        raise NotNow(place, name=person.name, taker=other.name)


def add(turn: Turn, person: Staff, schedule: str, start: datetime, end: datetime) -> None:
    """She is on call then, beside whoever is."""
    may_add(turn, person, schedule, start, end)
    start = max(start, turn.work.now)
    made = Override(kind=Kind.ADD, start=start, end=end, add=person.id, by=turn.staff.id)
    _override(turn, schedule, (made,), "shift added")
    _inform(turn, person, "plan.added", "plan.added.done", start, end)


def remove(turn: Turn, person: Staff, schedules: Sequence[str], start: datetime, end: datetime) -> None:
    """She is not on call then in these; nobody takes her place. Where she is in another still, both read it."""
    start = max(start, turn.work.now)
    if end <= start:
        raise NotNow("cover.past")
    known = books(turn.work, turn.line)
    serving_in = [one for one in known.rota.schedules if rules.hers(known, one.name, person.id, start, end)]
    off = [one for one in serving_in if one.name in schedules]
    if not off:
        raise dates.not_on(turn, person)
    for planned in off:
        made = rules.taken_off(planned, person.id, start, end, by=turn.staff.id)
        _override(turn, planned.name, made, "shift removed")
    left = [one.name for one in serving_in if one not in off]
    if left:
        said = {"schedule": ", ".join(one.name for one in off), "left": ", ".join(left)}
        _inform(turn, person, "plan.removed.part", "plan.removed.part.done", start, end, **said)
    else:
        _inform(turn, person, "plan.removed", "plan.removed.done", start, end)


def is_away(turn: Turn, person: Staff, start: datetime, end: datetime) -> bool:
    """Whether she has said that she is away then, which an admin reads before she puts her on call."""
    return rules.is_away(books(turn.work, turn.line), person.id, start, end)


def leaves_a_gap(turn: Turn, person: StaffId, schedule: str, start: datetime, end: datetime) -> bool:
    """Whether nobody who could answer is on call in some part of it without her."""
    planned = turn.line.rota(turn.work).named(schedule)
    able = {one.id for one in turn.work.staff.everyone() if one.can_answer and one.id != person}
    return planned is not None and bool(rota.gaps(planned, start, end, able.__contains__))


def _override(turn: Turn, schedule: str, made: tuple[Override[StaffId], ...], what: str) -> None:
    """Agreements that decide nothing any more end with it, in the rota and as requests."""
    within = min(one.start for one in made), max(one.end for one in made)

    def overridden(planned: Schedule[StaffId]) -> Schedule[StaffId]:
        after = replace(planned, overrides=(*planned.overrides, *made))
        return agreements.without_idle(after, within, turn.work.now)

    before = turn.line.rota(turn.work)
    planning.change(
        turn.work,
        turn.line,
        lambda planned: exchanging.changed(planned, schedule, overridden),
        by=turn.staff.id,
        what=what,
    )
    exchanging.follow(turn.work, before, turn.line.rota(turn.work))


def _inform(
    turn: Turn, person: Staff, place: str, done: str, start: datetime, end: datetime, **more: str
) -> None:
    """Whom it touches, and who did it."""
    said = {"name": person.name, "by": turn.staff.name, **more}
    if person.id != turn.staff.id and person.contact is not None:
        span = turn.line.span_for(person, start, end)
        apply.tell(turn.work, turn.line, person.contact, phrase(place, span=span, **said))
    turn.tell(done, span=turn.line.span_for(turn.staff, start, end), **said)
