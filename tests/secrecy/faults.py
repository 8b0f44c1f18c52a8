"""A fault at each await on the way of a text, with the text in the error: nothing of it is said, lost or doubled.

The loop's tasks are wrapped: each time one of ours is suspended, where it waits is known by its frames. A first round
writes down all these places; then for each of them a round in which the await there fails, once as soon as it begins to
wait and once when what it waited for has happened.
"""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Coroutine, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType, TracebackType
from typing import Any

import structlog

from bot import logs
from tests.secrecy.canaries import Cage
from tests.secrecy.net import Net
from tests.secrecy.trial import Outcome, Place
from tests.stories.stage import Phone, Stage, answers, staged, texts

HOUSE = Path(__file__).resolve().parents[2]
IN_HAND = frozenset({"_status", "_take", "_take_singly", "receive", "take_receipt", "_deliver"})
"""Functions of ours that have a text in hand while they wait."""
BRINGING = frozenset({"send", "_say", "_mark"})
"""Where the carrier may have accepted a letter that we do not know of: it is brought again, marked as unsure."""
PATIENCE = 4.0
LEASE = 95.0
"""Seconds after which a letter whose sender was cut off is anybody's (handlers/outbox)."""


class Boom(Exception):
    """What a foreign library might raise: with the text in it."""


@dataclass
class Fuse:
    """Where the next fault happens. `places`: all where a text has been in hand, in the order of their first times."""

    places: dict[str, bool] = field(default_factory=dict)
    at: str | None = None
    instead: bool = False
    said: str = ""
    blown: int = 0

    def lit(self, place: str) -> bool:
        if place != self.at:
            return False
        self.at = None
        self.blown += 1
        return True


