"""Between what happens and what is shown: events wait their turn, so that people can read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType

from handlers.rehearsal.play import events
from handlers.rehearsal.play.events import Event, Told
from handlers.rehearsal.play.script import SOURCE

READING = 120
"""Letters that are read in one unit of pace; longer texts stay longer."""
LONGEST = 1.6


class Reel:
    """`async with Reel(show, pace) as reel`: tells the show each event, and waits `pace` seconds or so after it."""

    def __init__(self, show: Told, pace: float) -> None:
        self._show = show
        self._pace = pace
        self._events = asyncio.Queue[Event]()
        self._running: asyncio.Task[None] | None = None
        self._goes_on = asyncio.Event()
        self._goes_on.set()

    @property
    def paused(self) -> bool:
        return not self._goes_on.is_set()

    def pause(self) -> None:
        """Nothing more is shown, and so nobody goes on, until `go_on`."""
        self._goes_on.clear()

    def go_on(self) -> None:
        self._goes_on.set()

    def tell(self, event: Event) -> None:
        """It is shown in its turn."""
        self._events.put_nowait(event)

    async def caught_up(self) -> None:
        """Returns once all that was told has been shown and read; raises what the show raised."""
        assert self._running is not None
        await self._goes_on.wait()
        shown = asyncio.create_task(self._events.join())
        try:
            await asyncio.wait({shown, self._running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            shown.cancel()
        if self._running.done():
            self._running.result()

    async def hurry(self) -> None:
        """Shows the rest at once."""
        self._pace = 0
        self.go_on()
        await self.caught_up()

    async def _run(self) -> None:
        while True:
            event = await self._events.get()
            await self._goes_on.wait()
            self._show.tell(event)
            if self._pace:
                await asyncio.sleep(self._pace * _weight(event))
            self._events.task_done()

    async def __aenter__(self) -> Reel:
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._running


def _weight(event: Event) -> float:
    """How many units of pace an event is looked at."""
    match event:
        case events.Message(text=text):
            return min(LONGEST, 0.4 + len(text) / READING)
        case events.SceneBegan(scene=scene):
            return 1.0 + len(scene.told(SOURCE).why) / READING
        case events.Program(state=events.State.KILLED):
            return 2.0
        case events.Marked() | events.Typed():
            return 0.3
        case events.OnDisk() | events.Ended() | events.YourTurn():
            return 0.0
    return 0.7
