"""A look outside for `greenroom check`: carriers, public address, clock. Nothing is changed and nobody is written to.

Part of the roof beside `bot.ways`: it knows vendors by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from typing import Final

import aiohttp

from bot import config as settings
from bot import facts
from bot.checkup_house import carriers_call_us
from bot.errors import SettingsError
from bot.facts import Outside, Page
from bot.opening import Now, wall_clock
from bot.settings import Config, Listen
from handlers.channels import reach, sms_account, telegram_profile
from handlers.channels.session import open_session
from handlers.channels.sms import Account, Sms
from handlers.channels.telegram import Telegram

PATIENCE: Final = 10.0
"""Seconds for one answer."""
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on
"""What web.listen may say for "every address", and where that is found from here."""


async def look_outside(config: Config, *, now: Now = wall_clock) -> Outside:
    """All of it at once; a carrier whose secret cannot be read is left out."""
    session = open_session(read_seconds=PATIENCE)
    try:
        clocks, twilio, bots, (public, local) = await asyncio.gather(
            _clocks(session, config, now),
            _twilio(session, config),
            _bots(session, config),
            _pages(session, config),
        )
    finally:
        await session.close()
    return Outside(ahead=clocks, public=public, local=local, twilio=twilio, bots=bots)


async def _clocks(session: aiohttp.ClientSession, config: Config, now: Now) -> tuple[timedelta, ...]:
    async def ahead(url: str) -> timedelta | None:
        theirs = await reach.their_time(session, f"{url.rstrip('/')}/")
        return None if theirs is None else now() - theirs

    found = await asyncio.gather(*(ahead(url) for url in dict.fromkeys(_apis(config))))
    return tuple(one for one in found if one is not None)


def _apis(config: Config) -> Iterator[str]:
    if config.sms is not None:
        yield config.sms.api_url
    if config.telegram is not None:
        yield from (config.telegram.texters.api_url, config.telegram.staff.api_url)


async def _twilio(session: aiohttp.ClientSession, config: Config) -> facts.Twilio | None:
    sms = config.sms
    if sms is None:
        return None
    try:
        token = settings.secret(sms.auth_token)
    except SettingsError:
        return None
    account = Account(
        account_sid=sms.account_sid,
        tokens=(token,),
        numbers=sms.numbers,
        public_url=config.web.public_url,
        api_url=sms.api_url,
    )
    return await sms_account.look(Sms(account, session))


async def _bots(session: aiohttp.ClientSession, config: Config) -> dict[str, facts.Bot]:
    if config.telegram is None:
        return {}
    found: dict[str, Awaitable[facts.Bot]] = {}
    for via, bot in (("texters", config.telegram.texters), ("staff", config.telegram.staff)):
        try:
            channel = Telegram(via, settings.secret(bot.token), session, api_url=bot.api_url)
        except SettingsError:
            continue
        found[via] = telegram_profile.look(channel, config.line.languages)
    return dict(zip(found, await asyncio.gather(*found.values()), strict=True))


async def _pages(session: aiohttp.ClientSession, config: Config) -> tuple[Page | None, Page | None]:
    """What answers at the public address, and here; not asked where no carrier calls."""
    if not carriers_call_us(config) or not config.web.public_url:
        return None, None
    return await asyncio.gather(
        reach.page(session, f"{config.web.public_url}/healthz"), _local(session, config.web.listen)
    )


async def _local(session: aiohttp.ClientSession, listen: Listen) -> Page | None:
    host = EVERYWHERE.get(listen.host, listen.host)
    if not listen.port:
        return None
    return await reach.page(session, f"http://{f'[{host}]' if ':' in host else host}:{listen.port}/healthz")
