"""One script played in the terminal, from its throw-away folder to the last word; in any case its processes end and the
folder goes."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path

from handlers.cli.demo.backstage import Backstage
from handlers.cli.front import answer_is_no
from handlers.cli.house import House
from handlers.rehearsal.play import events
from handlers.rehearsal.play.cast import CAST
from handlers.rehearsal.play.events import Event, Show, State
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.play.nursery import Nursery
from handlers.rehearsal.play.player import Player
from handlers.rehearsal.play.reel import Reel
from handlers.rehearsal.play.script import Script
from handlers.rehearsal.play.stage import Stage

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def rehearse(house: House, show: Show, script: Script, *, pace: float) -> int:
    """Plays the script; 0, or 128 and the signal that ended it. Stopped with one sentence when it did not play."""
    with throw_away() as folder:
        try:
            return asyncio.run(until_signalled(_play(house, show, script, folder, pace)))
        except NotPlayed as failure:
            raise answer_is_no(str(failure)) from failure


PREFIX = "greenroom-rehearsal-"


@contextmanager
def throw_away() -> Iterator[Path]:
    """A folder of which nothing is left. What a rehearsal left that was killed itself goes as well."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if (handle := _held(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(handle)
    folder, ours = _new()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(ours)


def _new() -> tuple[Path, int]:
    """A folder that is held; another one when somebody who tidies up was quicker."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        if (handle := _held(folder)) is not None:
            if folder.exists():
                return folder, handle
            os.close(handle)


def _held(folder: Path) -> int | None:
    """An open handle that holds the folder until it is closed; None when somebody else holds it, or owns it."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_uid == os.getuid():
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


async def until_signalled(play: Coroutine[None, None, None]) -> int:
    """Lets it end by itself, or cancels it at a signal; 0, or 128 and the signal."""
    loop, playing = asyncio.get_running_loop(), asyncio.create_task(play)
    ended: list[int] = []

    def end(number: int) -> None:
        ended.append(number)
        playing.cancel()

    for name in ENDINGS:
        loop.add_signal_handler(name, end, name)
    try:
        await playing
    except asyncio.CancelledError:
        if not ended:
            raise
        return 128 + ended[0]
    return 0


async def _play(house: House, show: Show, script: Script, folder: Path, pace: float) -> None:
    began = time.monotonic()
    with _opened(show):
        async with Nursery() as nursery, Reel(show, pace) as reel:

            async def tell(event: Event) -> None:
                reel.tell(event)
                await reel.caught_up()

            stage = Stage(folder, nursery, script, tell)
            backstage = Backstage(house, stage.program)
            try:
                await stage.open()
                player = Player(stage, reel, lambda: backstage.next_shift(stage.town.clock.now()))
                await stage.set_up()
                await player.play(script.scenes)
                found = await backstage.read(script, player.codes, stage.phones)
                await stage.program.stop()
                await player.tell(events.Program(State.STOPPED), found)
            except NotPlayed:
                await reel.hurry()
                raise
            finally:
                await stage.close()
            if found.search.found or any(count for _, count in found.left):
                raise NotPlayed("Something is on the disk that must not be there.")
            await tell(events.Ended(player.messages, time.monotonic() - began))


@contextmanager
def _opened(show: Show) -> Iterator[None]:
    show.open(CAST)
    try:
        yield
    finally:
        show.close()
