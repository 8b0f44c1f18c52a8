"""Texters and counselors with phones on the stand-ins, who note to the microsecond when a text left and arrived."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.town import Town
from handlers.rehearsal.twilio import Twilio
from handlers.rehearsal.twilio_messages import Message

Phone = SmsPhone | TelegramPhone
Seen = Callable[[Phone, str], None]

TEXTERS, COUNSELORS = 40, 4
MARK = re.compile(r"\bm\d{6}\b")
OFFER = re.compile(r"New conversation (\w{4})")
WORDS = "are you still there? They said I owe the flat, and the man from the office wants me to come alone tonight."
PATIENCE = 60.0


class TimedSms(SmsPhone):
    """Tells what it receives, at once."""

    seen: Seen = staticmethod(lambda phone, text: None)

    def receive(self, sender: str, text: str) -> None:
        self.seen(self, text)
        super().receive(sender, text)


class TimedTelegram(TelegramPhone):
    """Tells what it receives, at once."""

    seen: Seen = staticmethod(lambda phone, text: None)

    def appeared(self, bot: Any, kept: Any) -> None:
        self.seen(self, kept.wire["text"])
        super().appeared(bot, kept)


def without_receipts(carrier: Twilio) -> None:
    """From now on texts are delivered and nothing is reported: the plain pipeline gets no receipts either."""

    def send(message: Message) -> None:
        message.status, message.final, message.sent = "delivered", True, message.updated
        carrier.handsets[message.to].receive(message.sender or carrier.numbers[0], message.body)

    carrier.send = send  # type: ignore[method-assign]


@dataclass
class Crowd:
    """`texters` write, `counselors` take what is offered to them and read."""

    town: Town
    medium: str
    texters: list[Phone] = field(default_factory=list)
    counselors: list[Phone] = field(default_factory=list)
    written: dict[str, float] = field(default_factory=dict)
    arrived: dict[str, float] = field(default_factory=dict)
    _there: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _taking: set[asyncio.Task[Any]] = field(default_factory=set)
    _taken: int = 0
    _count: int = 0

    def __post_init__(self) -> None:
        self.texters = [self._phone(f"T{n}", f"+447700900{n:03d}") for n in range(TEXTERS)]
        self.counselors = [self._phone(f"C{n}", f"+447700901{n:03d}") for n in range(COUNSELORS)]
        for one in self.counselors:
            one.seen = self._saw  # type: ignore[union-attr]

    def _phone(self, name: str, number: str) -> Phone:
        if self.medium == "sms":
            return TimedSms(self.town.twilio, number, name=name)
        place = 5_100_000_000 + int(number[-6:])
        return TimedTelegram(self.town.telegram, place, name)

    def _saw(self, phone: Phone, text: str) -> None:
        if found := MARK.search(text):
            self.arrived.setdefault(found[0], time.perf_counter())
            if (there := self._there.get(found[0])) and not there.done():
                there.set_result(None)
        elif offered := OFFER.search(text):
            task = asyncio.create_task(phone.write(f"TAKE {offered[1]}"))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)
        elif " is yours. " in text:
            self._taken += 1
        self._news.set()

    async def begin(self) -> None:
        """Every texter has a conversation that a counselor has taken."""
        for number, texter in enumerate(self.texters, start=1):
            if isinstance(texter, TelegramPhone):
                await texter.start(self.town.telegram.bots["texters"])
            await texter.write("hello")
            await self._until(lambda number=number: self._taken >= number)  # type: ignore[misc]

    async def burst(self, count: int, *, together: int) -> list[str]:
        """So many texts, so many under way at a time; returns their marks when all have arrived."""
        marks = [f"m{self._count + n:06d}" for n in range(count)]
        self._count += count
        waiting = iter(marks)

        async def write_on() -> None:
            for mark in waiting:
                texter = self.texters[int(mark[1:]) % len(self.texters)]
                there = self._there[mark] = asyncio.get_running_loop().create_future()
                self.written[mark] = time.perf_counter()
                await texter.write(f"{mark} {WORDS}")
                async with asyncio.timeout(PATIENCE):
                    await there

        await asyncio.gather(*(write_on() for _ in range(together)))
        self._there.clear()
        return marks

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def waits(self, marks: list[str]) -> list[float]:
        """Milliseconds from each text's writing to its arrival."""
        return [(self.arrived[mark] - self.written[mark]) * 1000 for mark in marks]
