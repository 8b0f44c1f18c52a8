"""The door that Telegram knocks at: the secret, unreadable bodies, repetitions, and whose webhook it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from multidict import CIMultiDict

from bot.errors import StorageError
from bot.messages import Inbound
from bot.redact import Secret
from handlers.channels.session import open_session
from handlers.channels.telegram import Telegram
from handlers.channels.telegram_webhook import HEADER, Hook
from handlers.channels.webhook import Call
from handlers.rehearsal.town import Town

SECRET = "s3cret-of-this-test"
URL = "https://line.example.org/telegram/texters"


class Room:
    """A hook with what it took and counted; `failing` is raised instead of storing."""

    def __init__(self, town: Town, bot: Telegram) -> None:
        self.town = town
        self.taken: list[Inbound] = []
        self.counted: list[str] = []
        self.failing: Exception | None = None
        self.waited: list[float] = []
        self.hook = Hook(bot, url=URL, secret=Secret(SECRET), count=self.counted.append, pause=self._pause)

    async def receive(self, inbounds: Sequence[Inbound], offset: int | None) -> None:
        if self.failing:
            raise self.failing
        self.taken += inbounds

    async def call(self, body: bytes, *secrets: str) -> int:
        headers = CIMultiDict([(HEADER, secret) for secret in secrets])
        return await self.hook.webhook("/telegram/texters", self.receive).answer(Call(body, headers))

    async def _pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        raise _Enough

    async def one_look(self) -> None:
        with pytest.raises(_Enough):
            await self.hook.keep()


class _Enough(Exception):
    pass


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with Town() as town, open_session() as session:
        token = Secret(town.telegram.bots["texters"].token)
        bot = Telegram("texters", token, session, api_url=town.telegram.api_url)
        yield Room(town, bot)
        await bot.close()


def update(text: str = "hello", number: int = 7) -> bytes:
    person = {"id": 5_000_000_001, "is_bot": False, "first_name": "Robin"}
    chat = {"id": 5_000_000_001, "type": "private"}
    message = {"message_id": 3, "date": 1_772_452_800, "chat": chat, "from": person, "text": text}
    return json.dumps({"update_id": number, "message": message}).encode()


async def test_a_text_with_the_secret_is_stored(room: Room) -> None:
    """204 after the commit."""
    assert await room.call(update("help"), SECRET) == 204
    assert [one.text.reveal() for one in room.taken] == ["help"]


@pytest.mark.parametrize("secrets", [(), ("",), ("wrong",), (SECRET + "x",), (SECRET, SECRET), ("ß",)])
async def test_without_the_one_secret_nobody_comes_in(room: Room, secrets: tuple[str, ...]) -> None:
    """Missing, wrong, longer or repeated: 403, and nothing is stored."""
    assert await room.call(update(), *secrets) == 403
    assert room.taken == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'{"message": {}}',
        b'{"update_id": "7"}',
        b'{"update_id": true}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_what_cannot_be_read_is_taken_off_telegrams_hands(room: Room, body: bytes) -> None:
    """200 and a counter: Telegram would bring it for ever, in front of everybody else's."""
    assert await room.call(body, SECRET) == 200
    assert (room.taken, room.counted) == ([], ["malformed"])


async def test_an_update_of_the_wrong_shape_is_counted_and_over(room: Room) -> None:
    """It says nothing to us, and the next one is as good as ever."""
    body = json.dumps({"update_id": 8, "message": {"chat": "?"}}).encode()
    assert await room.call(body, SECRET) == 204
    assert await room.call(update(number=9), SECRET) == 204
    assert len(room.taken) == 1


async def test_a_database_that_is_away_lets_telegram_come_again(room: Room) -> None:
    """The error goes up, where it becomes 503; nothing is dropped however often."""
    room.failing = StorageError("away")
    for _ in range(5):
        with pytest.raises(StorageError):
            await room.call(update(), SECRET)
    room.failing = None
    assert await room.call(update(), SECRET) == 204


async def test_an_update_that_always_fails_does_not_silence_the_others(room: Room) -> None:
    """Three tries, then it is dropped with an alarm."""
    room.failing = ValueError("ours")
    for _ in range(2):
        with pytest.raises(ValueError, match="ours"):
            await room.call(update(), SECRET)
    assert await room.call(update(), SECRET) == 204
    assert room.counted == ["dropped"]


async def test_the_webhook_is_registered_with_its_secret_and_kinds(room: Room) -> None:
    """At the start even if the address is ours already: the secret may be an older one."""
    await room.one_look()
    hook = room.town.telegram.bots["texters"].hook
    assert hook is not None
    assert (hook.url, hook.secret) == (URL, SECRET)
    assert room.waited == [60.0]


async def test_a_carrier_out_of_reach_is_asked_again_soon(room: Room) -> None:
    """Nothing is registered, and nothing breaks."""
    room.town.telegram.faults.broken(status=502)
    await room.one_look()
    assert room.waited == [5.0]
    room.town.telegram.faults.off()


async def test_removing_leaves_what_waits_at_telegram(room: Room) -> None:
    """After a stop no webhook is set, and no update is thrown away."""
    await room.one_look()
    await room.hook.remove()
    calls: list[Any] = [call for call in room.town.telegram.calls if call.method == "deleteWebhook"]
    assert room.town.telegram.bots["texters"].hook is None
    assert calls
    assert not calls[0].parameters.get("drop_pending_updates")
