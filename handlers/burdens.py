"""What everybody has served and is planned to serve: the past as it was written down, the rest from the rota."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot import fairness
from bot.fairness import Burden, Served
from bot.people import StaffId
from handlers.line import Line
from storage.work import Work


def served(
    work: Work, line: Line, start: datetime, end: datetime, schedules: Iterable[str] | None = None
) -> list[Served[StaffId]]:
    """Who serves when within [start, end), in these schedules or in all. What is not written down yet follows from the
    rota, since it came into force; before there was any nobody served."""
    names = None if schedules is None else frozenset(schedules)
    past = [
        (one.staff, one.start, one.end)
        for one in work.duty.within(start, end)
        if names is None or one.schedule in names
    ]
    since = work.duty.until() or line.rota_since(work)
    if since is None:
        return past
    wanted = [one for one in line.rota(work).schedules if names is None or one.name in names]
    return past + fairness.planned(wanted, max(start, since), end)


def burdens(
    work: Work, line: Line, start: datetime, end: datetime, schedules: Iterable[str] | None = None
) -> dict[StaffId, Burden]:
    """By the line's clock and its country's public holidays; whoever does not serve at all is left out."""
    zone = line.voice.zone
    days = fairness.public_holidays(line.country, start.astimezone(zone).date(), end.astimezone(zone).date())
    return fairness.burdens(served(work, line, start, end, schedules), zone, days or frozenset())
