"""The composition root: the only room that knows every concrete part, and the only one that starts and stops them."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any

import structlog

from bot import datewords, logs, unbuilt
from bot.channel import Receipt
from bot.errors import AlreadyServing, DatabaseAway, SealBroken, StorageError
from bot.messages import Inbound
from bot.opening import Now, database_url, keeping, line, open_store, wall_clock
from bot.people import Medium
from bot.redact import place, safe_error
from bot.settings import Config
from bot.ways import Means, Ways, open_ways
from handlers import broken, clock, inbound, receipts, spending
from handlers import outbox as outbox_room
from handlers import removals as removals_room
from handlers.calendars import Calendars
from handlers.channels.session import open_session
from handlers.line import Line
from handlers.outbox import Outbox
from handlers.rates import BOT_RATE, Rates, chat_rests
from handlers.removals import Removals
from handlers.roster import Roster
from handlers.rotation import Rotator
from handlers.rotation import tell_admins as tell_of_keys
from handlers.sweep import Sweeper
from handlers.turnstile import Turnstile
from handlers.web import server
from handlers.web.meters import Meters
from storage import engine
from storage.engine import Store
from storage.work import Work

log = structlog.get_logger("app")

DRAIN = 6.0
"""Seconds for letters in flight at SIGTERM."""
STOP = 8.0
"""Seconds for all that a stop waits for, side by side: the whole of it stays within the ten of contract.md."""
TICK = 0.25
"""Seconds between two looks at the clock: the shortest offer is one second."""
LAST = 9.0
"""Seconds after which the process ends whatever still hangs: all that matters is in the database, or comes again."""
PROBE = 1.0
"""Seconds between two questions to the database, and how long it may think about one before we say that it is away."""
BROOM = 2.0
"""Seconds between two looks at whether anything has been kept long enough."""
WARM = 60
"""Seconds after which everything has been loaded that a line needs."""
SETTLED = 5.0
"""Seconds after which a start is over, and what can wait is done."""
FREEING = 10.0
"""Seconds in which PostgreSQL is expected to notice that a killed process is gone."""

Step = Callable[[str], None]


@dataclass(slots=True)
class Program:
    """One running line. `step` is told of every step on the way of a text, so that a test can end the process between
    any two; nothing that ships makes use of it."""

    config: Config
    store: Store
    now: Now = wall_clock
    step: Step = lambda name: None
    line: Line = field(init=False)
    sweeper: Sweeper = field(init=False)
    roster: Roster = field(init=False)
    meters: Meters = field(default_factory=Meters)
    ways: Ways = field(default_factory=Ways)
    turnstile: Turnstile = field(default_factory=Turnstile)
    healthy: bool = False
    why: str = "starting"
    _breached: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.line = replace(line(self.config), count=self.meters.dropping("front door"))
        self.sweeper = Sweeper(
            self.store, self.line, keeping(self.config), self.now, holder=secrets.token_bytes(16)
        )
        self.roster = Roster(self.store, self.line, self.now, holder=secrets.token_bytes(16))
        self.store.on_breach(self._breach)

    def _breach(self, broken: SealBroken) -> None:
        log.critical("alarm, a row did not open", because=broken.column, row=broken.owner_id or None)
        self._breached.set()

    async def tell_of_breaches(self) -> None:
        """Tells the admins, until cancelled, that something stored was damaged or changed."""
        while True:
            await self._breached.wait()
            self._breached.clear()
            await broken.around(self.store, self.line, partial(broken.tell_admins, line=self.line))

    async def receive(self, bot: str | None, inbounds: Sequence[Inbound], offset: int | None) -> None:
        """Stores what came in, and where to go on listening, in one transaction."""

        def thought(work: Work) -> None:
            for one in inbounds:
                inbound.receive(work, self.line, one)
            if bot is not None and offset is not None:
                work.offsets.set(bot, offset)
            self.step("written")

        self.step("received")
        async with self.turnstile.turn(inbounds):
            try:
                await broken.around(self.store, self.line, thought)
            except SealBroken:
                await self._receive_singly(bot, inbounds, offset)
        self.step("stored")

    async def _receive_singly(self, bot: str | None, inbounds: Sequence[Inbound], offset: int | None) -> None:
        """Each by itself: a row that does not open keeps none of the others. SealBroken where a text would be lost."""
        for one in inbounds:
            try:
                await broken.around(
                    self.store, self.line, partial(inbound.receive, line=self.line, inbound=one)
                )
            except SealBroken:
                if not await self.store.do(partial(broken.excuse, line=self.line, inbound=one)):
                    raise
        if bot is not None and offset is not None:
            await self.store.do(lambda work: work.offsets.set(bot, offset))

    async def take_receipt(self, receipt: Receipt) -> None:
        await broken.around(self.store, self.line, lambda work: receipts.receive(work, self.line, receipt))
        self.step("receipt stored")

    def health(self) -> tuple[bool, str]:
        return self.healthy, self.why

    async def keep_time(self) -> None:
        """Lets the clock strike until cancelled."""
        while True:
            done = 0
            try:
                done = await self.store.do(lambda work: clock.strike(work, self.line))
            except DatabaseAway:
                pass  # `watch_database` says so
            except Exception as error:
                log.error("the clock failed, striking singly", error=safe_error(error), place=place(error))
                with suppress(DatabaseAway):
                    await clock.strike_singly(self.store, self.line)
            if done:
                self.step("struck")
            if done < clock.AT_ONCE:
                await asyncio.sleep(TICK)

    async def keep_clean(self) -> None:
        """Forgets and erases what its time has come for, until cancelled."""
        while True:
            with suppress(DatabaseAway):  # `watch_database` says so
                if await self.sweeper.due() and await self.sweeper.round():
                    self.step("swept")
            await asyncio.sleep(BROOM)

    async def watch_database(self) -> None:
        """Asks the database, again and again, whether it is there: /healthz answers without asking."""
        while True:
            asked = asyncio.create_task(self.store.do(lambda work: work.offsets.get("")))
            done, _ = await asyncio.wait([asked], timeout=PROBE)
            if not done:
                self._database(answers=False)
            await asyncio.wait([asked])
            self._database(answers=asked.exception() is None)
            await asyncio.sleep(PROBE)

    def _database(self, *, answers: bool) -> None:
        if answers and not self.healthy:
            log.info("the database answers")
        elif self.healthy and not answers:
            log.error("the database does not answer")
        self.healthy, self.why = answers, "" if answers else "the database does not answer"

    async def free_the_dead(self, holder: bytes) -> None:
        """Frees what a dead process had claimed, as soon as it is sure to be dead; otherwise its lease runs out."""
        until = asyncio.get_running_loop().time() + FREEING
        while asyncio.get_running_loop().time() < until:
            await asyncio.sleep(TICK)
            if await self.store.alone():
                await self.store.do(lambda work: work.outbox.release_all(but=holder))
                return

    async def heed_others(self, outbox: Outbox) -> None:
        """Wakes the outbox when another process has written something."""
        async for _ in self.store.changes():
            outbox.wake()


def _rates(program: Program) -> Rates:
    sms = program.config.sms.rate if program.config.sms else 1.0
    return Rates(
        {sender: sms if sender[0] is Medium.SMS else BOT_RATE for sender in program.ways.channels},
        chat_rests(),
    )


@asynccontextmanager
async def running(
    config: Config,
    *,
    now: Now = wall_clock,
    seconds: Callable[[], float] = time.monotonic,
    step: Step = lambda name: None,
) -> AsyncIterator[tuple[Program, int]]:
    """The whole line, running; yields it with the port that it listens on, and stops it in order afterwards.

    `seconds` paces what is sent: it never goes back, whatever `now` does.

    Raises SchemaTooNew, SettingsError, StorageError or OSError (port taken) before anything is received.
    """
    engine.migrate(database_url(config))
    for key in unbuilt.asked_for(config):
        log.warning("a setting is not built yet, and has no effect", key=key)
    program = Program(config, open_store(config, now), now=now, step=step)
    session = open_session()
    tasks: list[asyncio.Task[None]] = []
    try:
        ways = open_ways(
            Means(
                config=config,
                session=session,
                store=program.store,
                line=program.line,
                meters=program.meters,
                now=now,
                receive=program.receive,
                receipt=program.take_receipt,
            )
        )
        program.ways = ways
        listen = config.web.listen
        app = server.build(
            ways.webhooks,
            health=program.health,
            version=version("greenroom"),
            meters=program.meters,
            calendar=Calendars(program.store, program.line).sheet,
        )
        holder = secrets.token_bytes(16)
        alone = await _begin_alone(program)
        served = await server.serve(app, listen.host, listen.port)
        outbox = Outbox(
            outbox_room.Means(
                store=program.store,
                line=program.line,
                channels=ways.channels,
                rates=_rates(program),
                now=now,
                seconds=seconds,
                jitter=random.random,
                holder=holder,
                step=step,
            )
        )
        program.store.on_letters(outbox.wake)
        kept = timedelta(days=config.retention.capsule_days)
        rotator = Rotator(
            program.store,
            kept=kept,
            serving=True,
            step=lambda name: step(f"keys {name}"),
            alarm=partial(tell_of_keys, line=program.line),
        )
        removals = Removals(
            removals_room.Means(
                store=program.store,
                line=program.line,
                channels=ways.channels,
                now=now,
                age=timedelta(hours=config.retention.telegram_hours),
                count=program.meters.removed,
                step=step,
            )
        )
        sending = asyncio.create_task(outbox.run())
        tasks = [
            asyncio.create_task(_for_ever(work))
            for work in (
                program.keep_time,
                program.keep_clean,
                program.roster.keep,
                program.watch_database,
                program.tell_of_breaches,
                rotator.keep,
                lambda: spending.keep(program.store, program.line),
                _warm,
                lambda: program.heed_others(outbox),
                removals.run,
                *(() if alone else (lambda: program.free_the_dead(holder),)),
                *ways.listening,
            )
        ]
        try:
            yield program, served.port
        finally:
            program.healthy, program.why = False, "stopping"
            await _end(tasks)
            await _side_by_side(
                ways.withdraw(), served.stop(), outbox.stop(DRAIN), rotator.leave(), within=STOP
            )
            await _end([sending])
            with suppress(StorageError):
                await spending.write(program.store, program.line)
    finally:
        await _end(tasks)
        await program.ways.close()
        await session.close()
        await program.store.close()


async def _begin_alone(program: Program) -> bool:
    """What a dead process had claimed is free at once, if it is sure to be dead. SQLite has one server at a time."""
    alone = await program.store.alone()
    if alone:
        await program.store.do(lambda work: work.outbox.release_all())
    elif program.config.database.url.startswith("sqlite"):
        raise AlreadyServing("Another greenroom run serves this database.")
    return alone


async def _warm() -> None:
    """The first date that somebody texts does not wait half a second for its dictionaries; neither does the start."""
    await asyncio.sleep(SETTLED)
    await asyncio.to_thread(datewords.warm)


async def _for_ever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs it to its end; an error is no end."""
    while True:
        try:
            return await work()
        except Exception as error:
            log.error("a part of the line failed, again", error=safe_error(error), place=place(error))
            await asyncio.sleep(1)


