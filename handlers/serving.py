"""A request is taken by the first who says OK, and given back by CAN'T before it begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot import agreements
from bot import covering as rules
from bot.changes import Status
from bot.covering import Books, Span
from bot.covers import Cover, Deal
from bot.errors import NotNow, Stale
from bot.people import Role, Staff, StaffId
from bot.phrases import phrase
from bot.questions import QuestionKind
from handlers import exchanging, questions
from handlers.covering import cancel, over, withdraw
from handlers.coverwords import (
    About,
    about,
    ask_others,
    books,
    concerned,
    gone,
    inform,
    named,
    when,
)
from handlers.line import Line
from storage.payloads import pack
from storage.work import Work

SOON: Final = timedelta(hours=24)
"""A shift that is given back so shortly before it begins is the admins' business too."""


def accept(work: Work, line: Line, number: int, taker: Staff, back: Span | None = None) -> None:
    """The first OK has it: the request is settled and the rota changed in one transaction, and both hear of it. Said
    again it is confirmed again. NotNow where somebody else has it, or it is over."""
    cover = named(work, number)
    if cover.status is Status.TAKEN:
        if cover.taker != taker.id:
            raise NotNow("cover.already", number=str(number))
        confirm(work, line, cover, taker)
        return
    known = books(work, line)
    giver = known.people.get(cover.giver)
    start = max(cover.start, work.now)
    _may_take(cover, known, taker, start)
    if giver is None or not rules.current(known.rota.named(cover.schedule), giver.id, start, cover.end):
        cancel(work, line, cover, giver)
        raise NotNow("cover.over", number=str(number))
    if cover.deal is Deal.SWAP and not _still_returnable(known, cover, taker.id, back):
        raise NotNow("swap.changed", number=str(number))
    settle(work, line, replace(cover, start=start), cover, taker, back, by=taker.id)


def _may_take(cover: Cover, known: Books, taker: Staff, start: datetime) -> None:
    if cover.giver == taker.id:
        raise NotNow("cover.own", number=str(cover.number))
    if cover.status is not Status.OPEN or cover.due_at <= known.now:
        raise NotNow("cover.over", number=str(cover.number))
    if rules.hers(known, cover.schedule, taker.id, start, cover.end):
        raise NotNow("cover.serving", number=str(cover.number))


def _still_returnable(known: Books, cover: Cover, taker: StaffId, back: Span | None) -> bool:
    planned = known.rota.named(cover.schedule)
    return (
        back is not None
        and back[0] > known.now
        and rules.current(planned, taker, *back)
        and not rules.hers(known, cover.schedule, cover.giver, *back)
    )


def settle(
    work: Work, line: Line, cover: Cover, before: Cover, taker: Staff, back: Span | None, *, by: StaffId
) -> None:
    """`taker` has it from now on. Stale when somebody was quicker: all is done anew then, and finds who."""
    after = replace(
        cover,
        status=Status.TAKEN,
        taker=taker.id,
        decided=work.now,
        returned=back,
        # Somebody who leaves as it begins, or while it runs, leaves somebody who believes that she is there.
        due_at=cover.end,
        left=tuple(one for one in cover.left if one[0] != taker.id),
    )
    if not work.covers.settle(before, after):
        raise Stale("Somebody else was quicker.")
    exchanging.take(work, line, after, by=by)
    confirm(work, line, after, taker)
    tell_taken(work, line, after, taker)


SERVED: Final = {
    (True, False): "cover.taken",
    (True, True): "cover.taken.swap",
    (False, False): "cover.taken.other",
    (False, True): "cover.taken.other.swap",
}
"""What is said of it: to the giver or to who asked in her place, of cover or of a swap."""
SERVING: Final = {
    (False, False): "covering",
    (False, True): "covering.hours",
    (True, False): "covering.swap",
    (True, True): "covering.swap.hours",
}
"""What its taker is told: of cover or of a swap, and whether it makes too many hours."""


def tell_taken(work: Work, line: Line, cover: Cover, taker: Staff) -> None:
    """The giver, and whoever asked for her, hear who serves; of a swap she hears what she serves."""
    giver = work.staff.get(cover.giver)
    for person in concerned(work, cover):
        if person.id == taker.id:
            continue
        said = {"name": taker.name, "giver": giver.name if giver else ""}
        if cover.returned is not None:
            said["back"] = line.span_for(person, *cover.returned)
        place = SERVED[person.id == cover.giver, cover.returned is not None]
        inform(work, line, person, cover, place, **said)


