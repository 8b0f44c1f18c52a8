"""What people do with the bots: start and block them, write, edit, press; and the apps that show them the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from handlers.rehearsal import telegram_reading as reading
from handlers.rehearsal.clock import Clock
from handlers.rehearsal.telegram_bots import Chat, Kept, TelegramBot, Wire
from handlers.rehearsal.telegram_entities import entities
from handlers.rehearsal.telegram_tables import Refusal


class App(Protocol):
    """A Telegram app on somebody's phone, told what happens in its chats."""

    user: Wire
    deleted_account: bool

    def appeared(self, bot: TelegramBot, kept: Kept) -> None: ...

    def changed_message(self, bot: TelegramBot, kept: Kept, *, text: bool) -> None: ...

    def vanished(self, bot: TelegramBot, number: int) -> None: ...

    def reacted(self, bot: TelegramBot, kept: Kept) -> None: ...

    def noticed(self, bot: TelegramBot, text: str, *, alert: bool) -> None: ...


class People:
    """`bots` by their role and `apps` by user id."""

    def __init__(self, bots: Sequence[str], clock: Clock) -> None:
        self.clock = clock
        self.bots = {name: TelegramBot(name, clock) for name in bots}
        self.apps: dict[int, App] = {}

    def says(self, bot: TelegramBot, user: Wire, content: Wire, *, reply_to: int | None = None) -> Kept:
        """A user's message to a bot: kept, numbered, lined up as an update. Raises Refusal where Telegram would."""
        chat = bot.chats.get(user["id"])
        if chat is None or not chat.started or chat.blocked:
            raise Refusal("the app shows only a START button: start the bot first")
        if "text" in content:
            content = {"text": reading.text(content["text"])}
            content |= {"entities": found} if (found := entities(content["text"])) else {}
        now = self.clock.now()
        wire: Wire = {
            "message_id": bot.number_message(),
            "from": dict(user),
            "chat": chat.wire,
            "date": int(now.timestamp()),
        }
        if reply_to is not None:
            answered = chat.messages[reply_to].wire
            wire["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
        kept = chat.messages[wire["message_id"]] = Kept(wire | content, by_bot=False, at=now)
        bot.add_update("message", kept.wire)
        return kept

    def edits(self, bot: TelegramBot, user: Wire, number: int, text: str) -> Kept:
        """A user changes her own message."""
        kept = bot.chats[user["id"]].messages[number]
        text = reading.text(text)
        kept.wire = {k: v for k, v in kept.wire.items() if k != "entities"}
        kept.wire |= {"text": text, "edit_date": int(self.clock.now().timestamp())}
        kept.wire |= {"entities": found} if (found := entities(text)) else {}
        bot.add_update("edited_message", kept.wire)
        return kept

    def presses(self, bot: TelegramBot, user: Wire, number: int, data: str) -> str:
        """A user presses a button; the callback query's id."""
        chat = bot.chats[user["id"]]
        query = f"{user['id']}-{bot.number_message()}"
        bot.queries[query] = self.clock.now()
        content = {
            "id": query,
            "from": dict(user),
            "message": dict(chat.messages[number].wire),
            "chat_instance": chat.instance,
            "data": data,
        }
        bot.add_update("callback_query", content)
        return query

    def opens(self, bot: TelegramBot, user: Wire) -> None:
        """A user starts a bot, for the first time or after blocking it."""
        chat = bot.chats.setdefault(user["id"], Chat(user))
        chat.started = True
        if chat.blocked:
            chat.blocked = False
            self._membership(bot, chat, before="kicked", after="member")

    def blocks(self, bot: TelegramBot, user: Wire) -> None:
        """A user stops a bot."""
        chat = bot.chats[user["id"]]
        if not chat.blocked:
            chat.blocked = True
            self._membership(bot, chat, before="member", after="kicked")

    def _membership(self, bot: TelegramBot, chat: Chat, *, before: str, after: str) -> None:
        def member(status: str) -> Wire:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": dict(bot.wire), "status": status, **until}

        content = {
            "chat": chat.wire,
            "from": dict(chat.user),
            "date": int(self.clock.now().timestamp()),
            "old_chat_member": member(before),
            "new_chat_member": member(after),
        }
        bot.add_update("my_chat_member", content)
