"""A whole line on a stage: the real program, the carriers' stand-ins, and phones that people hold in their hands."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, select, text

from bot import app, config, phrases, rotafile, rotanames
from bot.languages import read_by
from bot.messages import Address
from bot.people import Medium, Role, StaffId
from bot.redact import Secret
from handlers import leaving, planning
from handlers.cli import staff as staff_command
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.screens import Shown
from handlers.rehearsal.town import Town
from storage.keyring import Keyring
from storage.tables import conversations, outbox, requests
from storage.work import Work

Phone = SmsPhone | TelegramPhone

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

[telegram]
updates = "{updates}"
[telegram.texters]
token = "file:keys/telegram-texters"
api_url = "{telegram_url}"
[telegram.staff]
token = "file:keys/telegram-staff"
api_url = "{telegram_url}"

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


def write_settings(
    folder: Path,
    url: str,
    town: Town,
    settings: dict[str, float],
    updates: str = "polling",
    *,
    languages: tuple[str, ...] = (),
) -> Path:
    """A configuration whose carriers are the town's, with fresh keys. `languages`: those served; without, all."""
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
        updates=updates,
    )
    if languages:
        text = text.replace("[line]", f"[line]\nlanguages = {list(languages)}")
    path.write_text(text + sections(settings))
    path.chmod(0o600)
    return path


_LOOKS = itertools.count()
POLICY = frozenset({"reveal"})
LIMITS = frozenset({"open_conversations", "daily_segments", "reserve_percent"})


def sections(settings: dict[str, float]) -> str:
    """The given settings as TOML, each in its section."""
    ladder = [f"{key} = {value}" for key, value in settings.items() if key not in LIMITS | POLICY]
    # Both kinds of numbers that are nobody's: +1 202 555 01xx and +44 7700 900xxx.
    limits = ['countries = ["US", "GB"]']
    limits += [f"{key} = {value}" for key, value in settings.items() if key in LIMITS]
    policy = [f"{key} = {str(value).lower()}" for key, value in settings.items() if key in POLICY]
    return "\n".join(["[ladder]", *ladder, "[limits]", *limits, "[policy]", *policy]) + "\n"


def rested() -> float:
    """The clock that paces what is sent: between any two looks at it every chat and every sender has had its rest."""
    return float(next(_LOOKS) * 2)


