"""Writes down what SMS has cost, and tells the admins when the day's budget runs out.

Every few seconds, not with each message: that would be one row for which every sender waits. The price: a process that
is killed forgets what it has spent since it last wrote, a few segments.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date
from typing import Final

from bot.phrases import phrase
from handlers import alarms
from handlers.line import Line
from storage.engine import Store
from storage.tallies import Span
from storage.work import Work

EVERY: Final = 5.0
"""Seconds between two times; so old is what a process knows of the others."""
SPENT: Final = "segments"


async def keep(store: Store, line: Line) -> None:
    """Writes again and again, until cancelled: every few seconds, and at once for each per cent of the day."""
    while True:
        await write(store, line)
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY):
                await line.purse.full.wait()


async def write(store: Store, line: Line) -> None:
    """Writes down what this process has spent, and learns what the others have."""
    async with line.purse.writing:
        await _write(store, line)


async def _write(store: Store, line: Line) -> None:
    purse = line.purse
    purse.full.clear()
    day, fresh = purse.day, purse.fresh

    def thought(work: Work) -> tuple[date, int, int]:
        today = work.now.date()
        mine = fresh if day == today else 0
        read = work.tallies.number
        total = work.tallies.add(SPENT, span=Span.DAY, by=mine) if mine > 0 else read(SPENT, span=Span.DAY)
        _tell(work, line, total)
        return today, total, max(mine, 0)

    today, total, counted = await store.do(thought)
    purse.known(today, total, counted=counted)


def _tell(work: Work, line: Line, total: int) -> None:
    budget = line.purse.budget
    for mark in budget.reached(total):
        place = "alarm.budget.spent" if mark == 100 else "alarm.budget"
        what = phrase(place, percent=str(mark), most=str(budget.daily))
        alarms.tell_admins(work, line, what, once=f"budget {mark}")
