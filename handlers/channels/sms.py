"""SMS through Twilio: sends one message a call, and answers Twilio's two webhooks."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from twilio.base.exceptions import TwilioRestException, TwilioServiceException  # type: ignore[import-untyped]
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from bot.channel import Outcome, Post, Receipt, Receive, TakeReceipt
from bot.emergency import country_of
from bot.errors import DeliveryError, Forged, Refused, Unreachable
from bot.grammar import is_leaving
from bot.messages import Address, Copy, Inbound, Kind, Task
from bot.people import Medium
from bot.redact import Secret
from bot.removal import Answer
from bot.segments import clean
from handlers.channels import sms_missed, sms_removal
from handlers.channels.session import exchange, sendable
from handlers.channels.sms_errors import delivery_error, meaning, number
from handlers.channels.sms_signature import MESSAGE_SID, signed_form
from handlers.channels.webhook import Call, Webhook

NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164, and nothing that needs interpreting."""
REFERENCE: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")
LARGEST_FORM: Final = 64 * 1024
LONGEST_VALIDITY: Final = timedelta(hours=10)
"""https://www.twilio.com/docs/messaging/api/message-resource: 1 to 36,000 seconds."""
CARRIER_ANSWERS: Final = frozenset({"STOP", "START", "HELP"})
"""OptOutType: Twilio itself has replied to this word."""
INBOUND_NEEDS: Final = frozenset({"AccountSid", "MessageSid", "From", "To", "Body"})
STATUS_NEEDS: Final = frozenset({"AccountSid", "MessageSid", "MessageStatus"})
OUTCOMES: Final[Mapping[str, str]] = {
    "sent": Outcome.SENT,
    "delivered": Outcome.DELIVERED,
    "read": Outcome.DELIVERED,
    "undelivered": Outcome.FAILED,
    "failed": Outcome.FAILED,
    "canceled": Outcome.FAILED,
}
"""https://www.twilio.com/docs/messaging/api/message-resource#message-status-values; the others are on the way."""
MEDIA: Final = (
    ("image/", "photo"),
    ("video/", "video"),
    ("audio/", "voice"),
    ("text/vcard", "contact"),
    ("text/x-vcard", "contact"),
)
"""A content type's beginning → our word for it; everything else is a file."""


@dataclass(frozen=True, slots=True)
class Account:
    """Ours at Twilio. `tokens`: the current one, then the next while it is being changed. `countries`: those that we
    send to, None for all."""

    account_sid: str
    tokens: tuple[Secret[str], ...]
    numbers: tuple[str, ...]
    public_url: str
    messaging_service: str | None = None
    api_url: str = "https://api.twilio.com"
    countries: frozenset[str] | None = None

    def __repr__(self) -> str:
        return "Account(sms)"


