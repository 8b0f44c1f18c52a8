"""Check-up of the Twilio account: the token, our numbers, where their texts go, and what only a person can look up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from bot.facts import Facts, Number, Seen
from bot.findings import Finding, fail, ok, reminder

INBOUND: Final = "/sms/inbound"
TRIES_AGAIN: Final = frozenset({"rc=5", "rp=all"})
"""Connection overrides: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides"""
NUMBERS: Final = "sms.numbers"
CONSOLE: Final = "in Twilio's console, Phone Numbers"


def account(facts: Facts) -> Iterator[Finding]:
    """The account takes our token."""
    twilio = facts.outside.twilio if facts.outside else None
    if twilio is None:
        return
    if twilio.seen is Seen.REFUSED:
        yield fail(
            "sms.auth_token",
            "Twilio refuses it.",
            "Copy the account's present auth token into the file that sms.auth_token names.",
        )
    elif twilio.seen is Seen.STRANGELY:
        said = f" (error {twilio.code})" if twilio.code else ""
        yield fail(
            "sms",
            f"Twilio does not let this account look up its numbers{said}.",
            "See the account's state in Twilio's console, and sms.account_sid and sms.api_url.",
        )
    elif twilio.seen is Seen.NOT_AT_ALL:
        yield fail(
            "sms",
            "Twilio cannot be reached.",
            "See that this machine reaches the internet; or check with --offline.",
        )
    else:
        yield ok("sms", "Twilio takes the token.")


def numbers(facts: Facts) -> Iterator[Finding]:
    """Every number is the account's, and its texts come to us, again and again until we have them."""
    twilio = facts.outside.twilio if facts.outside else None
    if twilio is None or twilio.seen is not Seen.WELL:
        return
    found = [
        finding
        for place, number in enumerate(twilio.numbers, 1)
        for finding in _number(facts, f"{NUMBERS}, the {_ordinal(place)}", number)
    ]
    yield from found
    if not found:
        yield ok(NUMBERS, f"Texts to {_numbers(len(twilio.numbers))} come to this line.")


def _number(facts: Facts, subject: str, number: Number | None) -> Iterator[Finding]:
    wanted = facts.config.web.public_url + INBOUND
    whole = f"{wanted}#rc=5&rp=all"
    if number is None:
        yield fail(
            subject, "It is not on this Twilio account.", f"Buy or move it, or take it out of {NUMBERS}."
        )
        return
    if not number.texts:
        yield fail(subject, "It cannot do SMS.", f"Use another number, or take it out of {NUMBERS}.")
    url, _, overrides = number.sms_url.reveal().partition("#")
    fallback = number.fallback_url.reveal().partition("#")[0]
    if number.application or url != wanted or not number.posts:
        where = (
            "are fetched by GET" if url == wanted and not number.application else "do not come to this line"
        )
        cure = f"Set its webhook for incoming messages to {whole}, by POST, {CONSOLE}."
        yield fail(subject, f"Texts to it {where}.", cure)
    elif not set(re.split("[&#]", overrides)) >= TRIES_AGAIN:
        yield fail(
            subject,
            "Twilio does not try again when this line restarts, and the text is lost.",
            f"Set its webhook for incoming messages to {whole}, {CONSOLE}.",
        )
    if fallback and not fallback.startswith(f"{facts.config.web.public_url}/"):
        yield fail(
            subject,
            "When this line does not answer, its texts are sent to another address.",
            f"Clear the field for when the primary handler fails, {CONSOLE}.",
        )


def registration(facts: Facts) -> Iterator[Finding]:
    """What carriers in the United States ask for, and no line can see from here."""
    if facts.config.sms is None:
        return
    kinds = {_kind(number) for number in facts.config.sms.numbers}
    if "long code" in kinds:
        yield reminder(
            "sms",
            "A US long code must be registered (A2P 10DLC), else carriers block what it sends.",
            "In Twilio's console: register brand and campaign, as a charity's service; samples name the business "
            "and the opt-out.",
        )
    if "toll-free" in kinds:
        yield reminder(
            "sms",
            "A toll-free number must be verified, else carriers block what it sends.",
            "In Twilio's console: Toll-free verification.",
        )


def opt_out_texts(facts: Facts) -> Iterator[Finding]:
    """STOP and HELP are answered by the carrier first: in the texter's language, or in the wrong one."""
    if facts.config.sms is not None:
        yield reminder(
            "sms",
            "Twilio itself answers STOP, START and HELP, in English, and names who is behind it if told so.",
            "In a Messaging Service turn on Advanced Opt-Out, with bland texts in every language of the line.",
        )


def messaging_service(facts: Facts) -> Iterator[Finding]:
    """A service can take over where texts go."""
    sms = facts.config.sms
    if sms is None:
        return
    if sms.messaging_service is not None:
        yield reminder(
            "sms.messaging_service",
            "The Messaging Service may send incoming texts elsewhere than its numbers do.",
            'In the service, Integration: choose "Defer to sender\'s webhook", and see that every number is in it.',
        )
    elif any(_kind(number) == "long code" for number in sms.numbers):
        yield reminder(
            "sms.messaging_service",
            "There is none: a US campaign is attached to a Messaging Service, and so is Advanced Opt-Out.",
            "Make one in Twilio's console, add the numbers, and write its SID into sms.messaging_service.",
        )


def _kind(number: str) -> str:
    """ "long code" or "toll-free" in the United States, else nothing."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.number_type(parsed) == PhoneNumberType.TOLL_FREE and parsed.country_code == 1:
        return "toll-free"
    # Numbers kept for stories (555-01xx) have no region; those of the United States begin with +1 all the same.
    region = phonenumbers.region_code_for_number(parsed)
    return "long code" if parsed.country_code == 1 and region in {None, "US"} else ""


def _ordinal(place: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(place, f"{place}th")


def _numbers(count: int) -> str:
    return "the number" if count == 1 else f"all {count} numbers"
