"""One rehearsal, from its throw-away folder to the last word; in any case its processes end and the folder goes."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path

from handlers.cli.demo.disk import Disk
from handlers.cli.front import answer_is_no
from handlers.cli.house import House
from handlers.rehearsal.play import events
from handlers.rehearsal.play.events import Show, State
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.play.player import Player
from handlers.rehearsal.play.program import Program
from handlers.rehearsal.play.reel import Reel
from handlers.rehearsal.play.script import CAST, SCENES, Scene
from handlers.rehearsal.town import Town
from handlers.rehearsal.twilio_webhooks import RETRY_DELAYS

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def rehearse(house: House, show: Show, *, pace: float, scenes: tuple[Scene, ...] = SCENES) -> int:
    """Plays the script; 0, or 128 and the signal that ended it. Stopped with one sentence when it did not play."""
    folder = Path(tempfile.mkdtemp(prefix="greenroom-rehearsal-"))
    try:
        return asyncio.run(_until_signalled(_play(house, show, folder, pace, scenes)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _until_signalled(play: Coroutine[None, None, None]) -> int:
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


async def _play(house: House, show: Show, folder: Path, pace: float, scenes: tuple[Scene, ...]) -> None:
    began = time.monotonic()
    program = Program(folder)
    async with Town() as town:
        # The last try waits until the program is there again, however slowly people read meanwhile.
        town.twilio.webhooks.delays = (*RETRY_DELAYS[:4], 3600.0)
        program.write_settings(town)
        with _opened(show):
            async with Reel(show, pace) as reel:
                player = Player(town, program, reel)
                try:
                    await _play_through(house, program, player, scenes)
                except NotPlayed as failure:
                    await reel.hurry()
                    raise answer_is_no(str(failure)) from failure
                finally:
                    await program.kill()
                reel.tell(events.Ended(player.messages, time.monotonic() - began))
                await reel.caught_up()


async def _play_through(house: House, program: Program, player: Player, scenes: tuple[Scene, ...]) -> None:
    """The script, the disk while the program still runs, and its end in order."""
    await player.play(scenes)
    found = await asyncio.to_thread(_disk, house, program, player)
    await program.stop()
    await player.tell(events.Program(State.STOPPED), found)
    if found.search.found or any(count for _, count in found.left):
        raise answer_is_no("Something is on the disk that must not be there.")


def _disk(house: House, program: Program, player: Player) -> events.OnDisk:
    from bot import config

    files = [*sorted(program.data.iterdir()), program.log]
    disk = Disk(house, config.load(program.config), files, program.data / "greenroom.db")
    return disk.read(player.codes, player.phones)


@contextmanager
def _opened(show: Show) -> Iterator[None]:
    show.open(CAST)
    try:
        yield
    finally:
        show.close()
