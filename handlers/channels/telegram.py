"""Telegram: one bot, which listens by long polling and sends one message a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import structlog
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReactionTypeEmoji,
    ReplyParameters,
)
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.channel import Post, Receive
from bot.errors import Refused, SealBroken, StorageError, Unreachable
from bot.messages import Button, Copy, Task
from bot.people import Medium
from bot.redact import Secret, safe_error
from bot.removal import Answer
from handlers.channels.session import sendable
from handlers.channels.telegram_updates import ALLOWED, Heard, Malformed, heard
from handlers.channels.telegram_wire import answered, open_bot

log = structlog.get_logger("telegram")

POLL_SECONDS: Final = 25
CONFLICT_PAUSE: Final = 3.0
CONFLICT_ALARM: Final = 60.0
"""After a kill -9 the old poll lingers at Telegram; a conflict that lasts longer is a second program."""
TOKEN_PAUSE: Final = 60.0
LONGEST_PAUSE: Final = 60.0
TRIES: Final = 3
BUTTONS_A_ROW: Final = 2
MANY: Final = 20
"""From so many messages of one chat on, one call deletes them: after an outage a call for each would take minutes."""


class Telegram:
    """One of our two bots. Implements `bot.channel.Channel`; `poll` is how it listens."""

    medium: Final = Medium.TELEGRAM

    def __init__(
        self,
        via: str,
        token: Secret[str],
        session: aiohttp.ClientSession,
        *,
        api_url: str = "https://api.telegram.org",
        count: Callable[[str], None] = lambda what: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`via` is "texters" or "staff"; `count` is told of what was dropped, by a word of ours."""
        self._via = via
        self._count = count
        self._now = now
        self._pause = pause
        self._bot = open_bot(token, session, api_url)
        self._offset: int | None = None
        self._webhook_gone = False
        self._errands: set[asyncio.Task[None]] = set()

    @property
    def senders(self) -> Sequence[str]:
        return (self._via,)

    async def close(self) -> None:
        """Ends what is still on its way to nobody's loss: answers to presses, leaving of groups."""
        for errand in tuple(self._errands):
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)

    @property
    def api(self) -> Bot:
        """The library's client, for the room that keeps the webhook."""
        return self._bot

    async def who_am_i(self) -> str:
        """The bot's user name, for links of invitation. Raises Unreachable (`ours` when the token is refused)."""
        return await answered(self._user_name())

    async def _user_name(self) -> str:
        return (await self._bot.get_me()).username or ""

    async def send(self, post: Post) -> Copy | None:
        """One message, or one mark on a message; the copy that Telegram now keeps."""
        place, text = post.to.place.reveal(), post.text.reveal()
        if not place.isascii() or not place.removeprefix("-").isdigit():
            raise Refused(because="unreachable")
        if not sendable(text):
            raise Refused(because="content")
        if post.task is Task.REACT:
            await answered(self._mark(post, int(place), text))
            return None
        message = await answered(self._say(post, int(place), text))
        return Copy(Medium.TELEGRAM, self._via, post.to.place, Secret(str(message)))

    async def _say(self, post: Post, chat: int, text: str) -> int:
        replies_to = None
        if post.replies_to is not None:
            replies_to = ReplyParameters(int(post.replies_to.reveal()), allow_sending_without_reply=True)
        message = await self._bot.send_message(
            chat,
            text,
            protect_content=post.protect,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_markup=_keyboard(post.buttons),
            reply_parameters=replies_to,
        )
        return message.message_id

    async def _mark(self, post: Post, chat: int, mark: str) -> None:
        if post.replies_to is None:
            raise Refused(because="failed")
        message = int(post.replies_to.reveal())
        await self._bot.set_message_reaction(chat, message, reaction=[ReactionTypeEmoji(mark)])

    async def remove(self, copies: Sequence[Copy]) -> Sequence[Answer]:
        """Each is asked for singly, so that what became of it is known; many in one call, which skips in silence
        what it does not find. That is refused as a whole if one can't be deleted: then each is asked for after all."""
        chat = int(copies[0].chat.reveal())
        numbers = [int(copy.message.reveal()) for copy in copies]
        if len(numbers) >= MANY:
            try:
                await answered(self._bot.delete_messages(chat, numbers))
            except Refused:
                pass
            except Unreachable as away:
                if not away.ours:  # a server that does not know this call is asked by the other one
                    raise
            else:
                return [Answer.GONE] * len(numbers)
        return [await self._removed(chat, number) for number in numbers]

    async def _removed(self, chat: int, number: int) -> Answer:
        try:
            await answered(self._bot.delete_message(chat, number))
        except Refused as refusal:
            # "chat not found", "blocked": she may come back, and then it can be deleted.
            return Answer.GONE if refusal.because == "gone" else Answer.REFUSED
        return Answer.GONE

    async def poll(self, receive: Receive, stored_offset: int | None) -> None:
        """Listens until cancelled. What `receive` has not committed is fetched again, so nothing is lost."""
        self._offset = stored_offset
        failures, conflict_since, alarmed = 0, None, False
        while True:
            try:
                await self._round(receive)
                failures, conflict_since, alarmed = 0, None, False
                continue
            except Conflict:
                self._count("conflict")
                self._webhook_gone = False
                since = conflict_since = conflict_since or self._now()
                if not alarmed and (self._now() - since).total_seconds() >= CONFLICT_ALARM:
                    alarmed = True
                    log.error("alarm, another program listens to our bot", bot=self._via)
                wait = CONFLICT_PAUSE
            except InvalidToken:
                self._count("token refused")
                log.error("alarm, our bot's token is refused", bot=self._via)
                wait = TOKEN_PAUSE
            except Exception as error:
                # Whatever it is, a line that stops listening is worse: say so and come again.
                failures += 1
                wait = _wait(error, failures)
                self._count("poll failed")
                log.warning("listening failed, will try again", bot=self._via, error=safe_error(error))
            await self._pause(wait)

    async def _round(self, receive: Receive) -> None:
        """One poll and, if it brought something, one commit."""
        if not self._webhook_gone:
            await self._remove_webhook()
        updates = await self._bot.do_api_request(
            "getUpdates",
            api_kwargs={
                "offset": self._offset,
                "limit": 100,
                "timeout": POLL_SECONDS,
                "allowed_updates": list(ALLOWED),
            },
            read_timeout=POLL_SECONDS + 10,
        )
        if not isinstance(updates, list):
            raise TelegramError("unreadable answer")
        if updates:
            await self._take(updates, receive)

    async def _remove_webhook(self) -> None:
        """While one is set, getUpdates is refused; the updates that wait there are kept."""
        if (await self._bot.get_webhook_info()).url:
            log.error("our bot had a webhook, removed", bot=self._via)
            await self._bot.delete_webhook(drop_pending_updates=False)
        self._webhook_gone = True

    async def _take(self, updates: Sequence[object], receive: Receive) -> None:
        """Hands a batch on; the offset moves only after the commit, and then presses are answered."""
        batch = [(number, self.hear(number, update)) for number, update in _numbered(updates)]
        if not batch:
            self._count("malformed")
            raise TelegramError("updates without a number")
        try:
            await receive([h.inbound for _, h in batch if h.inbound], batch[-1][0] + 1)
            self._offset = batch[-1][0] + 1
        except Exception as error:
            if comes_again(error):
                raise
            log.error("a batch failed, taking it singly", bot=self._via, error=safe_error(error))
            await self._take_singly(batch, receive)
        for _, one in batch:
            self.run_errands(one)

    async def _take_singly(self, batch: Sequence[tuple[int, Heard]], receive: Receive) -> None:
        """One update that cannot be handled must not silence everybody after it: after three tries it is dropped."""
        for number, one in batch:
            inbounds = [one.inbound] if one.inbound else []
            for attempt in range(1, TRIES + 1):
                try:
                    await receive(inbounds, number + 1)
                    break
                except Exception as error:
                    if comes_again(error):
                        raise
                    log.error("an update failed", bot=self._via, error=safe_error(error))
                    await self._pause(attempt)
            else:
                self._count("dropped")
                log.critical("alarm, an update was dropped, it failed every time", bot=self._via)
                await receive([], number + 1)
            self._offset = number + 1

    def hear(self, number: int, update: Mapping[str, Any]) -> Heard:
        """What one update comes to; a malformed one is counted and comes to nothing."""
        try:
            one = heard(update, via=self._via, now=self._now())
        except Malformed:
            log.warning("a malformed update was dropped", bot=self._via)
            one = Heard(why="malformed")
        if one.inbound is None:
            self._count(one.why)
        return one

    def run_errands(self, one: Heard) -> None:
        """What is polite but may fail: the button stops spinning, the group is left."""
        if one.press is not None:
            self._start(self._bot.answer_callback_query(one.press.reveal()))
        if one.leave is not None:
            self._start(self._bot.leave_chat(one.leave))

    def _start(self, call: Coroutine[Any, Any, object]) -> None:
        async def errand() -> None:
            try:
                await call
            except TelegramError:
                self._count("errand failed")

        task = asyncio.create_task(errand())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def comes_again(error: Exception) -> bool:
    """Whether the same update may be stored a little later: our memory failed, and not only one row of it."""
    return isinstance(error, StorageError) and not isinstance(error, SealBroken)


def _numbered(updates: Sequence[object]) -> list[tuple[int, Mapping[str, Any]]]:
    """The updates that can be acknowledged, in their order."""
    found = [(u["update_id"], u) for u in updates if isinstance(u, dict) and type(u.get("update_id")) is int]
    return sorted(found, key=lambda one: one[0])


def _keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    keys = [InlineKeyboardButton(button.caption, callback_data=button.data) for button in buttons]
    rows = [keys[at : at + BUTTONS_A_ROW] for at in range(0, len(keys), BUTTONS_A_ROW)]
    return InlineKeyboardMarkup(rows) if rows else None


def _wait(error: Exception, failures: int) -> float:
    """Seconds until the next poll: 1, 2, 4 … 60, or what Telegram asked for."""
    cause = error.__cause__ if isinstance(error.__cause__, Unreachable) else error
    if isinstance(cause, Unreachable) and cause.retry_after is not None:
        return cause.retry_after.total_seconds()
    return min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 6))
