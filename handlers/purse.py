"""What has been spent on SMS today, as far as this process knows; asked for every letter, so it answers from memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime

from bot import segments
from bot.budget import Budget, Kind
from bot.redact import Secret


@dataclass(slots=True)
class Purse:
    """`written`: what all processes have written down of `day`; `fresh`: what this one has not yet. `full` is set when
    a per cent of the day is fresh."""

    budget: Budget
    day: date | None = None
    written: int = 0
    fresh: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def spent(self, now: datetime) -> int:
        """Segments of today (UTC)."""
        return self.written + self.fresh if self.day == now.date() else 0

    def leaves(self, kind: Kind, now: datetime) -> bool:
        """Whether an SMS of this kind may still leave today."""
        return self.budget.leaves(kind, self.spent(now))

    def pay(self, text: Secret[str], now: datetime) -> None:
        """It is handed to the carrier now; paid before the answer is there, for a hundred may be on their way."""
        if self.day != now.date():
            self.day, self.written, self.fresh = now.date(), 0, 0
        self.fresh += segments.count(text.reveal()).number
        if self.fresh * 100 >= self.budget.daily:
            self.full.set()

    def take_back(self, text: Secret[str], now: datetime) -> None:
        """The carrier has not taken it after all."""
        if self.day == now.date():
            self.fresh -= segments.count(text.reveal()).number

    def known(self, day: date, total: int, *, counted: int) -> None:
        """All processes together had spent `total` of that day, with `counted` of what was fresh here."""
        # What was paid while it was being written down is still fresh.
        self.fresh = self.fresh - counted if self.day == day else 0
        self.day, self.written = day, total
