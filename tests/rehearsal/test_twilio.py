"""The real twilio client against the stand-in: texts out, receipts back, redaction, lists and refusals."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from handlers.rehearsal.town import LINE, Town
from tests.rehearsal.conftest import Program

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio")  # its use of aiohttp, not ours

ROBIN = "+12025550111"
CALLBACK = "https://line.example.org/sms/status/abc"


async def refused(sms: Client, **parameters: object) -> tuple[int, int]:
    """The HTTP status and Twilio code of a text that is refused."""
    with pytest.raises(TwilioRestException) as caught:
        await sms.messages.create_async(**parameters)
    return caught.value.status, caught.value.code


async def test_a_text_reaches_the_phone_and_receipts_come_back(
    town: Town, sms: Client, program: Program
) -> None:
    """What the API takes appears on the phone, and the status callback hears queued, sent, delivered in order."""
    robin = town.sms_phone(ROBIN, "Robin")
    sent = await sms.messages.create_async(
        to=ROBIN, from_=LINE, body="are you safe?", status_callback=CALLBACK, validity_period=600
    )
    assert (sent.status, sent.direction, sent.num_segments, sent.to) == ("queued", "outbound-api", "1", ROBIN)
    shown = await robin.shows("are you safe?")
    assert shown.sender == LINE
    await town.twilio.settled()
    assert program.statuses() == ["queued", "sent", "delivered"]
    assert set(program.paths()) == {"/sms/status/abc"}
    assert (await sms.messages(sent.sid).fetch_async()).status == "delivered"
    assert robin.silent


async def test_what_twilio_refuses_is_refused_in_its_codes(town: Town, sms: Client) -> None:
    """Each wrong text is answered with Twilio's own code."""
    town.sms_phone(ROBIN)
    good = {"to": ROBIN, "from_": LINE, "body": "hi"}
    assert await refused(sms, **good | {"body": ""}) == (400, 21602)
    assert await refused(sms, **good | {"body": "x" * 1601}) == (400, 21617)
    assert await refused(sms, **good | {"to": "12025550111"}) == (400, 21211)
    assert await refused(sms, **good | {"from_": "+12025550177"}) == (400, 21659)
    assert await refused(sms, **good | {"from_": "LINE"}) == (400, 21212)
    assert await refused(sms, to=ROBIN, body="hi") == (400, 21603)
    assert await refused(sms, **good | {"validity_period": 36_001}) == (400, 21624)
    assert await refused(sms, **good | {"status_callback": "https://elsewhere.example/x"}) == (400, 21609)
    assert await refused(sms, **good | {"media_url": ["https://line.example.org/p"]}) == (400, 20422)
    assert await refused(sms, **good | {"messaging_service_sid": "MG" + "0" * 32}) == (400, 21701)


async def test_a_wrong_token_learns_nothing(town: Town, sms: Client) -> None:
    """Wrong credentials, another account, an unknown path or verb: Twilio's 401, 404 and 405."""
    async with aiohttp.ClientSession() as session:
        url = f"{town.twilio.api_url}/2010-04-01/Accounts/{town.twilio.account_sid}/Messages.json"
        own = aiohttp.encode_basic_auth(town.twilio.account_sid, town.twilio.auth_token)
        for auth, where, verb, status, code in (
            ("", url, "GET", 401, 20003),
            (aiohttp.encode_basic_auth(town.twilio.account_sid, "wrong"), url, "GET", 401, 20003),
            (own, url.replace("/AC", "/ACf"), "GET", 404, 20404),
            (own, url, "PUT", 405, 20004),
            (own, url + "?Colour=red", "GET", 400, 20001),
            (own, url + "?PageSize=many", "GET", 400, 20422),
        ):
            async with session.request(verb, where, headers={"Authorization": auth}) as answer:
                body = await answer.json()
                assert (answer.status, body["status"], body["code"]) == (status, status, code)
                assert body["more_info"].endswith(str(code))
        async with session.post(url, json={"To": ROBIN}, headers={"Authorization": own}) as answer:
            assert answer.status == 400


async def test_a_phone_that_stays_off_ends_undelivered(town: Town, sms: Client, program: Program) -> None:
    """After its validity a text is given up with 30003, and until then it cannot be deleted (20009)."""
    robin = town.sms_phone(ROBIN)
    robin.switch_off()
    sent = await sms.messages.create_async(
        to=ROBIN, from_=LINE, body="hello", status_callback=CALLBACK, validity_period=600
    )
    for change in (sms.messages(sent.sid).delete_async(), sms.messages(sent.sid).update_async(body="")):
        with pytest.raises(TwilioRestException) as caught:
            await change
        assert (caught.value.status, caught.value.code) == (409, 20009)
    town.clock.move(timedelta(seconds=601))
    await program.hears(lambda: "undelivered" in program.statuses())
    await town.twilio.settled()
    assert program.heard[-1][1]["ErrorCode"] == "30003"
    robin.switch_on()
    assert robin.silent
    assert robin.screen == []


