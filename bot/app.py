"""The composition root: the only room that knows every concrete part, and the only one that starts and stops them."""

from __future__ import annotations

import asyncio
import random
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version

import structlog

from bot import logs
from bot.channel import Receipt
from bot.errors import AlreadyServing, StorageError
from bot.messages import Inbound
from bot.opening import Now, database_url, line, open_store, wall_clock
from bot.people import Medium
from bot.settings import Config
from bot.ways import Means, Ways, open_ways
from handlers import clock, inbound, receipts
from handlers import outbox as outbox_room
from handlers.channels.session import open_session
from handlers.line import Line
from handlers.outbox import BOT_RATE, Outbox, chat_rests
from handlers.rates import Rates
from handlers.web import server
from handlers.web.meters import Meters
from storage import engine
from storage.engine import Store
from storage.work import Work

log = structlog.get_logger("app")

DRAIN = 8.0
"""Seconds for what is in flight at SIGTERM; the whole stop stays within the ten of contract.md."""
TICK = 0.25
"""Seconds between two looks at the clock: the shortest offer is one second."""
BOTS = ("texters", "staff")

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
    meters: Meters = field(default_factory=Meters)
    ways: Ways = field(default_factory=Ways)
    healthy: bool = False
    why: str = "starting"

    def __post_init__(self) -> None:
        self.line = line(self.config)

    async def receive(self, bot: str | None, inbounds: Sequence[Inbound], offset: int | None) -> None:
        """Stores what came in, and where to go on listening, in one transaction."""

        def thought(work: Work) -> None:
            for one in inbounds:
                inbound.receive(work, self.line, one)
            if bot is not None and offset is not None:
                work.offsets.set(bot, offset)
            self.step("written")

        self.step("received")
        await self.store.do(thought)
        self.step("stored")

    async def take_receipt(self, receipt: Receipt) -> None:
        await self.store.do(lambda work: receipts.receive(work, self.line, receipt))
        self.step("receipt stored")

    def health(self) -> tuple[bool, str]:
        return self.healthy, self.why

    async def keep_time(self) -> None:
        """Lets the clock strike until cancelled; also says whether the database answers."""
        while True:
            try:
                more = await self.store.do(lambda work: clock.strike(work, self.line))
                self.healthy, self.why = True, ""
            except StorageError as error:
                self.healthy, self.why, more = False, "the database does not answer", False
                log.error("the database does not answer", exc_info=error)
            if not more:
                await asyncio.sleep(TICK)

    async def heed_others(self, outbox: Outbox) -> None:
        """Wakes the outbox when another process has written something."""
        while True:
            with suppress(StorageError):
                async for _ in self.store.changes():
                    outbox.wake()
            await asyncio.sleep(1)


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
    for key in (key for key, asked in NOT_BUILT.items() if asked(config)):
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
                meters=program.meters,
                now=now,
                receive=program.receive,
                receipt=program.take_receipt,
            )
        )
        program.ways = ways
        listen = config.web.listen
        app = server.build(
            ways.webhooks, health=program.health, version=version("greenroom"), meters=program.meters
        )
        holder = secrets.token_bytes(16)
        await _begin_alone(program)
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
        sending = asyncio.create_task(outbox.run())
        tasks = [
            asyncio.create_task(work)
            for work in (
                program.keep_time(),
                program.heed_others(outbox),
                *(listen() for listen in ways.listening),
            )
        ]
        try:
            yield program, served.port
        finally:
            program.healthy, program.why = False, "stopping"
            await _end(tasks)
            await ways.withdraw()
            await served.stop()
            with suppress(StorageError):
                await outbox.stop(DRAIN)
            await _end([sending])
    finally:
        await _end(tasks)
        await program.ways.close()
        await session.close()
        await program.store.close()


NOT_BUILT: dict[str, Callable[[Config], bool]] = {
    "policy.minors": lambda config: config.policy.minors != "off",
    "policy.photos": lambda config: config.policy.photos != "off",
    "policy.reveal": lambda config: config.policy.reveal,
    "policy.reporting": lambda config: bool(config.policy.reporting),
    "policy.answers": lambda config: config.policy.answers is not None,
    "policy.alternatives": lambda config: config.policy.alternatives is not None,
}
"""Settings that are read and not yet obeyed: the operator is told at every start, until each is built."""


async def _begin_alone(program: Program) -> None:
    """What a dead process had claimed is free at once, if it is sure to be dead. SQLite has one server at a time."""
    if await program.store.alone():
        await program.store.do(lambda work: work.outbox.release_all())
    elif program.config.database.url.startswith("sqlite"):
        raise AlreadyServing("Another greenroom run serves this database.")


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
        await ended.wait()
        log.info("stopping")
    return 0
