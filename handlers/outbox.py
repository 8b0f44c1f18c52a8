"""The only sender: claims lanes, hands each head to its carrier, and writes down what became of it.

Many lanes are in flight at the same time; one that waits holds up no other. After a crash between sending and marking,
a letter may go out twice at most, never not at all.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.budget import kind_of
from bot.channel import Channel, Post
from bot.errors import DatabaseAway, Refused, Unreachable
from bot.messages import Copy, Letter, Side, Task
from bot.people import Medium
from bot.redact import place, safe_error
from handlers import broken, outcomes
from handlers.line import Line
from handlers.rates import Rates, Sender
from storage.engine import Store
from storage.outbox import Claimed
from storage.work import Work

log = structlog.get_logger("outbox")

LEASE = timedelta(seconds=90)
"""Longer than any call to a carrier may take (handlers/channels/session); a dead process's letters wait this long."""
LONGEST_PAUSE = timedelta(seconds=60)
TRIES_BEFORE_BURIAL = 5
"""Tries of a letter that fails in a way that no carrier is to blame for."""
VALID = timedelta(seconds=600)
"""The carrier gives up after ten minutes: later, somebody else may hold the phone (security.md, "Carriers")."""
IN_FLIGHT = 90
"""Calls at the same time to carriers of one medium: one that hangs must leave connections for the other
(handlers/channels/session opens 200)."""
TALK_TURN = 3
"""Every third letter of a busy sender is one of an open conversation: hundreds of first answers and offers, at one a
second, must not silence those who talk already. It costs a first answer a second now and then."""
LOOK = 1.0
"""Seconds after which the outbox is looked at even if nobody woke it: another process may have written into it."""

Step = Callable[[str], None]
Thought = Callable[[Work], object]


@dataclass(frozen=True, slots=True)
class Means:
    """What the outbox works with. `steps` is told of every step, so that tests can end the process between two."""

    store: Store
    line: Line
    channels: Mapping[Sender, Channel]
    rates: Rates
    now: Callable[[], datetime]
    seconds: Callable[[], float]
    jitter: Callable[[], float]
    holder: bytes
    step: Step


