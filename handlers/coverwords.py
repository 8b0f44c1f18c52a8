"""What is said about requests for cover and swaps, and to whom: each colleague gets one letter about one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from bot import covering, listing, rota
from bot.changes import Status
from bot.covering import Books, Span
from bot.covers import Cover, Deal
from bot.errors import NotNow, Stale
from bot.people import Role, Staff, StaffId
from bot.phrases import Phrase, phrase
from bot.questions import QuestionKind
from handlers import apply, questions
from handlers.line import Line
from storage.payloads import pack, unpack
from storage.work import Work

SHOWN: Final = 3
"""Next shifts that an answer names, where one segment holds them."""


PIECES: Final = 2
"""Of a shift that is cut, so many are named."""
BACKUP: Final = "backup"
"""Whoever serves in two schedules at once asks for both: without its name the second letter would read like the
first."""


class About(msgspec.Struct, frozen=True, array_like=True):
    """What a COVER or COVERING question is about: the request, and of a SWAP what she would be served in return."""

    number: int
    back: Span | None = None


def about(data: bytes) -> About:
    """What a question carries."""
    return unpack(About, data)


def books(work: Work, line: Line) -> Books:
    """What is known now when colleagues are looked for."""
    return Books(
        now=work.now,
        rota=line.rota(work),
        people={one.id: one for one in work.staff.everyone()},
        aways=[(one.staff, (one.start, one.end)) for one in work.aways.coming()],
        zone=line.voice.zone,
        most=line.weekly_hours,
    )


def next_shifts(
    work: Work, line: Line, person: Staff, count: int = SHOWN, schedule: str = "", reader: Staff | None = None
) -> str:
    """Her next shifts as she, or `reader`, reads them, in one schedule or in all, as many as one segment holds; "-"
    where there are none within a year."""
    spans = next_spans(work, line, person, count, schedule, reader)
    return ", ".join(listing.within(spans)) or "-"


def next_spans(
    work: Work, line: Line, person: Staff, count: int, schedule: str = "", reader: Staff | None = None
) -> list[str]:
    """The same, all of them; empty where there are none."""
    planned = line.rota(work).schedules
    spans = {
        (start, end)
        for one in planned
        if schedule in ("", one.name)
        for start, end in rota.next_shifts(one, person.id, work.now, count)
    }
    return [line.span_for(reader or person, *span) for span in sorted(spans)[:count]]


def named(work: Work, number: int) -> Cover:
    cover = work.covers.get(number)
    if cover is None:
        raise NotNow("cover.unknown", number=str(number))
    return cover


def proposals(
    known: Books, deal: Deal, schedule: str, giver: StaffId, span: Span, wanted: Span | None
) -> list[tuple[Staff, Span | None]]:
    if deal is Deal.COVER:
        return [(one, None) for one in covering.candidates(known, schedule, giver, *span)]
    return list(covering.partners(known, schedule, giver, *span, wanted))


def put(work: Work, line: Line, cover: Cover, giver: Staff, one: Staff, back: Span | None) -> None:
    """The one letter that she gets about this request unless she answers it."""
    what = asking(line, cover, giver, one, back)
    carried = pack(About(cover.number, back))
    questions.ask(work, line, one, what, QuestionKind.COVER, due_at=cover.due_at, about=carried)


def when(line: Line, reader: Staff, cover: Cover) -> str:
    """The hours that it is about, as she reads them."""
    return whens(line, reader, cover, [(cover.start, cover.end)])


def whens(line: Line, reader: Staff, cover: Cover, pieces: Sequence[Span]) -> str:
    """Those of its hours, as she reads them; of many the first."""
    said = [line.span_for(reader, *one) for one in pieces[:PIECES]]
    more = [line.say_to(reader, phrase("and.more", count=str(len(pieces) - PIECES)))]
    listed = ", ".join([*said, *(more if len(pieces) > PIECES else [])])
    return f"{listed} ({BACKUP})" if cover.schedule == BACKUP else listed


def asking(line: Line, cover: Cover, giver: Staff, one: Staff, back: Span | None) -> Phrase:
    """How it is put to her."""
    said = {
        "number": str(cover.number),
        "name": giver.name,
        "span": when(line, one, cover),
    }
    if back is not None:
        said["back"] = line.span_for(one, *back)
    return phrase("cover.ask" if back is None else "swap.ask", **said)


def ask_others(work: Work, line: Line, cover: Cover, giver: Staff) -> int:
    """Whom nobody has asked yet; how many."""
    span = (cover.start, cover.end)
    possible = proposals(books(work, line), cover.deal, cover.schedule, cover.giver, span, cover.wanted)
    proposed = [(one, back) for one, back in possible if one.id not in cover.asked]
    asked = (*cover.asked, *(one.id for one, _ in proposed))
    if not work.covers.settle(cover, replace(cover, asked=asked)):
        raise Stale("Somebody else was quicker.")
    for one, back in proposed:
        put(work, line, cover, giver, one, back)
    return len(proposed)


def concerned(work: Work, cover: Cover) -> list[Staff]:
    """The giver and who asked in her place."""
    ids = dict.fromkeys(filter(None, (cover.giver, cover.by)))
    return [one for one in map(work.staff.get, ids) if one is not None]


def mark_dropped(work: Work, cover: Cover, person: Staff) -> bool:
    """Whether she has not heard yet that this agreement is no more; from now on she has."""
    return work.told.first("cover dropped", str(cover.number), str(person.id), until=cover.end)


def inform(work: Work, line: Line, person: Staff, cover: Cover, place: str, **more: str) -> None:
    """Says it to her, if she can be told. `name` and `giver`: "" for who has left; `count`: how many were asked."""
    if person.contact is not None:
        said = {"number": str(cover.number), "span": when(line, person, cover), "take": "", **more}
        said |= {one: gone(line, person, one) for one in ("name", "giver") if said.get(one) == ""}
        if place in UNTAKEN and cover.status is Status.OPEN:
            said["take"] = " " + line.say_to(person, _what_she_can_do(cover, person))
        if place in ASKED:
            said["asked"] = line.say_to(person, _who_else(cover, person, said["count"]))
        apply.tell(work, line, person.contact, phrase(place, **said))


def gone(line: Line, reader: Staff, part: str = "name") -> str:
    """How somebody is named who has left: as a sentence begins (`name`), or within one (`giver`)."""
    said = line.say_to(reader, phrase("staff.gone"))
    return said if part == "name" else said[:1].lower() + said[1:]


def _who_else(cover: Cover, person: Staff, count: str) -> Phrase:
    """How many were asked in place of whoever cannot. That nobody is left she hears together with who knows."""
    if count != "0":
        place = "cover.others.drop" if person.id == cover.giver else "cover.others"
        return phrase(place, count=count, number=str(cover.number))
    return phrase("cover.others.none" if Role.ADMIN in person.roles else "cover.others.told")


UNTAKEN: Final = frozenset(
    {"cover.alarm.nobody", "cover.back.other", "cover.left.other", "cover.off.swap", "cover.running.other"}
)
"""What ends with how the reader can help."""
ASKED: Final = frozenset(
    {
        "cover.back",
        "cover.back.other",
        "cover.back.swap",
        "cover.given.back",
        "cover.given.back.swap",
        "cover.left.other",
    }
)
"""What says who else was asked."""


def _what_she_can_do(cover: Cover, person: Staff) -> Phrase:
    """Whoever may serve takes it; who only plans names somebody."""
    if person.takes_conversations:
        return phrase("cover.take", number=str(cover.number))
    return phrase("cover.take.admin")


def tell_admins(
    work: Work, line: Line, cover: Cover, place: str, *, but: tuple[StaffId | None, ...], **more: str
) -> None:
    for person in work.staff.everyone():
        if Role.ADMIN in person.roles and person.id not in but:
            inform(work, line, person, cover, place, **more)