async def _side_by_side(*works: Coroutine[Any, Any, None], within: float) -> None:
    """Lets all of these end; what has not by then is cut off. None of their errors keeps the line from stopping."""
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.wait(tasks, timeout=within)
    await _end(tasks)
    for error in (task.exception() for task in tasks if not task.cancelled()):
        if error is not None:
            log.error("a part of the line did not stop cleanly", error=safe_error(error), place=place(error))


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def serve(config: Config, *, now: Now = wall_clock, step: Step = lambda name: None) -> int:
    """Serves until SIGTERM or SIGINT, then finishes what it holds and stops; the exit code."""
    logs.forbid_dumps()
    logs.set_up_logging(json_lines=not sys.stderr.isatty())
    loop = asyncio.get_running_loop()
    logs.quiet_loop(loop)
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    async with running(config, now=now, step=step) as (_, port):
        log.info("serving", port=port)
        # What is there now stays: to look through it for garbage stops everything for a fifth of a second, each time
        # that a calendar or a rota makes thousands of objects. Once more when the dictionaries of dates are there.
        gc.freeze()
        loop.call_later(WARM, gc.freeze)
        await ended.wait()
        log.info("stopping")
        loop.call_later(LAST, _leave)
    return 0


def _leave() -> None:
    """A database that says nothing holds even the one who hangs up."""
    log.warning("stopped without waiting any longer")
    os._exit(0)
