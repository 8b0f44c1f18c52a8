"""The carriers on loopback, a session with little patience, and a watch on everything that is logged."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from handlers.channels.session import open_session
from handlers.rehearsal.town import Town
from tests.channels.stands import ROBIN, Ear, SmsStand, TelegramStand


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with Town() as town:
        yield town


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session(read_seconds=0.5) as session:
        yield session


@pytest.fixture
async def sms(town: Town, session: aiohttp.ClientSession) -> AsyncIterator[SmsStand]:
    stand = SmsStand(town, session)
    yield stand
    await stand.close()


@pytest.fixture
async def telegram(town: Town, session: aiohttp.ClientSession) -> AsyncIterator[TelegramStand]:
    stand = TelegramStand(town, session)
    yield stand
    await stand.close()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture, town: Town) -> Iterator[None]:
    """At any level of any logger, before any filter: no word, number or token."""
    caplog.set_level(logging.DEBUG)
    yield
    secrets = [ROBIN, "words", town.twilio.auth_token, *(bot.token for bot in town.telegram.bots.values())]
    for record in caplog.records:
        shown = record.getMessage() + str(record.exc_info and record.exc_info[1])
        assert not [secret for secret in secrets if secret in shown], record.name
