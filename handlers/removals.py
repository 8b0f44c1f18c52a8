"""What carriers hold of ours is deleted there: each copy when its turn has come, and again until the carrier says gone.

A pace of its own, slower than what is sent, and nothing that is sent waits for it. A crash between asking and writing
the answer down costs one more question, which is answered by "there is no such message".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Final

import structlog

from bot import removal as rule
from bot.channel import LIMITS, Channel
from bot.errors import DatabaseAway, DeliveryError, Unreachable
from bot.messages import Copy, Side
from bot.people import Medium
from bot.phrases import phrase
from bot.redact import place, safe_error
from bot.removal import Answer, Verdict
from handlers.alarms import tell_admins
from handlers.line import Line
from handlers.rates import Sender
from storage.copies import TAKEN_BACK
from storage.engine import Store
from storage.removals import Removal
from storage.work import Work

log = structlog.get_logger("removals")

LEASE: Final = timedelta(minutes=5)
"""So long a dead process's copies wait. What a living one has not asked for by half of it, it leaves for the next."""
AT_ONCE: Final = 100
LOOK: Final = 1.0
"""Seconds between two looks at what is due."""
REST: Final = 0.1
"""Seconds between two questions to one account: a few a second, beside what is sent."""
LONGEST_REST: Final = timedelta(hours=1)
"""A carrier that wants to be left alone is asked again after this, whatever it said."""

Shelf = tuple[Medium, tuple[Side, ...]]
"""What is asked for by one worker: all of Twilio's, or one bot's."""
SHELVES: Final[tuple[Shelf, ...]] = (
    (Medium.SMS, (Side.TEXTER, Side.STAFF)),
    (Medium.TELEGRAM, (Side.TEXTER,)),
    (Medium.TELEGRAM, (Side.STAFF,)),
)


@dataclass(frozen=True, slots=True)
class Means:
    """What it works with. `age`: at which a Telegram message is deleted. `count` is told of each answer: the medium and
    a word."""

    store: Store
    line: Line
    channels: Mapping[Sender, Channel]
    now: Callable[[], datetime]
    age: timedelta
    count: Callable[[str, str], None]
    step: Callable[[str], None] = lambda name: None
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


