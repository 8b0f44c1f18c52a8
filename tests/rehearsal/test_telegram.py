"""The real telegram.Bot against the stand-in: messages, marks, buttons, deletions and refusals."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import pytest
from telegram import (
    Bot,
    BotCommand,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError

from handlers.rehearsal.phones import TelegramPhone
from handlers.rehearsal.telegram_tables import Refusal
from handlers.rehearsal.town import Town

TAKE = InlineKeyboardMarkup([[InlineKeyboardButton("Take", callback_data="take:K7R2")]])


@pytest.fixture
async def alma(town: Town) -> TelegramPhone:
    """Alma has started the texters' bot."""
    alma = town.telegram_phone("Alma")
    await alma.start("texters")
    return alma


def chat(phone: TelegramPhone) -> int:
    return int(phone.user["id"])


async def refusal(awaitable: object) -> str:
    """Telegram's words, as the real client hands them on."""
    with pytest.raises(TelegramError) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.message


async def test_a_message_appears_as_it_was_asked_for(town: Town, bot: Bot, alma: TelegramPhone) -> None:
    """Protected, without preview, with its button, as an answer: all of it is on the screen and in the answer."""
    mine = await alma.write("hello?", to="texters")
    sent = await bot.send_message(
        chat(alma),
        "New conversation K7R2 https://example.org",
        protect_content=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_markup=TAKE,
        reply_parameters=ReplyParameters(int(mine.id)),
    )
    assert sent.has_protected_content
    assert sent.reply_markup == TAKE
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "hello?"
    assert sent.entities[0].type == "url"
    shown = await alma.shows("K7R2")
    assert (shown.protected, shown.preview, shown.reply_to, shown.buttons[0].label) == (
        True,
        False,
        mine.id,
        "Take",
    )


async def test_what_telegram_refuses_is_refused_in_its_words(
    town: Town, bot: Bot, alma: TelegramPhone
) -> None:
    """Each wrong call is answered with the sentence of the real server."""
    me = chat(alma)
    long_data = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x" * 65)]])
    for call, words in (
        (bot.send_message(me, " \n"), "Message text is empty"),
        (bot.send_message(me, "😀" * 2049), "Message is too long"),
        (bot.send_message(me, "hi", message_thread_id=7), "Message thread not found"),
        (bot.send_message(me, "hi", reply_markup=long_data), "Button_data_invalid"),
        (
            bot.send_message(me, "hi", reply_parameters=ReplyParameters(99_999)),
            "Message to be replied not found",
        ),
        (bot.send_message(12345, "hi"), "Chat not found"),
        (bot.send_message("@nobody", "hi"), "Chat not found"),
        (
            bot.send_message(me, "<b>hi</b>", parse_mode="HTML"),
            'The stand-in does not play "parse_mode" of sendMessage',
        ),
        (bot.send_message(me, "hi", api_kwargs={"colour": 1}), 'Unknown parameter "colour" of sendmessage'),
        (bot.send_message(me, "hi", reply_markup=ForceReply()), None),
        (bot.set_message_reaction(me, 99_999, "👀"), "Message to react not found"),
        (bot.delete_message(me, 99_999), "Message to delete not found"),
        (bot.edit_message_text("x", me, 99_999), "Message to edit not found"),
        (
            bot.answer_callback_query("7-7"),
            "Query is too old and response timeout expired or query id is invalid",
        ),
        (bot.create_forum_topic(me, "K7R2"), "The chat is not a forum"),
    ):
        said = await refusal(call)
        assert words is None or said.lower() == words.lower()
    assert alma.screen == []


async def test_a_bot_writes_only_to_those_who_started_it(town: Town, bot: Bot, alma: TelegramPhone) -> None:
    """Never started, blocked, deleted: three different refusals, all Forbidden."""
    robin = town.telegram_phone("Robin")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(chat(robin), "hi")
    await alma.block("texters")
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(chat(alma), "hi")
    await alma.unblock("texters")
    await bot.send_message(chat(alma), "hi")
    await alma.shows("hi")
    alma.delete_account()
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(chat(alma), "hi")
    with pytest.raises(Refusal):
        await robin.write("hello", to="texters")


async def test_a_wrong_token_is_unauthorized(town: Town) -> None:
    """An unknown token: 401; a path that is none: 404."""
    with pytest.raises(InvalidToken):
        await Bot("7000000001:" + "A" * 35, base_url=f"{town.telegram.api_url}/bot").get_me()
    async with aiohttp.ClientSession() as session:
        token = town.telegram.bots["texters"].token
        for path, status, words in (
            (f"/bot{token}/getEverything", 404, "Not Found"),
            (f"/bot{token}/getme", 404, "Not Found"),
            ("/bot123/getMe", 404, "Not Found"),
            (f"/bot7000000001:{'A' * 35}/getMe", 401, "Unauthorized"),
        ):
            async with session.post(town.telegram.api_url + path) as answer:
                assert (answer.status, await answer.json()) == (
                    status,
                    {"ok": False, "error_code": status, "description": words},
                )


