"""A clock that can be moved: everything in the rehearsal asks it for the time, nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus a distance that a test or a trainer may change; real sleeping is never touched.

    >>> clock = Clock()
    >>> before = clock.now()
    >>> clock.move(timedelta(hours=3))
    >>> clock.now() - before >= timedelta(hours=3)
    True
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._ahead = timedelta() if start is None else start - datetime.now(UTC)
        self._moved: set[asyncio.Event] = set()

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        return datetime.now(UTC) + self._ahead

    def move(self, distance: timedelta) -> None:
        """Jumps ahead (or back); whoever waits in `reaches` looks again at once."""
        self._ahead += distance
        for waiter in self._moved:
            waiter.set()

    async def reaches(self, instant: datetime) -> None:
        """Returns once `now()` is at or past the instant, be it by waiting or by a move."""
        moved = asyncio.Event()
        self._moved.add(moved)
        try:
            while (left := (instant - self.now()).total_seconds()) > 0:
                moved.clear()
                try:
                    await asyncio.wait_for(moved.wait(), left)
                except TimeoutError:
                    continue
        finally:
            self._moved.discard(moved)
