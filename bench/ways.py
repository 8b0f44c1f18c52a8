"""The measured ways: a process is started, a crowd is gathered before it, a burst is timed."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench import cost
from bench.cost import Cost
from bench.crowd import Crowd, without_receipts
from bot import config, opening, rotafile, rotanames
from bot.messages import Address
from bot.people import Medium, Role, StaffId, Standing
from bot.redact import Secret
from handlers.rehearsal.phones import TelegramPhone
from handlers.rehearsal.town import LINE, Town
from storage import engine
from storage.keyring import Keyring
from storage.work import Work

SETTINGS = """
[line]
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
[limits]
open_conversations = 20
daily_segments = 1000000
countries = ["US", "GB"]
"""
SMS = """
[sms]
account_sid = "{account_sid}"
auth_token = "file:keys/twilio"
numbers = ["{number}"]
api_url = "{api_url}"
rate = 1000
"""
TELEGRAM = """
[telegram.texters]
token = "file:keys/texters"
api_url = "{api_url}"
[telegram.staff]
token = "file:keys/staff"
api_url = "{api_url}"
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
TOGETHER = 24
ALONE = 40
HURRY = 1000.0


def write_settings(folder: Path, url: str, town: Town, medium: str) -> Path:
    """A configuration with one channel, whose carrier is the town's, and fresh keys."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    root = secrets.token_hex(32)
    values = {"root.key": root, "pepper.key": secrets.token_hex(32), "twilio": town.twilio.auth_token}
    values |= {name: bot.token for name, bot in town.telegram.bots.items()}
    for name, value in values.items():
        (keys / name).write_text(value)
        (keys / name).chmod(0o400)
    Keyring.create(keys / "keyring", bytes.fromhex(root))
    text = SETTINGS.format(url=url, public_url=town.public_url)
    if medium == "sms":
        twilio = town.twilio
        text += SMS.format(account_sid=twilio.account_sid, number=LINE, api_url=twilio.api_url)
    else:
        text += TELEGRAM.format(api_url=town.telegram.api_url)
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


async def hire(path: Path, crowd: Crowd) -> dict[str, str]:
    """The counselors are staff, and on call all the time; returns the tokens of those who join by a link."""
    settings = config.load(path)
    engine.migrate(opening.database_url(settings))
    store = opening.open_store(settings)
    people: dict[str, StaffId] = {}
    tokens: dict[str, str] = {}

    def thought(work: Work) -> None:
        for phone in crowd.counselors:
            person = work.staff.add(phone.name, roles=frozenset({Role.COUNSELOR}), languages=("en",))
            assert person is not None
            people[phone.name] = person.id
            if isinstance(phone, TelegramPhone):
                until = work.now.replace(year=work.now.year + 1)
                made = work.staff.add_contact(person.id, Medium.TELEGRAM, None, token_until=until)
                assert made is not None
                assert made[1] is not None
                tokens[phone.name] = made[1].reveal()
            else:
                address = Address(Medium.SMS, Secret(phone.number), LINE)
                made = work.staff.add_contact(person.id, Medium.SMS, address, token_until=None)
                assert made is not None
                work.staff.set_standing(made[0].id, Standing.JOINED)
        planned = rotafile.parse(ROTA.format(names=", ".join(f'"{name}"' for name in people)))
        work.rota.save(rotafile.encode(rotanames.rename_all(planned, people)), by="bench")

    await store.do(thought)
    await store.close()
    return tokens


@asynccontextmanager
async def started(log: Path, *command: str, said: str = "") -> AsyncIterator[tuple[Process, int]]:
    """A Python module in a process of its own, and the port that it names; it ends when its stdin does."""
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, stdin=PIPE, stdout=PIPE, stderr=errors
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(said.encode())
        async with asyncio.timeout(30):
            port = await process.stdout.readline()
        if not port:
            raise RuntimeError(f"{command[0]} did not start:\n{_tail(log)}")
        yield process, int(port)
    finally:
        process.stdin.close()
        await process.wait()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


async def timed(way: str, crowd: Crowd, pid: int, count: int) -> Cost:
    """A burst, and before it single texts; a tenth of it comes first and is not counted."""
    await crowd.burst(max(TOGETHER, count // 10), together=TOGETHER)
    single = [mark for _ in range(ALONE) for mark in await crowd.burst(1, together=1)]
    await settled(crowd)
    before, ours = cost.cpu(pid), cost.cpu(os.getpid())
    marks = await crowd.burst(count, together=TOGETHER)
    await settled(crowd)
    used, ours = cost.cpu(pid) - before, cost.cpu(os.getpid()) - ours
    begun, ended = min(crowd.written[m] for m in marks), max(crowd.arrived[m] for m in marks)
    waits = crowd.waits(marks)
    return Cost(
        way=way,
        messages=count,
        seconds=ended - begun,
        cpu=used / count,
        stand_ins=ours / count,
        p50=cost.share(waits, 0.5),
        p95=cost.share(waits, 0.95),
        alone=cost.share(crowd.waits(single), 0.5),
        memory=cost.memory(pid),
    )


async def settled(crowd: Crowd) -> None:
    """Receipts have arrived and been written down."""
    await crowd.town.twilio.settled(within=60)
    await asyncio.sleep(0.3)


async def greenroom(
    way: str, folder: Path, url: str, count: int, *, medium: str = "sms", receipts: bool = True
) -> Cost:
    """Texters' words to counselors' phones through the whole program."""
    async with Town() as town:
        crowd = Crowd(town, medium)
        path = write_settings(folder, url, town, medium)
        tokens = await hire(path, crowd)
        async with started(folder / "log", "bench.program", str(path), str(HURRY)) as (process, port):
            town.point_at(f"http://127.0.0.1:{port}")
            for phone in crowd.counselors:
                if isinstance(phone, TelegramPhone):
                    await phone.start(town.telegram.bots["staff"], payload=tokens[phone.name])
                    await phone.shows("Welcome")
            await crowd.begin()
            if not receipts:
                without_receipts(town.twilio)
            return await timed(way, crowd, process.pid, count)


async def reference(way: str, folder: Path, count: int) -> Cost:
    """The same texts and phones through the plain pipeline; it has no conversations to begin."""
    async with Town() as town:
        crowd = Crowd(town, "sms")
        without_receipts(town.twilio)
        numbers = [phone.number for phone in crowd.counselors if not isinstance(phone, TelegramPhone)]
        settings = {
            "token": town.twilio.auth_token,
            "public_url": town.public_url,
            "number": LINE,
            "account_sid": town.twilio.account_sid,
            "api_url": town.twilio.api_url,
            "path": town.twilio.inbound.partition("#")[0],
            "counselors": {
                phone.number: numbers[n % len(numbers)]
                for n, phone in enumerate(crowd.texters)
                if not isinstance(phone, TelegramPhone)
            },
        }
        said = json.dumps(settings) + "\n"
        async with started(folder / "log", "bench.reference", str(folder), said=said) as (process, port):
            town.point_at(f"http://127.0.0.1:{port}")
            return await timed(way, crowd, process.pid, count)
