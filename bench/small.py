"""Single calls: Telegram through our session and through the library's own, sealing, the rota, the grammar."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from telegram import Bot
from telegram.request import HTTPXRequest

from bench.crowd import WORDS
from bench.ways import ROTA, started
from bot import grammar, rota, rotafile
from bot.redact import Secret
from handlers.channels.session import open_session
from handlers.channels.telegram_wire import open_bot
from storage.keyring import Keyring
from storage.vault import Owner, Place, Vault

TOKEN = "70000001:" + "b" * 35
SENDERS = 16


@dataclass(frozen=True, slots=True)
class Small:
    """One call. `cpu`: ms of ours (client side only); `rate`: calls a second as they were made."""

    what: str
    calls: int
    cpu: float
    rate: float


def repeated(what: str, calls: int, call: Callable[[], object]) -> Small:
    """So many calls, one after the other."""
    for _ in range(calls // 10):
        call()
    used, begun = time.process_time(), time.perf_counter()
    for _ in range(calls):
        call()
    cpu, wall = time.process_time() - used, time.perf_counter() - begun
    return Small(what, calls, cpu * 1000 / calls, calls / wall)


async def together(what: str, calls: int, call: Callable[[], Awaitable[object]]) -> Small:
    """So many calls, sixteen at a time."""

    async def some(count: int) -> None:
        for _ in range(count):
            await call()

    await asyncio.gather(*(some(5) for _ in range(SENDERS)))
    used, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*(some(calls // SENDERS) for _ in range(SENDERS)))
    cpu, wall = time.process_time() - used, time.perf_counter() - begun
    made = calls // SENDERS * SENDERS
    return Small(what, made, cpu * 1000 / made, made / wall)


async def telegram(folder: Path, calls: int) -> list[Small]:
    """`send_message` of python-telegram-bot, carried by our session and by httpx, to a server in another process."""
    async with started(folder / "log", "bench.responder") as (_, port):
        url = f"http://127.0.0.1:{port}"
        async with open_session() as session:
            ours = open_bot(Secret(TOKEN), session, url)
            mine = await together(
                "telegram: send_message, our session", calls, lambda: ours.send_message(5_100_000_001, WORDS)
            )
        carrier = HTTPXRequest(connection_pool_size=SENDERS * 2)
        plain = Bot(TOKEN, base_url=f"{url}/bot", request=carrier, get_updates_request=HTTPXRequest())
        await carrier.initialize()
        theirs = await together(
            "telegram: send_message, httpx", calls, lambda: plain.send_message(5_100_000_001, WORDS)
        )
        await carrier.shutdown()
    return [mine, theirs]


def sealing(folder: Path, calls: int) -> list[Small]:
    """One message to rest and back; and the key of a conversation from its envelope."""
    root = secrets.token_bytes(32)
    keyring = Keyring.create(folder / "keyring", root)
    vault = Vault(roots=(root,), peppers=(secrets.token_bytes(32),), keyring=keyring)
    owner, key, now = secrets.token_bytes(16), vault.new_key(), datetime.now(UTC)
    place = Place("messages.sealed", Owner.CONVERSATION, owner, secrets.token_bytes(16))
    envelope, body = vault.wrap(key, Owner.CONVERSATION, owner), WORDS.encode()

    def unwrapped() -> None:
        opened = vault.unwrap(envelope, Owner.CONVERSATION, owner)
        vault.open(opened, place, sealed)

    sealed = vault.seal(key, place, body, now)
    return [
        repeated(
            "vault: seal + open", calls, lambda: vault.open(key, place, vault.seal(key, place, body, now))
        ),
        repeated("vault: unwrap a key + open", calls, unwrapped),
    ]


def rules(calls: int) -> list[Small]:
    """Who is on call now (a plain rota, and a month of daily turns), and what a text is."""
    schedule = rotafile.parse(ROTA.format(names='"Alma", "Bo"')).schedules[0]
    turns = ROTA.replace('"week"', '"day"').replace("[[{names}]]", '["Alma", "Bo", "Cy", "Di", "Ed"]')
    daily = rotafile.parse(turns).schedules[0]
    now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    span = timedelta(days=14)
    return [
        repeated("rota: on_call, one layer", calls, lambda: rota.on_call(schedule, now)),
        repeated("rota: on_call, daily turns", calls, lambda: rota.on_call(daily, now)),
        repeated("rota: fourteen days of shifts", calls // 20, lambda: rota.shifts(daily, now, now + span)),
        repeated("grammar: what a staff text is", calls, lambda: grammar.staff_said("K7R2 " + WORDS)),
        repeated("grammar: a texter's bare word", calls, lambda: grammar.texter_word(WORDS)),
    ]


async def all_of(folder: Path, calls: int) -> list[Small]:
    return [*await telegram(folder, calls), *sealing(folder, calls), *rules(calls)]
