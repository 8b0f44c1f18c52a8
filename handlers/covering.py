"""Requests for cover and swaps: put to every colleague once, taken by the first who says OK, given back, run out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot import covering
from bot.changes import Status
from bot.covering import Span
from bot.covers import Cover, Deal
from bot.errors import NotNow, Stale
from bot.people import Role, Staff, StaffId
from bot.questions import QuestionKind
from handlers import exchanging
from handlers.coverwords import (
    books,
    concerned,
    inform,
    mark_dropped,
    named,
    next_shifts,
    proposals,
    put,
    tell_admins,
    whens,
)
from handlers.line import Line
from handlers.turn import Turn
from storage.work import Work


def open_request(
    work: Work,
    line: Line,
    *,
    giver: Staff,
    schedule: str,
    start: datetime,
    end: datetime,
    by: Staff | None = None,
    deal: Deal = Deal.COVER,
    wanted: Span | None = None,
    note: str = "",
) -> Cover:
    """Puts to every colleague who could, each once, that she serve [start, end) for `giver`; one that stands already is
    not opened again: who asks hears that it is open still. `by`: who asks, if not she. She, and `by`, hear how many
    were asked.

    NotNow with the phrase to answer with: the time has passed, or she is not on call then.
    """
    # Two phones of hers, or she and an admin, in the same instant: each would find nothing standing, and every
    # colleague be asked twice.
    work.staff.hold(giver.id)
    start = max(start, work.now)
    known = books(work, line)
    if end <= start:
        raise NotNow("cover.past")
    if not covering.current(known.rota.named(schedule), giver.id, start, end):
        raise NotNow("cover.not.on", shifts=next_shifts(work, line, giver, schedule=schedule, reader=by))
    standing = _standing(work, giver.id, schedule, (start, end))
    if standing is not None:
        asked = str(len(standing.asked))
        inform(work, line, by or giver, standing, "cover.still", name=giver.name, count=asked)
        return standing
    proposed = proposals(known, deal, schedule, giver.id, (start, end), wanted)
    cover = work.covers.add(
        Cover(
            number=0,
            deal=deal,
            giver=giver.id,
            schedule=schedule,
            start=start,
            end=end,
            status=Status.OPEN,
            # What has begun already can be taken over until it ends.
            due_at=start if start > work.now else end,
            wanted=wanted,
            by=None if by is None or by.id == giver.id else by.id,
            asked=tuple(one.id for one, _ in proposed),
            note=note,
        )
    )
    for one, back in proposed:
        put(work, line, cover, giver, one, back)
    for person in (giver, *([by] if by is not None and by.id != giver.id else [])):
        place = "cover.asked" if proposed else "cover.nobody"
        inform(work, line, person, cover, place, name=giver.name, count=str(len(proposed)))
    if not proposed:
        tell_admins(work, line, cover, "cover.alarm.nobody", but=(giver.id, cover.by), name=giver.name)
    return cover


def _standing(work: Work, giver: StaffId, schedule: str, span: Span) -> Cover | None:
    """Her open request for all of this time; NotNow where one for a part of it is open."""
    for one in work.covers.standing():
        hers = one.giver == giver and one.schedule == schedule and one.status is Status.OPEN
        if hers and one.start < span[1] and span[0] < one.end:
            if one.start <= span[0] and span[1] <= one.end:
                return one
            raise NotNow("cover.overlaps", number=str(one.number))
    return None


def propose(work: Work, line: Line, number: int, one: Staff) -> bool:
    """Reads out to somebody who asks for it by number what she would give in return; False: nothing, so she may take it
    at once."""
    cover = work.covers.get(number)
    if cover is None or cover.deal is Deal.COVER or cover.status is not Status.OPEN or cover.giver == one.id:
        return False
    known = books(work, line)
    giver = known.people.get(cover.giver)
    given = (cover.start, cover.end)
    back = covering.in_return(known, cover.schedule, cover.giver, one.id, given, cover.wanted)
    if giver is None or back is None:
        raise NotNow("swap.nothing", number=str(number))
    put(work, line, cover, giver, one, back)
    return True


def withdraw(work: Work, line: Line, number: int, who: Staff) -> None:
    """The request is taken back before anybody took it: by who asked, or by an admin."""
    cover = named(work, number)
    if who.id not in (cover.giver, cover.by) and Role.ADMIN not in who.roles:
        raise NotNow("cover.not.yours", number=str(number))
    if cover.status is not Status.OPEN:
        raise over(work, cover, who)
    if not work.covers.settle(cover, replace(cover, status=Status.CANCELLED, decided=work.now)):
        raise Stale("Somebody else was quicker.")
    for person in {one.id: one for one in (who, *concerned(work, cover))}.values():
        inform(work, line, person, cover, "cover.withdrawn")


def over(work: Work, cover: Cover, who: Staff) -> NotNow:
    """Why nothing more can be done with it; to whoever asked, who has it."""
    taker = work.staff.get(cover.taker) if cover.status is Status.TAKEN and cover.taker else None
    if taker is not None and who.id in (cover.giver, cover.by):
        return NotNow("cover.hers.now", number=str(cover.number), name=taker.name)
    place = "cover.already" if cover.status is Status.TAKEN else "cover.over"
    return NotNow(place, number=str(cover.number))


def still_open(turn: Turn) -> bool:
    """Whether a request of hers is open; she hears of the next one to run out, and how to take it back."""
    for cover in turn.work.covers.standing():
        if cover.status is Status.OPEN and turn.staff.id in (cover.giver, cover.by):
            giver = turn.work.staff.get(cover.giver)
            said = {"name": giver.name if giver else "", "count": str(len(cover.asked))}
            inform(turn.work, turn.line, turn.staff, cover, "cover.still", **said)
            return True
    return False


# ── Run out ──

PATIENCE: Final = timedelta(minutes=15)
"""Of a shift that runs, so long may pass, or half of what is left of it, before it is said that nobody took it."""


def expire(work: Work, line: Line) -> int:
    """Requests whose time has come are over, and those for which she is not on call any more; how many. Who asked
    hears so, and of what nobody took the admins too."""
    done = 0
    for cover in work.covers.due():
        if work.covers.settle(cover, replace(cover, status=Status.EXPIRED, decided=work.now)):
            done += 1
            # Of what is over nobody can do anything any more, nor is it hers.
            if work.now < cover.end:
                _untaken(work, line, cover, "cover.expired")
    planned = line.rota(work)
    for cover in work.covers.standing():
        start = max(cover.start, work.now)
        schedule = planned.named(cover.schedule)
        if cover.status is Status.OPEN and not covering.current(schedule, cover.giver, start, cover.end):
            done += cancel(work, line, cover, work.staff.get(cover.giver))
        elif cover.status is Status.OPEN and work.staff.get(cover.giver) is None:
            done += cancel(work, line, cover, None)
        elif cover.status is Status.TAKEN and not exchanging.stands(planned, cover):
            done += _dropped(work, line, cover)
        elif cover.status is Status.OPEN and _waits_while_it_runs(work, cover):
            _untaken(work, line, cover, "cover.running")
    return done + _lapse(work)


def _dropped(work: Work, line: Line, cover: Cover) -> bool:
    """An agreement that a new rota has left out: each of them would else believe that the other serves."""
    if not work.covers.settle(cover, replace(cover, status=Status.CANCELLED, decided=work.now)):
        return False
    giver, taker = work.staff.get(cover.giver), cover.taker and work.staff.get(cover.taker)
    people = {one.id: one for one in (*concerned(work, cover), *([taker] if taker else []))}
    for person in people.values():
        if not mark_dropped(work, cover, person):
            continue
        said = {"name": taker.name if taker else "", "giver": giver.name if giver else ""}
        if cover.returned is not None:
            said["back"] = line.span_for(person, *cover.returned)
            inform(work, line, person, cover, "cover.dropped.swap", **said)
            continue
        if person.id == cover.giver:
            serves = covering.hers(books(work, line), cover.schedule, person.id, cover.start, cover.end)
            said["shifts"] = whens(line, person, cover, serves)
            place = "cover.dropped.giver" if serves else "cover.dropped.giver.off"
        else:
            place = "cover.dropped.taker" if person.id == cover.taker else "cover.dropped"
        inform(work, line, person, cover, place, **said)
    return True


def _waits_while_it_runs(work: Work, cover: Cover) -> bool:
    """Whether somebody asked out of a shift that runs, and nobody took it for a while: she may have gone to bed."""
    wait = min(PATIENCE, (cover.end - cover.start) / 2)
    late = cover.due_at == cover.end and work.now >= cover.start + wait
    return late and bool(cover.asked) and work.told.first("untaken", str(cover.number), until=cover.end)


def _untaken(work: Work, line: Line, cover: Cover, place: str) -> None:
    """Who asked, and the admins; to others it is said of whom."""
    giver = work.staff.get(cover.giver)
    name = giver.name if giver else ""
    for person in concerned(work, cover):
        said = place if person.id == cover.giver else f"{place}.other"
        inform(work, line, person, cover, said, name=name)
    tell_admins(work, line, cover, f"{place}.other", but=(cover.giver, cover.by), name=name)


def cancel(work: Work, line: Line, cover: Cover, giver: Staff | None) -> bool:
    """What she asked for is no longer hers to give, or not the whole of it; she, or else the admins, hear so."""
    if not work.covers.settle(cover, replace(cover, status=Status.CANCELLED, decided=work.now)):
        return False
    start = max(cover.start, work.now)
    rest = covering.hers(books(work, line), cover.schedule, cover.giver, start, cover.end) if giver else []
    for person in concerned(work, cover):
        if giver is None or not rest:
            inform(work, line, person, cover, "cover.cancelled")
            continue
        place = "cover.cancelled.rest" if person.id == giver.id else "cover.cancelled.rest.other"
        inform(work, line, person, cover, place, giver=giver.name, shifts=whens(line, person, cover, rest))
    if giver is None:
        tell_admins(work, line, cover, "cover.cancelled", but=(cover.by,))
    return True


OURS: Final = frozenset({QuestionKind.READ_BACK, QuestionKind.COVER, QuestionKind.COVERING})
KEPT: Final = timedelta(hours=12)
"""After its end, so that a late answer is told that it is late."""


def _lapse(work: Work) -> int:
    """Questions of ours that nobody has answered in time."""
    late = [one for one in work.questions.due() if one.kind in OURS and one.due_at + KEPT <= work.now]
    return sum(work.questions.settle(one.id) for one in late)
