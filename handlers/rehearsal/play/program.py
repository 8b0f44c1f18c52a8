"""The real program as a process of its own, in a throw-away folder with a configuration that knows only stand-ins."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from handlers.rehearsal.play import settings
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.town import Town

PATIENCE = 60.0
"""Seconds for the program to begin or end, or for a command: a small machine under load needs some."""
FAMILIES = ("GREENROOM_", "TWILIO_")
"""Environment variables that could lead a rehearsal to a real line."""
HOUSE = Path(__file__).parents[3]
LARGEST_STEPS = 65_536


class Program:
    """`greenroom` in a folder of its own. Its log goes to a file there, and each of its steps to `on_step`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.log = folder / "greenroom.log"
        self.clock = folder / "clock"
        self.on_step: Callable[[str], None] = lambda step: None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.returncode is None

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
        process = await asyncio.create_subprocess_exec(
            *self._command("-", *words),
            cwd=self.folder,
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                out, err = await process.communicate()
        except TimeoutError:
            raise NotPlayed(f"greenroom {words[0]} did not end within {PATIENCE:.0f} s.") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            said = err.decode(errors="replace").strip().removeprefix("greenroom: ")
            raise NotPlayed(f"greenroom {words[0]} said no: {said}")
        return out

    async def start(self) -> int:
        """Begins to serve; the port that it listens on. NotPlayed if it ends instead."""
        reading, writing = os.pipe()
        try:
            with self.log.open("ab") as log:
                begin = log.tell()
                self._process = await asyncio.create_subprocess_exec(
                    *self._command(str(writing), "run"),
                    cwd=self.folder,
                    env=_environment(),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(writing,),
                    # Ctrl-C in this terminal is for the rehearsal alone, which ends the program in order.
                    start_new_session=True,
                )
        finally:
            os.close(writing)
            self._listen(reading)
        try:
            async with asyncio.timeout(PATIENCE):
                while (port := self._port(begin)) is None:
                    if self._process.returncode is not None:
                        raise NotPlayed(
                            f"The program ended at its start with code {self._process.returncode}."
                        )
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise NotPlayed(f"The program did not serve within {PATIENCE:.0f} s.") from None
        return port

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
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM; NotPlayed unless it ends in order."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE):
                code = await self._process.wait()
        except TimeoutError:
            raise NotPlayed(f"The program did not end within {PATIENCE:.0f} s of SIGTERM.") from None
        if code != 0:
            raise NotPlayed(f"The program ended with code {code}, not 0.")

    def _command(self, steps: str, *words: str) -> tuple[str, ...]:
        ours = (str(self.clock), steps, *words, "--config", str(self.config))
        return (sys.executable, "-m", "bot.rehearsed", *ours)


def _environment() -> dict[str, str]:
    """Ours, without what could lead to a real line; the program is the one that this room belongs to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FAMILIES)}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (str(HOUSE), kept.get("PYTHONPATH"))))}