class Watched(Coroutine[Any, Any, Any]):
    """A task's coroutine, looked at whenever it waits."""

    def __init__(self, inner: Coroutine[Any, Any, Any], fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse
        self._burning = False

    def send(self, value: Any) -> Any:
        if self._burning:
            self._burning = False
            return self._seen(self._inner.throw(Boom(self._fuse.said)))
        return self._seen(self._inner.send(value))

    def _seen(self, waits_for: Any) -> Any:
        place, brings = where(self._inner)
        if place is not None:
            self._fuse.places.setdefault(place, brings)
            if self._fuse.lit(place):
                if self._fuse.instead:
                    return self._seen(self._inner.throw(Boom(self._fuse.said)))
                self._burning = True
        return waits_for

    def throw(self, kind: Any, value: Any = None, traceback: TracebackType | None = None) -> Any:
        self._burning = False
        return self._seen(self._inner.throw(kind if value is None else value))

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("only a task carries this out")


def where(coroutine: Any) -> tuple[str | None, bool]:
    """The way through our functions to what waits, innermost first, and the foreign function under it; None where no
    text is in hand. And whether the carrier may have it already."""
    way: list[str] = []
    names, inner = set(), ""
    step = coroutine
    while step is not None:
        frame = _frame(step)
        if frame is not None:
            path = Path(frame.f_code.co_filename)
            inner = frame.f_code.co_name
            if HOUSE in path.parents and _is_program(path.relative_to(HOUSE)):
                way.insert(0, f"{path.stem}.{inner}:{frame.f_lineno}")
                names.add(inner)
        step = _next(step)
    if not way or not names & IN_HAND or inner == "sleep":
        return None, False
    return f"{inner} in {' in '.join(way)}", bool(names & BRINGING)


def _is_program(path: Path) -> bool:
    return path.parts[0] in {"bot", "handlers", "storage"} and "rehearsal" not in path.parts


def _frame(step: Any) -> FrameType | None:
    for name in ("cr_frame", "gi_frame", "ag_frame"):
        found = getattr(step, name, None)
        if isinstance(found, FrameType):
            return found
    return None


def _next(step: Any) -> Any:
    for name in ("cr_await", "gi_yieldfrom", "ag_await"):
        found = getattr(step, name, None)
        if found is not None:
            return found
    return None


@contextmanager
def watched(fuse: Fuse) -> Iterator[None]:
    """Every task that begins meanwhile is looked at."""
    loop = asyncio.get_running_loop()

    def made(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> asyncio.Task[Any]:
        return asyncio.Task(Watched(coro, fuse), loop=loop, **more)

    loop.set_task_factory(made)  # type: ignore[arg-type]
    loop.set_debug(True)
    try:
        yield
    finally:
        loop.set_task_factory(None)
        loop.set_debug(False)


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Everything that is said meanwhile, filled in at the end: all loggers at DEBUG, warnings, every byte of stderr."""
    heard: list[str] = []
    out = io.StringIO()
    root = logging.getLogger()
    kept = (root.handlers[:], root.level, structlog.get_config(), logging.getLogRecordFactory())
    hooks = (sys.excepthook, sys.unraisablehook)
    with tempfile.TemporaryFile() as file, warnings.catch_warnings():
        warnings.simplefilter("always")
        sys.stderr.flush()
        real = os.dup(2)
        os.dup2(file.fileno(), 2)
        logs.set_up_logging(level=logging.DEBUG, json_lines=True, out=out)
        logs.quiet_loop(asyncio.get_running_loop())
        try:
            yield heard
        finally:
            gc.collect()
            sys.stderr.flush()
            os.dup2(real, 2)
            os.close(real)
            file.seek(0)
            heard += [out.getvalue(), file.read().decode(errors="replace")]
            root.handlers[:], root.level = kept[0], kept[1]
            structlog.configure(**kept[2])
            logging.setLogRecordFactory(kept[3])
            sys.excepthook, sys.unraisablehook = hooks


async def faults(place: Place, every: int = 1, *, updates: str = "polling") -> AsyncIterator[Outcome]:
    """At each await (or every so manieth) on both channels, in and out; `updates`: how Telegram is listened to."""
    cage, fuse = Cage(Random(place.seed)), Fuse()
    with overheard() as heard, watched(fuse):
        async with staged(place.folder, place.url, updates=updates) as stage:
            stage.town.twilio.webhooks.delays = (0.05, 0.1, 0.2, 0.5, 1.0)
            pairs = await _pairs(stage, cage, updates)
            for pair in pairs:
                await _round(stage, cage, fuse, pair, brings=False)
            known = list(fuse.places.items())
            assert len(known) >= 6, known
            for at, brings in known[::every]:
                for instead in (False, True):
                    yield await _fault(stage, cage, fuse, pairs, at, brings=brings, instead=instead)
            net = _net(stage, cage)
    said = "\n".join(heard)
    assert fuse.blown, "nothing was tried"
    assert '"event"' in said, "nothing was overheard"
    # Some faults are swallowed where they rise and become "try again": only of all of them is one sure to be told of.
    assert every > 1 or "Boom" in said, "no fault has been told of"
    found = net.caught(said.encode())
    yield Outcome(cage.count, len(found), f"said aloud: {', '.join(sorted(found))}")
    yield Outcome(
        1, int(not net.caught(f"{said} {fuse.said}".encode())), "a word planted in it, and not seen"
    )


Pair = tuple[Phone, Phone, str]


async def _pairs(stage: Stage, cage: Cage, updates: str) -> list[Pair]:
    """Robin by SMS with Bo on Telegram, Kit on Telegram with Alma by SMS."""
    made = []
    for theirs, hers in (("sms", "telegram"), ("telegram", "sms")):
        name = f"{cage.name()} {updates}"
        alma = await stage.staff(name, hers)
        await stage.rota(name)
        robin = stage.texter(theirs, cage.name())
        cage.phone(alma)
        cage.phone(robin)
        code = await stage.talk(robin, alma, cage.text("text"))
        await stage.settled()
        made.append((robin, alma, code))
    return made


def _net(stage: Stage, cage: Cage) -> Net:
    tokens = [bot.token.partition(":")[2] for bot in stage.town.telegram.bots.values()]
    return cage.net(*tokens, stage.town.twilio.auth_token)


async def _fault(
    stage: Stage, cage: Cage, fuse: Fuse, pairs: list[Pair], at: str, *, brings: bool, instead: bool
) -> Outcome:
    """Rounds with the fuse lit until it has blown."""
    fuse.instead, before = instead, fuse.blown
    fuse.at = at
    wrong: list[str] = []
    for pair in pairs:
        wrong += await _round(stage, cage, fuse, pair, brings=brings)
        if fuse.blown > before:
            break
    fuse.at = None
    when = "instead of it" if instead else "after it"
    blown = int(
        fuse.blown > before
    )  # a way that only the first text goes, or that a race opens, is not met again
    return Outcome(blown, int(bool(wrong)), f"a fault at {at}, {when}: {', '.join(wrong)}")


async def _round(stage: Stage, cage: Cage, fuse: Fuse, pair: Pair, *, brings: bool) -> list[str]:
    """Words there and back; what went wrong."""
    robin, alma, code = pair
    wrong = []
    fuse.said = cage.text("text")
    await texts(robin, fuse.said)
    wrong += await _came(stage, alma, fuse.said, brings=brings)
    await stage.settled()
    fuse.said = cage.text("answer")
    await answers(alma, code, fuse.said)
    wrong += await _came(stage, robin, fuse.said, brings=brings)
    await stage.settled()
    return wrong


async def _came(stage: Stage, phone: Phone, said: str, *, brings: bool) -> list[str]:
    """Once; and where the carrier had it without our knowing, twice at most."""
    for _ in range(4):
        try:
            await phone.shows(said, within=PATIENCE)
            break
        except AssertionError:
            stage.town.clock.move(stage.minutes(LEASE / 60))
    else:
        return ["lost"]
    await stage.settled()
    count = sum(said in text for text in phone.texts)
    return ["doubled"] if count > (2 if brings else 1) else []
