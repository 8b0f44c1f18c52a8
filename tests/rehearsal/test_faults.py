"""The fault switches, seen through the real clients: what fails, what was done all the same, what comes after."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import aiohttp
import pytest
from telegram import Bot
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from handlers.rehearsal.phones import TelegramPhone
from handlers.rehearsal.town import LINE, Town

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),  # its use of aiohttp, not ours
    pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning"),  # retry_after as seconds
]

ROBIN = "+12025550111"


@pytest.fixture
async def alma(town: Town) -> TelegramPhone:
    """Alma has started the staff bot."""
    alma = town.telegram_phone("Alma")
    await alma.start("staff")
    return alma


async def test_too_many_requests_tell_how_long_to_wait(
    town: Town, sms: Client, staff_bot: Bot, alma: TelegramPhone
) -> None:
    """429 with Telegram's retry_after and Twilio's 20429; nothing was accepted, the next call goes through."""
    robin = town.sms_phone(ROBIN)
    town.telegram.faults.too_many("sendMessage", retry_after=7)
    with pytest.raises(RetryAfter) as caught:
        await staff_bot.send_message(alma.user["id"], "hi")
    assert int(caught.value._retry_after.total_seconds()) == 7
    town.twilio.faults.too_many(times=2)
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            await sms.messages.create_async(to=ROBIN, from_=LINE, body="hi")
        assert (refused.value.status, refused.value.code) == (429, 20429)
    assert robin.screen == alma.screen == []
    await sms.messages.create_async(to=ROBIN, from_=LINE, body="hi")
    await staff_bot.send_message(alma.user["id"], "hi")
    assert robin.texts == alma.texts == ["hi"]
    assert [call.status for call in town.twilio.calls] == [429, 429, 201]


async def test_a_cut_before_acceptance_did_nothing(
    town: Town, sms: Client, staff_bot: Bot, alma: TelegramPhone
) -> None:
    """The caller sees a dead connection, the phone nothing."""
    robin = town.sms_phone(ROBIN)
    town.twilio.faults.cut_before("Messages.create")
    town.telegram.faults.cut_before("sendMessage")
    with pytest.raises(aiohttp.ClientError):
        await sms.messages.create_async(to=ROBIN, from_=LINE, body="hi")
    with pytest.raises(NetworkError):
        await staff_bot.send_message(alma.user["id"], "hi")
    assert robin.screen == alma.screen == []
    assert town.twilio.calls[0].status is None


async def test_a_cut_after_acceptance_did_everything(
    town: Town, sms: Client, staff_bot: Bot, alma: TelegramPhone
) -> None:
    """The caller sees the same dead connection, but the text is on the phone."""
    robin = town.sms_phone(ROBIN)
    town.twilio.faults.cut_after("Messages.create")
    town.telegram.faults.cut_after("sendMessage")
    with pytest.raises(aiohttp.ClientError):
        await sms.messages.create_async(to=ROBIN, from_=LINE, body="hi")
    with pytest.raises(NetworkError):
        await staff_bot.send_message(alma.user["id"], "hi")
    await robin.shows("hi")
    await alma.shows("hi")


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_broken_carrier_answers_5xx_until_switched_off(
    town: Town, sms: Client, staff_bot: Bot, alma: TelegramPhone, status: int
) -> None:
    """`times=None` lasts until `off`."""
    town.sms_phone(ROBIN)
    town.twilio.faults.broken(status=status, times=None)
    town.telegram.faults.broken(status=status, times=None)
    for _ in range(3):
        with pytest.raises(TwilioRestException) as refused:
            await sms.messages.create_async(to=ROBIN, from_=LINE, body="hi")
        assert refused.value.status == status
        with pytest.raises(NetworkError):
            await staff_bot.send_message(alma.user["id"], "hi")
    town.twilio.faults.off()
    town.telegram.faults.off()
    await sms.messages.create_async(to=ROBIN, from_=LINE, body="hi")
    await staff_bot.send_message(alma.user["id"], "hi")


async def test_any_code_of_a_carrier_can_be_played(
    town: Town, sms: Client, staff_bot: Bot, alma: TelegramPhone
) -> None:
    """Codes and sentences that nobody has seen yet."""
    town.twilio.faults.refuse(code=29999, message="Something new", status=422)
    with pytest.raises(TwilioRestException) as refused:
        await sms.messages.create_async(to=ROBIN, from_=LINE, body="hi")
    assert (refused.value.status, refused.value.code, refused.value.msg.endswith("Something new")) == (
        422,
        29999,
        True,
    )
    town.telegram.faults.refuse(code=400, message="Bad Request: SOMETHING_NEW")
    with pytest.raises(BadRequest, match=r"(?i)something_new"):
        await staff_bot.send_message(alma.user["id"], "hi")


async def test_a_slow_carrier_has_done_it_before_it_answers(
    town: Town, staff_bot: Bot, alma: TelegramPhone
) -> None:
    """The caller gives up waiting; the message is there all the same."""
    town.telegram.faults.slow(1.0, "sendMessage")
    with pytest.raises(TimedOut):
        await staff_bot.send_message(alma.user["id"], "hi", read_timeout=0.05)
    await alma.shows("hi")


async def test_a_fault_can_be_for_one_person_only(town: Town, staff_bot: Bot, alma: TelegramPhone) -> None:
    """One chat's 429 leaves the others alone."""
    bo = town.telegram_phone("Bo")
    await bo.start("staff")
    town.telegram.faults.too_many("sendMessage", where=lambda p: p["chat_id"] == alma.user["id"], times=None)
    with pytest.raises(RetryAfter):
        await staff_bot.send_message(alma.user["id"], "hi")
    await staff_bot.send_message(bo.user["id"], "hi")
    await bo.shows("hi")


