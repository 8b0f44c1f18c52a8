"""Twilio played on loopback: the REST API for messages, handsets to deliver to, signed webhooks back."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl

from aiohttp import web

from handlers.rehearsal import twilio_tables as tables
from handlers.rehearsal.clock import Clock
from handlers.rehearsal.faults import Fault, Faults, Trouble
from handlers.rehearsal.loopback import Loopback, carry_out
from handlers.rehearsal.twilio_messages import Message, checked, matching, page, segments
from handlers.rehearsal.twilio_tables import Refusal
from handlers.rehearsal.twilio_webhooks import Posted, Webhooks

INBOUND = "/sms/inbound#rc=5&rp=all"
FORM = "application/x-www-form-urlencoded"


class Handset(Protocol):
    """A phone in this carrier's net."""

    number: str
    on: bool
    receipts: bool

    def receive(self, sender: str, text: str) -> None: ...


class Twilio:
    """The account, its numbers and messages.

    `calls` records the API, `posted` the webhooks, `debugger` what went wrong with them. `messaging_service`: the
    numbers are in one, with one opt-out list. `advanced_opt_out`: webhooks carry OptOutType.
    `auto_reply`: the carrier answers STOP, START and HELP itself.
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
        self.clock = clock or Clock()
        self.faults = Faults(self.clock)
        self.webhooks = Webhooks(self.auth_token, public_url=public_url, target=target)
        self.inbound = inbound
        self.advanced_opt_out = advanced_opt_out
        self.auto_reply = auto_reply
        self.handsets: dict[str, Handset] = {}
        self.messages: dict[str, Message] = {}
        self.opted_out: set[tuple[str, str]] = set()
        self.debugger: list[int] = []
        self.server = Loopback(self._answer, port=port)
        self._troubles: dict[str, int] = {}
        self._waiting: dict[str, list[Message]] = {}
        self._errands: set[asyncio.Task[Any]] = set()
        self._reporting: set[str] = set()

    @property
    def api_url(self) -> str:
        return self.server.url

    @property
    def calls(self) -> list[Any]:
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
        message = self._new("inbound", sender, to, body, "received")
        message.media, message.sent, message.final = len(media), message.created, True
        word = tables.opt_out_word(body)
        key = (sender, self.messaging_service_sid or to)
        if word == "STOP":
            self.opted_out.add(key)
        if word == "START":
            self.opted_out.discard(key)
        if word and self.auto_reply and (handset := self.handsets.get(sender)):
            handset.receive(to, tables.CARRIER_REPLIES[word])
        first = asyncio.Event()
        self._errand(self._tell(self._inbound_parameters(message, word, media), first))
        await first.wait()
        return message

    async def repeat(self, message: Message, *, times: int = 1) -> list[Posted]:
        """Posts the webhook of an inbound message again, `times` at once, each as it is: a carrier's duplicates."""
        parameters = self._inbound_parameters(message, tables.opt_out_word(message.body), ())
        url = self.webhooks.public_url + self.inbound.partition("#")[0]
        return list(await asyncio.gather(*(self.webhooks.post(url, parameters) for _ in range(times))))

    async def settled(self, *, within: float = 10.0) -> None:
        """Returns when no webhook is under way any more (messages that wait for a phone do not count)."""
        async with asyncio.timeout(within):
            while busy := [e for e in self._errands if e.get_name() == "webhook"]:
                await asyncio.wait(busy)

    def came_on(self, number: str) -> None:
        """A handset was switched on: what waits for it and is still valid arrives, oldest first."""
        for message in self._waiting.pop(number, []):
            self._hand_over(message)

    # --- delivery

    def _new(self, direction: str, sender: str | None, to: str, body: str, status: str) -> Message:
        now = self.clock.now()
        sid = "SM" + secrets.token_hex(16)
        message = Message(sid, self.account_sid, direction, sender, to, body, status, now, now)
        message.service = self.messaging_service_sid if direction == "inbound" else None
        self.messages[sid] = message
        return message

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
        message.reports.append(self._report_parameters(message))
        if message.sid not in self._reporting:
            self._reporting.add(message.sid)
            self._errand(self._report(message))

    async def _report(self, message: Message) -> None:
        while message.reports and message.callback is not None:
            self._judge(await self.webhooks.post(message.callback, message.reports.pop(0)))
        self._reporting.discard(message.sid)

    async def _tell(self, parameters: Mapping[str, str], first: asyncio.Event) -> None:
        url = self.webhooks.public_url + self.inbound
        self._judge(await self.webhooks.post(url, parameters, first=first))

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

    def _report_parameters(self, message: Message) -> dict[str, str]:
        parameters = {
            "AccountSid": self.account_sid,
            "ApiVersion": tables.VERSION,
            "From": message.sender or self.numbers[0],
            "MessageSid": message.sid,
            "MessageStatus": message.status,
            "SmsSid": message.sid,
            "SmsStatus": message.status,
            "To": message.to,
        }
        if message.service:
            parameters["MessagingServiceSid"] = message.service
        if message.error is not None:
            parameters["ErrorCode"] = str(message.error)
        if message.status in ("delivered", "undelivered"):
            parameters["RawDlrDoneDate"] = message.updated.strftime("%y%m%d%H%M")
        return parameters

    def _inbound_parameters(self, message: Message, word: str | None, media: Sequence[str]) -> dict[str, str]:
        sender = message.sender or ""
        parameters = {
            "AccountSid": self.account_sid,
            "ApiVersion": tables.VERSION,
            "Body": message.body,
            "From": sender,
            "MessageSid": message.sid,
            "NumMedia": str(len(media)),
            "NumSegments": str(segments(message.body)),
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": message.to,
        }
        for side, number in (("From", sender), ("To", message.to)):
            for name, value in zip(("City", "State", "Zip", "Country"), tables.place(number), strict=True):
                parameters[side + name] = value
        if self.messaging_service_sid:
            parameters["MessagingServiceSid"] = self.messaging_service_sid
        if word and self.advanced_opt_out:
            parameters["OptOutType"] = word
        for i, kind in enumerate(media):
            parameters[f"MediaContentType{i}"] = kind
            parameters[f"MediaUrl{i}"] = (
                f"{self.api_url}{message.uri.removesuffix('.json')}/Media/ME{secrets.token_hex(16)}"
            )
        return parameters

    # --- the API

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            if not self._authorized(request.headers.get("Authorization", "")):
                raise Refusal(20003)
            root = f"/{tables.VERSION}/Accounts/{self.account_sid}/"
            if not request.path.startswith(root):
                raise Refusal(20404, f"The requested resource {request.path} was not found")
            method, do = self._room(request.method, request.path.removeprefix(root))
            parameters = await self._parameters(request)
        except Refusal as refusal:
            return _refused(refusal)
        call = self.faults.note(method, self.account_sid, dict(parameters))
        fault = self.faults.take(method, call.parameters)

        async def done() -> web.StreamResponse:
            try:
                return do(parameters)
            except Refusal as refusal:
                return _refused(refusal)

        return await carry_out(fault, call, request, done, _failed)

    def _authorized(self, header: str) -> bool:
        expected = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode())
        return hmac.compare_digest(header.encode(errors="replace"), b"Basic " + expected)

    def _room(
        self, verb: str, rest: str
    ) -> tuple[str, Callable[[Sequence[tuple[str, str]]], web.StreamResponse]]:
        """The name of the call and what does it. Raises Refusal for another path or verb."""
        if rest == "IncomingPhoneNumbers.json" and verb == "GET":
            return "IncomingPhoneNumbers.list", self._list_numbers
        if rest == "Messages.json" and verb in ("GET", "POST"):
            return ("Messages.list", self._list) if verb == "GET" else ("Messages.create", self._create)
        sid = rest.removeprefix("Messages/").removesuffix(".json")
        if rest != f"Messages/{sid}.json":
            known = rest in ("Messages.json", "IncomingPhoneNumbers.json")
            raise Refusal(20004 if known else 20404)
        verbs = {"GET": ("Messages.fetch", self._fetch), "POST": ("Messages.update", self._update)}
        verbs["DELETE"] = ("Messages.delete", self._delete)
        if verb not in verbs:
            raise Refusal(20004)
        name, do = verbs[verb]
        return name, lambda parameters: do(self._find(sid), parameters)

    async def _parameters(self, request: web.BaseRequest) -> list[tuple[str, str]]:
        query = parse_qsl(request.query_string, keep_blank_values=True)
        if request.method != "POST":
            return query
        if query:
            raise Refusal(20001, "Parameters of a POST belong into its body")
        if request.content_type != FORM:
            raise Refusal(20001, f"A POST must be {FORM}")
        return parse_qsl((await request.read()).decode(errors="strict"), keep_blank_values=True)

    def _find(self, sid: str) -> Message:
        if not tables.SID.fullmatch(sid) or sid not in self.messages:
            where = f"/{tables.VERSION}/Accounts/{self.account_sid}/Messages/{sid}.json"
            raise Refusal(20404, f"The requested resource {where} was not found")
        return self.messages[sid]

    def _create(self, parameters: Sequence[tuple[str, str]]) -> web.StreamResponse:
        given = checked(parameters, tables.CREATE)
        to, body = self._recipient(given), given.get("Body", "")
        sender, service = self._sender(given, to)
        if not body.strip():
            raise Refusal(21602)
        if len(body) > tables.LONGEST_BODY:
            raise Refusal(21617)
        callback, validity = given.get("StatusCallback"), int(given.get("ValidityPeriod", 36_000))
        if callback is not None and not self.webhooks.ours(callback):
            raise Refusal(21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
        if not 1 <= validity <= tables.LONGEST_VALIDITY:
            raise Refusal(21624)
        if (to, self.messaging_service_sid or sender) in self.opted_out:
            raise Refusal(21610)
        message = self._new("outbound-api", sender, to, body, "accepted" if service else "queued")
        message.service, message.callback = service, callback
        message.expires = message.created + timedelta(seconds=validity)
        answer = message.resource(fresh=True)
        message.sender = sender or self.numbers[0]
        self._becomes(message, "queued")
        message.sent = message.updated
        self._becomes(message, "sent")
        self._hand_over(message)
        return web.json_response(answer, status=201)

    def _recipient(self, given: Mapping[str, str]) -> str:
        to = given.get("To", "")
        if not to:
            raise Refusal(21604)
        if not tables.E164.fullmatch(to):
            raise Refusal(21211, f"Invalid 'To' Phone Number: {to[:-4]}XXXX")
        return to

    def _sender(self, given: Mapping[str, str], to: str) -> tuple[str | None, str | None]:
        """The sending number (None: the service picks it) and the service. Raises Refusal."""
        sender, service = given.get("From"), given.get("MessagingServiceSid")
        if not sender and not service:
            raise Refusal(21603)
        if service and service != self.messaging_service_sid:
            raise Refusal(21701)
        if sender and not tables.E164.fullmatch(sender):
            raise Refusal(21212, f"The 'From' number {sender} is not a valid phone number")
        if sender and sender not in self.numbers:
            raise Refusal(21659, f"'From' {sender} is not a Twilio phone number or short code")
        if sender == to:
            raise Refusal(21266)
        return sender or None, service or None

    def _fetch(self, message: Message, parameters: Sequence[tuple[str, str]]) -> web.StreamResponse:
        checked(parameters, {})
        return web.json_response(message.resource())

    def _update(self, message: Message, parameters: Sequence[tuple[str, str]]) -> web.StreamResponse:
        given = checked(parameters, tables.UPDATE)
        if given.get("Body") != "":
            raise Refusal(20422, "Invalid Parameter: Body must be empty")
        if not message.final:
            raise Refusal(20009)
        message.body, message.updated = "", self.clock.now()
        return web.json_response(message.resource())

    def _delete(self, message: Message, parameters: Sequence[tuple[str, str]]) -> web.StreamResponse:
        checked(parameters, {})
        if not message.final:
            raise Refusal(20009)
        del self.messages[message.sid]
        return web.Response(status=204)

    def _list(self, parameters: Sequence[tuple[str, str]]) -> web.StreamResponse:
        query = checked(parameters, tables.LIST_MESSAGES)
        found = [(m.sid, m.resource()) for m in matching(self.messages.values(), query)]
        path = f"/{tables.VERSION}/Accounts/{self.account_sid}/Messages.json"
        return web.json_response(page(path, "messages", found, query))

    def _list_numbers(self, parameters: Sequence[tuple[str, str]]) -> web.StreamResponse:
        query = checked(parameters, tables.LIST_NUMBERS)
        wanted = [n for n in self.numbers if query.get("PhoneNumber", n) == n]
        path = f"/{tables.VERSION}/Accounts/{self.account_sid}/IncomingPhoneNumbers.json"
        found = [(f"PN{int(n[1:]):032x}", self._number_resource(n)) for n in wanted]
        return web.json_response(page(path, "incoming_phone_numbers", found, query))

    def _number_resource(self, number: str) -> dict[str, Any]:
        sid = f"PN{int(number[1:]):032x}"
        return {
            "account_sid": self.account_sid,
            "address_requirements": "none",
            "address_sid": None,
            "api_version": tables.VERSION,
            "beta": False,
            "bundle_sid": None,
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "date_created": "Thu, 01 Jan 2026 00:00:00 +0000",
            "date_updated": "Thu, 01 Jan 2026 00:00:00 +0000",
            "emergency_address_sid": None,
            "emergency_address_status": "unregistered",
            "emergency_status": "Inactive",
            "friendly_name": number,
            "identity_sid": None,
            "origin": "twilio",
            "phone_number": number,
            "sid": sid,
            "sms_application_sid": "",
            "sms_fallback_method": "POST",
            "sms_fallback_url": "",
            "sms_method": "POST",
            "sms_url": self.webhooks.public_url + self.inbound,
            "status": "in-use",
            "status_callback": "",
            "status_callback_method": "POST",
            "trunk_sid": None,
            "type": "local",
            "uri": f"/{tables.VERSION}/Accounts/{self.account_sid}/IncomingPhoneNumbers/{sid}.json",
            "voice_application_sid": None,
            "voice_caller_id_lookup": False,
            "voice_fallback_method": "POST",
            "voice_fallback_url": None,
            "voice_method": "POST",
            "voice_receive_mode": "voice",
            "voice_url": None,
        }


def _refused(refusal: Refusal, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {
        "code": refusal.code,
        "message": refusal.sentence,
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
    return web.Response(
        text=json.dumps(body), status=refusal.status, content_type="application/json", headers=headers
    )


def _failed(fault: Fault) -> web.Response:
    """An armed 429, 5xx or refusal in Twilio's words."""
    if fault.trouble is Trouble.TOO_MANY:
        return _refused(Refusal(20429), {"Retry-After": str(int(fault.seconds))})
    if fault.trouble is Trouble.BROKEN:
        return _refused(Refusal(20503 if fault.status == 503 else 20500, status=fault.status))
    return _refused(Refusal(fault.code, fault.message, status=fault.status))
