"""The Bot API's methods on messages, one function each; all raise Refusal in Telegram's words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from handlers.rehearsal import telegram_reading as reading
from handlers.rehearsal import telegram_tables as tables
from handlers.rehearsal.telegram_bots import Chat, Kept, TelegramBot, Wire
from handlers.rehearsal.telegram_entities import entities
from handlers.rehearsal.telegram_people import People
from handlers.rehearsal.telegram_tables import Refusal, forbidden

Method = Callable[[People, TelegramBot, dict[str, Any]], Any]


def _chat(people: People, bot: TelegramBot, user: int, *, to_write: bool = False) -> Chat:
    app, chat = people.apps.get(user), bot.chats.get(user)
    if app is None or (chat is None and not to_write):
        raise Refusal("chat not found")
    if chat is None or not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    if app.deleted_account:
        raise forbidden("user is deactivated")
    if chat.blocked and to_write:
        raise forbidden("bot was blocked by the user")
    return chat


def _date(instant: datetime) -> int:
    return int(instant.timestamp())


def get_me(people: People, bot: TelegramBot, given: dict[str, Any]) -> Wire:
    return bot.me()


def send_message(people: People, bot: TelegramBot, given: dict[str, Any]) -> Wire:
    text = reading.text(given["text"])
    markup = reading.keyboard(given.get("reply_markup"))
    preview = reading.link_preview(given.get("link_preview_options"))
    chat = _chat(people, bot, given["chat_id"], to_write=True)
    if "message_thread_id" in given:
        raise Refusal("message thread not found")
    answered = _replied_to(chat, given.get("reply_parameters"))
    now = people.clock.now()
    wire: Wire = {
        "message_id": bot.number_message(),
        "from": dict(bot.wire),
        "chat": chat.wire,
        "date": _date(now),
        "text": text,
    }
    wire |= {"entities": found} if (found := entities(text)) else {}
    wire |= {"link_preview_options": preview} if preview else {}
    wire |= {"reply_markup": markup} if markup else {}
    wire |= {"reply_to_message": answered} if answered else {}
    wire |= {"has_protected_content": True} if given.get("protect_content") else {}
    kept = chat.messages[wire["message_id"]] = Kept(wire, by_bot=True, at=now)
    people.apps[given["chat_id"]].appeared(bot, kept)
    return wire


def _replied_to(chat: Chat, reply: Wire | None) -> Wire | None:
    if reply is None:
        return None
    reading.only_known("reply parameters", reply, tables.REPLY)
    number = reply.get("message_id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise Refusal("can't parse reply parameters: message identifier is not specified")
    if number in chat.messages:
        return {k: v for k, v in chat.messages[number].wire.items() if k != "reply_to_message"}
    if reply.get("allow_sending_without_reply") is True:
        return None
    raise Refusal("message to be replied not found")


def set_message_reaction(people: People, bot: TelegramBot, given: dict[str, Any]) -> bool:
    chat = _chat(people, bot, given["chat_id"], to_write=True)
    kept = chat.messages.get(given["message_id"])
    if kept is None:
        raise Refusal("message to react not found")
    marks = [_mark(reaction) for reaction in given.get("reaction", [])]
    if len(marks) > 1:
        raise Refusal("REACTIONS_TOO_MANY")
    kept.reactions = tuple(marks)
    people.apps[given["chat_id"]].reacted(bot, kept)
    return True


def _mark(reaction: Any) -> str:
    """The emoji of a reaction; custom ones are for paying users."""
    if not isinstance(reaction, dict) or reaction.get("type") not in ("emoji", "custom_emoji"):
        raise Refusal("can't parse reaction type")
    if reaction.keys() != {"type", "emoji"} or reaction["emoji"] not in tables.REACTIONS:
        raise Refusal("REACTION_INVALID")
    return str(reaction["emoji"])


def _deletable(people: People, kept: Kept) -> bool:
    return people.clock.now() - kept.at < timedelta(hours=tables.DELETABLE_HOURS)


def delete_message(people: People, bot: TelegramBot, given: dict[str, Any]) -> bool:
    chat = _chat(people, bot, given["chat_id"])
    kept = chat.messages.get(given["message_id"])
    if kept is None:
        raise Refusal("message to delete not found")
    if not _deletable(people, kept):
        raise Refusal("message can't be deleted for everyone")
    del chat.messages[given["message_id"]]
    people.apps[given["chat_id"]].vanished(bot, given["message_id"])
    return True


def delete_messages(people: People, bot: TelegramBot, given: dict[str, Any]) -> bool:
    """Those that do not exist are skipped; one that can't be deleted keeps all of them, as with the real method."""
    numbers = given["message_ids"]
    if not numbers:
        raise Refusal("message identifiers are not specified")
    if len(numbers) > 100:
        raise Refusal("too many message identifiers specified")
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
        raise Refusal("can't parse message identifiers")
    chat = _chat(people, bot, given["chat_id"])
    found = [number for number in numbers if number in chat.messages]
    if not all(_deletable(people, chat.messages[number]) for number in found):
        raise Refusal("message can't be deleted for everyone")
    for number in found:
        del chat.messages[number]
        people.apps[given["chat_id"]].vanished(bot, number)
    return True


