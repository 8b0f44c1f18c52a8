"""Twilio's net: an account with its numbers and messages, handsets to deliver to, signed webhooks back."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from handlers.rehearsal import twilio_forms as forms
from handlers.rehearsal import twilio_tables as tables
from handlers.rehearsal.clock import Clock
from handlers.rehearsal.faults import Call, Faults
from handlers.rehearsal.loopback import Loopback
from handlers.rehearsal.twilio_messages import Message
from handlers.rehearsal.twilio_webhooks import Posted, Webhooks

INBOUND = "/sms/inbound#rc=5&rp=all"


class Handset(Protocol):
    """A phone in this carrier's net."""

    number: str
    on: bool
    receipts: bool

    def receive(self, sender: str, text: str) -> None: ...


class Net(ABC):
    """The account, its numbers and messages.

    `calls` records the API, `posted` the webhooks, `debugger` what went wrong with them. `messaging_service`: the
    numbers are in one, with one opt-out list. `advanced_opt_out`: webhooks carry OptOutType.
    `in_order`: a text waits for those that its sender wrote before, which the real Twilio does not promise.
    `auto_reply`: the carrier answers STOP, START and HELP itself. `number_settings`: number → what its owner set in the
    console, over what is usual (`{"sms_url": …}`).
    """

    def __init__(
        self,
        *,
        numbers: Sequence[str],
        clock: Clock | None = None,
        public_url: str = "https://line.example.org",
        target: str | None = None,
        port: int = 0,
        inbound: str = INBOUND,
        messaging_service: bool = False,
        advanced_opt_out: bool = False,
        auto_reply: bool = False,
    ) -> None:
        if not numbers or not all(tables.E164.fullmatch(number) for number in numbers):
            raise ValueError("at least one number, each as +12025550100")
        self.account_sid = "AC" + secrets.token_hex(16)
        self.auth_token = secrets.token_hex(16)
        self.messaging_service_sid = "MG" + secrets.token_hex(16) if messaging_service else None
        self.numbers = list(numbers)
        self.number_settings: dict[str, dict[str, Any]] = {}
        self.clock = clock or Clock()
        self.faults = Faults(self.clock)
        self.webhooks = Webhooks(self.auth_token, public_url=public_url, target=target)
        self.inbound = inbound
        self.advanced_opt_out = advanced_opt_out
        self.auto_reply = auto_reply
        self.in_order = False
        self.handsets: dict[str, Handset] = {}
        self.messages: dict[str, Message] = {}
        self.opted_out: set[tuple[str, str]] = set()
        self.debugger: list[int] = []
        self.server = Loopback(self.answer, port=port, clock=self.clock)
        self._troubles: dict[str, int] = {}
        self._waiting: dict[str, list[Message]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._errands: set[asyncio.Task[Any]] = set()
        self._reporting: set[str] = set()

    @abstractmethod
    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One call of the API."""

    @property
    def api_url(self) -> str:
        return self.server.url

    @property
    def calls(self) -> list[Call]:
        return self.faults.calls

    @property
    def posted(self) -> list[Posted]:
        return self.webhooks.posted

    async def start(self) -> None:
        await self.webhooks.open()
        await self.server.come_up()

    async def close(self) -> None:
        """Stops everything. Raises ExceptionGroup if the stand-in itself broke while it served."""
        self.faults.off()
        for errand in list(self._errands):
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        await self.server.go_down()
        await self.webhooks.close()
        if self.server.broken:
            raise ExceptionGroup("the Twilio stand-in broke", self.server.broken)

    def trouble(self, number: str, code: int | None) -> None:
        """From now on texts to the number end undelivered with the code (30005, 30006, 30007 …); None: no more."""
        if code is None:
            self._troubles.pop(number, None)
        else:
            self._troubles[number] = code

    async def text(self, sender: str, to: str, body: str, *, media: Sequence[str] = ()) -> Message:
        """A handset texts one of our numbers: stored, told to the webhook; returns after the first try of it.

        `media`: content types of attached pictures. Raises ValueError if `to` is none of our numbers.
        """
        if to not in self.numbers:
            raise ValueError("that is none of the line's numbers")
        message = self.new_message("inbound", sender, to, body, "received")
        message.media = {"ME" + secrets.token_hex(16): kind for kind in media}
        message.sent, message.final = message.created, True
        word = tables.opt_out_word(body)
        key = (sender, self.messaging_service_sid or to)
        if word == "STOP":
            self.opted_out.add(key)
        if word == "START":
            self.opted_out.discard(key)
        if word and self.auto_reply and (handset := self.handsets.get(sender)):
            handset.receive(to, tables.CARRIER_REPLIES[word])
        first = asyncio.Event()
        self._errand(self._tell(sender, self._form(message, word), first))
        await first.wait()
        return message

    async def repeat(self, message: Message, *, times: int = 1) -> list[Posted]:
        """Posts the webhook of an inbound message again, `times` at once, each as it is: a carrier's duplicates."""
        parameters = self._form(message, tables.opt_out_word(message.body))
        url = self.webhooks.public_url + self.inbound.partition("#")[0]
        return list(await asyncio.gather(*(self.webhooks.post(url, parameters) for _ in range(times))))

    async def settled(self, *, within: float = 30.0) -> None:
        """Returns when no webhook is under way any more (messages that wait for a phone do not count)."""
        async with asyncio.timeout(within):
            while busy := [e for e in self._errands if e.get_name() == "webhook"]:
                await asyncio.wait(busy)

    def came_on(self, number: str) -> None:
        """A handset was switched on: what waits for it and is still valid arrives, oldest first."""
        for message in self._waiting.pop(number, []):
            self._hand_over(message)

    # --- delivery

    def new_message(self, direction: str, sender: str | None, to: str, body: str, status: str) -> Message:
        """A message of the account, with a SID of its own."""
        now = self.clock.now()
        sid = "SM" + secrets.token_hex(16)
        message = Message(sid, self.account_sid, direction, sender, to, body, status, now, now)
        message.service = self.messaging_service_sid if direction == "inbound" else None
        self.messages[sid] = message
        return message

    def send(self, message: Message) -> None:
        """Takes a new outbound text on its way: queued, sent, and to the handset."""
        self._becomes(message, "queued")
        message.sent = message.updated
        self._becomes(message, "sent")
        self._hand_over(message)

    def _hand_over(self, message: Message) -> None:
        """Delivers, or leaves it waiting for a phone that is off, or ends it undelivered."""
        handset, code = self.handsets.get(message.to), self._troubles.get(message.to)
        if code is not None or handset is None:
            self._ends(message, "undelivered", code or 30005)
        elif handset.on:
            handset.receive(message.sender or self.numbers[0], message.body)
            message.final = True
            if handset.receipts:
                self._ends(message, "delivered")
        else:
            self._waiting.setdefault(message.to, []).append(message)
            self._errand(self._expires(message), name="expiry")

    async def _expires(self, message: Message) -> None:
        assert message.expires is not None
        await self.clock.reaches(message.expires)
        if not message.final:
            self._waiting.get(message.to, [message]).remove(message)
            self._ends(message, "undelivered", 30003)

    def _ends(self, message: Message, status: str, error: int | None = None) -> None:
        self._becomes(message, status, error)
        message.final = True

    def _becomes(self, message: Message, status: str, error: int | None = None) -> None:
        """A new status, and a report of it to the StatusCallback; reports of one message go in order."""
        message.status, message.error, message.updated = status, error, self.clock.now()
        if message.callback is None:
            return
        message.reports.append(forms.report(message))
        if message.sid not in self._reporting:
            self._reporting.add(message.sid)
            self._errand(self._report(message))

    async def _report(self, message: Message) -> None:
        while message.reports and message.callback is not None:
            self._judge(await self.webhooks.post(message.callback, message.reports.pop(0)))
        self._reporting.discard(message.sid)

    async def _tell(self, sender: str, parameters: Mapping[str, str], first: asyncio.Event) -> None:
        url = self.webhooks.public_url + self.inbound
        turn = self._turns.setdefault(sender, asyncio.Lock()) if self.in_order else asyncio.Lock()
        if turn.locked():
            first.set()  # it has not been tried, and whoever wrote goes on
        try:
            async with turn:
                self._judge(await self.webhooks.post(url, parameters, first=first))
        finally:
            first.set()  # also when the town closes: whoever wrote must not wait for ever

    def _judge(self, posted: Posted) -> None:
        """Notes what Twilio's debugger would: 11200 for a failed webhook, 12100 for a body that is no TwiML."""
        if not posted.arrived:
            self.debugger.append(11200)
        elif posted.body and not posted.body.lstrip().startswith("<"):
            self.debugger.append(12100)

    def _errand(self, work: Coroutine[Any, Any, None], *, name: str = "webhook") -> None:
        errand = asyncio.get_running_loop().create_task(work, name=name)
        self._errands.add(errand)
        errand.add_done_callback(self._done)

    def _done(self, errand: asyncio.Task[Any]) -> None:
        self._errands.discard(errand)
        if not errand.cancelled() and isinstance(problem := errand.exception(), Exception):
            self.server.broken.append(problem)

    def _form(self, message: Message, word: str | None) -> dict[str, str]:
        opt_out = word if self.advanced_opt_out else None
        return forms.inbound(message, api_url=self.api_url, opt_out=opt_out)
