"""A look at our Twilio account, for `greenroom check`: whether it takes the token, and how our numbers are set."""

from __future__ import annotations

import re
from typing import Any, Final

from twilio.base.exceptions import TwilioException, TwilioRestException  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]

from bot.errors import Unreachable
from bot.facts import Number, Seen, Twilio
from bot.redact import Secret
from handlers.channels.sms import Sms

REFUSED: Final = frozenset({401})
"""HTTP statuses of a wrong account or token: https://www.twilio.com/docs/api/errors/20003"""


async def look(channel: Sms) -> Twilio:
    """The account and all our numbers on it. Nothing is changed; raises nothing."""
    try:
        numbers = tuple([await _number(channel, number) for number in channel.senders])
    except Unreachable as error:
        return Twilio(seen=Seen.STRANGELY if error.ours else Seen.NOT_AT_ALL)
    except TwilioException as error:
        status, code = _said(error)
        return Twilio(seen=Seen.REFUSED if status in REFUSED else Seen.STRANGELY, code=code)
    except Exception:  # an answer of 200 that is no list of numbers: somebody else answers
        return Twilio(seen=Seen.STRANGELY)
    return Twilio(seen=Seen.WELL, numbers=numbers)


async def _number(channel: Sms, number: str) -> Number | None:
    """One of our numbers; the search takes parts of numbers too, so what it finds is compared."""
    found = await channel.api.incoming_phone_numbers.list_async(phone_number=number, limit=20)
    return next((_read(one) for one in found if one.phone_number == number), None)


def _read(one: Any) -> Number:
    able = one.capabilities if isinstance(one.capabilities, dict) else {}
    return Number(
        sms_url=Secret(one.sms_url or ""),
        fallback_url=Secret(one.sms_fallback_url or ""),
        posts=(one.sms_method or "POST").upper() == "POST",
        application=bool(one.sms_application_sid),
        texts=able.get("sms") is not False,
    )


def _said(error: TwilioException) -> tuple[int, str]:
    """HTTP's status and Twilio's own number. A failed list hands its answer over as the exception's second word."""
    if isinstance(error, TwilioRestException):
        return int(error.status), str(error.code or "")
    answer = next((part for part in error.args if isinstance(part, Response)), None)
    if answer is None:
        return 0, ""
    code = re.search(r'"code": ?(\d{5})\b', answer.text or "")
    return int(answer.status_code), code[1] if code else ""
