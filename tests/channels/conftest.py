"""The carriers on loopback, a session with little patience, and a watch on everything that is logged."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from handlers.channels.session import open_session
from handlers.rehearsal.town import Town
from tests.channels.stands import ROBIN, Ear, SmsStand, TelegramStand


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with Town() as town:
        yield town


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session(read_seconds=2) as session:
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


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """The lines of our own log."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture, town: Town, said: list[Any]) -> Iterator[None]:
    """At any level of any logger, before any filter: no word, number or token, not even in an error's text."""
    caplog.set_level(logging.DEBUG)
    yield
    lines = [f"{record.getMessage()} {record.exc_info}" for record in caplog.get_records("call")]
    secrets = [ROBIN, "words", town.twilio.auth_token, *(bot.token for bot in town.telegram.bots.values())]
    for line in [*lines, *map(str, said)]:
        assert not [secret for secret in secrets if secret in line]