def confirm(work: Work, line: Line, cover: Cover, taker: Staff) -> None:
    """She hears that she serves, and how to give it back; also how many hours that makes, if too many."""
    giver = work.staff.get(cover.giver)
    said = {
        "number": str(cover.number),
        "name": giver.name if giver else gone(line, taker, "giver"),
        "span": when(line, taker, cover),
    }
    if cover.returned is not None:
        said["back"] = line.span_for(taker, *cover.returned)
    hours = rules.weekly(books(work, line), taker.id, (cover.start, cover.end))
    said |= {"hours": _hours(hours), "most": _hours(line.weekly_hours)}
    place = SERVING[cover.returned is not None, hours > line.weekly_hours]
    _ask_covering(work, line, cover, taker, place, said)


def _ask_covering(
    work: Work, line: Line, cover: Cover, taker: Staff, place: str, said: dict[str, str]
) -> None:
    for one in work.questions.of(taker.id):
        if one.kind is QuestionKind.COVERING and about(one.about).number == cover.number:
            work.questions.settle(one.id)
    questions.ask(
        work,
        line,
        taker,
        phrase(place, **said),
        QuestionKind.COVERING,
        due_at=cover.end,
        about=pack(About(cover.number)),
        buttons=questions.CANNOT_ALONE,
    )


def _hours(length: timedelta) -> str:
    return f"{length / timedelta(hours=1):g}"


# ── Given back, taken back, refused ──


def give_back(work: Work, line: Line, number: int, who: Staff) -> None:
    """CAN'T: whoever serves gives it back before it begins, and others are asked; whoever asked takes her request back;
    anybody else has said no."""
    cover = named(work, number)
    if cover.status is Status.TAKEN and cover.taker == who.id:
        _reopen(work, line, cover, who)
    elif cover.status is Status.OPEN and who.id in (cover.giver, cover.by):
        withdraw(work, line, number, who)
    elif cover.status is Status.OPEN:
        inform(work, line, who, cover, "cover.refused")
    else:
        raise over(work, cover, who)


def _reopen(work: Work, line: Line, cover: Cover, who: Staff) -> None:
    """The swap is cancelled, and those are asked who have not been: nobody gets a second letter about one request."""
    number = str(cover.number)
    planned = line.rota(work).named(cover.schedule)
    if cover.start <= work.now:
        raise NotNow("cover.begun", number=number)
    if cover.returned and cover.returned[0] <= work.now:
        raise NotNow("cover.begun.swap", number=number)
    if not agreements.can_be_undone(planned, cover, who.id, work.now):
        raise NotNow("cover.moved", number=number)
    after, count = open_again(work, line, cover, who.id, by=who.id)
    said = {"count": str(count)}
    if cover.returned is not None:
        said["back"] = line.span_for(who, *cover.returned)
    inform(work, line, who, after, UNDONE[cover.returned is not None], **said)
    tell_given_back(work, line, cover, after, "cover.back.other", name=who.name, count=count)


def open_again(
    work: Work, line: Line, cover: Cover, taker: StaffId, *, by: StaffId | None
) -> tuple[Cover, int]:
    """The giver serves again, and those are asked whom nobody has asked; how many. Never who has just given it back."""
    giver = work.staff.get(cover.giver)
    status = Status.OPEN if giver is not None else Status.CANCELLED
    after = replace(
        cover,
        status=status,
        taker=None,
        decided=None,
        returned=None,
        due_at=cover.start,
        asked=tuple(dict.fromkeys((*cover.asked, taker))),
        left=cover.left if by is not None else (*cover.left, (taker, cover.returned)),
    )
    if not work.covers.settle(cover, after):
        raise Stale("Somebody else was quicker.")
    exchanging.undo(work, line, cover, by=by)
    return after, ask_others(work, line, after, giver) if giver is not None else 0


UNDONE: Final = {False: "cover.given.back", True: "cover.given.back.swap"}
"""What she reads who gave it back, of cover or of a swap."""
AGAIN: Final = {False: "cover.back", True: "cover.back.swap"}
"""What the giver reads."""


def tell_given_back(
    work: Work, line: Line, cover: Cover, after: Cover, others: str, *, name: str, count: int
) -> None:
    """The giver, who asked in her place, and the admins where it is soon or nobody's, or nobody is left to ask. Of a
    swap both halves."""
    giver = work.staff.get(cover.giver)
    swap = cover.returned is not None
    others = "cover.orphan" if giver is None else "cover.off.swap" if swap else others
    people = {one.id: one for one in concerned(work, cover)}
    if cover.start - work.now <= SOON or giver is None or not count:
        people |= {one.id: one for one in work.staff.everyone() if Role.ADMIN in one.roles}
    for person in people.values():
        if person.id == cover.taker:
            continue
        said = {"name": name, "giver": giver.name if giver else "", "count": str(count)}
        if cover.returned is not None:
            said["back"] = line.span_for(person, *cover.returned)
        inform(work, line, person, after, AGAIN[swap] if person.id == cover.giver else others, **said)
