"""A clock that can be moved: everything in the rehearsal asks it for the time, nothing else."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

DISTANCE = struct.Struct("<q")
"""How a clock's distance from real time lies in a file: microseconds, eight bytes, written at once."""


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
        self._file: Path | None = None

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        return datetime.now(UTC) + self._ahead

    def move(self, distance: timedelta) -> None:
        """Jumps ahead (or back); whoever waits in `reaches` looks again at once."""
        self._ahead += distance
        self._write()
        for waiter in self._moved:
            waiter.set()

    def share(self, file: Path) -> None:
        """From now on the file tells another process what this clock shows (`shared`)."""
        self._file = file
        self._write()

    def _write(self) -> None:
        if self._file is not None:
            # In place, not by rename: the other process keeps the file open.
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(handle, DISTANCE.pack(self._ahead // timedelta(microseconds=1)), 0)
            finally:
                os.close(handle)

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


def shared(file: Path) -> Callable[[], datetime]:
    """What a clock that was shared through this file shows, read anew each time. Raises OSError without the file."""
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)

    def now() -> datetime:
        (distance,) = DISTANCE.unpack(os.pread(handle, DISTANCE.size, 0))
        return datetime.now(UTC) + timedelta(microseconds=distance)

    return now
