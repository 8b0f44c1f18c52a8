"""One message as Twilio keeps it: its wire resource, its segments, and lists of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from handlers.rehearsal import twilio_tables as tables
from handlers.rehearsal.twilio_tables import Refusal, Takes

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_ESCAPED = frozenset("\f^{}\\[~]|€")
"""Each of these takes two of a segment's 160 places (3GPP TS 23.038)."""
DEFAULT_PAGE = 50
LARGEST_PAGE = 1000


def segments(body: str) -> int:
    """How many segments a body is billed as: GSM-7 160/153, else UCS-2 70/67; no character is cut in two."""
    gsm7 = all(c in GSM7 or c in GSM7_ESCAPED for c in body)
    sizes = [(2 if c in GSM7_ESCAPED else 1) if gsm7 else (2 if ord(c) > 0xFFFF else 1) for c in body]
    alone, part = (160, 153) if gsm7 else (70, 67)
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > part:
            count, used = count + 1, 0
        used += size
    return count


@dataclass(slots=True)
class Message:
    """One message in Twilio's store, in or out. `final`: nothing will happen to it any more: it may be deleted."""

    sid: str
    account: str
    direction: str
    sender: str | None
    to: str
    body: str
    status: str
    created: datetime
    updated: datetime
    sent: datetime | None = None
    service: str | None = None
    media: dict[str, str] = field(default_factory=dict)
    """Pictures and the like by their own SIDs, with their content types."""
    error: int | None = None
    callback: str | None = None
    expires: datetime | None = None
    final: bool = False
    reports: list[dict[str, str]] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"/{tables.VERSION}/Accounts/{self.account}/Messages/{self.sid}.json"

    def resource(self, *, fresh: bool = False) -> dict[str, Any]:
        """The message as the API shows it; a fresh one sent through a service has no segments yet."""
        return {
            "account_sid": self.account,
            "api_version": tables.VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created),
            "date_sent": None if self.sent is None else format_datetime(self.sent),
            "date_updated": format_datetime(self.updated),
            "direction": self.direction,
            "error_code": self.error,
            "error_message": None if self.error is None else tables.DELIVERY_ERRORS.get(self.error),
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": str(len(self.media)),
            "num_segments": "0" if fresh and self.service else str(segments(self.body)),
            "price": None,
            "price_unit": None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": self.uri.replace(".json", "/Media.json")},
            "to": self.to,
            "uri": self.uri,
        }

    def picture(self, sid: str) -> dict[str, Any]:
        """One of its media as the API shows it."""
        return {
            "account_sid": self.account,
            "content_type": self.media[sid],
            "date_created": format_datetime(self.created),
            "date_updated": format_datetime(self.updated),
            "parent_sid": self.sid,
            "sid": sid,
            "uri": self.uri.replace(".json", f"/Media/{sid}.json"),
        }


def checked(parameters: Iterable[tuple[str, str]], takes: Mapping[str, Takes]) -> dict[str, str]:
    """The parameters, each known, of its type and given once. Raises Refusal."""
    found: dict[str, str] = {}
    for name, value in parameters:
        if name in tables.NOT_PLAYED and "Body" in takes:
            raise Refusal(20422, f"Invalid Parameter: {name} is not played by the stand-in")
        if name not in takes:
            raise Refusal(20001, f"Unknown parameters: {name}")
        if name in found:
            raise Refusal(20001, f"Repeated parameter: {name}")
        if not _fits(value, takes[name]):
            raise Refusal(21624 if name == "ValidityPeriod" else 20422, f"Invalid Parameter: {name}")
        found[name] = value
    return found


def _fits(value: str, takes: Takes) -> bool:
    if takes is Takes.INTEGER:
        return re.fullmatch(r"\d{1,9}", value) is not None
    if takes is Takes.DECIMAL:
        return re.fullmatch(r"\d+(\.\d+)?", value) is not None
    if takes is Takes.BOOLEAN:
        return value in ("true", "false")
    if takes is Takes.MOMENT:
        return _moment(value) is not None
    return True


def _moment(value: str) -> tuple[datetime, timedelta] | None:
    """The instant that a filter names and how long it lasts: a whole day, or one second."""
    for form, length in (("%Y-%m-%d", timedelta(days=1)), ("%Y-%m-%dT%H:%M:%SZ", timedelta(seconds=1))):
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC), length
        except ValueError:
            continue
    return None


def matching(messages: Iterable[Message], query: Mapping[str, str]) -> list[Message]:
    """The messages that the filters let through, newest first."""
    return [m for m in reversed(list(messages)) if _matches(m, query)]


def _matches(message: Message, query: Mapping[str, str]) -> bool:
    if query.get("To", message.to) != message.to or query.get("From", message.sender) != message.sender:
        return False
    for name in ("DateSent", "DateSent<", "DateSent>"):
        if name not in query:
            continue
        moment = _moment(query[name])
        if moment is None or message.sent is None:
            return False
        start, length = moment
        # Twilio's "<" and ">" mean "on or before" and "on or after"; a bare DateSent is a whole day.
        if name == "DateSent":
            start, length = start.replace(hour=0, minute=0, second=0), timedelta(days=1)
        if name != "DateSent<" and message.sent < start:
            return False
        if name != "DateSent>" and message.sent >= start + length:
            return False
    return True


def page(
    path: str, key: str, items: list[tuple[str, dict[str, Any]]], query: Mapping[str, str]
) -> dict[str, Any]:
    """One page of a list: items are (sid, resource). Raises Refusal for a bad size, number or token."""
    size = int(query.get("PageSize", DEFAULT_PAGE))
    if not 1 <= size <= LARGEST_PAGE:
        raise Refusal(20007)
    number, token = int(query.get("Page", 0)), query.get("PageToken", "")
    if bool(number) != bool(token):
        raise Refusal(20001, "Page and PageToken belong together")
    start = 0
    if token:
        start = next((i + 1 for i, (sid, _) in enumerate(items) if f"PA{sid}" == token), -1)
        if start < 0:
            raise Refusal(20001, "PageToken is invalid")
    part = items[start : start + size]
    filters = {name: value for name, value in query.items() if name not in ("Page", "PageToken", "PageSize")}

    def uri(page: int, after: str = "") -> str:
        more = {"PageToken": after} if after else {}
        return f"{path}?{urlencode({**filters, 'PageSize': size, 'Page': page, **more})}"

    return {
        "end": start + max(len(part) - 1, 0),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{part[-1][0]}") if len(items) > start + size else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1, f"PA{items[start - size - 1][0]}" if start > size else "")
        if number
        else None,
        key: [resource for _, resource in part],
        "start": start,
        "uri": uri(number, token),
    }
