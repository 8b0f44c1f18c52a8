"""Where a rehearsal's processes begin: quickly, because what they need is imported once (bot/rehearsed)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from handlers.rehearsal.play.failure import NotPlayed

LARGEST = 65_536
"""Bytes of one request or answer."""
FAMILIES = ("GREENROOM_", "TWILIO_")
"""Environment variables that could lead a rehearsal to a real line."""
HOUSE = Path(__file__).parents[3]


@dataclass(slots=True, eq=False)
class Life:
    """One process. `code` is its exit code once it has ended, minus the signal where one ended it."""

    pid: int
    code: int | None = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def signal(self, number: int) -> None:
        if self.code is None:
            with suppress(ProcessLookupError):  # it has ended, and we are told in a moment
                os.kill(self.pid, number)

    async def ended(self) -> int:
        await self._over.wait()
        assert self.code is not None
        return self.code

    def ends(self, code: int) -> None:
        """For the nursery: it has ended."""
        self.code = code
        self._over.set()


class Nursery:
    """`async with Nursery() as nursery`: begins processes; all of them are gone in the end."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._ours: socket.socket | None = None
        self._lives: dict[int, Life] = {}
        self._asked: deque[asyncio.Future[Life]] = deque()

    async def __aenter__(self) -> Nursery:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot.rehearsed", str(theirs.fileno())),
                env=_environment(os.environ),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._ours = ours
        asyncio.get_running_loop().add_reader(ours, self._hear)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ours is not None:
            asyncio.get_running_loop().remove_reader(self._ours)
            self._ours.close()
        if self._process is not None:
            await self._process.wait()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def lives(self) -> tuple[Life, ...]:
        """Those that have begun and not ended."""
        return tuple(self._lives.values())

    async def begin(
        self, words: Sequence[str], *, clock: Path, folder: Path, out: int, err: int, steps: int
    ) -> Life:
        """A new process that obeys one command line on these open files. NotPlayed when the nursery is gone."""
        assert self._ours is not None
        request = {"words": list(words), "clock": str(clock), "folder": str(folder)}
        begun: asyncio.Future[Life] = asyncio.get_running_loop().create_future()
        self._asked.append(begun)
        try:
            socket.send_fds(self._ours, [json.dumps(request).encode()], [out, err, steps])
        except OSError:
            raise NotPlayed("The rehearsal's processes have ended. Begin again.") from None
        return await begun

    def _hear(self) -> None:
        assert self._ours is not None
        try:
            message = self._ours.recv(LARGEST)
        except BlockingIOError:
            return
        if not message:
            self._left_alone()
            return
        told = json.loads(message)
        if "begun" in told:
            life = self._lives[told["begun"]] = Life(told["begun"])
            begun = self._asked.popleft()
            if begun.cancelled():
                life.signal(signal.SIGKILL)
            else:
                begun.set_result(life)
        elif (gone := self._lives.pop(told["ended"], None)) is not None:
            gone.ends(told["code"])

    def _left_alone(self) -> None:
        """The nursery has died; its processes are not left alone."""
        asyncio.get_running_loop().remove_reader(self._ours or -1)
        for begun in self._asked:
            if not begun.done():
                begun.set_exception(NotPlayed("The rehearsal's processes have ended. Begin again."))
        for life in self._lives.values():
            life.signal(signal.SIGKILL)
            life.ends(-signal.SIGKILL)


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what could lead to a real line; the program is the one that this room belongs to."""
    kept = {name: value for name, value in ours.items() if not name.startswith(FAMILIES)}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (str(HOUSE), kept.get("PYTHONPATH"))))}
