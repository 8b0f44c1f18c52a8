"""One channel beside its carrier: the real client, a person's phone, and a way to hear what she writes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

import aiohttp

from bot.channel import Channel, Post, Receipt
from bot.messages import Address, Inbound, Task
from bot.people import Medium
from bot.redact import Secret
from handlers.channels.sms import Account, Sms
from handlers.channels.telegram import Telegram
from handlers.rehearsal.faults import Faults
from handlers.rehearsal.town import LINE, Town
from handlers.web.meters import Meters
from handlers.web.server import Served, build, serve

ROBIN = "+12025550101"
REFERENCE = "reference-of-this-message"


class Ear:
    """What the house would be: keeps what it is given, in the order of the commits; can fail first."""

    def __init__(self) -> None:
        self.inbounds: list[Inbound] = []
        self.offsets: list[int | None] = []
        self.receipts: list[Receipt] = []
        self.failing: list[Exception] = []
        self._news = asyncio.Condition()

    async def receive(self, inbounds: Sequence[Inbound], offset: int | None) -> None:
        if self.failing:
            raise self.failing.pop(0)
        async with self._news:
            self.inbounds.extend(inbounds)
            self.offsets.append(offset)
            self._news.notify_all()

    async def receipt(self, receipt: Receipt) -> None:
        async with self._news:
            self.receipts.append(receipt)
            self._news.notify_all()

    async def heard(self, number: int) -> list[Inbound]:
        """Waits until so many have come."""
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: len(self.inbounds) >= number)
        return self.inbounds

    async def told(self, number: int) -> list[Receipt]:
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: len(self.receipts) >= number)
        return self.receipts


async def eventually(holds: Callable[[], bool]) -> None:
    """Waits until something holds that nobody tells of."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - the stand-ins have no event for it
            await asyncio.sleep(0.005)


class Stand(Protocol):
    """What the contract needs to know of a channel."""

    channel: Channel
    phone: Any
    faults: Faults
    method: str
    post_to: Address
    dropped: Counter[str]
    token: str

    async def listen(self, ear: Ear) -> None: ...
    def down(self) -> Any: ...
    def without_token(self) -> Channel: ...
    async def close(self) -> None: ...


def post(to: Address, text: str, **rest: Any) -> Post:
    """A message as the outbox hands it over."""
    return Post(
        rest.pop("task", Task.SAY),
        to,
        Secret(text),
        Secret(REFERENCE),
        protect=rest.pop("protect", False),
        valid_for=timedelta(minutes=10),
        **rest,
    )


class SmsStand:
    """Twilio, Robin's phone, and our web server for the webhooks."""

    method = "Messages.create"

    def __init__(self, town: Town, session: aiohttp.ClientSession) -> None:
        self.town, self.session = town, session
        self.dropped: Counter[str] = Counter()
        self.token = town.twilio.auth_token
        self.channel = self.open(self.token)
        self.phone = town.sms_phone(ROBIN, "Robin")
        self.faults = town.twilio.faults
        self.post_to = Address(Medium.SMS, Secret(ROBIN), LINE)
        self.served: Served | None = None

    def open(self, token: str, **rest: Any) -> Sms:
        account = Account(
            self.town.twilio.account_sid,
            (Secret(token),),
            (LINE,),
            self.town.public_url,
            api_url=self.town.twilio.api_url,
            **rest,
        )
        return Sms(account, self.session, count=lambda what: self.dropped.update([what]))

    def without_token(self) -> Sms:
        return self.open("0" * 32)

    async def listen(self, ear: Ear) -> None:
        webhooks = self.channel.webhooks(ear.receive, ear.receipt)
        app = build(webhooks, health=lambda: (True, ""), version="1", meters=Meters())
        self.served = await serve(app, "127.0.0.1", 0)
        self.town.point_at(f"http://127.0.0.1:{self.served.port}")

    def down(self) -> Any:
        return self.town.twilio.server.go_down()

    async def close(self) -> None:
        if self.served:
            await self.served.stop()
        await self.channel.close()


class TelegramStand:
    """Telegram, Robin's app, and a poll of the texters' bot."""

    method = "sendMessage"

    def __init__(self, town: Town, session: aiohttp.ClientSession) -> None:
        self.town, self.session = town, session
        self.bot = town.telegram.bots["texters"]
        self.dropped: Counter[str] = Counter()
        self.token = self.bot.token
        self.channel = self.open(self.token)
        self.phone = town.telegram_phone("Robin", "uk")
        town.telegram.opens(self.bot, self.phone.user)
        self.faults = town.telegram.faults
        self.post_to = Address(Medium.TELEGRAM, Secret(str(self.phone.user["id"])), "texters")
        self.polling: asyncio.Task[None] | None = None

    def open(self, token: str) -> Telegram:
        async def pause(seconds: float) -> None:
            await asyncio.sleep(min(seconds, 0.02))

        return Telegram(
            "texters",
            Secret(token),
            self.session,
            api_url=self.town.telegram.api_url,
            count=lambda what: self.dropped.update([what]),
            now=self.town.clock.now,
            pause=pause,
        )

    def without_token(self) -> Telegram:
        return self.open("123456789:" + "A" * 35)

    async def listen(self, ear: Ear) -> None:
        self.polling = asyncio.create_task(self.channel.poll(ear.receive, None))

    def down(self) -> Any:
        return self.town.telegram.server.go_down()

    async def close(self) -> None:
        if self.polling:
            self.polling.cancel()
            await asyncio.gather(self.polling, return_exceptions=True)
        await self.channel.close()
