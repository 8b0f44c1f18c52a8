"""Phones that live on the stand-ins: people write, press, swipe-reply and switch off; the screen shows what came."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from handlers.rehearsal import telegram_media as media
from handlers.rehearsal.screens import Key, Screen, Shown
from handlers.rehearsal.telegram import Telegram
from handlers.rehearsal.telegram_bots import Kept, TelegramBot
from handlers.rehearsal.twilio import Twilio

Bot = TelegramBot | str


class SmsPhone(Screen):
    """A mobile phone that texts. `receipts`: its network reports deliveries; `on`: it has a signal."""

    def __init__(self, carrier: Twilio, number: str, *, name: str = "") -> None:
        super().__init__(name or number)
        self.number = number
        self.on = True
        self.receipts = True
        self._carrier = carrier
        self._blocked: set[str] = set()
        carrier.handsets[number] = self

    async def write(self, text: str, *, to: str | None = None, media: tuple[str, ...] = ()) -> Shown:
        """Texts one of the line's numbers (the first, unless told); returns after the line's first answer to it."""
        text = text.encode(errors="replace").decode()
        to = to or self._carrier.numbers[0]
        kind = "photo" if media else "text"
        own = Shown("", text, self._carrier.clock.now(), "me", to, kind=kind, seen=True)
        self.sent.append(own)
        self.acts()
        message = await self._carrier.text(self.number, to, text, media=media)
        own.id, own.at = message.sid, message.created
        posts = (p for p in reversed(self._carrier.posted) if p.parameters.get("MessageSid") == message.sid)
        taken = next(posts, None)
        own.status = "sent" if taken is not None and taken.arrived else "failed"
        self.changed()
        return own

    async def send_photo(self, *, text: str = "", to: str | None = None) -> Shown:
        """An MMS with one picture."""
        return await self.write(text, to=to, media=("image/jpeg",))

    async def stop(self, *, to: str | None = None) -> Shown:
        return await self.write("STOP", to=to)

    async def start(self, *, to: str | None = None) -> Shown:
        return await self.write("START", to=to)

    def switch_off(self) -> None:
        """Texts wait at the carrier until they are too old."""
        self.on = False

    def switch_on(self) -> None:
        """What waited and is still valid arrives now."""
        self.on = True
        self._carrier.came_on(self.number)

    def block(self, number: str | None = None) -> None:
        """Hides what a number of the line sends; the carrier never knows."""
        self._blocked.add(number or self._carrier.numbers[0])

    def unblock(self, number: str | None = None) -> None:
        self._blocked.discard(number or self._carrier.numbers[0])

    def has_blocked(self, number: str | None = None) -> bool:
        return (number or self._carrier.numbers[0]) in self._blocked

    def receive(self, sender: str, text: str) -> None:
        """For the carrier: a text arrives."""
        if sender in self._blocked:
            return
        number = secrets.token_hex(4)
        self.screen.append(Shown(number, text, self._carrier.clock.now(), sender, sender, status="received"))
        self.changed()


class TelegramPhone(Screen):
    """A phone with Telegram on it. `toasts` are the notices that pressed buttons were answered with.

    `bot` may be left out where this phone has started exactly one.
    """

    def __init__(
        self,
        carrier: Telegram,
        user_id: int,
        name: str,
        language: str | None = "en",
        *,
        username: str | None = None,
    ) -> None:
        super().__init__(name)
        self.user: dict[str, Any] = {"id": user_id, "is_bot": False, "first_name": name}
        self.user |= {"username": username} if username else {}
        self.user |= {"language_code": language} if language else {}
        self.on = True
        self.deleted_account = False
        self.toasts: list[str] = []
        self._carrier = carrier
        self._unread: list[tuple[TelegramBot, Kept]] = []
        carrier.apps[user_id] = self

    # --- what its owner does

    async def start(self, bot: Bot | None = None, payload: str = "") -> Shown:
        """Presses Start: unblocks the bot if need be and sends `/start payload`."""
        found = self._bot(bot)
        self._carrier.opens(found, self.user)
        return await self.write(f"/start {payload}".strip(), to=found)

    async def stop(self, bot: Bot | None = None) -> None:
        """Blocks the bot ("Stop bot" in the app); writing needs `start` or `unblock` again."""
        self._carrier.blocks(self._bot(bot), self.user)

    async def block(self, bot: Bot | None = None) -> None:
        await self.stop(bot)

    async def unblock(self, bot: Bot | None = None) -> None:
        """Lifts the block without a /start."""
        self._carrier.opens(self._bot(bot), self.user)

    def has_started(self, bot: Bot) -> bool:
        chat = self._bot(bot).chats.get(self.user["id"])
        return chat is not None and chat.started

    def has_blocked(self, bot: Bot) -> bool:
        chat = self._bot(bot).chats.get(self.user["id"])
        return chat is not None and chat.blocked

    async def write(self, text: str, *, to: Bot | None = None) -> Shown:
        """Sends a text. Raises Refusal if the bot is not started or blocked, or the text empty or too long."""
        return self._send(to, {"text": text})

    async def reply(self, message: Shown, text: str) -> Shown:
        """Swipes a message to answer it. Raises KeyError if it is gone."""
        return self._send(message.chat, {"text": text}, reply_to=int(message.id))

    async def edit(self, message: Shown, text: str) -> None:
        """Changes an own message."""
        kept = self._carrier.edits(self._bot(message.chat), self.user, int(message.id), text)
        message.text, message.edited = kept.wire["text"], True
        self.changed()

    async def press(self, button: str, *, on: Shown | None = None) -> str:
        """Presses a button by its label or data, on the newest message that has it; the callback query's id.

        Raises AssertionError if no such button is to be seen.
        """
        there = [on] if on is not None else [m for m in reversed(self.screen) if not m.deleted]
        for message in there:
            for key in message.buttons:
                if button in (key.label, key.data) and not message.deleted:
                    self.acts()
                    return self._carrier.presses(
                        self._bot(message.chat), self.user, int(message.id), key.data
                    )
        raise AssertionError(f"{self.name} sees no button {button!r}; the screen:\n{self.face()}")

    async def send_photo(self, *, caption: str = "", to: Bot | None = None) -> Shown:
        return self._send(to, media.photo(caption))

    async def send_voice(self, *, to: Bot | None = None) -> Shown:
        return self._send(to, media.voice())

    async def send_video(self, *, caption: str = "", to: Bot | None = None) -> Shown:
        return self._send(to, media.video(caption))

    async def send_video_note(self, *, to: Bot | None = None) -> Shown:
        return self._send(to, media.video_note())

    async def send_sticker(self, *, emoji: str = "🙂", to: Bot | None = None) -> Shown:
        return self._send(to, media.sticker(emoji))

    async def send_contact(self, *, number: str = "+12025550199", to: Bot | None = None) -> Shown:
        return self._send(to, {"contact": {"phone_number": number, "first_name": "Somebody"}})

    async def send_location(self, *, to: Bot | None = None) -> Shown:
        return self._send(to, {"location": {"latitude": 38.9, "longitude": -77.03}})

    async def send_document(
        self, *, name: str = "contract.pdf", caption: str = "", to: Bot | None = None
    ) -> Shown:
        return self._send(to, media.document(name, caption))

    async def send_kind(self, content: Mapping[str, Any], *, to: Bot | None = None) -> Shown:
        """Any other content, by the fields of a Message: `{"dice": {"emoji": "🎲", "value": 4}}`."""
        return self._send(to, dict(content))

    def switch_off(self) -> None:
        """Telegram keeps what comes; the bots notice nothing."""
        self.on = False

    def switch_on(self) -> None:
        self.on = True
        unread, self._unread = self._unread, []
        for bot, kept in unread:
            if kept.wire["message_id"] in bot.chats[self.user["id"]].messages:
                self.appeared(bot, kept)

    def delete_account(self) -> None:
        """From now on bots hear "user is deactivated"."""
        self.deleted_account = True

    # --- what the carrier tells it

    def appeared(self, bot: TelegramBot, kept: Kept) -> None:
        if not self.on:
            self._unread.append((bot, kept))
            return
        wire = kept.wire
        answered = wire.get("reply_to_message", {}).get("message_id")
        shown = Shown(
            str(wire["message_id"]),
            wire["text"],
            kept.at,
            bot.name,
            bot.name,
            buttons=_keys(wire),
            reply_to=None if answered is None else str(answered),
            protected=wire.get("has_protected_content", False),
            preview=not wire.get("link_preview_options", {}).get("is_disabled", False),
        )
        self.screen.append(shown)
        self.changed()

    def changed_message(self, bot: TelegramBot, kept: Kept, *, text: bool) -> None:
        for message in self._on_both_sides(bot, kept.wire["message_id"]):
            message.buttons = _keys(kept.wire)
            if text:
                message.text, message.edited, message.seen = kept.wire["text"], True, False
        self.changed()

    def vanished(self, bot: TelegramBot, number: int) -> None:
        for message in self._on_both_sides(bot, number):
            message.deleted = message.seen = True
        self.changed()

    def reacted(self, bot: TelegramBot, kept: Kept) -> None:
        for message in self._on_both_sides(bot, kept.wire["message_id"]):
            message.reactions = kept.reactions
        self.changed()

    def noticed(self, bot: TelegramBot, text: str, *, alert: bool) -> None:
        self.toasts.append(text)
        self.changed()

    # --- inside

    def _on_both_sides(self, bot: TelegramBot, number: int) -> list[Shown]:
        return [m for m in (*self.screen, *self.sent) if m.chat == bot.name and m.id == str(number)]

    def _bot(self, bot: Bot | None) -> TelegramBot:
        if isinstance(bot, TelegramBot):
            return bot
        if bot is not None:
            return self._carrier.bots[bot]
        mine = [b for b in self._carrier.bots.values() if self.user["id"] in b.chats]
        if len(mine) != 1:
            raise ValueError(f"{self.name} has started {len(mine)} bots: say which")
        return mine[0]

    def _send(self, to: Bot | None, content: dict[str, Any], *, reply_to: int | None = None) -> Shown:
        bot = self._bot(to)
        self.acts()
        kept = self._carrier.says(bot, self.user, content, reply_to=reply_to)
        kind = next(iter(content))
        shown = Shown(
            str(kept.wire["message_id"]),
            kept.wire.get("text", content.get("caption", "")),
            kept.at,
            "me",
            bot.name,
            reply_to=None if reply_to is None else str(reply_to),
            status="sent",
            kind=kind,
            seen=True,
        )
        self.sent.append(shown)
        self.changed()
        return shown


def _keys(wire: dict[str, Any]) -> tuple[Key, ...]:
    rows = wire.get("reply_markup", {}).get("inline_keyboard", [])
    return tuple(Key(button["text"], button.get("callback_data", "")) for row in rows for button in row)