class _Wire(AsyncHttpClient):  # type: ignore[misc]  # twilio is untyped
    """Twilio's HTTP over our session: one attempt, our timeouts, nothing logged, no request or answer kept."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.is_async = True
        self.timeout = None
        self._session = session

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - Twilio's signature; ours are in `exchange`
        allow_redirects: bool = False,
    ) -> Response:
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode("ascii")
        url = f"{uri}?{urlencode(params, doseq=True)}" if params else uri
        answer = await exchange(
            self._session, method, url, form=urlencode(data or {}, doseq=True).encode(), headers=sent
        )
        return Response(answer.status, answer.body.decode("utf-8", "replace"))


class Sms:
    """The SMS channel: all our numbers at one Twilio account. Implements `bot.channel.Channel`."""

    medium: Final = Medium.SMS

    def __init__(
        self,
        account: Account,
        session: aiohttp.ClientSession,
        *,
        count: Callable[[str], None] = lambda what: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`count` is told of what was dropped, by a word of ours."""
        self._account = account
        self._count = count
        self._now = now
        self._base = account.public_url.rstrip("/")
        # An empty environment would mean os.environ, where TWILIO_EDGE and TWILIO_REGION change the host we call.
        self._client = Client(
            account.account_sid,
            account.tokens[0].reveal(),
            http_client=_Wire(session),
            environment={"greenroom": "takes nothing from here"},
        )
        self._client.api.base_url = account.api_url.rstrip("/")

    @property
    def senders(self) -> Sequence[str]:
        return self._account.numbers

    @property
    def api(self) -> Any:
        """The library's client, for the room that looks at the account."""
        return self._client

    async def close(self) -> None:
        """Nothing to close: the session is not ours."""

    async def send(self, post: Post) -> Copy:
        """One API message from the number of `post.to.via`; the copy that Twilio now keeps."""
        place, text = post.to.place.reveal(), post.text.reveal()
        if post.task is not Task.SAY:
            raise Refused(because="failed")
        if not NUMBER.fullmatch(place) or place in self._account.numbers:
            raise Refused(because="no_such_number")
        if not (post.known or self._serves(place)):
            raise Refused(because="country")
        if not sendable(text):
            raise Refused(because="content")
        sid = await self._create(post, place, text)
        return Copy(Medium.SMS, post.to.via, post.to.place, Secret(sid))

    def _serves(self, place: str) -> bool:
        countries = self._account.countries
        return countries is None or country_of(place) in countries

    async def _create(self, post: Post, place: str, text: str) -> str:
        optional: dict[str, Any] = {}
        if self._account.messaging_service:
            optional["messaging_service_sid"] = self._account.messaging_service
        try:
            message = await self._client.messages.create_async(
                to=place,
                from_=post.to.via,
                body=text,
                validity_period=_seconds(post.valid_for),
                status_callback=f"{self._base}/sms/status/{post.reference.reveal()}",
                **optional,
            )
        except DeliveryError:
            raise
        except (TwilioRestException, TwilioServiceException) as error:
            raise delivery_error(number(error.code), error.status) from None
        except Exception:  # an answer of 2xx that is no JSON, or not that of a message: it was probably taken
            raise Unreachable(ambiguous=True) from None
        if not isinstance(message.sid, str) or not MESSAGE_SID.fullmatch(message.sid):
            raise Unreachable(ambiguous=True)
        return message.sid

    async def remove(self, copies: Sequence[Copy]) -> Sequence[Answer]:
        """Pictures, then the words, then the record with both numbers."""
        return [await sms_removal.removed(self._client, copy) for copy in copies]

    async def sent(self, *, after: datetime, before: datetime) -> list[Copy]:
        """What Twilio holds of ours from this time, to find what we have lost sight of. Raises Unreachable."""
        return await sms_removal.sent_from(self._client, self.senders, after=after, before=before)

    async def missed(self, *, after: datetime, before: datetime) -> list[Inbound]:
        """What Twilio holds for us from this time, heard of or not, the oldest first. Raises Unreachable."""
        return await sms_missed.came_in(self._client, self.senders, after=after, before=before)

    def webhooks(self, receive: Receive, receipt: TakeReceipt) -> tuple[Webhook, ...]:
        """What Twilio calls: a text came in, and what became of one of ours."""

        async def inbound(call: Call) -> int:
            return await self.inbound(call, receive)

        async def status(call: Call) -> int:
            return await self.status(call, receipt)

        return (
            Webhook("/sms/inbound", LARGEST_FORM, inbound),
            Webhook("/sms/status/", LARGEST_FORM, status),
        )

    async def inbound(self, call: Call, receive: Receive) -> int:
        """A text: 204 once it is committed (a duplicate and an unusable one too), 403 forged; raises as `receive`."""
        try:
            form = self._checked(call, "/sms/inbound", INBOUND_NEEDS)
            if form["To"] not in self._account.numbers:
                raise Forged
            media = int(form.get("NumMedia") or "0")
        except (Forged, ValueError):
            self._count("forged")
            return 403
        if not NUMBER.fullmatch(form["From"]) or form["From"] in self._account.numbers:
            self._count("unusable sender")
            return 204
        await receive(_read(form, media=media, at=self._now()), None)
        return 204

    async def status(self, call: Call, receipt: TakeReceipt) -> int:
        """A receipt: 204 once it is committed or when it says nothing new, 403 forged; raises as `receipt`."""
        try:
            if not REFERENCE.fullmatch(call.tail):
                raise Forged
            form = self._checked(call, f"/sms/status/{call.tail}", STATUS_NEEDS)
        except Forged:
            self._count("forged")
            return 403
        outcome = OUTCOMES.get(form["MessageStatus"])
        if outcome is None:
            self._count("status on the way")
            return 204
        because = ""
        if outcome is Outcome.FAILED:
            because = meaning(number(form.get("ErrorCode"))).because
        await receipt(Receipt(Medium.SMS, Secret(call.tail), Secret(form["MessageSid"]), outcome, because))
        return 204

    def _checked(self, call: Call, path: str, required: frozenset[str]) -> Mapping[str, str]:
        form = signed_form(call, url=self._base + path, tokens=self._account.tokens, required=required)
        if form["AccountSid"] != self._account.account_sid or not MESSAGE_SID.fullmatch(form["MessageSid"]):
            raise Forged
        return form


def _read(form: Mapping[str, str], *, media: int, at: datetime) -> list[Inbound]:
    """The words of a text, then one note of what else it carried; cities and zip codes end here.

    Words beside a picture come as a text of their own (its id is the SID and ":text"), and the one copy goes with them.
    """
    sid, our_number = form["MessageSid"], form["To"]
    sender = Address(Medium.SMS, Secret(form["From"]), our_number)
    copy = Copy(Medium.SMS, our_number, sender.place, Secret(sid), media=media > 0)

    def one(kind: Kind, text: str, **rest: Any) -> Inbound:
        return Inbound(Medium.SMS, None, sender, kind=kind, text=Secret(text), at=at, **rest)

    answered = form.get("OptOutType", "").upper() in CARRIER_ANSWERS
    words = clean(form["Body"])
    if not media:
        return [one(Kind.TEXT, words, provider_id=Secret(sid), copy=copy, carrier_answered=answered)]
    what = _what(form.get("MediaContentType0", ""))
    refused = one(
        Kind.NOT_CARRIED, "", provider_id=Secret(sid), copy=None if words.strip() else copy, what=what
    )
    if not words.strip():
        return [refused]
    said = one(Kind.TEXT, words, provider_id=Secret(f"{sid}:text"), copy=copy, carrier_answered=answered)
    # DELETE with a picture: the picture alone would open a conversation again, a moment after she has left.
    return [said] if is_leaving(words) else [said, refused]


def _what(content_type: str) -> str:
    return next((what for start, what in MEDIA if content_type.lower().startswith(start)), "file")


def _seconds(period: timedelta) -> int:
    return int(max(timedelta(seconds=1), min(period, LONGEST_VALIDITY)).total_seconds())
