"""Telegram's sending limits, for those who want to see them kept: so many a second for a bot and for each chat."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from handlers.rehearsal.telegram_tables import Refusal


class Pace:
    """Counts messages by the clock that is handed in; https://core.telegram.org/bots/faq gives 30 a bot, 1 a chat."""

    def __init__(self, *, per_bot: int, per_chat: int) -> None:
        self._limits = {"bot": per_bot, "chat": per_chat}
        self._sent: dict[tuple[str, object], list[datetime]] = {}

    def allow(self, bot: str, chat: int, now: datetime) -> None:
        """Counts one message. Raises Refusal (429) with whole seconds to wait, then it does not count."""
        keys: list[tuple[str, object]] = [("bot", bot), ("chat", (bot, chat))]
        for key in keys:
            recent = [at for at in self._sent.get(key, []) if at > now - timedelta(seconds=1)]
            self._sent[key] = recent
            if len(recent) >= self._limits[key[0]]:
                wait = math.ceil((recent[0] + timedelta(seconds=1) - now).total_seconds())
                raise Refusal(f"Too Many Requests: retry after {wait}", 429, wait)
        for key in keys:
            self._sent[key].append(now)