def _editable(people: People, bot: TelegramBot, given: dict[str, Any]) -> Kept:
    chat = _chat(people, bot, given["chat_id"], to_write=True)
    kept = chat.messages.get(given["message_id"])
    if kept is None:
        raise Refusal("message to edit not found")
    if not kept.by_bot:
        raise Refusal("message can't be edited")
    return kept


def _set_keyboard(kept: Kept, markup: Wire | None) -> None:
    kept.wire.pop("reply_markup", None)
    if markup:
        kept.wire["reply_markup"] = markup


def edit_message_text(people: People, bot: TelegramBot, given: dict[str, Any]) -> Wire:
    """Without a keyboard given, the one that was there goes, as with the real method."""
    text, markup = reading.text(given["text"]), reading.keyboard(given.get("reply_markup"))
    preview = reading.link_preview(given.get("link_preview_options"))
    kept = _editable(people, bot, given)
    if text == kept.wire["text"] and markup == kept.wire.get("reply_markup"):
        raise Refusal(tables.NOT_MODIFIED)
    for old in ("entities", "link_preview_options"):
        kept.wire.pop(old, None)
    kept.wire |= {"text": text, "edit_date": _date(people.clock.now())}
    kept.wire |= {"entities": found} if (found := entities(text)) else {}
    kept.wire |= {"link_preview_options": preview} if preview else {}
    _set_keyboard(kept, markup)
    people.apps[given["chat_id"]].changed_message(bot, kept, text=True)
    return kept.wire


def edit_message_reply_markup(people: People, bot: TelegramBot, given: dict[str, Any]) -> Wire:
    markup = reading.keyboard(given.get("reply_markup"))
    kept = _editable(people, bot, given)
    if markup == kept.wire.get("reply_markup"):
        raise Refusal(tables.NOT_MODIFIED)
    kept.wire["edit_date"] = _date(people.clock.now())
    _set_keyboard(kept, markup)
    people.apps[given["chat_id"]].changed_message(bot, kept, text=False)
    return kept.wire


def answer_callback_query(people: People, bot: TelegramBot, given: dict[str, Any]) -> bool:
    number, text = given["callback_query_id"], given.get("text", "")
    if len(text) > tables.LONGEST_NOTICE:
        raise Refusal("MESSAGE_TOO_LONG")
    user, _, _ = number.partition("-")
    asked = bot.queries.pop(number, None)
    if asked is None or people.clock.now() - asked > timedelta(minutes=tables.QUERY_MINUTES):
        raise Refusal(tables.QUERY_TOO_OLD)
    if text and (app := people.apps.get(int(user))):
        app.noticed(bot, text, alert=given.get("show_alert", False))
    return True


def set_my_commands(people: People, bot: TelegramBot, given: dict[str, Any]) -> bool:
    for command in given["commands"]:
        if not isinstance(command, dict) or command.keys() != {"command", "description"}:
            raise Refusal("can't parse BotCommand")
        if not 1 <= len(command["command"]) <= 32 or not 1 <= len(command["description"]) <= 256:
            raise Refusal("BOT_COMMAND_INVALID")
    if len(given["commands"]) > 100:
        raise Refusal("BOT_COMMANDS_TOO_MUCH")
    bot.commands = given["commands"]
    return True


def _public(what: str) -> Method:
    """getMyName and its like: the bot's words in a language, which is two letters or empty."""

    def answer(people: People, bot: TelegramBot, given: dict[str, Any]) -> Wire:
        language = given.get("language_code", "")
        if language and (len(language) != 2 or not language.isalpha()):
            raise Refusal("LANG_CODE_INVALID")
        return {what: bot.says(what, language)}

    return answer


def forum_topic(people: People, bot: TelegramBot, given: dict[str, Any]) -> Any:
    """Topics are off: there are none to make or delete."""
    _chat(people, bot, given["chat_id"], to_write=True)
    raise Refusal("the chat is not a forum")


def send_chat_action(people: People, bot: TelegramBot, given: dict[str, Any]) -> bool:
    _chat(people, bot, given["chat_id"], to_write=True)
    if given["action"] != "typing":
        raise Refusal("wrong parameter action in request")
    return True


DO: dict[str, Method] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "setMessageReaction": set_message_reaction,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
    "getMyName": _public("name"),
    "getMyDescription": _public("description"),
    "getMyShortDescription": _public("short_description"),
    "createForumTopic": forum_topic,
    "deleteForumTopic": forum_topic,
    "sendChatAction": send_chat_action,
}
