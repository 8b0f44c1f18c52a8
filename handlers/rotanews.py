"""Whoever gets or loses a shift of the next day by a new rota hears so at once: nobody asked her."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot import reminders, rotanews, segments
from bot.changes import Status
from bot.decision import ToStaff
from bot.ownshifts import Service
from bot.people import Staff, StaffId
from bot.phrases import Phrase, phrase
from bot.reminders import Remind
from bot.rota import Rota
from bot.rotanews import News
from handlers import apply, coverwords, exchanging
from handlers.line import Line
from storage.work import Work

SEGMENTS: Final = 2


def whom(work: Work, line: Line, before: Rota[StaffId], after: Rota[StaffId]) -> list[tuple[Staff, News]]:
    """Who is to hear what of this change, among those whom a letter reaches; nobody of a line's first rota."""
    if line.rota_since(work) is None:
        return []
    found = rotanews.news(before, after, work.now) if before != after else {}
    people = work.staff.everyone()
    return [(one, found[one.id]) for one in people if one.id in found and one.contact is not None]


def tell(work: Work, line: Line, told: list[tuple[Staff, News]]) -> None:
    """One letter each. It stands for the day's reminder of what she has got."""
    for person, news in told:
        assert person.contact is not None
        within: timedelta = min(line.rested, news.until - work.now)
        words = _words(line, person, news)
        apply.post_to_staff(work, line, ToStaff(person.contact.id, words, within=within), None)
        for service in news.gained:
            work.told.first(Remind.DAY.value, *reminders.mark(service), until=service.start)
    _mark_agreements(work, line, told)


def _mark_agreements(work: Work, line: Line, told: list[tuple[Staff, News]]) -> None:
    """Whoever has read of the shift itself gets no second letter that an agreement about it was left out."""
    planned = line.rota(work)
    for cover in work.covers.standing():
        if cover.status is not Status.TAKEN or exchanging.stands(planned, cover):
            continue
        for person, news in told:
            if any(one.start < cover.end and cover.start < one.end for one in (*news.gained, *news.lost)):
                coverwords.mark_dropped(work, cover, person)


def _words(line: Line, person: Staff, news: News) -> Phrase:
    """All of it if two segments hold it; else how many they are, and where to look."""
    gained, lost = (_listed(line, person, some) for some in (news.gained, news.lost))
    place = "both" if gained and lost else "gained" if gained else "lost"
    what = phrase(f"rota.news.{place}", gained=gained, lost=lost)
    if segments.staff(line.say_to(person, what)) <= SEGMENTS:
        return what
    return phrase("rota.news.many", count=str(len(news.gained) + len(news.lost)))


def _listed(line: Line, person: Staff, some: tuple[Service, ...]) -> str:
    return ", ".join(f"{line.service_for(person, one)} ({', '.join(one.schedules)})" for one in some)
