"""The ways in and out: every channel that the configuration names, how it listens, and what a stop must undo.

Part of the roof beside `bot.app`: with the channels' own table the only room that knows vendors by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp

from bot import config as settings
from bot.channel import Channel, Receipt, Receive
from bot.errors import DeliveryError, StorageError
from bot.messages import Inbound
from bot.opening import Now, hook_secret
from bot.people import Medium
from bot.settings import Config, TelegramBot
from bot.settings import Sms as SmsSettings
from handlers import missed, removals
from handlers.channels.sms import Account, Sms
from handlers.channels.telegram import Telegram
from handlers.channels.telegram_webhook import Hook
from handlers.channels.webhook import Webhook
from handlers.line import Line
from handlers.rates import Sender
from handlers.web.meters import Meters
from storage.engine import Store

BOTS = ("texters", "staff")
FIRST_LOOK, NEXT_LOOK = 60.0, 3600.0
"""Seconds after the start, and between two looks, at what Twilio holds: one call each."""
FIRST_FETCH, NEXT_FETCH = 5.0, 60.0
"""Seconds after the start, and between two looks, at texts that Twilio could not tell us of: one call for each of our
numbers. Twilio itself tries again for some seconds only, so a minute is what a restart may cost."""
LEARN_AGAIN = 30.0
"""Seconds before a bot is asked for its name again."""

Receiving = Callable[[str | None, Sequence[Inbound], int | None], Awaitable[None]]
"""`await receive(bot, inbounds, offset)`: stores what came in, and where to go on listening."""


@dataclass(slots=True)
class Ways:
    """What is open. `listening`: to be run until cancelled. `hooks`: to be removed at the end."""

    channels: dict[Sender, Channel] = field(default_factory=dict)
    webhooks: list[Webhook] = field(default_factory=list)
    listening: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)

    async def withdraw(self) -> None:
        """Takes back what was registered with carriers."""
        await asyncio.gather(*(hook.remove() for hook in self.hooks))

    async def close(self) -> None:
        for channel in {id(one): one for one in self.channels.values()}.values():
            await channel.close()


@dataclass(frozen=True, slots=True)
class Means:
    """What channels are built with."""

    config: Config
    session: aiohttp.ClientSession
    store: Store
    line: Line
    meters: Meters
    now: Now
    receive: Receiving
    receipt: Callable[[Receipt], Awaitable[None]]


def open_ways(means: Means) -> Ways:
    """Every channel of the configuration; nothing is called yet."""
    ways = Ways()
    if means.config.sms is not None:
        _open_sms(means, ways, means.config.sms)
    if means.config.telegram is not None:
        for via, bot in zip(BOTS, (means.config.telegram.texters, means.config.telegram.staff), strict=True):
            _open_bot(means, ways, via, bot)
    return ways


def _open_sms(means: Means, ways: Ways, sms: SmsSettings) -> None:
    references = [sms.auth_token, sms.next_auth_token]
    account = Account(
        account_sid=sms.account_sid,
        tokens=tuple(settings.secret(one) for one in references if one is not None),
        numbers=sms.numbers,
        public_url=means.config.web.public_url,
        messaging_service=sms.messaging_service,
        countries=frozenset(means.config.limits.countries),
        api_url=sms.api_url,
    )
    channel = Sms(account, means.session, count=means.meters.dropping("sms"), now=means.now)

    async def receive(inbounds: Sequence[Inbound], offset: int | None) -> None:
        await means.receive(None, inbounds, offset)

    ways.webhooks += channel.webhooks(receive, means.receipt)
    ways.listening.append(lambda: _find_strays(means, channel))
    ways.listening.append(lambda: _find_missed(means, channel, receive))
    ways.channels.update({(Medium.SMS, number): channel for number in sms.numbers})


async def _find_missed(means: Means, channel: Sms, receive: Receive) -> None:
    """After a stop and every minute: what Twilio took and could not tell us of reaches a person all the same."""
    oldest, youngest = missed.LOOKED_AT
    await asyncio.sleep(FIRST_FETCH)
    while True:
        now = means.now()
        try:
            found = await channel.missed(after=now - oldest, before=now - youngest)
            for one in await means.store.do(partial(missed.sift, line=means.line, found=found)):
                await receive([one], None)
        except (DeliveryError, StorageError):
            pass  # both say so elsewhere
        await asyncio.sleep(NEXT_FETCH)


async def _find_strays(means: Means, channel: Sms) -> None:
    """Now and then: what Twilio holds of ours and we have lost sight of is to be deleted there."""
    oldest, youngest = removals.LOST_SIGHT
    await asyncio.sleep(FIRST_LOOK)
    while True:
        now = means.now()
        try:
            strays = await channel.sent(after=now - oldest, before=now - youngest)
            await means.store.do(partial(removals.found, copies=strays))
        except (DeliveryError, StorageError):
            pass  # both say so elsewhere
        await asyncio.sleep(NEXT_LOOK)


def _open_bot(means: Means, ways: Ways, via: str, bot: TelegramBot) -> None:
    count = means.meters.dropping(f"telegram_{via}")
    channel = Telegram(
        via, settings.secret(bot.token), means.session, api_url=bot.api_url, count=count, now=means.now
    )
    ways.channels[Medium.TELEGRAM, via] = channel
    ways.listening.append(lambda: _introduce(means, via, channel))

    async def receive(inbounds: Sequence[Inbound], offset: int | None) -> None:
        await means.receive(via, inbounds, offset)

    async def poll() -> None:
        await channel.poll(receive, await _offset(means, via))

    telegram = means.config.telegram
    if telegram is None or telegram.updates == "polling":
        ways.listening.append(poll)
        return
    path = f"/telegram/{via}"
    url = means.config.web.public_url + path
    hook = Hook(channel, url=url, secret=hook_secret(means.config, via), count=count)
    ways.webhooks.append(hook.webhook(path, receive))
    ways.listening.append(hook.keep)
    ways.hooks.append(hook)


async def _introduce(means: Means, via: str, bot: Telegram) -> None:
    """Learns the bot's user name, for invitation links; the carrier may be out of reach for a while."""

    async def learn() -> None:
        name = await bot.who_am_i()
        await means.store.do(lambda work: work.line.set(f"bot.{via}", name))

    while True:
        try:
            return await learn()
        except (DeliveryError, StorageError):
            await asyncio.sleep(LEARN_AGAIN)


async def _offset(means: Means, via: str) -> int | None:
    """Where the last commit left off; a database that is away is waited for."""
    while True:
        try:
            return await means.store.do(lambda work: work.offsets.get(via))
        except StorageError:
            await asyncio.sleep(1)
