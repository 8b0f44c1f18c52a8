"""Texts that Twilio took while nobody here answered its webhook: it keeps them, and does not call again.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from bot.errors import DeliveryError, Unreachable
from bot.grammar import is_leaving
from bot.messages import Address, Copy, Inbound, Kind
from bot.people import Medium
from bot.redact import Secret
from bot.segments import clean
from handlers.channels.sms_signature import MESSAGE_SID

PAGE: Final = 1000
NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")


async def came_in(client: Any, numbers: Sequence[str], *, after: datetime, before: datetime) -> list[Inbound]:
    """What came in for these numbers in this time and is still there, the oldest first; of each number of ours the
    newest thousand. Most of it has been heard of by webhook: the caller knows. Raises Unreachable."""
    found = [one for number in numbers for one in await _list(client, number, after)]
    return [
        inbound
        for one in sorted(found, key=lambda one: one.date_sent)
        if one.date_sent <= before
        for inbound in _read(one)
    ]


async def _list(client: Any, number: str, after: datetime) -> list[Any]:
    try:
        found = await client.messages.list_async(to=number, date_sent_after=after, limit=PAGE, page_size=PAGE)
    except DeliveryError:
        raise
    except Exception:  # whatever it was, it is asked again in a minute
        raise Unreachable from None
    return [one for one in found if one.direction == "inbound" and one.to == number and _is_whole(one)]


def _is_whole(one: Any) -> bool:
    return (
        MESSAGE_SID.fullmatch(str(one.sid)) is not None
        and NUMBER.fullmatch(str(one.from_)) is not None
        and isinstance(one.date_sent, datetime)
        and one.date_sent.tzinfo is not None
    )


def _read(one: Any) -> list[Inbound]:
    """As the webhook would have told it: words and pictures are two things with ids of their own."""
    sender = Address(Medium.SMS, Secret(one.from_), one.to)
    pictures = str(one.num_media or "0") != "0"
    copy = Copy(Medium.SMS, one.to, sender.place, Secret(one.sid), media=pictures)
    words = clean(one.body or "")

    def made(kind: Kind, provider_id: str, **rest: Any) -> Inbound:
        return Inbound(
            Medium.SMS,
            None,
            sender,
            provider_id=Secret(provider_id),
            kind=kind,
            at=one.date_sent,
            missed=True,
            **rest,
        )

    if not pictures:
        # One without words was emptied by us: it was heard, and is about to be deleted there.
        return [made(Kind.TEXT, one.sid, text=Secret(words), copy=copy)] if words.strip() else []
    refused = made(
        Kind.NOT_CARRIED, one.sid, text=Secret(""), copy=None if words.strip() else copy, what="other"
    )
    if not words.strip():
        return [refused]
    said = made(Kind.TEXT, f"{one.sid}:text", text=Secret(words), copy=copy)
    return [said] if is_leaving(words) else [said, refused]
