"""The program of a rehearsal: the real one on another clock, which reaches nobody, and of which nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.rehearsal.clock import Clock
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.play.nursery import Nursery
from tests.cli.conftest import CONFIG, Shown


async def rehearsed(nursery: Nursery, folder: Path, *words: str) -> Shown:
    """Types a command in a rehearsal whose clock is ten days ahead."""
    Clock(datetime.now(UTC) + timedelta(days=10)).share(folder / "clock")
    with (folder / "out").open("w+b") as out, (folder / "err").open("w+b") as err:
        life = await nursery.begin(
            words,
            clock=folder / "clock",
            folder=folder,
            out=out.fileno(),
            err=err.fileno(),
            steps=err.fileno(),
        )
        code = await life.ended()
    return Shown(code, (folder / "out").read_text(), (folder / "err").read_text())


@pytest.mark.parametrize("command", [("run",), ("staff", "list")])
async def test_a_real_line_is_never_rehearsed(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A configuration whose carriers are the real ones is refused, whatever it was called for: exit 3, one sentence."""
    (tmp_path / "config.toml").write_text(CONFIG.format(url="sqlite:///data/greenroom.db"))
    async with Nursery() as nursery:
        assert (await rehearsed(nursery, tmp_path, "init")).code == 0
        shown = await rehearsed(nursery, tmp_path, *command)
    assert (shown.code, shown.out) == (3, "")
    assert "stand-ins on this machine only" in shown.err
    assert shown.err.count("\n") == 1


LONG = ("rehearse", "--port", "0")
"""A command that goes on until it is ended."""


async def lives(pid: int) -> bool:
    """Whether a process is there after a moment."""
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):  # noqa: ASYNC240 - no disk
            return False
        await asyncio.sleep(0.05)
    return True


async def begun(nursery: Nursery, folder: Path) -> tuple[asyncio.Task[Shown], int]:
    """A long command, and the process that obeys it."""
    typed = asyncio.create_task(rehearsed(nursery, folder, *LONG))
    async with asyncio.timeout(30):
        while not nursery.lives:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    return typed, next(iter(nursery.lives)).pid


async def test_a_process_that_is_killed_is_heard_of(tmp_path: Path) -> None:
    """Its code is minus the signal, as everywhere."""
    async with Nursery() as nursery:
        typed, pid = await begun(nursery, tmp_path)
        os.kill(pid, signal.SIGKILL)
        assert (await typed).code == -signal.SIGKILL


async def test_all_processes_end_with_their_nursery(tmp_path: Path) -> None:
    """Whoever closes the rehearsal leaves no program behind."""
    async with Nursery() as nursery:
        typed, pid = await begun(nursery, tmp_path)
    assert not await lives(pid)
    typed.cancel()


async def test_a_nursery_that_died_says_so(tmp_path: Path) -> None:
    """Nobody waits for ever for a process that cannot begin any more."""
    async with Nursery() as nursery:
        typed, pid = await begun(nursery, tmp_path)
        assert nursery.pid is not None
        os.kill(nursery.pid, signal.SIGKILL)
        assert (await typed).code == -signal.SIGKILL
        with pytest.raises(NotPlayed, match="Begin again"):
            await rehearsed(nursery, tmp_path, "--version")
        assert not await lives(pid)
