"""Sending by SMS: what is asked of Twilio, and what its answers mean."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.errors import DeliveryError, Refused, Unreachable
from bot.messages import Address, Task
from bot.people import Medium
from bot.redact import Secret
from handlers.channels.sms import Account, Sms
from handlers.channels.sms_errors import CODES, Fault, delivery_error, meaning
from handlers.rehearsal.loopback import Loopback
from handlers.rehearsal.town import LINE, Town
from tests.channels.contract import BECAUSE
from tests.channels.stands import REFERENCE, ROBIN, Ear, SmsStand, post


async def test_twilio_is_asked_for_exactly_this(sms: SmsStand) -> None:
    """Our number, ten minutes, an opaque reference: nothing about a conversation leaves."""
    await sms.channel.send(post(sms.post_to, "words"))

    (call,) = sms.faults.calls
    assert call.parameters == {
        "To": ROBIN,
        "From": LINE,
        "Body": "words",
        "ValidityPeriod": "600",
        "StatusCallback": f"{sms.town.public_url}/sms/status/{REFERENCE}",
    }


async def test_a_messaging_service_goes_along_with_the_number(session: aiohttp.ClientSession) -> None:
    """The service keeps the opt-outs, the number is the one she knows."""
    async with Town(messaging_service=True) as town:
        stand = SmsStand(town, session)
        channel = stand.open(town.twilio.auth_token, messaging_service=town.twilio.messaging_service_sid)

        await channel.send(post(stand.post_to, "words"))

        (call,) = town.twilio.calls
        assert (call.parameters["MessagingServiceSid"], call.parameters["From"]) == (
            town.twilio.messaging_service_sid,
            LINE,
        )


async def test_receipts_come_back_under_our_reference(sms: SmsStand, ear: Ear) -> None:
    """Sent, then delivered."""
    await sms.listen(ear)
    copy = await sms.channel.send(post(sms.post_to, "words"))

    receipts = await ear.told(2)

    assert [receipt.outcome for receipt in receipts] == ["sent", "delivered"]
    assert {receipt.reference.reveal() for receipt in receipts} == {REFERENCE}
    assert copy is not None
    assert {receipt.message for receipt in receipts} == {copy.message}


async def test_a_texter_who_has_said_stop_is_not_written_to(sms: SmsStand, ear: Ear) -> None:
    """Twilio's 21610 is for ever, until she says START."""
    await sms.listen(ear)
    await sms.phone.stop()

    with pytest.raises(Refused) as refused:
        await sms.channel.send(post(sms.post_to, "words"))

    assert (refused.value.code, refused.value.because) == ("21610", "opted_out")


@pytest.mark.parametrize("place", ["12345", "GREENROOM", LINE, "+1 202 555 0101", "", "+12025550101\n"])
async def test_nothing_is_sent_to_what_is_no_persons_number(sms: SmsStand, place: str) -> None:
    """No short codes, no names, not to ourselves; no helpful parsing."""
    with pytest.raises(Refused) as refused:
        await sms.channel.send(post(Address(Medium.SMS, Secret(place), LINE), "words"))

    assert refused.value.because == "no_such_number"
    assert not sms.faults.calls


async def test_marks_are_not_for_sms(sms: SmsStand) -> None:
    """There is nothing to put them on."""
    with pytest.raises(Refused):
        await sms.channel.send(post(sms.post_to, "👀", task=Task.REACT))


@pytest.mark.parametrize(("asked", "given"), [(timedelta(days=2), "36000"), (timedelta(0), "1")])
async def test_validity_stays_within_twilios_bounds(sms: SmsStand, asked: timedelta, given: str) -> None:
    """Beyond them the whole message would be refused (21624)."""
    letter = post(sms.post_to, "words")
    object.__setattr__(letter, "valid_for", asked)

    await sms.channel.send(letter)

    assert sms.faults.calls[0].parameters["ValidityPeriod"] == given


async def test_the_environment_does_not_redirect_us(sms: SmsStand, monkeypatch: pytest.MonkeyPatch) -> None:
    """TWILIO_EDGE and TWILIO_REGION change the library's host name."""
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")

    await sms.open(sms.token).send(post(sms.post_to, "words"))

    assert sms.phone.texts == ["words"]


ANSWERS: dict[str, tuple[int, str, dict[str, Any]]] = {
    # status, body → of the error: kind and attributes
    "created, but no JSON": (201, "<html>", {"ambiguous": True}),
    "created, but empty": (201, "", {"ambiguous": True}),
    "created, but a list": (201, "[]", {"ambiguous": True}),
    "created, without an id": (201, "{}", {"ambiguous": True}),
    "created, with another's id": (201, '{"sid": "CA00"}', {"ambiguous": True}),
    "gateway timeout": (504, "<html>", {"ambiguous": True}),
    "out of service": (503, '{"code": 20503}', {"ambiguous": True}),
    "moved": (302, "", {"ours": True}),
    "the token is wrong": (401, '{"code": 20003, "message": "words", "status": 401}', {"ours": True}),
    "no such account": (404, '{"code": 20404, "status": 404}', {"ours": True}),
    "forbidden by somebody between": (403, "<html>words</html>", {"ours": True}),
    "too busy without a wait": (429, "", {"ambiguous": False, "retry_after": None}),
    "queue full": (
        400,
        '{"code": 21611, "status": 400}',
        {"retry_after": timedelta(seconds=30), "ours": False},
    ),
    "opted out": (400, '{"code": 21610, "status": 400, "message": "words"}', {"because": "opted_out"}),
    "opted out, told the new way": (
        400,
        json.dumps({"type": "x", "title": "words", "status": 400, "code": 21610}),
        {"because": "opted_out"},
    ),
    "a landline": (400, '{"code": 21614, "status": 400}', {"because": "landline"}),
    "a number of the future": (400, '{"code": 29999, "status": 400}', {"because": "failed"}),
    "a code that is none": (400, '{"code": "words", "status": 400}', {"because": "failed"}),
    "nothing but a status": (400, "", {"because": "failed"}),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_every_answer_has_one_meaning(session: aiohttp.ClientSession, name: str) -> None:
    """Each asked for once; what the answer said in words is gone."""
    status, body, expected = ANSWERS[name]
    calls = 0

    async def answer(request: web.BaseRequest) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=status, text=body, headers={"Location": "/elsewhere"})

    carrier = Loopback(answer)
    await carrier.come_up()
    account = Account(
        "AC" + "0" * 32, (Secret("t" * 32),), (LINE,), "https://line.example.org", api_url=carrier.url
    )
    with pytest.raises(DeliveryError) as error:
        await Sms(account, session).send(post(Address(Medium.SMS, Secret(ROBIN), LINE), "words"))
    await carrier.go_down()

    assert calls == 1
    assert isinstance(error.value, Refused if "because" in expected else Unreachable)
    assert {key: getattr(error.value, key) for key in expected} == expected
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_the_table_uses_only_words_that_have_a_phrase() -> None:
    """A counselor reads them."""
    assert {found.because for found in CODES.values()} <= BECAUSE


@pytest.mark.parametrize("code", CODES)
def test_a_fault_of_ours_or_of_the_moment_keeps_the_message(code: int) -> None:
    """Only what is permanent is given back to its writer."""
    error = delivery_error(code, 400)

    assert isinstance(error, Refused) == (meaning(code).fault is Fault.PERMANENT)
    if isinstance(error, Unreachable):
        assert error.ours == (meaning(code).fault is Fault.OURS)
        assert not error.ambiguous
