"""What lies behind a rehearsed program: its disk, and its rota. Read beside it, with its own keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from handlers.cli.demo.disk import Disk
from handlers.cli.house import House
from handlers.rehearsal.play.events import OnDisk, Row
from handlers.rehearsal.play.marks import Phone
from handlers.rehearsal.play.program import Program
from handlers.rehearsal.play.script import Script

if TYPE_CHECKING:
    from bot.config import Config
    from handlers.line import Line
    from storage.work import Work

T = TypeVar("T")
AHEAD = timedelta(days=14)


class Backstage:
    """Reads in a thread: nothing here holds the page up."""

    def __init__(self, house: House, program: Program) -> None:
        self._house = house
        self._program = program

    async def read(self, script: Script, codes: Mapping[str, str], phones: Mapping[str, Phone]) -> OnDisk:
        """What is on the disk after a script. NotPlayed when its words cannot be read with the keys."""
        return await asyncio.to_thread(lambda: self._disk().read(script, codes, phones))

    async def newest(self) -> tuple[str, tuple[Row, ...]] | None:
        """The newest line of any transcript beside its rows; None before the first."""
        return await asyncio.to_thread(lambda: self._disk().newest())

    async def next_shift(self, now: datetime) -> datetime | None:
        """The next instant at which somebody else is on call, or nobody."""
        return await asyncio.to_thread(self._next_shift, now)

    def _disk(self) -> Disk:
        program = self._program
        files = [*sorted(program.data.iterdir()), program.log]
        return Disk(self._house, self._config, files, program.data / "greenroom.db")

    async def on_call(self, now: datetime) -> list[str]:
        """Who is on call, by name."""
        return await asyncio.to_thread(self._on_call, now)

    def _next_shift(self, now: datetime) -> datetime | None:
        from bot import rota

        def thought(work: Work) -> datetime | None:
            schedule = self._line.rota(work).named("on call")
            shifts = rota.shifts(schedule, now, now + AHEAD) if schedule else []
            changes = (instant for shift in shifts for instant in (shift.start, shift.end))
            return min((one for one in changes if now < one < now + AHEAD), default=None)

        return self._think(thought)

    def _on_call(self, now: datetime) -> list[str]:
        from bot import rota

        def thought(work: Work) -> list[str]:
            schedule = self._line.rota(work).named("on call")
            names = {person.id: person.name for person in work.staff.everyone()}
            return sorted(
                names[one] for one in (rota.on_call(schedule, now) if schedule else ()) if one in names
            )

        return self._think(thought)

    def _think(self, thought: Callable[[Work], T]) -> T:
        store = self._house.open_store(self._config)
        try:
            return store.do_now(thought)
        finally:
            store.close_now()

    @property
    def _config(self) -> Config:
        from bot import config

        return config.load(self._program.config)

    @property
    def _line(self) -> Line:
        return self._house.line(self._config)
