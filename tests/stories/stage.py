"""A whole line on a stage: the real program, the carriers' stand-ins, and phones that people hold in their hands."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot import app, config, rotafile, rotanames
from bot.messages import Address
from bot.people import Medium, Role, StaffId
from bot.redact import Secret
from handlers.cli import staff as staff_command
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.town import Town
from storage.keyring import Keyring
from storage.work import Work

Phone = SmsPhone | TelegramPhone
NUMBERS = (f"+120255501{n:02d}" for n in range(1, 100))

SETTINGS = """
[line]
name = "Greenroom"
country = "US"
time_zone = "America/New_York"

[database]
url = "{url}"

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
numbers = ["+12025550100"]
api_url = "{sms_url}"
rate = 1000

[telegram.texters]
token = "file:keys/telegram-texters"
api_url = "{telegram_url}"
[telegram.staff]
token = "file:keys/telegram-staff"
api_url = "{telegram_url}"

[ladder]
"""

ROTA = """
[[schedule]]
name = "on call"
zone = "UTC"

[[schedule.layer]]
name = "always"
zone = "UTC"
start = 2020-01-01T00:00:00
unit = "week"
count = 1
participants = [[{names}]]
"""


def write_settings(folder: Path, url: str, town: Town, ladder: dict[str, float]) -> Path:
    """A configuration whose carriers are the town's, with fresh keys."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    root = secrets.token_hex(32)
    for name, value in {
        "root.key": root,
        "pepper.key": secrets.token_hex(32),
        "twilio": town.twilio.auth_token,
        "telegram-texters": town.telegram.bots["texters"].token,
        "telegram-staff": town.telegram.bots["staff"].token,
    }.items():
        (keys / name).write_text(value)
        (keys / name).chmod(0o400)
    Keyring.create(keys / "keyring", bytes.fromhex(root))
    path = folder / "config.toml"
    text = SETTINGS.format(
        url=url,
        public_url=town.public_url,
        account_sid=town.twilio.account_sid,
        sms_url=town.twilio.api_url,
        telegram_url=town.telegram.api_url,
    )
    path.write_text(text + "".join(f"{key} = {value}\n" for key, value in ladder.items()))
    path.chmod(0o600)
    return path


@dataclass
class Stage:
    """One line and its town. `counselor`, `texter` give phones; `rota` says who is on call."""

    town: Town
    config: config.Config
    program: app.Program | None = None
    people: dict[str, StaffId] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: iter([f"+120255501{n:02d}" for n in range(1, 100)]))
    _running: Any = None

    async def start(self) -> None:
        self._running = app.running(self.config, now=self.town.clock.now)
        self.program, port = await self._running.__aenter__()
        self.town.point_at(f"http://127.0.0.1:{port}")

    async def stop(self) -> None:
        if self._running is not None:
            running, self._running = self._running, None
            await running.__aexit__(None, None, None)
            self.program = None

    async def do(self, thought: Callable[[Work], Any]) -> Any:
        assert self.program is not None
        return await self.program.store.do(thought)

    def texter(self, medium: str, name: str = "Robin") -> Phone:
        if medium == "sms":
            return self.town.sms_phone(next(self._numbers), name=name)
        return self.town.telegram_phone(name)

    async def staff(
        self,
        name: str,
        medium: str,
        *,
        roles: tuple[str, ...] = ("counselor",),
        languages: tuple[str, ...] = ("en",),
    ) -> Phone:
        """Somebody who has joined through her invitation."""
        number = next(self._numbers)
        phone = self.town.sms_phone(number, name=name) if medium == "sms" else self.town.telegram_phone(name)

        def invite(work: Work) -> Any:
            person = work.staff.add(name, roles=frozenset(Role(r) for r in roles), languages=languages)
            assert person is not None
            address = Address(Medium.SMS, Secret(number), "+12025550100") if medium == "sms" else None
            way = staff_command.Way(Medium(medium), address)
            return person.id, staff_command.invite(work, self.config, person, way)

        self.people[name], invited = await self.do(invite)
        if isinstance(phone, SmsPhone):
            await phone.shows("Reply OK")
            await phone.write("OK")
        else:
            await phone.start(self.town.telegram.bots["staff"], payload=invited.token.reveal())
        await phone.shows("Welcome")
        return phone

    async def rota(self, *names: str) -> None:
        """These are on call all the time."""
        planned = rotafile.parse(ROTA.format(names=", ".join(f'"{name}"' for name in names)))
        document = rotafile.encode(rotanames.rename_all(planned, self.people))
        await self.do(lambda work: work.rota.save(document, by="test"))

    def pass_time(self, **delta: float) -> None:
        self.town.clock.advance(timedelta(**delta))


@asynccontextmanager
async def staged(folder: Path, url: str, **ladder: float) -> AsyncIterator[Stage]:
    async with Town() as town:
        path = write_settings(folder, url, town, ladder)
        stage = Stage(town, config.load(path))
        await stage.start()
        try:
            yield stage
        finally:
            await stage.stop()


async def quiet(seconds: float = 0.3) -> None:
    """Long enough for a message that should not come."""
    await asyncio.sleep(seconds)