async def test_a_phone_switched_on_in_time_gets_its_texts_in_order(town: Town, sms: Client) -> None:
    """Texts wait at the carrier while a phone is off."""
    robin = town.sms_phone(ROBIN)
    robin.switch_off()
    for word in ("one", "two", "three"):
        await sms.messages.create_async(to=ROBIN, from_=LINE, body=word)
    assert robin.silent
    robin.switch_on()
    assert robin.texts == ["one", "two", "three"]


async def test_carrier_troubles_are_told_by_receipt(town: Town, sms: Client, program: Program) -> None:
    """A filtered text and an unknown number end undelivered with their codes."""
    robin = town.sms_phone(ROBIN)
    town.twilio.trouble(ROBIN, 30007)
    for to in (ROBIN, "+12025550122"):
        await sms.messages.create_async(to=to, from_=LINE, body="hello", status_callback=CALLBACK)
    await town.twilio.settled()
    codes = {
        form["To"]: form.get("ErrorCode") for _, form, _ in program.heard if form["MessageStatus"] != "sent"
    }
    assert codes == {ROBIN: "30007", "+12025550122": "30005"}
    assert robin.screen == []


async def test_a_text_is_redacted_and_deleted(town: Town, sms: Client) -> None:
    """An empty Body redacts, DELETE removes, and after it the text is not found."""
    robin = town.sms_phone(ROBIN)
    sent = await sms.messages.create_async(to=ROBIN, from_=LINE, body="hello")
    assert (await sms.messages(sent.sid).update_async(body="")).body == ""
    assert await sms.messages(sent.sid).delete_async()
    with pytest.raises(TwilioRestException) as caught:
        await sms.messages(sent.sid).fetch_async()
    assert (caught.value.status, caught.value.code) == (404, 20404)
    assert robin.texts == ["hello"]


async def test_inbound_texts_are_listed_page_by_page(town: Town, sms: Client) -> None:
    """After downtime the texts of a number can be fetched, newest first, by recipient and time."""
    robin = town.sms_phone(ROBIN)
    for i in range(5):
        await robin.write(f"text {i}")
    await robin.write("to the other number", to="+12025550101")
    found = await sms.messages.list_async(to=LINE, page_size=2)
    assert [m.body for m in found] == [f"text {i}" for i in (4, 3, 2, 1, 0)]
    assert {m.direction for m in found} == {"inbound"}
    now = town.clock.now()
    assert await sms.messages.list_async(to=LINE, date_sent_after=now + timedelta(minutes=1)) == []
    assert len(await sms.messages.list_async(to=LINE, date_sent_after=now - timedelta(minutes=1))) == 5
    assert await sms.messages.list_async(to=LINE, date_sent_before=now - timedelta(minutes=1)) == []
    assert len(await sms.messages.list_async(date_sent=now.date())) == 6


async def test_the_numbers_of_the_account_are_listed(town: Town, sms: Client) -> None:
    """Each number tells the webhook that it is set to."""
    found = await sms.incoming_phone_numbers.list_async()
    assert [n.phone_number for n in found] == ["+12025550100", "+12025550101"]
    assert found[0].sms_url == "https://line.example.org/sms/inbound#rc=5&rp=all"
    one = await sms.incoming_phone_numbers.list_async(phone_number="+12025550101")
    assert len(one) == 1


async def test_after_stop_nothing_may_be_sent_until_start(town: Town, sms: Client, program: Program) -> None:
    """The carrier remembers STOP and START; our webhook hears both words."""
    robin = town.sms_phone(ROBIN)
    await robin.stop()
    assert await refused(sms, to=ROBIN, from_=LINE, body="hello") == (400, 21610)
    await robin.write(" start ")
    await sms.messages.create_async(to=ROBIN, from_=LINE, body="hello")
    await robin.shows("hello")
    assert [form["Body"] for _, form, _ in program.heard] == ["STOP", " start "]
    assert all("OptOutType" not in form for _, form, _ in program.heard)


async def test_a_messaging_service_opts_out_of_all_its_numbers(program: Program) -> None:
    """With Advanced Opt-Out the webhook carries OptOutType, the carrier answers, and every number is stopped."""
    numbers = ("+12025550100", "+12025550101")
    async with Town(
        numbers=numbers,
        target=program.server.url,
        messaging_service=True,
        advanced_opt_out=True,
        auto_reply=True,
    ) as town:
        robin = town.sms_phone(ROBIN)
        await robin.stop()
        await robin.shows("unsubscribed")
        form = program.heard[0][1]
        assert (form["OptOutType"], form["MessagingServiceSid"]) == (
            "STOP",
            town.twilio.messaging_service_sid,
        )
        assert (ROBIN, town.twilio.messaging_service_sid) in town.twilio.opted_out
