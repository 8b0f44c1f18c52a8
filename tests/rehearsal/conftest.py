"""A town for every test, the real clients pointed at it, and a small program that takes webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from telegram import Bot
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from handlers.rehearsal.loopback import Loopback
from handlers.rehearsal.town import Town


@dataclass
class Program:
    """Stands where Greenroom will: keeps what it is told and answers with `status`."""

    server: Loopback
    status: int = 204
    body: str = ""
    heard: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, path: str, form: dict[str, str], headers: dict[str, str]) -> None:
        self.heard.append((path, form, headers))
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def hears(self, holds: Callable[[], bool]) -> None:
        """Waits until what was heard satisfies the test."""
        async with asyncio.timeout(30):
            while not holds():
                await self._news.wait()

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.heard]

    def statuses(self) -> list[str]:
        return [form["MessageStatus"] for _, form, _ in self.heard if "MessageStatus" in form]


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    """A web server that writes down each webhook: path, form, headers."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        text = (await request.read()).decode()
        form = (
            dict(parse_qsl(text, keep_blank_values=True))
            if "json" not in request.content_type
            else {"json": text}
        )
        found.note(request.path, form, dict(request.headers))
        return web.Response(status=found.status, text=found.body)

    found = Program(Loopback(answer))
    await found.server.come_up()
    yield found
    await found.server.go_down()


@pytest.fixture
async def town(program: Program) -> AsyncIterator[Town]:
    """Both carriers, with two numbers, pointed at the program."""
    async with Town(numbers=("+12025550100", "+12025550101"), target=program.server.url) as town:
        town.twilio.webhooks.delays = (0.01, 0.01, 0.02, 0.02, 0.05)
        yield town


@pytest.fixture
async def sms(town: Town) -> AsyncIterator[Client]:
    """The real twilio client, pointed at the stand-in."""
    http = AsyncTwilioHttpClient(timeout=5)
    client = Client(town.twilio.account_sid, town.twilio.auth_token, http_client=http)
    client.api.base_url = town.twilio.api_url
    yield client
    await http.close()


async def _bot(town: Town, name: str) -> AsyncIterator[Bot]:
    bot = Bot(town.telegram.bots[name].token, base_url=f"{town.telegram.api_url}/bot")
    async with bot:
        yield bot


@pytest.fixture
async def bot(town: Town) -> AsyncIterator[Bot]:
    """The real telegram.Bot, as the texters' bot."""
    async for found in _bot(town, "texters"):
        yield found


@pytest.fixture
async def staff_bot(town: Town) -> AsyncIterator[Bot]:
    """The real telegram.Bot, as the staff's."""
    async for found in _bot(town, "staff"):
        yield found
