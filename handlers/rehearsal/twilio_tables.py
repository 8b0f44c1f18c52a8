"""What Twilio's REST API takes and how it refuses, as tables (API 2010-04-01, OpenAPI release 2.6.7)."""

from __future__ import annotations

import re
from enum import StrEnum

VERSION = "2010-04-01"
LONGEST_BODY = 1600
LONGEST_VALIDITY = 36_000
"""Seconds; https://www.twilio.com/docs/messaging/api/message-resource (ValidityPeriod 1 to 36,000)."""

E164 = re.compile(r"\+[1-9]\d{6,14}")
"""Twilio forgives more; the stand-in does not."""
SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
MEDIA_PATH = re.compile(r"Messages/((?:SM|MM)[0-9a-f]{32})/Media(?:/(ME[0-9a-f]{32}))?\.json")
"""A message's media: the list of them, or one."""


class Takes(StrEnum):
    """The type of a form or query parameter."""

    TEXT = "text"
    NUMBER = "phone-number"
    URL = "uri"
    INTEGER = "integer"
    DECIMAL = "number"
    BOOLEAN = "boolean"
    MOMENT = "date-time"


CREATE: dict[str, Takes] = {
    "To": Takes.NUMBER,
    "From": Takes.NUMBER,
    "MessagingServiceSid": Takes.TEXT,
    "Body": Takes.TEXT,
    "StatusCallback": Takes.URL,
    "ValidityPeriod": Takes.INTEGER,
    "Attempt": Takes.INTEGER,
    "MaxPrice": Takes.DECIMAL,
    "ProvideFeedback": Takes.BOOLEAN,
    "ForceDelivery": Takes.BOOLEAN,
    "SmartEncoded": Takes.BOOLEAN,
}
NOT_PLAYED = frozenset(
    {
        "AddressRetention", "ApplicationSid", "ContentRetention", "ContentSid", "ContentVariables", "FallbackFrom",
        "MediaUrl", "PersistentAction", "RiskCheck", "ScheduleType", "SendAsMms", "SendAt", "ShortenUrls",
        "TrafficType",
    }
)  # fmt: skip
"""Real parameters of CreateMessage without a part here: refused, so that nobody believes in them."""

UPDATE: dict[str, Takes] = {"Body": Takes.TEXT}
LIST_MESSAGES: dict[str, Takes] = {
    "To": Takes.NUMBER,
    "From": Takes.NUMBER,
    "DateSent": Takes.MOMENT,
    "DateSent<": Takes.MOMENT,
    "DateSent>": Takes.MOMENT,
    "PageSize": Takes.INTEGER,
    "Page": Takes.INTEGER,
    "PageToken": Takes.TEXT,
}
LIST_MEDIA: dict[str, Takes] = {
    "DateCreated": Takes.MOMENT,
    "DateCreated<": Takes.MOMENT,
    "DateCreated>": Takes.MOMENT,
    "PageSize": Takes.INTEGER,
    "Page": Takes.INTEGER,
    "PageToken": Takes.TEXT,
}
LIST_NUMBERS: dict[str, Takes] = {
    "Beta": Takes.BOOLEAN,
    "FriendlyName": Takes.TEXT,
    "PhoneNumber": Takes.NUMBER,
    "Origin": Takes.TEXT,
    "PageSize": Takes.INTEGER,
    "Page": Takes.INTEGER,
    "PageToken": Takes.TEXT,
}

ERRORS: dict[int, tuple[int, str]] = {
    20001: (400, "Unknown parameters"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20007: (400, "Page size too large"),
    20009: (409, "Cannot delete this resource before it is complete"),
    20404: (404, "The requested resource was not found"),
    20422: (400, "Invalid Parameter"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service unavailable"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid From Number (caller ID)"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' or 'MessagingServiceSid' parameter is required to send a message"),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The 'From' phone number provided is not a valid message-capable Twilio phone number "
        "for this destination.",
    ),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21624: (400, "Invalid validity period value"),
    21659: (400, "'From' is not a Twilio phone number or short code"),
    21701: (400, "The Messaging Service does not exist"),
}
"""Code → (HTTP status, sentence): https://www.twilio.com/docs/api/errors"""

DELIVERY_ERRORS: dict[int, str] = {
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
}

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
CARRIER_REPLIES: dict[str, str] = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this "
    "number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}

PLACES: dict[str, tuple[str, str, str, str]] = {
    "+1": ("WASHINGTON", "DC", "20001", "US"),
    "+44": ("", "", "", "GB"),
}
"""Prefix → city, state, zip, country as an inbound webhook tells them; other prefixes have none."""


def opt_out_word(body: str) -> str | None:
    """STOP, START or HELP when the carrier would take the text as one of its words (alone, in any case)."""
    word = body.strip().upper()
    for kind, words in (("STOP", STOP_WORDS), ("START", START_WORDS), ("HELP", HELP_WORDS)):
        if word in words:
            return kind
    return None


def place(number: str) -> tuple[str, str, str, str]:
    """City, state, zip and country of a number."""
    return next((place for prefix, place in PLACES.items() if number.startswith(prefix)), ("", "", "", ""))


class Refusal(Exception):
    """An error of Twilio's, by its code; `message` where the sentence differs from the table's."""

    def __init__(self, code: int, message: str = "", *, status: int | None = None) -> None:
        known_status, known_sentence = ERRORS.get(code, (400, "Unknown error"))
        super().__init__(code)
        self.code = code
        self.status = known_status if status is None else status
        self.sentence = message or known_sentence
