"""Twilio played on loopback: the REST API for messages and numbers, over its net of handsets and webhooks."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import parse_qsl

from aiohttp import web

from handlers.rehearsal import twilio_numbers as numbers
from handlers.rehearsal import twilio_tables as tables
from handlers.rehearsal.faults import Fault, Trouble
from handlers.rehearsal.loopback import carry_out
from handlers.rehearsal.twilio_messages import Message, checked, matching, page
from handlers.rehearsal.twilio_net import Net
from handlers.rehearsal.twilio_tables import Refusal

FORM = "application/x-www-form-urlencoded"


class Twilio(Net):
    """The REST API under `api_url`, for basic auth with `account_sid` and `auth_token`; see Net for the rest."""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
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
        if media := tables.MEDIA_PATH.fullmatch(rest):
            return self._media_room(verb, *media.groups())
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

    def _media_room(
        self, verb: str, parent: str, sid: str | None
    ) -> tuple[str, Callable[[Sequence[tuple[str, str]]], web.StreamResponse]]:
        """The same for what a message carried beside its words."""
        if sid is None and verb == "GET":
            return "Media.list", lambda parameters: self._list_media(self._find(parent), parameters)
        if sid is None or verb not in ("GET", "DELETE"):
            raise Refusal(20004)
        name, do = {
            "GET": ("Media.fetch", self._fetch_media),
            "DELETE": ("Media.delete", self._delete_media),
        }[verb]
        return name, lambda parameters: do(self._find(parent), sid, parameters)

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
        message = self.new_message("outbound-api", sender, to, body, "accepted" if service else "queued")
        message.service, message.callback = service, callback
        message.expires = message.created + timedelta(seconds=validity)
        answer = message.resource(fresh=True)
        message.sender = sender or self.numbers[0]
        self.send(message)
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

    def _list_media(self, message: Message, parameters: Sequence[tuple[str, str]]) -> web.StreamResponse:
        query = checked(parameters, tables.LIST_MEDIA)
        found = [(sid, message.picture(sid)) for sid in message.media]
        return web.json_response(
            page(message.uri.replace(".json", "/Media.json"), "media_list", found, query)
        )

    def _fetch_media(
        self, message: Message, sid: str, parameters: Sequence[tuple[str, str]]
    ) -> web.StreamResponse:
        checked(parameters, {})
        return web.json_response(message.picture(self._one_of(message, sid)))

    def _delete_media(
        self, message: Message, sid: str, parameters: Sequence[tuple[str, str]]
    ) -> web.StreamResponse:
        checked(parameters, {})
        if not message.final:
            raise Refusal(20009)
        del message.media[self._one_of(message, sid)]
        return web.Response(status=204)

    def _one_of(self, message: Message, sid: str) -> str:
        if sid not in message.media:
            where = message.uri.replace(".json", f"/Media/{sid}.json")
            raise Refusal(20404, f"The requested resource {where} was not found")
        return sid

    def _list_numbers(self, parameters: Sequence[tuple[str, str]]) -> web.StreamResponse:
        query = checked(parameters, tables.LIST_NUMBERS)
        wanted = [n for n in self.numbers if query.get("PhoneNumber", n) == n]
        path = f"/{tables.VERSION}/Accounts/{self.account_sid}/IncomingPhoneNumbers.json"
        url = self.webhooks.public_url + self.inbound
        found = [
            (
                numbers.sid_of(n),
                numbers.resource(self.account_sid, n, sms_url=url) | self.number_settings.get(n, {}),
            )
            for n in wanted
        ]
        return web.json_response(page(path, "incoming_phone_numbers", found, query))


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
