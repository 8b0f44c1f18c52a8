"""The rota speaks: whoever must be told of a shift, its end or a gap is told, once, whichever process does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.errors import DatabaseAway
from bot.redact import place, safe_error
from handlers import (
    broken,
    closing,
    covering,
    digest,
    duty,
    gapalarm,
    handoff,
    reminding,
    takers,
    unreachable,
)
from handlers.line import Line
from storage.chores import Chore
from storage.engine import Store
from storage.work import Work

log = structlog.get_logger("roster")

EVERY: Final = timedelta(seconds=10)
"""Between two rounds: so late may anything of it be."""
LEASE: Final = timedelta(seconds=30)
"""Whoever died at it is followed after that; renewed with every transaction."""
LOOK: Final = 2.0
"""Seconds between two looks whether a round is due."""
MOST_BATCHES: Final = 100
"""Transactions for one part of one round: what is left has its turn in the next."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a round sees to, in transactions of a bounded size: `step` says how much it did in one, and is
    called again while it did something. `every`: how often it is looked at."""

    name: str
    step: Callable[[Work, Line], int]
    every: timedelta = EVERY


HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
SOON: Final = timedelta(seconds=30)
"""A look at a fortnight costs some ten milliseconds."""


def _log_duty(work: Work, line: Line) -> int:
    duty.write(work, line)
    return 0


PARTS: Final = (
    Part("duty", _log_duty, HOUR),
    Part("hand-off", handoff.shifts_end),
    Part("silence", reminding.find_silent),
    Part("covers", covering.expire),
    Part("takers", takers.find_gone),
    Part("unreachable", unreachable.tell),
    Part("gaps", gapalarm.daily, MINUTE),
    Part("new gaps", gapalarm.at_once, SOON),
    Part("digest", digest.monday, MINUTE),
    Part("closed", closing.daily, MINUTE),
    # Behind all that may go to the same phone: OK and CAN'T answer what came last, and that must be READY?.
    Part("reminders", reminding.remind),
    Part("lapsed questions", reminding.lapse, HOUR),
)


@dataclass(slots=True)
class Roster:
    """One process's part in it; the chore is done by one at a time, and what was said is marked where it is said."""

    store: Store
    line: Line
    now: Callable[[], datetime]
    holder: bytes
    _last: dict[str, datetime] | None = None

    async def keep(self) -> None:
        """Round after round, until cancelled."""
        while True:
            with suppress(DatabaseAway):  # the roof says so
                await self.round(due_only=True)
            await asyncio.sleep(LOOK)

    async def round(self, *, due_only: bool = False) -> int:
        """Says all that is due; how much it was. A part that fails keeps no other from its own. Raises DatabaseAway."""
        take = partial(_take, holder=self.holder, due_only=due_only)
        if not await self.store.do(take):
            return 0
        done = 0
        for part in PARTS:
            if self._is_due(part):
                done += await self._do(part)
        await self.store.do(partial(_finish, holder=self.holder))
        return done

    def _is_due(self, part: Part) -> bool:
        """Also when the clock was set back meanwhile."""
        self._last = self._last or {}
        last = self._last.get(part.name)
        if last is not None and last <= self.now() < last + part.every and part.every > EVERY:
            return False
        self._last[part.name] = self.now()
        return True

    async def _do(self, part: Part) -> int:
        done = 0
        try:
            for _ in range(MOST_BATCHES):
                some = await broken.around(self.store, self.line, partial(_step, part=part, line=self.line))
                done += some
                if not some or not await self.store.do(partial(_renew, holder=self.holder)):
                    break
        except DatabaseAway:
            raise
        except Exception as error:
            log.error(
                "a part of the rota failed", task=part.name, error=safe_error(error), place=place(error)
            )
        return done


def _step(work: Work, part: Part, line: Line) -> int:
    return part.step(work, line)


def _take(work: Work, *, holder: bytes, due_only: bool) -> bool:
    return work.chores.take(Chore.ROSTER, holder=holder, lease=LEASE, every=EVERY, due_only=due_only)


def _renew(work: Work, *, holder: bytes) -> bool:
    return work.chores.renew(Chore.ROSTER, holder=holder, lease=LEASE)


def _finish(work: Work, *, holder: bytes) -> None:
    work.chores.done(Chore.ROSTER, holder=holder, next_at=work.now + EVERY)