@dataclass
class Stage:
    """One line and its town. `counselor`, `texter` give phones; `rota` says who is on call."""

    town: Town
    config: config.Config
    program: app.Program | None = None
    people: dict[str, StaffId] = field(default_factory=dict)
    reads: dict[str, str] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: iter([f"+120255501{n:02d}" for n in range(1, 100)]))
    _running: Any = None
    _on_call: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self._running = app.running(self.config, now=self.town.clock.now, seconds=rested)
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
        phone, token = await self.invite(name, medium, roles=roles, languages=languages)
        if isinstance(phone, SmsPhone):
            await phone.shows("Reply OK")
            await phone.write("OK")
        else:
            await phone.start(self.town.telegram.bots["staff"], payload=token)
        await phone.shows(self.words("staff.welcome", phone))
        return phone

    async def invite(
        self,
        name: str,
        medium: str,
        *,
        roles: tuple[str, ...] = ("counselor",),
        languages: tuple[str, ...] = ("en",),
    ) -> tuple[Phone, str]:
        """Somebody who has been invited and has not answered yet: her phone, and by Telegram her token."""
        number = next(self._numbers)
        phone = self.town.sms_phone(number, name=name) if medium == "sms" else self.town.telegram_phone(name)

        def thought(work: Work) -> Any:
            person = work.staff.add(name, roles=frozenset(Role(r) for r in roles), languages=languages)
            assert person is not None
            address = Address(Medium.SMS, Secret(number), "+12025550100") if medium == "sms" else None
            way = staff_command.Way(Medium(medium), address)
            return person.id, staff_command.invite(work, self.config, person, way)

        self.reads[name] = read_by(languages, default=self.config.line.default_language)
        self.people[name], invited = await self.do(thought)
        return phone, invited.token.reveal() if invited.token else ""

    def words(self, place: str, phone: Phone, *, before: str = "{") -> str:
        """How a text begins in the language of this phone's owner, up to what is filled in."""
        return phrases.catalogue(self.reads[phone.name])[place].partition(before)[0].strip()

    async def remove(self, name: str) -> None:
        """What `greenroom staff remove` does."""
        assert self.program is not None
        line = self.program.line

        def thought(work: Work) -> None:
            person = work.staff.by_name(name)
            assert person is not None
            leaving.leave(work, line, person)

        await self.do(thought)

    async def rota(self, *names: str) -> None:
        """These are on call all the time."""
        planned = rotafile.parse(ROTA.format(names=", ".join(f'"{name}"' for name in names)))
        document = rotafile.encode(rotanames.rename_all(planned, self.people))
        await self.do(lambda work: work.rota.save(document, by="test"))

    async def plan(self, document: str) -> None:
        """This rota is in force from now on, as `greenroom rota apply` would have it."""
        planned = rotanames.rename_all(rotafile.parse(document), self.people)
        line = self.program.line if self.program else None
        assert line is not None
        await self.do(lambda work: planning.change(work, line, lambda before: planned, by=None, what="test"))

    async def later(self, **delta: float) -> None:
        """Time goes by once all is settled, and what is due then has happened.

        Settled first: a letter in flight while 95 seconds pass would outlive its lease, and rightly leave again.
        """
        await self.settled()
        self.town.clock.move(timedelta(**delta))
        await self.settled()

    async def sweeps(self) -> None:
        """What has been kept long enough goes now, not within seconds."""
        assert self.program is not None
        await self.program.sweeper.round()
        await self.settled()

    async def rounds(self, **delta: float) -> None:
        """Time goes by, and what the rota has to say then is said now, not within seconds."""
        await self.settled()
        self.town.clock.move(timedelta(**delta))
        assert self.program is not None
        await self.program.roster.round()
        await self.settled()

    @staticmethod
    def minutes(number: float) -> timedelta:
        """To move the clock while something is still under way."""
        return timedelta(minutes=number)

    async def on_call(self, name: str, medium: str, *, languages: tuple[str, ...] = ("en",)) -> Phone:
        """Somebody who has joined and is on call all the time, beside those who were before."""
        phone = await self.staff(name, medium, languages=languages)
        self._on_call.append(name)
        await self.rota(*self._on_call)
        return phone

    async def settled(self, *, within: float = 60.0) -> None:
        """Returns when nothing is under way: no webhook, no update, no letter that may leave, no clock that is due.

        After it, a phone that shows nothing new will not show anything new: no test has to wait for silence.
        """
        still = 0
        async with asyncio.timeout(within):
            while still < 2:
                await self.town.twilio.settled(within=within)
                still = still + 1 if not await self._busy() else 0
                await asyncio.sleep(0.01)

    async def _busy(self) -> bool:
        if any(bot.pending for bot in self.town.telegram.bots.values()):
            return True
        now = self.town.clock.now()

        def thought(work: Work) -> bool:
            conn = work._desk.conn
            soon = outbox.c.due_at <= now + timedelta(seconds=2)
            letters = select(outbox.c.id).where(outbox.c.state == "waiting", soon)
            clocks = select(conversations.c.id).where(conversations.c.due_at <= now)
            asked = select(requests.c.id).where(requests.c.due_at <= now, requests.c.state == "asked")
            return any(conn.execute(one).first() is not None for one in (letters, clocks, asked))

        return bool(await self.do(thought))

    def nothing_vanishes(self) -> None:
        """Telegram does not delete: what an app shows stays there, and can still be answered and edited."""
        for method in ("deleteMessage", "deleteMessages"):
            self.town.telegram.faults.broken(method, times=None)

    async def count(self, table: Table) -> int:
        """How many rows a table has."""
        counting = select(func.count()).select_from(table)
        return int(await self.do(lambda work: work._desk.conn.execute(counting).scalar()))

    async def deadlocks(self) -> int:
        """How often PostgreSQL had to end a transaction because two waited for each other: a second lost each time."""

        def thought(work: Work) -> Any:
            counted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            return work._desk.conn.execute(counted).scalar_one()

        return int(await self.do(thought))

    async def takes(self, phone: Phone) -> str:
        """She takes what is offered to her; the code of it. Everything that follows from it has arrived."""
        return await self.takes_this(phone, await phone.shows(self.words("offer", phone)))

    async def takes_this(self, phone: Phone, offer: Shown) -> str:
        """She takes this offer; its code."""
        code = offer.text.split()[2]
        if isinstance(phone, SmsPhone):
            await phone.write(f"TAKE {code}")
        else:
            await phone.press("Take", on=offer)
        await phone.shows(self.words("card.code", phone, before="{medium}").format(code=code))
        await self.settled()
        return code

    async def code_of(self, phone: Phone) -> str:
        """The code of a texter's newest conversation, as the database has it."""
        if isinstance(phone, SmsPhone):
            address = Address(Medium.SMS, Secret(phone.number), "+12025550100")
        else:
            address = Address(Medium.TELEGRAM, Secret(str(phone.user["id"])), "texters")
        found = await self.do(lambda work: work.conversations.by_address(address))
        assert found is not None
        return str(found.code)

    def calls_to(self, phone: Phone) -> int:
        """How often a carrier was asked to bring something to this phone."""
        if isinstance(phone, SmsPhone):
            calls = self.town.twilio.calls
            return sum(
                c.method == "Messages.create" and c.parameters.get("To") == phone.number for c in calls
            )
        calls = self.town.telegram.calls
        return sum(
            c.method == "sendMessage" and c.parameters.get("chat_id") == phone.user["id"] for c in calls
        )

    async def tried(self, phone: Phone, before: int) -> None:
        """Waits until a carrier has been asked once more, whatever it answered."""
        async with asyncio.timeout(30):
            while True:
                if self.calls_to(phone) > before:
                    return
                await asyncio.sleep(0.01)

    async def talk(self, robin: Phone, alma: Phone, first: str = "hello") -> str:
        """Robin's first text has been taken by Alma; both have read what there is. The code."""
        await texts(robin, first)
        code = await self.takes(alma)
        robin.look()
        alma.look()
        return code


