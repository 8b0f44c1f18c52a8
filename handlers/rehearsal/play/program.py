"""The real program as a process of its own, in a throw-away folder with a configuration that knows only stand-ins."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec

import handlers
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.town import Town

PATIENCE = 60.0
"""Seconds for the program to begin or end, or for a command: a small machine under load needs some."""
FAMILIES = ("GREENROOM_", "TWILIO_")
"""Environment variables that could lead a rehearsal to a real line."""

SETTINGS = """\
[line]
name = "Greenroom"
country = "US"
time_zone = "America/New_York"

[database]
url = "sqlite:///data/greenroom.db"

[keys]
root = "file:keys/root.key"
pepper = "file:keys/pepper.key"
keyring = "keys/keyring"

[web]
listen = "127.0.0.1:0"
public_url = "{public_url}"

[sms]
account_sid = "{account_sid}"
auth_token = "file:keys/twilio"
numbers = ["{number}"]
api_url = "{sms_url}"
rate = 1000

[telegram.texters]
token = "file:keys/telegram-texters"
api_url = "{telegram_url}"

[telegram.staff]
token = "file:keys/telegram-staff"
api_url = "{telegram_url}"

[ladder] # patient: whoever watches decides the pace
offer_seconds = 3600
still_looking_minutes = 120
supervisors_minutes = 120
nobody_minutes = 120
reply_deadline_minutes = 60
window_minutes = 1440
"""

ROTA = """\
[[schedule]]
name = "on call"
zone = "America/New_York"

[[schedule.layer]]
name = "always"
zone = "America/New_York"
start = 2020-01-01T00:00:00
unit = "week"
participants = [["Alma", "Bo"]]
"""


class Program:
    """`greenroom` in a folder of its own. Its log goes to a file there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.log = folder / "greenroom.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def write_settings(self, town: Town) -> None:
        """Configuration and rota for a line whose carriers are the town."""
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
        self.config.write_text(
            SETTINGS.format(
                public_url=town.public_url,
                account_sid=town.twilio.account_sid,
                number=town.twilio.numbers[0],
                sms_url=town.twilio.api_url,
                telegram_url=town.telegram.api_url,
            ),
            encoding="utf-8",
        )
        self.config.chmod(0o600)
        (self.folder / "rota.toml").write_text(ROTA, encoding="utf-8")

    async def obeys(self, *words: str) -> bytes:
        """Types one command; what it printed. NotPlayed with what it said when the answer is no."""
        process = await asyncio.create_subprocess_exec(
            *self._command(*words),
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
        with self.log.open("ab") as log:
            begin = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._command("run"),
                cwd=self.folder,
                env=_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in this terminal is for the rehearsal alone, which ends the program in order.
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(PATIENCE):
                while (port := self._port(begin)) is None:
                    if self._process.returncode is not None:
                        raise NotPlayed(
                            f"The program ended at its start with code {self._process.returncode}."
                        )
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise NotPlayed(f"The program did not serve within {PATIENCE:.0f} s.") from None
        return port

    def _port(self, begin: int) -> int | None:
        """What the newest process says about where it serves, in its log after this place."""
        for line in self.log.read_bytes()[begin:].splitlines():
            try:
                said = msgspec.json.decode(line)
            except msgspec.DecodeError:
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

    def _command(self, *words: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "bot", *words, "--config", str(self.config))


def _environment() -> dict[str, str]:
    """Ours, without what could lead to a real line; the program is the one that this room belongs to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FAMILIES)}
    house = str(Path(handlers.__file__).parent.parent)
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (house, kept.get("PYTHONPATH"))))}