async def test_a_call_can_be_held_at_a_gate(town: Town, sms: Client) -> None:
    """Stopped before it is accepted, then let go: the place where a test kills the program."""
    robin = town.sms_phone(ROBIN)
    gate = town.twilio.faults.hold("Messages.create")
    sending = asyncio.create_task(sms.messages.create_async(to=ROBIN, from_=LINE, body="hi"))
    await gate.reached()
    assert robin.screen == []
    gate.open()
    await sending
    await robin.shows("hi")


async def test_a_carrier_goes_down_and_comes_back(town: Town, staff_bot: Bot, alma: TelegramPhone) -> None:
    """Nobody listens for a while, on the same port nothing is forgotten."""
    url = town.telegram.api_url
    poll = asyncio.create_task(staff_bot.get_updates(offset=1, timeout=20))
    assert len(await poll) == 1
    await town.telegram.server.go_down()
    with pytest.raises(NetworkError):
        await staff_bot.send_message(alma.user["id"], "hi")
    await alma.write("written meanwhile")
    await town.telegram.server.come_up()
    assert town.telegram.api_url == url
    assert [u.message.text for u in await staff_bot.get_updates() if u.message] == [
        "/start",
        "written meanwhile",
    ]


async def test_the_calls_are_written_down(
    town: Town, sms: Client, staff_bot: Bot, alma: TelegramPhone
) -> None:
    """Method, parameters and status of each, for the tests."""
    town.sms_phone(ROBIN)
    await sms.messages.create_async(to=ROBIN, from_=LINE, body="hi", validity_period=600)
    assert town.twilio.calls[0].method == "Messages.create"
    assert town.twilio.calls[0].parameters["ValidityPeriod"] == "600"
    await staff_bot.send_message(alma.user["id"], "hi", protect_content=True)
    call = town.telegram.calls[-1]
    assert (call.method, call.account, call.status) == ("sendMessage", "staff", 200)
    assert call.parameters == {"chat_id": alma.user["id"], "text": "hi", "protect_content": True}


async def test_nothing_is_logged(
    town: Town, sms: Client, alma: TelegramPhone, caplog: pytest.LogCaptureFixture
) -> None:
    """No word, number or token of a rehearsal in any log of ours or of the web server's."""
    robin = town.sms_phone(ROBIN)
    with caplog.at_level(logging.DEBUG):
        await robin.write("secret words")
        await alma.write("secret words")
        town.twilio.faults.cut_after()
        with pytest.raises(aiohttp.ClientError):
            await sms.messages.create_async(to=ROBIN, from_=LINE, body="secret words")
    assert [r for r in caplog.records if not r.name.startswith(("twilio", "asyncio"))] == []


async def test_telegrams_own_limits_can_be_played(town: Town, staff_bot: Bot, alma: TelegramPhone) -> None:
    """One message a second and chat, thirty a second and bot: more is refused with the wait, and a wait helps."""
    town.telegram.limit_rates(per_bot=30, per_chat=1)
    me = alma.user["id"]
    await staff_bot.send_message(me, "one")
    with pytest.raises(RetryAfter):
        await staff_bot.send_message(me, "two")
    town.clock.move(timedelta(seconds=1))
    await staff_bot.send_message(me, "two")
    assert alma.texts == ["one", "two"]
