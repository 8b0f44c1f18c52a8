"""Twilio's error numbers in our words: one table for refused calls and for failed deliveries alike.

A number's own page is https://www.twilio.com/docs/api/errors/<number>.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.errors import Refused, Unreachable


class Fault(StrEnum):
    """Whose turn it is: nobody's (permanent), the clock's (try again), or the operator's (our account or sender)."""

    PERMANENT = "permanent"
    LATER = "later"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error number means. `because` completes the phrase `why.*`; `wait` where Twilio's page gives one."""

    fault: Fault
    because: str = "failed"
    wait: timedelta | None = None


_OPTED_OUT = Meaning(Fault.PERMANENT, "opted_out")
_UNREACHABLE = Meaning(Fault.PERMANENT, "unreachable")
_NO_SUCH_NUMBER = Meaning(Fault.PERMANENT, "no_such_number")
_LANDLINE = Meaning(Fault.PERMANENT, "landline")
_CONTENT = Meaning(Fault.PERMANENT, "content")
_COUNTRY = Meaning(Fault.PERMANENT, "country")
_BLOCKED = Meaning(Fault.PERMANENT, "blocked")
_TOO_LONG = Meaning(Fault.PERMANENT, "too_long")
_FAILED = Meaning(Fault.PERMANENT)
_LATER = Meaning(Fault.LATER)
_QUEUE_FULL = Meaning(Fault.LATER, wait=timedelta(seconds=30))
_CAP_REACHED = Meaning(Fault.OURS, wait=timedelta(minutes=15))
_OURS = Meaning(Fault.OURS)

CODES: Final[dict[int, Meaning]] = {
    14107: _LATER,  # sending rate exceeded
    20003: _OURS,  # permission denied: the token is wrong
    20005: _OURS,  # account not active
    20006: _OURS,  # access denied
    20008: _OURS,  # test credentials
    20010: _OURS,  # action disabled for the account
    20162: _LATER,  # a conflicting update is in progress
    20403: _OURS,
    20404: _OURS,  # no such account, or api_url leads elsewhere
    20409: _LATER,
    20429: _LATER,  # too many requests
    21211: _NO_SUCH_NUMBER,  # invalid "To"
    21212: _OURS,  # invalid "From"
    21214: _UNREACHABLE,
    21217: _NO_SUCH_NUMBER,
    21219: _OURS,  # trial account: "To" not verified
    21265: _NO_SUCH_NUMBER,  # "To" is a short code
    21266: _NO_SUCH_NUMBER,  # "To" and "From" are the same
    21408: _COUNTRY,  # not enabled for the region
    21601: _OURS,  # "From" cannot do SMS
    21602: _CONTENT,  # no body
    21603: _OURS,  # no sender
    21604: _NO_SUCH_NUMBER,  # no "To"
    21605: _TOO_LONG,
    21606: _OURS,  # "From" is not ours, or not for this destination
    21607: _OURS,  # trial account
    21608: _OURS,  # trial account: "To" not verified
    21609: _OURS,  # status callback is no URL
    21610: _OPTED_OUT,
    21611: _QUEUE_FULL,  # too many messages queued on this number
    21612: _UNREACHABLE,
    21614: _LANDLINE,  # not a mobile number
    21616: _OURS,  # "From" matches several of our numbers
    21617: _TOO_LONG,  # more than 1,600 characters
    21618: _CONTENT,
    21619: _CONTENT,  # neither body nor media
    21624: _OURS,  # validity period
    21626: _OURS,
    21635: _LANDLINE,
    21657: _OURS,  # sender id
    21658: _TOO_LONG,
    21659: _OURS,  # "From" is not a Twilio number
    21660: _OURS,  # "From" belongs to another account
    21661: _OURS,  # "From" cannot do SMS
    21701: _OURS,  # messaging service: does not exist …
    21702: _OURS,
    21703: _OURS,
    21704: _OURS,
    21705: _OURS,
    21711: _OURS,
    21712: _OURS,
    30001: _QUEUE_FULL,
    30002: _OURS,  # account suspended
    30003: _UNREACHABLE,  # handset off or out of reach
    30004: _BLOCKED,
    30005: _NO_SUCH_NUMBER,  # unknown handset
    30006: _LANDLINE,  # landline or unreachable carrier
    30007: _CONTENT,  # filtered
    30008: _FAILED,  # unknown
    30010: _FAILED,
    30017: Meaning(Fault.LATER, "unreachable"),  # carrier congestion
    30018: _OURS,  # sender needs registration
    30019: _TOO_LONG,
    30022: _LATER,  # 10DLC rate
    30023: _CAP_REACHED,  # 10DLC daily cap
    30024: _OURS,  # sender not provisioned
    30027: _CAP_REACHED,
    30032: _OURS,  # toll-free number not verified
    30033: _OURS,  # campaign suspended
    30034: _OURS,  # number not registered
    30035: _OURS,  # number still being configured
    30036: _UNREACHABLE,  # validity period ran out
    30037: _OURS,  # outbound messaging disabled
    30038: _CONTENT,
    30450: _BLOCKED,  # pumping protection
    30454: _CAP_REACHED,
    63038: _CAP_REACHED,  # the account's daily limit
}


def meaning(code: int | None, status: int = 400) -> Meaning:
    """What a number means; one that we do not know is judged by its HTTP status (400: this message, 401–404: us)."""
    if code in CODES:
        return CODES[code]
    if status == 413:
        return _TOO_LONG
    if code is not None and (20100 <= code < 20200 or 21700 <= code < 21800):
        return _OURS  # authentication, messaging services
    if status in {408, 409, 425}:
        return _LATER
    return _OURS if status in {401, 402, 403, 404, 405} or 300 <= status < 400 else _FAILED


def delivery_error(code: int | None, status: int) -> Unreachable | Refused:
    """The error to raise for a call that Twilio answered with `status` and its own number `code`."""
    found = meaning(code, status)
    said = str(code or status)
    if found.fault is Fault.PERMANENT:
        return Refused(said, because=found.because)
    return Unreachable(said, retry_after=found.wait, ours=found.fault is Fault.OURS)


def number(code: object) -> int | None:
    """An error number, whichever way Twilio wrote it."""
    said = str(code) if code is not None else ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else None
