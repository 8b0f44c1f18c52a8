"""One bot: how it listens, and what Telegram's answers to a message mean."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.errors import DeliveryError, Refused, StorageError, Unreachable
from bot.messages import Address, Button, Copy, Inbound, Kind, Task
from bot.people import Medium
from bot.redact import Secret
from bot.removal import Answer
from handlers.channels.telegram import CONFLICT_ALARM, Telegram
from handlers.channels.telegram_updates import ALLOWED
from handlers.rehearsal.loopback import Loopback
from tests.channels.stands import Ear, TelegramStand, eventually, post

TOKEN = "123456789:" + "A" * 35
TO = Address(Medium.TELEGRAM, Secret("77"), "staff")


def methods(stand: TelegramStand) -> list[str]:
    return [call.method for call in stand.faults.calls]


# --- sending


async def test_telegram_is_asked_for_exactly_this(telegram: TelegramStand) -> None:
    """Plain words, no preview, protected where asked, buttons two a row."""
    buttons = tuple(Button(caption, f"{caption.upper()} K7R2") for caption in ("Take", "Pass", "Later"))
    words = "New conversation https://example.org"

    await telegram.channel.send(post(telegram.post_to, words, protect=True, buttons=buttons))

    (call,) = telegram.faults.calls
    assert "parse_mode" not in call.parameters
    assert "entities" not in call.parameters
    shown = telegram.phone.last
    assert (shown.text, shown.protected, shown.preview) == (words, True, False)
    assert [(key.label, key.data) for key in shown.buttons] == [(b.caption, b.data) for b in buttons]


async def test_without_protection_the_words_may_be_saved(telegram: TelegramStand) -> None:
    """They are hers."""
    await telegram.channel.send(post(telegram.post_to, "words"))
    assert not telegram.phone.last.protected


async def test_one_that_is_too_old_keeps_no_other(telegram: TelegramStand) -> None:
    """Telegram refuses the whole batch then: each is asked for singly, the old one stays."""
    sent = [await telegram.channel.send(post(telegram.post_to, "old"))]
    telegram.town.clock.move(timedelta(hours=49))
    sent += [await telegram.channel.send(post(telegram.post_to, f"new {number}")) for number in range(2)]
    copies = [copy for copy in sent if copy is not None]
    assert list(await telegram.channel.remove(copies)) == [Answer.REFUSED, Answer.GONE, Answer.GONE]
    assert [shown.text for shown in telegram.phone.screen if not shown.deleted] == ["old"]
    assert list(await telegram.channel.remove(copies[1:])) == [Answer.GONE, Answer.GONE]


async def test_a_mark_is_put_on_her_own_message(telegram: TelegramStand, ear: Ear) -> None:
    """👀: the texter's phone has it."""
    own = await telegram.phone.write("my words")
    mark = post(telegram.post_to, "👀", task=Task.REACT, replies_to=Secret(own.id))

    assert await telegram.channel.send(mark) is None
    assert "👀" in own.reactions


async def test_a_mark_that_telegram_does_not_permit_is_refused(telegram: TelegramStand) -> None:
    """✅ is none of its reactions; and a mark needs a message."""
    own = await telegram.phone.write("my words")
    for replies_to, mark in ((Secret(own.id), "✅"), (None, "👀"), (Secret("4711"), "👀")):
        with pytest.raises(Refused):
            await telegram.channel.send(post(telegram.post_to, mark, task=Task.REACT, replies_to=replies_to))


async def test_an_answer_to_a_message_that_is_gone_still_arrives(telegram: TelegramStand) -> None:
    """The words matter more than the arrow."""
    await telegram.channel.send(post(telegram.post_to, "words", replies_to=Secret("4711")))
    assert telegram.phone.texts == ["words"]


async def test_who_blocked_the_bot_is_not_written_to(telegram: TelegramStand) -> None:
    """For ever, until she takes it back."""
    await telegram.phone.block()
    with pytest.raises(Refused) as refused:
        await telegram.channel.send(post(telegram.post_to, "words"))
    assert refused.value.because == "blocked"


async def test_who_deleted_her_account_is_out_of_reach(telegram: TelegramStand) -> None:
    """So is a chat that never was."""
    telegram.phone.delete_account()
    strangers = [
        telegram.post_to,
        *(Address(Medium.TELEGRAM, Secret(p), "texters") for p in ("12345", "Robin", "")),
    ]
    for stranger in strangers:
        with pytest.raises(Refused) as refused:
            await telegram.channel.send(post(stranger, "words"))
        assert refused.value.because == "unreachable"


