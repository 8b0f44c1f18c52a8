"""The line as a process of its own beside the town: it can be killed, stopped, and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot import opening
from storage.engine import Store
from tests.stories.stage import Stage

HOUSE = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds for a process to start or end, on a slow machine."""


def environment() -> dict[str, str]:
    """A bare one: no home, no language."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE)}


class Nursery:
    """Starts lines quickly (tests/stories/doomed)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self, asked: dict[str, Any]) -> int:
        """The process id of a new life."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def nursery(**more: str) -> Iterator[Nursery]:
    """`more`: what its lines find in their environment besides."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.stories.doomed"],
        cwd=HOUSE,
        env=environment() | more,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


@dataclass
class Life:
    """One process that serves, or served."""

    pid: int
    log: Path
    ended_file: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def code(self) -> int | None:
        """Its exit code, minus the signal that ended it; None while it lives."""
        if self.process is not None:
            return self.process.poll()
        text = self.ended_file.read_text() if self.ended_file.exists() else ""
        return int(text) if text else None

    async def ended(self, *, within: float = PATIENCE) -> int:
        async with asyncio.timeout(within):
            while (code := self.code) is None:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.005)
        return code

    async def port(self) -> int:
        """Where it listens; waits until it does."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in self.log.read_text().splitlines() if self.log.exists() else ():
                    if '"serving"' in line:
                        return int(json.loads(line)["port"])
                assert self.code is None, self.log.read_text()
                await asyncio.sleep(0.005)

    def signal(self, number: int) -> None:
        if self.code is None:
            os.kill(self.pid, number)


@dataclass
class House:
    """A stage whose line is a process. The stage's own store stays open beside it, so that a test can look."""

    stage: Stage
    folder: Path
    nursery: Nursery | None
    lives: list[Life] = field(default_factory=list)
    store: Store | None = None

    @property
    def config_file(self) -> Path:
        return self.folder / "config.toml"

    @property
    def life(self) -> Life:
        return self.lives[-1]

    async def runs(self, step: str | None = None, count: int = 1) -> Life:
        """A line begins; returns when it serves and the carriers know where. With a step it will die there."""
        assert self.nursery is not None
        self.begins(step, count)
        await self.serves()
        return self.life

    def begins(self, step: str | None = None, count: int = 1) -> Life:
        assert self.nursery is not None
        log, ended = self._files()
        asked = {"config": str(self.config_file), "step": step, "count": count}
        pid = self.nursery.begin(asked | {"log": str(log), "ended": str(ended)})
        self.lives.append(Life(pid, log, ended))
        return self.life

    def begins_alone(self, *words: str, **more: str) -> Life:
        """The real thing, without a nursery: `python -m bot run`."""
        log, ended = self._files()
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", *(words or ("run",)), "--config", str(self.config_file)],
                cwd=self.folder,
                env=environment() | more,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.lives.append(Life(process.pid, log, ended, process))
        return self.life

    async def runs_alone(self) -> Life:
        self.begins_alone()
        await self.serves()
        return self.life

    async def serves(self) -> None:
        self.stage.town.point_at(f"http://127.0.0.1:{await self.life.port()}")

    async def stops(self) -> int:
        """SIGTERM, and its exit code: within the ten seconds of the contract."""
        self.life.signal(signal.SIGTERM)
        return await self.life.ended(within=10)

    async def killed(self) -> None:
        self.life.signal(signal.SIGKILL)
        await self.life.ended()

    async def health(self) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session:
            port = await self.life.port()
            async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                return answer.status, await answer.json()

    def logs(self) -> str:
        return "\n".join(life.log.read_text(errors="replace") for life in self.lives if life.log.exists())

    def _files(self) -> tuple[Path, Path]:
        number = len(self.lives) + 1
        return self.folder / f"life-{number}.log", self.folder / f"life-{number}.ended"


class _Beside:
    """What a stage needs of a program: only its store."""

    def __init__(self, store: Store) -> None:
        self.store = store


@asynccontextmanager
async def moved_out(stage: Stage, folder: Path, nursery: Nursery | None = None) -> AsyncIterator[House]:
    """The stage's own line stops; from now on lines are processes on the same database and town."""
    await stage.settled()
    await stage.stop()
    house = House(stage, folder, nursery)
    house.store = opening.open_store(stage.config, stage.town.clock.now)
    stage.program = _Beside(house.store)  # type: ignore[assignment]
    try:
        yield house
    finally:
        for life in house.lives:
            life.signal(signal.SIGKILL)
        for life in house.lives:
            await life.ended()
        stage.program = None
        await house.store.close()