class Removals:
    """Runs until cancelled: what it was asking for then is asked for again by whoever comes next."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._rests: dict[Shelf, datetime] = {}

    async def run(self) -> None:
        """One worker for each account that there is a channel for."""
        media = {channel.medium for channel in self._means.channels.values()}
        async with asyncio.TaskGroup() as workers:
            for shelf in SHELVES:
                if shelf[0] in media:
                    workers.create_task(self._work(shelf))

    async def _work(self, shelf: Shelf) -> None:
        """Asks for what is due until cancelled; no error ends it."""
        while True:
            found = 0
            try:
                found = await self.round(shelf)
            except DatabaseAway:
                pass  # the roof says so
            except Exception as error:
                log.error("copies could not be asked for", error=safe_error(error), place=place(error))
            await self._means.pause(REST if found else LOOK)

    async def round(self, shelf: Shelf) -> int:
        """Asks once for what is due, the oldest first; how many there were. None while the carrier wants rest."""
        means, (medium, sides) = self._means, shelf
        now = means.now()
        # A rest that seems longer than any was asked for before the clock was set back.
        if now < self._rests.get(shelf, now) <= now + LONGEST_REST:
            return 0
        most = AT_ONCE if LIMITS[medium].removals > 1 else AT_ONCE // 10
        ahead = TAKEN_BACK - means.age if medium is Medium.TELEGRAM else timedelta(0)
        claimed = await means.store.do(
            lambda work: work.removals.claim(medium, sides, most=most, lease=LEASE, ahead=ahead)
        )
        if claimed:
            means.step("copies claimed")
        await self._unreadable([one for one in claimed if one.copy is None])
        some = batches([one for one in claimed if one.copy is not None], now)
        for number, batch in enumerate(some, start=1):
            wait = await self._ask(batch)
            if wait is not None:
                self._rests[shelf] = means.now() + min(wait, LONGEST_REST)
            if wait is not None or means.now() > now + LEASE / 2:
                await self._give_back([one for left in some[number:] for one in left], wait)
                break
            await means.pause(REST)
        return len(claimed)

    async def _give_back(self, unasked: Sequence[Removal], wait: timedelta | None) -> None:
        """Nobody has asked for these: it was no try, and their turn is as soon as the carrier may be asked again."""
        due = self._means.now() + min(wait or timedelta(0), LONGEST_REST)
        await self._means.store.do(lambda work: work.removals.unasked(unasked, due))

    async def _ask(self, batch: Sequence[Removal]) -> timedelta | None:
        """One call, and what follows from it is written down; how long the carrier wants to be left alone, if so."""
        copies = [one.copy for one in batch if one.copy is not None]
        channel = self._channel(batch[0])
        wait = None
        answers: Sequence[Answer] = [Answer.LOST] * len(batch)
        if channel is not None:
            try:
                answers = await channel.remove(copies)
            except Unreachable as away:
                wait = away.retry_after
                if away.ours:
                    log.error("alarm, our account keeps copies from being deleted", code=away.code)
            except DeliveryError:
                answers = [Answer.REFUSED] * len(batch)
            self._means.step("copies asked")
        await self._write(batch, answers, wait)
        return wait

    def _channel(self, one: Removal) -> Channel | None:
        """The channel that it went through; for a number that is no longer ours, another of the same account."""
        assert one.copy is not None
        channels = self._means.channels
        exact = channels.get((one.medium, one.copy.via))
        if exact is not None or one.medium is Medium.TELEGRAM:
            return exact
        return next((channel for (medium, _), channel in channels.items() if medium is one.medium), None)

    async def _write(
        self, batch: Sequence[Removal], answers: Sequence[Answer], wait: timedelta | None = None
    ) -> None:
        means = self._means
        now = means.now()
        verdicts = [
            rule.judged(
                one.medium,
                answer,
                age=now - one.at,
                attempts=one.attempts,
                told=one.slipped,
                asked_wait=wait,
            )
            for one, answer in zip(batch, answers, strict=True)
        ]

        def thought(work: Work) -> None:
            written(work, means.line, batch, verdicts, now)
            means.step("copies marking")

        await means.store.do(thought)
        means.step("copies marked")
        for one, answer, verdict in zip(batch, answers, verdicts, strict=True):
            means.count(one.medium.value, "lost" if verdict.lost else answer.value)
            if verdict.alarm:
                log.error("alarm, a carrier keeps a copy", medium=one.medium.value, row=one.id)
            if verdict.lost:
                log.error("a carrier keeps a copy for good", medium=one.medium.value, row=one.id)

    async def _unreadable(self, rows: Sequence[Removal]) -> None:
        """Nobody can say any more what is to be deleted where."""
        if rows:
            log.error("alarm, copies do not open", count=len(rows))
            await self._write(rows, [Answer.REFUSED] * len(rows))


def written(
    work: Work, line: Line, batch: Sequence[Removal], verdicts: Sequence[Verdict], now: datetime
) -> None:
    """What follows from the answers, in one transaction; that copies stay too long is told the admins, and written into
    the trail, once a day and carrier."""
    pairs = list(zip(batch, verdicts, strict=True))
    work.removals.gone([one for one, verdict in pairs if verdict.again is None])
    told = False
    for one, verdict in pairs:
        ours = verdict.again is None or work.removals.later(
            one, now + verdict.again, slipped=one.slipped or verdict.alarm
        )
        told |= ours and verdict.alarm
    if told:
        medium = batch[0].medium.value
        if tell_admins(work, line, phrase("alarm.copies"), once=f"copies {medium}"):
            work.audit.add("carrier keeps copies", detail=medium)


def batches(claimed: Sequence[Removal], now: datetime) -> list[list[Removal]]:
    """What one call may ask for: copies of one chat, as many as the channel can; those that are nearly too old singly,
    and first."""

    def alone(one: Removal) -> bool:
        return LIMITS[one.medium].removals == 1 or now - one.at >= rule.ALONE

    found = [[one] for one in claimed if alone(one)]
    others = sorted((one for one in claimed if not alone(one)), key=_chat)
    for _, group in groupby(others, key=_chat):
        rest = iter(group)
        while some := list(islice(rest, LIMITS[others[0].medium].removals)):
            found.append(some)
    return found


def _chat(one: Removal) -> tuple[str, str]:
    assert one.copy is not None
    return one.copy.via, one.copy.chat.reveal()


LOST_SIGHT: Final = (timedelta(days=1), timedelta(hours=1))
"""Texts that a carrier took, of this age: older ones were found before, younger ones may be on their way still."""


def found(work: Work, copies: Sequence[Copy]) -> None:
    """A call's answer was lost and no receipt came: the carrier holds texts that we know nothing of. They go too."""
    for copy in copies:
        work.copies.keep(copy, side=Side.TEXTER, conversation=None, contact=None, line=None, at_once=True)