async def test_a_text_too_long_is_said_to_be_so(telegram: TelegramStand) -> None:
    """4,096 units."""
    with pytest.raises(Refused) as refused:
        await telegram.channel.send(post(telegram.post_to, "w" * 4097))
    assert refused.value.because == "too_long"


async def test_the_bot_knows_its_name(telegram: TelegramStand) -> None:
    """For the links of invitation; a wrong token is the operator's."""
    assert await telegram.channel.who_am_i() == telegram.bot.username
    with pytest.raises(Unreachable) as refused:
        await telegram.without_token().who_am_i()
    assert refused.value.ours


def no(status: int, description: str, **more: Any) -> tuple[int, str]:
    return status, json.dumps({"ok": False, "error_code": status, "description": description, **more})


ANSWERS: dict[str, tuple[tuple[int, str], dict[str, Any]]] = {
    "no JSON": ((200, "<html>"), {"ambiguous": True}),
    "no object": ((200, "[]"), {"ambiguous": True}),
    "no result": ((200, '{"ok": true}'), {"ambiguous": True}),
    "another result": ((200, '{"ok": true, "result": {"message": "words"}}'), {"ambiguous": True}),
    "internal error": (no(500, "Internal Server Error"), {"ambiguous": True}),
    "gateway": ((502, "<html>words</html>"), {"ambiguous": True}),
    "too many": (no(429, "words", parameters={"retry_after": 3}), {"ambiguous": False, "ours": False}),
    "unauthorized": (no(401, "Unauthorized"), {"ours": True}),
    "token of another shape": (no(404, "Not Found"), {"ours": True}),
    "somebody between": ((407, "words"), {"ours": True}),
    "moved": ((302, ""), {"ours": True}),
    "blocked": (no(403, "Forbidden: bot was blocked by the user"), {"because": "blocked"}),
    "deactivated": (no(403, "Forbidden: user is deactivated"), {"because": "unreachable"}),
    "never started": (
        no(403, "Forbidden: bot can't initiate conversation with a user"),
        {"because": "unreachable"},
    ),
    "no chat": (no(400, "Bad Request: chat not found"), {"because": "unreachable"}),
    "empty": (no(400, "Bad Request: message text is empty"), {"because": "content"}),
    "too long": (no(400, "Bad Request: message is too long"), {"because": "too_long"}),
    "no topic": (no(400, "Bad Request: message thread not found"), {"because": "failed"}),
    "a group that moved": (
        no(400, "words", parameters={"migrate_to_chat_id": -1}),
        {"because": "unreachable"},
    ),
    "a sentence of the future": (no(400, "Bad Request: words"), {"because": "failed"}),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_every_answer_has_one_meaning(session: aiohttp.ClientSession, name: str) -> None:
    """Each asked for once; `BadRequest` is a `NetworkError` in the library, and would loop for ever."""
    (status, body), expected = ANSWERS[name]
    async with Scripted([(status, body)]) as carrier:
        bot = Telegram("staff", Secret(TOKEN), session, api_url=carrier.url)
        with pytest.raises(DeliveryError) as error:
            await bot.send(post(TO, "words"))

        assert carrier.asked == ["sendMessage"]
    assert isinstance(error.value, Refused if "because" in expected else Unreachable)
    assert {key: getattr(error.value, key) for key in expected} == expected
    assert error.value.__cause__ is None


class Scripted:
    """A Telegram that gives the answers of a list, then empty batches."""

    def __init__(self, answers: Sequence[tuple[int, str]]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.offsets: list[str | None] = []
        self.server = Loopback(self._answer)

    @property
    def url(self) -> str:
        return self.server.url

    async def __aenter__(self) -> Scripted:
        await self.server.come_up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.go_down()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        method = request.path.rpartition("/")[2]
        self.asked.append(method)
        form = await request.post()
        if method == "getWebhookInfo":
            hook = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
            return web.json_response({"ok": True, "result": hook})
        if method == "getUpdates":
            self.offsets.append(str(form["offset"]) if "offset" in form else None)
        if not self.answers:
            await asyncio.sleep(0.01)
            return web.json_response({"ok": True, "result": []})
        status, body = self.answers.pop(0)
        return web.Response(status=status, text=body)


def batch(*updates: object) -> tuple[int, str]:
    return 200, json.dumps({"ok": True, "result": updates})


def text(number: int, words: str = "words") -> dict[str, Any]:
    user = {"id": 77, "is_bot": False, "first_name": "Robin"}
    chat = {"id": 77, "type": "private", "first_name": "Robin"}
    content = {"message_id": number, "date": 1_770_000_000, "chat": chat, "from": user, "text": words}
    return {"update_id": number, "message": content}


# --- listening


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that were waited, as far as the channel knows."""
    return []


async def _listen(
    session: aiohttp.ClientSession,
    carrier: Scripted,
    ear: Ear,
    pauses: list[float],
    *,
    until: int,
    **rest: Any,
) -> Telegram:
    """Polls until so many inbounds are stored."""

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    bot = Telegram("texters", Secret(TOKEN), session, api_url=carrier.url, pause=pause, **rest)
    polling = asyncio.create_task(bot.poll(ear.receive, 5))
    await ear.heard(until)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    await bot.close()
    return bot


async def test_the_offset_moves_with_the_commit(telegram: TelegramStand, ear: Ear) -> None:
    """Telegram forgets an update when a later offset is asked for: not before it is stored."""
    await telegram.phone.write("first words")
    await telegram.phone.write("second words")
    await telegram.listen(ear)
    await ear.heard(2)
    await telegram.phone.write("third words")
    await ear.heard(3)

    await eventually(lambda: methods(telegram).count("getUpdates") == 3)
    polls = [call.parameters for call in telegram.faults.calls if call.method == "getUpdates"]
    assert "offset" not in polls[0]
    assert [poll["offset"] for poll in polls[1:3]] == ear.offsets
    assert set(polls[0]["allowed_updates"]) == set(ALLOWED)


async def test_a_malformed_update_costs_its_neighbours_nothing(
    session: aiohttp.ClientSession, ear: Ear, pauses: list[float]
) -> None:
    """It is dropped and counted, its number acknowledged."""
    dropped: list[str] = []
    broken = {"update_id": 6, "message": {**text(6)["message"], "text": 5}}
    updates = [text(5, "before"), broken, "nonsense", {}, text(7, "after")]
    async with Scripted(
        [batch(*updates), batch({"update_id": 8, "poll": {}}), batch(text(9, "later"))]
    ) as carrier:
        await _listen(session, carrier, ear, pauses, until=3, count=dropped.append)

    assert [one.text.reveal() for one in ear.inbounds] == ["before", "after", "later"]
    assert ear.offsets[:3] == [8, 9, 10]
    assert carrier.offsets[:3] == ["5", "8", "9"]
    assert dropped == ["malformed", "unknown update"]


@pytest.mark.parametrize(
    "trouble",
    [
        [(200, "no JSON")],
        [(200, '{"ok": true, "result": {}}')],
        [(200, '{"ok": true, "result": ["no number"]}')],
        [(500, ""), (502, "<html>"), no(429, "x", parameters={"retry_after": 2})],
        [no(400, "Bad Request: something new")],
        [no(401, "Unauthorized"), no(404, "Not Found")],
        [no(409, "Conflict: terminated by other getUpdates request")] * 3,
    ],
)
async def test_whatever_telegram_answers_it_listens_on(
    session: aiohttp.ClientSession, ear: Ear, pauses: list[float], trouble: list[tuple[int, str]]
) -> None:
    """With a pause each time; a line that stops listening is the worst of all."""
    async with Scripted([*trouble, batch(text(5))]) as carrier:
        await _listen(session, carrier, ear, pauses, until=1)

    assert len(pauses) == len(trouble)
    assert all(seconds >= 1 for seconds in pauses)
    assert ear.inbounds[0].kind is Kind.TEXT


async def test_a_program_beside_us_is_an_alarm_after_a_minute(
    session: aiohttp.ClientSession, ear: Ear, pauses: list[float], said: list[Any]
) -> None:
    """Before that it may be our own poll from before a kill -9."""
    conflict = no(409, "Conflict: terminated by other getUpdates request")
    async with Scripted([*[conflict] * 30, batch(text(5))]) as carrier:
        from_pauses = _Clock(pauses)
        await _listen(session, carrier, ear, pauses, until=1, now=from_pauses.now)

    alarms = [line for line in said if line["event"] == "alarm, another program listens to our bot"]
    assert sum(pauses) > CONFLICT_ALARM
    assert len(alarms) == 1


class _Clock:
    """A clock that moves by the pauses that were made."""

    def __init__(self, pauses: list[float]) -> None:
        self._pauses = pauses

    def now(self) -> datetime:
        return datetime(2026, 2, 1, tzinfo=UTC) + timedelta(seconds=sum(self._pauses))


async def test_a_webhook_that_was_set_is_removed_and_nothing_lost(telegram: TelegramStand, ear: Ear) -> None:
    """While one is set, Telegram refuses to be polled."""
    await telegram.phone.write("my words")
    bot = telegram.channel._bot
    await bot.set_webhook(f"{telegram.town.public_url}/telegram/texters", secret_token="s" * 20)

    await telegram.listen(ear)

    assert (await ear.heard(1))[0].text.reveal() == "my words"
    assert "deleteWebhook" in methods(telegram)


async def test_one_update_that_cannot_be_handled_silences_nobody(
    session: aiohttp.ClientSession, ear: Ear, pauses: list[float]
) -> None:
    """Taken singly, tried three times, dropped with an alarm; the others are stored in their order."""
    commits: list[tuple[list[str], int | None]] = []

    async def receive(inbounds: Sequence[Inbound], offset: int | None) -> None:
        if any(one.text.reveal() == "poison" for one in inbounds):
            raise ValueError("poison words")
        commits.append(([one.text.reveal() for one in inbounds], offset))
        await Ear.receive(ear, inbounds, offset)

    async def pause(seconds: float) -> None:
        await asyncio.sleep(0)

    updates = text(5, "before"), text(6, "poison"), text(7, "after")
    async with Scripted([batch(*updates)]) as carrier:
        bot = Telegram("texters", Secret(TOKEN), session, api_url=carrier.url, pause=pause)
        polling = asyncio.create_task(bot.poll(receive, 5))
        await ear.heard(2)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)

    assert commits == [(["before"], 6), ([], 7), (["after"], 8)]


async def test_a_database_that_is_away_drops_nothing(
    session: aiohttp.ClientSession, ear: Ear, pauses: list[float]
) -> None:
    """However often: the same batch is asked for again."""
    ear.failing = [StorageError() for _ in range(5)]
    async with Scripted([batch(text(5))] * 6) as carrier:
        await _listen(session, carrier, ear, pauses, until=1)

    assert carrier.offsets[:6] == ["5"] * 6
    assert len(pauses) == 5


async def test_a_press_is_answered_after_the_commit(telegram: TelegramStand, ear: Ear) -> None:
    """The button stops spinning; if it cannot be, nothing else suffers."""
    await telegram.listen(ear)
    sent = await telegram.channel.send(
        post(telegram.post_to, "offer", buttons=(Button("Take", "TAKE K7R2"),))
    )
    telegram.faults.broken("answerCallbackQuery")

    await telegram.phone.press("Take")
    await telegram.phone.press("Take")

    pressed = (await ear.heard(2))[0]
    assert isinstance(sent, Copy)
    assert (pressed.kind, pressed.replies_to) == (Kind.PRESSED, sent.message)
    await telegram.phone.write("on we go")
    assert (await ear.heard(3))[2].text.reveal() == "on we go"
    await eventually(lambda: methods(telegram).count("answerCallbackQuery") == 2)


async def test_blocking_and_taking_back_are_heard(telegram: TelegramStand, ear: Ear) -> None:
    """From the phone to the house."""
    await telegram.listen(ear)
    await telegram.phone.block()
    await telegram.phone.unblock()

    assert [one.kind for one in await ear.heard(2)] == [Kind.BLOCKED, Kind.UNBLOCKED]


async def test_an_edit_points_to_the_words_it_changes(telegram: TelegramStand, ear: Ear) -> None:
    """By the carrier's copy."""
    await telegram.listen(ear)
    own = await telegram.phone.write("my wrods")
    await telegram.phone.edit(own, "my words")

    first, second = await ear.heard(2)
    assert (second.kind, second.text.reveal(), second.copy) == (Kind.EDITED, "my words", first.copy)
