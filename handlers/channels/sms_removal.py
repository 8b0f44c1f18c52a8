"""Deleting one message at Twilio: its pictures, its words, then the record that holds both numbers.

https://www.twilio.com/docs/messaging/api/message-resource#delete-a-message-resource
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, Final

from twilio.base.exceptions import TwilioRestException, TwilioServiceException  # type: ignore[import-untyped]

from bot.errors import DeliveryError, Unreachable
from bot.messages import Copy
from bot.people import Medium
from bot.redact import Secret
from bot.removal import Answer
from handlers.channels.sms_errors import delivery_error, number
from handlers.channels.sms_signature import MESSAGE_SID

NOT_COMPLETE: Final = 20009
"""https://www.twilio.com/docs/api/errors/20009: nothing of a message can be changed before it is final."""

OUTBOUND: Final = frozenset({"outbound-api", "outbound-call", "outbound-reply"})
"""A text that came in is never taken for a stray: perhaps nobody has read it yet."""


async def removed(client: Any, copy: Copy) -> Answer:
    """What Twilio said; each step is done again if a later one fails, which does no harm. Raises Unreachable."""
    message = client.messages(copy.message.reveal())
    if copy.media:
        pictures = await _without_pictures(message)
        if pictures is not Answer.GONE:
            return pictures
    # Emptied first: should the deletion fail for days, there is nothing left to be read.
    emptied = await _asked(message.update_async(body=""))
    if emptied is Answer.NOT_YET:
        return emptied
    # Whatever else kept the words from being emptied: with the record they go too.
    return await _asked(message.delete_async())


PAGE: Final = 1000


async def sent_from(client: Any, numbers: Sequence[str], *, after: datetime, before: datetime) -> list[Copy]:
    """The newest thousand texts that Twilio holds from these numbers and that were made in this time; other programs'
    texts on the same account are none of ours. Raises Unreachable."""
    try:
        found = await client.messages.list_async(date_sent_after=after, limit=PAGE, page_size=PAGE)
    except DeliveryError:
        raise
    except Exception:  # whatever it was, it is asked again in an hour
        raise Unreachable from None
    return [
        Copy(Medium.SMS, one.from_, Secret(one.to), Secret(one.sid), at=one.date_created)
        for one in found
        if one.direction in OUTBOUND
        and one.from_ in numbers
        and MESSAGE_SID.fullmatch(str(one.sid))
        and one.date_created is not None
        and one.date_created <= before
    ]


async def _without_pictures(message: Any) -> Answer:
    """GONE also when there is no such message: its pictures went with it."""
    pictures: list[Any] = []

    async def look() -> None:
        pictures.extend(await message.media.list_async())

    answers = [await _asked(look())]
    answers += [await _asked(message.media(one.sid).delete_async()) for one in pictures]
    return next((answer for answer in answers if answer is not Answer.GONE), Answer.GONE)


async def _asked(call: Awaitable[object]) -> Answer:
    """What Twilio says to one request; that there is no such thing is as good as gone. Raises Unreachable."""
    try:
        await call
    except DeliveryError:
        raise
    except (TwilioRestException, TwilioServiceException) as error:
        return _meant(number(error.code), error.status)
    except Exception:  # an answer of 2xx that is not what was asked for: it was probably done
        raise Unreachable(ambiguous=True) from None
    return Answer.GONE


def _meant(code: int | None, status: int) -> Answer:
    if status == 404:
        return Answer.GONE
    if code == NOT_COMPLETE:
        return Answer.NOT_YET
    error = delivery_error(code, status)
    if isinstance(error, Unreachable):
        raise error
    return Answer.REFUSED
