"""On Mondays the admins read how the week ahead stands, in one short text."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot import fairness, gaps, rota
from bot.changes import Status
from bot.phrases import Phrase, phrase
from handlers import alarms, burdens, gapalarm
from handlers.line import Line
from storage.work import Work

WEEK: Final = timedelta(days=7)
BEFORE: Final = timedelta(days=28)
AFTER: Final = timedelta(days=14)
"""What people have served and will serve within these two says who is fresh."""
NAMED: Final = 2


def monday(work: Work, line: Line) -> int:
    """Once on each Monday morning; whether it was told now."""
    local = work.now.astimezone(line.voice.zone)
    if local.weekday() != 0 or not gapalarm.is_morning(work, line) or line.rota_since(work) is None:
        return 0
    if not work.told.first("digest", gapalarm.today(work, line), until=work.now):
        return 0
    alarms.tell_each(work, line, gapalarm.admins(work), _said(work, line))
    return 1


def _said(work: Work, line: Line) -> Phrase:
    end = work.now + WEEK
    planned = line.rota(work).named("on call")
    people = {one.id: one for one in work.staff.everyone()}
    holes = (
        rota.gaps(planned, work.now, end, lambda one: one in people and people[one].can_answer)
        if planned
        else []
    )
    open_hours = sum((last - first for first, last in holes), timedelta()) if planned else WEEK
    covered = round((WEEK - open_hours) / timedelta(hours=1))
    near = gaps.together(gap for gap in gapalarm.present(work, line) if gap.start < end and gap.schedule)
    able = sorted(one.id for one in people.values() if one.can_answer)
    order = fairness.fairest(able, burdens.burdens(work, line, work.now - BEFORE, work.now + AFTER))
    return phrase(
        "digest",
        hours=str(covered),
        all=str(round(WEEK / timedelta(hours=1))),
        gaps=str(len(near)),
        open=str(sum(one.status is Status.OPEN for one in work.covers.standing())),
        names=", ".join(people[one].name for one in order[:NAMED]) or "-",
    )