async def test_json_and_form_are_both_understood(town: Town, alma: TelegramPhone) -> None:
    """JSON with native values, JSON with everything as strings, and a form: the same message."""
    url = f"{town.telegram.api_url}/bot{town.telegram.bots['texters'].token}/sendMessage"
    markup = '{"inline_keyboard": [[{"text": "Take", "callback_data": "t"}]]}'
    async with aiohttp.ClientSession() as session:
        native = {"chat_id": chat(alma), "text": "one", "protect_content": True}
        strings = {
            "chat_id": str(chat(alma)),
            "text": "two",
            "protect_content": "true",
            "reply_markup": markup,
        }
        for body in ({"json": native}, {"json": strings}, {"data": strings | {"text": "three"}}):
            async with session.post(url, **body) as answer:  # type: ignore[arg-type]
                assert (await answer.json())["ok"] is True
        for bad in (
            {"chat_id": True},
            {"protect_content": "yes"},
            {"text": 7},
            {"reply_markup": "{"},
            {"text": None},
        ):
            async with session.post(url, json=native | bad) as answer:
                assert (answer.status, (await answer.json())["ok"]) == (400, False)
        async with session.post(url, data=b"[1]", headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 400
    assert alma.texts == ["one", "two", "three"]


async def test_marks_appear_on_own_messages(town: Town, bot: Bot, alma: TelegramPhone) -> None:
    """👀 👌 💔 are allowed, ✅ is not, and an empty list takes the mark away."""
    mine = await alma.write("I am here", to="texters")
    for mark in ("👀", "👌", "💔"):
        assert await bot.set_message_reaction(chat(alma), int(mine.id), mark)
        await alma.marked(mine, mark)
    with pytest.raises(BadRequest, match=r"(?i)reaction_invalid"):
        await bot.set_message_reaction(chat(alma), int(mine.id), "✅")
    await bot.set_message_reaction(chat(alma), int(mine.id), [])
    assert mine.reactions == ()


async def test_a_button_is_pressed_answered_and_taken_away(town: Town, bot: Bot, alma: TelegramPhone) -> None:
    """The callback query carries the message and the data; the keyboard can go; a query is answered once."""
    sent = await bot.send_message(chat(alma), "New conversation", reply_markup=TAKE)
    offer = await alma.shows("New conversation")
    query_id = await alma.press("Take")
    update = (await bot.get_updates())[-1]
    assert update.callback_query is not None
    assert (update.callback_query.id, update.callback_query.data) == (query_id, "take:K7R2")
    assert update.callback_query.message is not None
    assert update.callback_query.message.message_id == sent.message_id
    assert await bot.answer_callback_query(query_id, "Yours")
    assert alma.toasts == ["Yours"]
    await bot.edit_message_reply_markup(chat(alma), sent.message_id)
    assert offer.buttons == ()
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(chat(alma), sent.message_id)
    with pytest.raises(BadRequest, match="too old"):
        await bot.answer_callback_query(query_id)
    with pytest.raises(AssertionError, match="sees no button"):
        await alma.press("Take")


async def test_messages_are_edited_and_deleted(town: Town, bot: Bot, alma: TelegramPhone) -> None:
    """Both sides' messages can be deleted for 48 hours; only the bot's own can be edited."""
    mine = await alma.write("my words", to="texters")
    first = await bot.send_message(chat(alma), "one")
    second = await bot.send_message(chat(alma), "two")
    await bot.edit_message_text("uno", chat(alma), first.message_id)
    await alma.shows("uno")
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("no", chat(alma), int(mine.id))
    await bot.delete_message(chat(alma), int(mine.id))
    await bot.delete_messages(chat(alma), [first.message_id, 99_999])
    assert mine.deleted
    assert alma.texts == ["two"]
    town.clock.move(timedelta(hours=48))
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(chat(alma), second.message_id)


async def test_a_phone_that_is_off_shows_everything_later(town: Town, bot: Bot, alma: TelegramPhone) -> None:
    """Telegram has no delivery receipts: the bot notices nothing, and what was deleted meanwhile never shows."""
    alma.switch_off()
    await bot.send_message(chat(alma), "one")
    gone = await bot.send_message(chat(alma), "two")
    await bot.delete_message(chat(alma), gone.message_id)
    assert alma.screen == []
    alma.switch_on()
    assert alma.texts == ["one"]


async def test_the_bot_knows_itself(town: Town, bot: Bot) -> None:
    """getMe tells that topics are off; commands can be set."""
    me = await bot.get_me()
    assert (me.id, me.username) == (int(bot.token.partition(":")[0]), town.telegram.bots["texters"].username)
    assert me.has_topics_enabled is False
    assert await bot.set_my_commands([BotCommand("help", "What this is")])
    assert town.telegram.bots["texters"].commands == [{"command": "help", "description": "What this is"}]
