"""The real program as a process of its own, in a throw-away folder with a configuration that knows only stand-ins."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from handlers.rehearsal.play import settings
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.play.nursery import Life, Nursery
from handlers.rehearsal.town import Town

PATIENCE = 60.0
"""Seconds for the program to begin or end, or for a command: a small machine under load needs some."""
LARGEST_STEPS = 65_536


class Program:
    """`greenroom` in a folder of its own. Its log goes to a file there, and each of its steps to `on_step`."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.log = folder / "greenroom.log"
        self.clock = folder / "clock"
        self.on_step: Callable[[str], None] = lambda step: None
        self._nursery = nursery
        self._life: Life | None = None
        self._lives: list[Life] = []

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        return self._life.pid if self._life else 0

    @property
    def lives(self) -> bool:
        return self._life is not None and self._life.code is None

    def write_settings(self, town: Town, ladder: Mapping[str, float]) -> None:
        """A configuration for a line whose carriers and clock are the town's."""
        keys = self.folder / "keys"
        keys.mkdir(mode=0o700)
        bots = town.telegram.bots
        tokens = {
            "twilio": town.twilio.auth_token,
            "telegram-texters": bots["texters"].token,
            "telegram-staff": bots["staff"].token,
        }
        for name, token in tokens.items():
            (keys / name).write_text(token, encoding="utf-8")
            (keys / name).chmod(0o400)
        self.config.write_text(settings.configuration(town, ladder), encoding="utf-8")
        self.config.chmod(0o600)
        town.clock.share(self.clock)

    def write_rota(self, text: str) -> None:
        (self.folder / "rota.toml").write_text(text, encoding="utf-8")

    async def obeys(self, *words: str) -> bytes:
        """Types one command; what it printed. NotPlayed with what it said when the answer is no."""
        with TemporaryFile() as out, TemporaryFile() as err:
            # Only `run` has steps to tell.
            life = await self._begin(words, out.fileno(), err.fileno(), err.fileno())
            try:
                async with asyncio.timeout(PATIENCE):
                    code = await life.ended()
            except TimeoutError:
                raise NotPlayed(f"greenroom {words[0]} did not end within {PATIENCE:.0f} s.") from None
            finally:
                life.signal(signal.SIGKILL)
            if code != 0:
                said = _read(err).decode(errors="replace").strip().removeprefix("greenroom: ")
                raise NotPlayed(f"greenroom {words[0]} said no: {said}")
            return _read(out)

    async def start(self) -> int:
        """Begins to serve; the port that it listens on. NotPlayed if it ends instead, or serves already."""
        if self.lives:
            raise NotPlayed("The program serves already.")
        reading, writing = os.pipe()
        self._listen(reading)
        try:
            with self.log.open("ab") as log:
                begin = log.tell()
                self._life = life = await self._begin(("run",), log.fileno(), log.fileno(), writing)
        finally:
            os.close(writing)
        try:
            async with asyncio.timeout(PATIENCE):
                while (port := self._port(begin)) is None:
                    if life.code is not None:
                        raise NotPlayed(f"The program ended at its start with code {life.code}.")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise NotPlayed(f"The program did not serve within {PATIENCE:.0f} s.") from None
        return port

    async def _begin(self, words: Sequence[str], out: int, err: int, steps: int) -> Life:
        line = ("--config", str(self.config), *words)
        life = await self._nursery.begin(
            line, clock=self.clock, folder=self.folder, out=out, err=err, steps=steps
        )
        self._lives = [*(one for one in self._lives if one.code is None), life]
        return life

    def _listen(self, reading: int) -> None:
        """Hears the steps until the program has ended."""
        os.set_blocking(reading, False)
        loop = asyncio.get_running_loop()

        def hear() -> None:
            said = os.read(reading, LARGEST_STEPS)
            if not said:
                loop.remove_reader(reading)
                os.close(reading)
            for step in said.decode(errors="replace").split("\n"):
                if step:
                    self.on_step(step)

        loop.add_reader(reading, hear)

    def _port(self, begin: int) -> int | None:
        """What the newest process says about where it serves, in its log after this place."""
        for line in self.log.read_bytes()[begin:].splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if isinstance(said, dict) and said.get("event") == "serving":
                return int(said["port"])
        return None

    async def kill(self) -> None:
        """kill -9: no goodbye, nothing is written down."""
        if self._life is not None:
            self._life.signal(signal.SIGKILL)
            await self._life.ended()

    async def kill_all(self) -> None:
        """Whatever was begun here and still lives: the program, and commands that nobody waits for any more."""
        for life in self._lives:
            life.signal(signal.SIGKILL)
            await life.ended()

    async def stop(self) -> None:
        """SIGTERM; NotPlayed unless it ends in order."""
        if self._life is None:
            return
        self._life.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE):
                code = await self._life.ended()
        except TimeoutError:
            raise NotPlayed(f"The program did not end within {PATIENCE:.0f} s of SIGTERM.") from None
        if code != 0:
            raise NotPlayed(f"The program ended with code {code}, not 0.")


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
