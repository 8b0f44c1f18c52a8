"""One bot: its chats, the updates that wait for it, and the two ways they reach it (long poll and webhook)."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handlers.rehearsal import telegram_tables as tables
from handlers.rehearsal.clock import Clock
from handlers.rehearsal.telegram_tables import Refusal

Wire = dict[str, Any]


@dataclass(slots=True)
class Kept:
    """One message on Telegram's servers: as it goes over the wire, and whether the bot wrote it."""

    wire: Wire
    by_bot: bool
    at: datetime
    reactions: tuple[str, ...] = ()


@dataclass(slots=True)
class Chat:
    """The private chat of one user with one bot. `instance` is what callback queries call it."""

    user: Wire
    started: bool = False
    blocked: bool = False
    messages: dict[int, Kept] = field(default_factory=dict)
    instance: str = field(default_factory=lambda: str(secrets.randbelow(10**18)))

    @property
    def wire(self) -> Wire:
        names: Wire = {
            key: self.user[key] for key in ("first_name", "last_name", "username") if key in self.user
        }
        return {"id": self.user["id"], **names, "type": "private"}


@dataclass(slots=True)
class Hook:
    """Where a bot's updates are posted to, and how the last failure looked."""

    url: str
    secret: str | None
    connections: int
    error_at: datetime | None = None
    error: str | None = None


@dataclass(slots=True)
class _Update:
    wire: Wire
    at: datetime


class TelegramBot:
    """A bot by its role's name ("texters"); `username` and `token` are made up anew for each town."""

    def __init__(self, name: str, clock: Clock) -> None:
        number = 7_000_000_000 + secrets.randbelow(999_999_999)
        self.name = name
        self.token = f"{number}:{secrets.token_urlsafe(26)[:35]:A<35}"
        self.username = f"{name}_{secrets.token_hex(3)}_bot"
        self.wire: Wire = {
            "id": number,
            "is_bot": True,
            "first_name": name.title(),
            "username": self.username,
        }
        self.chats: dict[int, Chat] = {}
        self.queries: dict[str, datetime] = {}
        self.commands: list[Wire] = []
        self.joins_groups = True
        self.reads_groups = False
        self.words: dict[tuple[str, str], str] = {}
        """What @BotFather was told, by what ("name", "description", "short_description") and language ("": any)."""
        self.hook: Hook | None = None
        self.allowed: frozenset[str] = tables.DEFAULT_UPDATES
        self._clock = clock
        self._pending: deque[_Update] = deque()
        self._next_update = 100_000_000 + secrets.randbelow(800_000_000)
        self._next_message = 1
        self._poll: asyncio.Future[None] | None = None
        self._woken = asyncio.Event()

    def me(self) -> Wire:
        """The User that getMe shows; topics in private chats are off."""
        off = (
            "supports_guest_queries", "supports_inline_queries",
            "can_connect_to_business", "has_main_web_app", "has_topics_enabled", "allows_users_to_create_topics",
            "can_manage_bots", "supports_join_request_queries",
        )  # fmt: skip
        groups = {"can_join_groups": self.joins_groups, "can_read_all_group_messages": self.reads_groups}
        return {**self.wire, **groups, **dict.fromkeys(off, False)}

    def says(self, what: str, language: str) -> str:
        """Its public words in a language, else in any; without a name of its own the one from its making."""
        usual = self.wire["first_name"] if what == "name" else ""
        return self.words.get((what, language)) or self.words.get((what, "")) or usual

    def number_message(self) -> int:
        """The next message id: one row of numbers for all private chats of a bot."""
        self._next_message += 1
        return self._next_message

    def add_update(self, kind: str, content: Wire) -> int | None:
        """Lines an update up and wakes whoever waits; None if the bot does not want the kind."""
        if kind not in self.allowed:
            return None
        number = self._next_update
        self._next_update += 1
        self._pending.append(_Update({"update_id": number, kind: content}, self._clock.now()))
        self._wake()
        return number

    @property
    def pending(self) -> list[Wire]:
        """The updates not confirmed yet, oldest first; those of yesterday are gone."""
        oldest = self._clock.now() - timedelta(hours=tables.UPDATE_HOURS)
        while self._pending and self._pending[0].at < oldest:
            self._pending.popleft()
        return [update.wire for update in self._pending]

    def forget_updates(self) -> None:
        self._pending.clear()

    def confirm(self, offset: int) -> None:
        """Forgets the updates below the offset; a negative one keeps that many of the last."""
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        while self._pending and offset > 0 and self._pending[0].wire["update_id"] < offset:
            self._pending.popleft()

    def wants(self, kinds: list[Any] | None) -> None:
        """Keeps `allowed_updates`; an empty list means the default. Raises Refusal for an unknown kind."""
        if kinds is None:
            return
        for kind in kinds:
            if kind not in tables.UPDATE_KINDS:
                raise Refusal(f'unknown update type "{kind}" in allowed_updates')
        self.allowed = frozenset(kinds) or tables.DEFAULT_UPDATES

    async def poll(self, *, offset: int, limit: int, seconds: int) -> list[Wire]:
        """getUpdates: a new poll ends the one before it. Raises Refusal (409) in the one that was ended."""
        if self.hook is not None:
            raise Refusal(tables.POLL_BESIDE_WEBHOOK, 409)
        self.end_poll(tables.POLLED_TWICE)
        self.confirm(offset)
        if not self.pending and seconds:
            mine = self._poll = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(min(seconds, tables.LONGEST_POLL)):
                    await mine
            except TimeoutError:
                return []
            finally:
                if self._poll is mine:
                    self._poll = None
        return self.pending[:limit]

    def end_poll(self, why: str) -> None:
        """Answers the waiting poll with a conflict."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(Refusal(why, 409))
        self._poll = None

    async def news(self) -> None:
        """For the webhook: waits for the next update."""
        await self._woken.wait()

    def _wake(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        woken, self._woken = self._woken, asyncio.Event()
        woken.set()

    def find(self, number: int) -> Iterator[tuple[Chat, Kept]]:
        """The message with that number, in whichever chat."""
        for chat in self.chats.values():
            if number in chat.messages:
                yield chat, chat.messages[number]
