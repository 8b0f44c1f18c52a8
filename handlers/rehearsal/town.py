"""Both carriers on loopback, with their people: all that a rehearsal or a story needs around the program."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from handlers.rehearsal.clock import Clock
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.telegram import Telegram
from handlers.rehearsal.twilio import Twilio

LINE = "+12025550100"
PUBLIC_URL = "https://line.example.org"


class Town:
    """`async with Town(numbers=[…]) as town:` serves both carriers; accounts and tokens are throw-away.

    `town.point_at("http://127.0.0.1:8080")` tells the carriers where the program listens; they go on trying until it
    does. Ports: 0 takes a free one.
    """

    def __init__(
        self,
        *,
        numbers: Sequence[str] = (LINE,),
        public_url: str = PUBLIC_URL,
        target: str | None = None,
        clock: Clock | None = None,
        twilio_port: int = 0,
        telegram_port: int = 0,
        messaging_service: bool = False,
        advanced_opt_out: bool = False,
        auto_reply: bool = False,
    ) -> None:
        self.clock = clock or Clock()
        self.public_url = public_url
        self.twilio = Twilio(
            numbers=numbers,
            clock=self.clock,
            public_url=public_url,
            target=target,
            port=twilio_port,
            messaging_service=messaging_service,
            advanced_opt_out=advanced_opt_out,
            auto_reply=auto_reply,
        )
        self.telegram = Telegram(clock=self.clock, public_url=public_url, target=target, port=telegram_port)
        self._next_user = 5_000_000_000

    async def start(self) -> None:
        """Opens both servers. Raises OSError when a given port is taken."""
        await self.twilio.start()
        await self.telegram.start()

    async def close(self) -> None:
        """Stops both. Raises ExceptionGroup if a stand-in itself broke."""
        try:
            await self.telegram.close()
        finally:
            await self.twilio.close()

    def point_at(self, target: str | None) -> None:
        """Where webhooks go: the program's own address on loopback."""
        self.twilio.webhooks.target = self.telegram.target = target

    def sms_phone(self, number: str, name: str = "") -> SmsPhone:
        return SmsPhone(self.twilio, number, name=name)

    def telegram_phone(self, name: str, language: str | None = "en") -> TelegramPhone:
        """A phone with a user id of its own (ten digits: longer than 32 bits, as real ones are)."""
        self._next_user += 1
        return TelegramPhone(self.telegram, self._next_user, name, language)

    async def __aenter__(self) -> Town:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
