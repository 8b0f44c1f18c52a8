"""How updates reach a bot: long polls that confirm by offset, and webhooks that are tried again."""

from __future__ import annotations

import asyncio
import json

import pytest
from telegram import Bot, Update
from telegram.error import Conflict, TelegramError

from handlers.rehearsal.town import Town
from tests.rehearsal.conftest import Program

HOOK = "https://line.example.org/telegram/texters"


async def test_updates_stay_until_an_offset_confirms_them(town: Town, bot: Bot) -> None:
    """A crash before the next poll loses nothing: what was not confirmed is handed out again."""
    robin = town.telegram_phone("Robin", "uk")
    await robin.start("texters")
    await robin.write("first")
    first = await bot.get_updates()
    assert [u.message.text for u in first if u.message] == ["/start", "first"]
    assert first[0].message is not None
    assert first[0].message.entities[0].type == "bot_command"
    assert first[0].message.from_user is not None
    assert first[0].message.from_user.language_code == "uk"
    assert [u.update_id for u in await bot.get_updates()] == [u.update_id for u in first]
    assert [u.update_id for u in await bot.get_updates(limit=1)] == [first[0].update_id]
    assert await bot.get_updates(offset=first[-1].update_id + 1) == ()
    assert await bot.get_updates() == ()


async def test_a_long_poll_is_woken_by_a_message(town: Town, bot: Bot) -> None:
    """The poll waits and answers as soon as something is there."""
    robin = town.telegram_phone("Robin")
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    await robin.start("texters")
    assert len(await poll) == 1


async def test_a_second_poll_ends_the_first(town: Town, bot: Bot) -> None:
    """The one that waited hears Conflict, the newer one goes on."""
    robin = town.telegram_phone("Robin")
    old = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    async with Bot(bot.token, base_url=f"{town.telegram.api_url}/bot") as twin:
        new = asyncio.create_task(twin.get_updates(timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await old
        await robin.start("texters")
        assert len(await new) == 1


async def test_only_the_wanted_kinds_come(town: Town, bot: Bot) -> None:
    """allowed_updates is remembered; an unknown kind is refused."""
    robin = town.telegram_phone("Robin")
    await bot.get_updates(allowed_updates=["message"])
    await robin.start("texters")
    await robin.block("texters")
    assert len(await bot.get_updates()) == 1
    await bot.get_updates(allowed_updates=[])
    await robin.start("texters")
    kinds = [u.my_chat_member is not None for u in await bot.get_updates()]
    assert kinds == [False, True, False]
    with pytest.raises(TelegramError, match=r"(?i)unknown update type"):
        await bot.get_updates(allowed_updates=["gossip"])


async def test_every_kind_has_its_real_shape(town: Town, bot: Bot) -> None:
    """The real client's parser takes them all; blocking and unblocking are told, deleting is not."""
    robin = town.telegram_phone("Robin")
    await robin.start("texters", "token")
    text = await robin.write("hi", to="texters")
    await robin.edit(text, "hi there")
    await robin.reply(text, "again")
    await robin.send_photo(caption="look")
    await robin.send_voice()
    await robin.send_video()
    await robin.send_video_note()
    await robin.send_sticker()
    await robin.send_contact()
    await robin.send_location()
    await robin.send_document()
    await robin.send_kind({"dice": {"emoji": "🎲", "value": 4}})
    await robin.block()
    await robin.unblock()
    updates = list(await bot.get_updates())
    assert [u.update_id for u in updates] == list(
        range(updates[0].update_id, updates[0].update_id + len(updates))
    )
    messages = [u.message for u in updates if u.message]
    assert messages[0].text == "/start token"
    assert updates[2].edited_message is not None
    assert updates[2].edited_message.edit_date is not None
    assert messages[2].reply_to_message is not None
    assert messages[2].reply_to_message.text == "hi there"
    kinds = ("photo", "voice", "video", "video_note", "sticker", "contact", "location", "document", "dice")
    assert all(getattr(m, kind) for m, kind in zip(messages[3:], kinds, strict=True))
    members = [u.my_chat_member.new_chat_member.status for u in updates if u.my_chat_member]
    assert members == ["kicked", "member"]


async def test_the_two_bots_know_nothing_of_each_other(town: Town, bot: Bot, staff_bot: Bot) -> None:
    """What is said to one never comes to the other."""
    robin = town.telegram_phone("Robin")
    await robin.start("texters")
    assert await staff_bot.get_updates() == ()
    assert len(await bot.get_updates()) == 1


async def test_a_webhook_gets_updates_in_order_and_with_its_secret(
    town: Town, bot: Bot, program: Program
) -> None:
    """Registered under the public URL, posted to loopback, tried again until taken; polling is refused meanwhile."""
    robin = town.telegram_phone("Robin")
    await robin.start("texters")
    program.status = 500
    assert await bot.set_webhook(HOOK, secret_token="s3cret", allowed_updates=["message"])
    await program.hears(lambda: bool(program.heard))
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, tuple(info.allowed_updates)) == (HOOK, 1, ("message",))
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    program.status = 200
    await robin.write("hello")
    await program.hears(lambda: '"hello"' in program.heard[-1][1]["json"])
    texts = [Update.de_json(json.loads(form["json"]), bot).message for _, form, _ in program.heard]
    assert [t.text for t in texts if t][-2:] == ["/start", "hello"]
    assert {h["X-Telegram-Bot-Api-Secret-Token"] for _, _, h in program.heard} == {"s3cret"}
    assert set(program.paths()) == {"/telegram/texters"}
    assert await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""


async def test_a_webhook_elsewhere_is_refused(town: Town, bot: Bot) -> None:
    """Only https under the public URL, and a secret of the allowed characters."""
    for url, secret in (
        ("http://line.example.org/x", "ok"),
        ("https://elsewhere.example/x", "ok"),
        (HOOK, "no!"),
    ):
        with pytest.raises(TelegramError):
            await bot.set_webhook(url, secret_token=secret)
    assert (await bot.get_webhook_info()).url == ""


async def test_setting_a_webhook_ends_a_poll(town: Town, bot: Bot) -> None:
    """The waiting poll hears why."""
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    await bot.set_webhook(HOOK)
    with pytest.raises(Conflict, match="terminated by setWebhook"):
        await poll