async def texts(phone: Phone, text: str) -> Shown:
    """A texter writes to the line, by whichever channel she has; a Telegram chat must have been started once."""
    if isinstance(phone, TelegramPhone):
        if not phone.sent:
            phone._carrier.opens(phone._carrier.bots["texters"], phone.user)
        return await phone.write(text, to="texters")
    return await phone.write(text)


async def answers(phone: Phone, code: str, text: str) -> Shown:
    """A counselor answers in her channel's own way: with the code by SMS, by a swipe on Telegram."""
    if isinstance(phone, SmsPhone):
        return await phone.write(f"{code} {text}")
    theirs = next(m for m in reversed(phone.screen) if m.text.startswith(code) and not m.deleted)
    return await phone.reply(theirs, text)


def new(phone: Phone) -> list[str]:
    """The texts that came and have not been looked at; from now on they have been."""
    return [message.text for message in phone.look()]


@asynccontextmanager
async def staged(
    folder: Path,
    url: str,
    *,
    town: dict[str, Any] | None = None,
    updates: str = "polling",
    languages: tuple[str, ...] = (),
    more: str = "",
    **settings: float,
) -> AsyncIterator[Stage]:
    """A running line with its town. `settings`: of the ladder and the limits; `more`: what follows [policy], as
    TOML; `town`: how the carriers behave."""
    async with Town(**(town or {})) as around:
        path = write_settings(folder, url, around, settings, updates, languages=languages)
        path.write_text(path.read_text() + more)
        stage = Stage(around, config.load(path))
        await stage.start()
        try:
            yield stage
        finally:
            await stage.stop()


async def quiet(seconds: float = 0.3) -> None:
    """Long enough for a message that should not come."""
    await asyncio.sleep(seconds)