class Outbox:
    """Runs until stopped; `wake` makes it look at once."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._woken = asyncio.Event()
        self._flying: dict[asyncio.Task[None], Medium | None] = {}
        self._turns: Counter[Sender] = Counter()
        self._stopping = False
        self._resting = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Claims and sends until `stop`; a database that is away is waited for, and nothing else ends it either."""
        while not self._stopping:
            self._woken.clear()
            try:
                pause = await self._round()
            except DatabaseAway:
                log.warning("the database does not answer")
                pause = LOOK
            except Exception as error:
                log.error("alarm, nothing could be claimed", error=safe_error(error), place=place(error))
                pause = LOOK
            if pause > 0 and not self._stopping:
                await self._sleep(pause)
        self._resting.set()

    async def stop(self, within: float) -> None:
        """Takes nothing new; what is in flight may end within so many seconds, the rest is given back."""
        self._stopping = True
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                # What is being claimed at this moment still takes off.
                await self._resting.wait()
                if self._flying:
                    await asyncio.wait(self._flying)
        late = tuple(self._flying)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        holder = self._means.holder
        await self._means.store.do(lambda work: work.outbox.release(holder))

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _round(self) -> float:
        """Claims what may leave now; returns the seconds until the next look."""
        means = self._means
        taken = Counter(self._flying.values())
        ready = {
            sender: min(count, room)
            for sender, count in means.rates.ready(means.seconds()).items()
            if (room := IN_FLIGHT - taken[sender[0]]) > 0
        }
        if not ready:
            return min(LOOK, means.rates.wait())

        def thought(work: Work) -> tuple[list[Claimed], datetime | None]:
            claimed = work.outbox.claim(
                ready, holder=means.holder, lease=LEASE, talk_first=self._talk_turns(ready)
            )
            return claimed, None if claimed else work.outbox.next_due()

        claimed, due = await means.store.do(thought)
        if claimed:
            means.step("claimed")
        for one in claimed:
            if one.letter is not None:
                means.rates.use((one.letter.medium, one.letter.via))
                self._turns[one.letter.medium, one.letter.via] += 1
            task = asyncio.create_task(self._deliver(one))
            self._flying[task] = one.letter.medium if one.letter else None
            task.add_done_callback(self._landed)
        if claimed:
            return 0
        if due is None:
            return LOOK
        until = (due - means.now()).total_seconds()
        # Due already, and still not claimed: its sender is used up.
        return min(LOOK, until if until > 0 else max(means.rates.wait(), 0.005))

    def _talk_turns(self, ready: Iterable[Sender]) -> frozenset[Sender]:
        """The senders whose next letter is one of an open conversation, if there is one."""
        return frozenset(sender for sender in ready if self._turns[sender] % TALK_TURN == TALK_TURN - 1)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.pop(task, None)
        self.wake()
        if not task.cancelled() and task.exception() is not None:
            # The lease gives the letter back; nothing is lost but a little time.
            log.error("a letter was left behind", error=type(task.exception()).__name__)

    async def _deliver(self, claimed: Claimed) -> None:
        """One letter's way to its carrier, and what became of it."""
        means, letter = self._means, claimed.letter

        def gone(work: Work) -> None:
            work.outbox.drop(claimed.id)

        if letter is None or claimed.address is None:
            await self._poisoned(claimed)
            return
        if letter.deadline <= means.now():
            await self._write(lambda work: outcomes.expired(work, means.line, claimed), bare=gone)
            return
        if letter.task is Task.SAY:
            rest = means.rates.chat_wait(letter.medium, letter.to, means.seconds(), offer=letter.offer)
            if rest > 0:
                await self._hold(claimed, rest)
                return
        if not self._paid(letter):
            await self._write(lambda work: outcomes.unaffordable(work, claimed), bare=gone)
            return
        try:
            copy = await means.channels[letter.medium, letter.via].send(_post(claimed, letter))
        except Refused as refusal:
            self._take_back(letter)
            because = refusal.because
            log.info("refused", because=because, medium=letter.medium.value)
            await self._write(lambda work: outcomes.refused(work, means.line, claimed, because), bare=gone)
        except Unreachable as away:
            if not away.ambiguous:
                self._take_back(letter)
            await self._again(claimed, away)
        except Exception as error:
            self._take_back(letter)
            log.error("a letter could not be sent", error=safe_error(error), place=place(error))
            await self._poisoned(claimed)
        else:
            await self._sent(claimed, copy)

    def _paid(self, letter: Letter) -> bool:
        """Whether the day's budget still has room for it, now that its turn has come; then it is spent."""
        purse, now = self._means.line.purse, self._means.now()
        if letter.medium is not Medium.SMS:
            return True
        if not purse.leaves(kind_of(letter), now):
            return False
        purse.pay(letter.text, now)
        return True

    def _take_back(self, letter: Letter) -> None:
        if letter.medium is Medium.SMS:
            self._means.line.purse.take_back(letter.text, self._means.now())

    async def _sent(self, claimed: Claimed, copy: Copy | None) -> None:
        means = self._means
        means.step("sent")

        def thought(work: Work) -> None:
            outcomes.sent(work, means.line, claimed, copy)
            means.step("marking")

        await self._write(thought, bare=lambda work: outcomes.taken(work, claimed, copy))
        means.step("marked")

    async def _write(self, thought: Thought, *, bare: Thought | None = None) -> None:
        """Writes down what became of a letter: until that is done the carrier would be handed it again.

        A database that is away is waited for as long as the lease lasts. Where what follows from it cannot be
        written (a row that does not open), `bare` is: the letter is gone, and an alarm tells of the rest.
        """
        until = self._means.seconds() + (LEASE / 2).total_seconds()
        while True:
            try:
                await broken.around(self._means.store, self._means.line, thought)
                return
            except DatabaseAway:
                if self._means.seconds() > until:
                    raise
                await asyncio.sleep(LOOK / 2)
            except Exception as error:
                if bare is None:
                    raise
                log.error("alarm, what follows from a letter was not written", error=safe_error(error))
                await self._means.store.do(bare)
                return

    async def _hold(self, claimed: Claimed, seconds: float) -> None:
        """The chat has had its message of this second: not a try."""
        due = self._means.now() + timedelta(seconds=seconds)
        await self._means.store.do(lambda work: work.outbox.hold(claimed.id, due))

    async def _again(self, claimed: Claimed, away: Unreachable) -> None:
        """Later: after the wait that the carrier asked for, or 1, 2, 4 … 60 seconds with jitter."""
        means = self._means
        pause = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(claimed.attempts, 6)))
        pause *= 0.75 + means.jitter() / 2
        if away.retry_after is not None:
            pause = max(away.retry_after, timedelta(seconds=1)) * (1 + means.jitter() / 20)
        if away.ours:
            log.error("alarm, our settings or account keep a letter from leaving", code=away.code)
        due = means.now() + pause
        unsure = away.ambiguous
        await self._write(lambda work: work.outbox.later(claimed.id, due, unsure=unsure))

    async def _poisoned(self, claimed: Claimed) -> None:
        """Pushed forward a few times, then put aside with one alarm; the others of its lane go on."""
        means = self._means
        if claimed.attempts + 1 < TRIES_BEFORE_BURIAL:
            due = means.now() + timedelta(seconds=2**claimed.attempts)
            await means.store.do(lambda work: work.outbox.later(claimed.id, due, unsure=False))
        elif await means.store.do(lambda work: outcomes.buried(work, means.line, claimed)):
            log.error("alarm, a letter was put aside", row=claimed.id)


def _post(claimed: Claimed, letter: Letter) -> Post:
    assert claimed.address is not None
    return Post(
        task=letter.task,
        to=claimed.address,
        text=letter.text,
        reference=claimed.reference,
        protect=letter.side is Side.STAFF,
        known=letter.side is Side.STAFF,
        valid_for=VALID,
        buttons=letter.buttons,
        replies_to=letter.writer.message if letter.task is Task.REACT and letter.writer else None,
    )
