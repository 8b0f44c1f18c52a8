"""Carriers fail in every way they know: nobody is held up by another's trouble, nothing is lost or hidden."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.people import Medium
from handlers.channels.sms import Sms
from handlers.channels.telegram import Telegram
from handlers.rehearsal.faults import Faults
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.screens import Shown
from handlers.rehearsal.town import LINE
from storage.tables import conversations, outbox
from storage.work import Work
from tests.stories.stage import Phone, Stage, new, texts

MEDIA = ("sms", "telegram")
CROSSED = pytest.mark.parametrize(
    ("database_url", "medium"), [("sqlite", "sms"), ("postgresql", "telegram")], indirect=["database_url"]
)
"""Where it is enough that each carrier and each database has its turn."""
OTHER = {"sms": "telegram", "telegram": "sms"}
METHOD = {"sms": "Messages.create", "telegram": "sendMessage"}


def carrier(line: Stage, medium: str) -> Faults:
    return line.town.twilio.faults if medium == "sms" else line.town.telegram.faults


def to(phone: Phone) -> Callable[[Any], bool]:
    """Calls that would bring something to this phone."""
    if isinstance(phone, SmsPhone):
        return lambda p: p.get("To") == phone.number
    return lambda p: p.get("chat_id") == phone.user["id"]


def pass_time(line: Stage, **delta: float) -> None:
    """The clock goes on, whatever is under way, and the outbox looks."""
    line.town.clock.move(timedelta(**delta))
    assert line.program is not None
    line.program.store._wake()


async def scene(line: Stage, medium: str) -> tuple[Phone, Phone, str]:
    """Robin talks with Alma, who has the other kind of phone."""
    alma = await line.on_call("Alma", OTHER[medium])
    robin = line.texter(medium)
    return robin, alma, await line.talk(robin, alma)


async def answers(phone: Phone, code: str, text: str) -> Shown:
    """She answers by the code, or by a swipe on the texter's first words: a swipe on what came this very millisecond,
    before it is known as sent, would be held and asked about."""
    if isinstance(phone, SmsPhone):
        return await phone.write(f"{code} {text}")
    theirs = next(m for m in phone.screen if m.text.startswith(f"{code} ") and "is yours" not in m.text)
    return await phone.reply(theirs, text)


async def time_passes(line: Stage, until: Callable[[], bool]) -> None:
    """Nine seconds at a time, each long enough for what is due: a lease must not run out under a call."""
    async with asyncio.timeout(60):
        while not until():
            pass_time(line, seconds=9)
            await asyncio.sleep(0.1)


async def waits(line: Stage) -> None:
    """Returns when it has been written down that a letter is tried again later."""
    again = select(outbox.c.id).where(outbox.c.attempts > 0)
    async with asyncio.timeout(30):
        while await line.do(lambda work: work._desk.conn.execute(again).first()) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def logged(entries: list[Any], words: str) -> int:
    return sum(words in entry["event"] for entry in entries)


@pytest.mark.parametrize("medium", MEDIA)
async def test_one_call_that_hangs_holds_up_nobody_else(line: Stage, medium: str) -> None:
    """Robin's carrier does not answer; Kit's conversation goes on, and so does Robin's, in order, when it does."""
    robin, alma, code = await scene(line, medium)
    kit = line.texter(medium, "Kit")
    other = await line.talk(kit, alma)
    gate = carrier(line, medium).hold(METHOD[medium], where=to(robin))
    await answers(alma, code, "for Robin")
    await gate.reached()
    await answers(alma, code, "and this")
    for number in range(3):
        await answers(alma, other, f"for Kit {number}")
        await kit.shows(f"for Kit {number}")
        await texts(kit, f"from Kit {number}")
        await alma.shows(f"{other} from Kit {number}")
    await texts(robin, "hello?")
    await alma.shows(f"{code} hello?")
    assert robin.silent
    gate.open()
    await robin.shows("and this")
    await line.settled()
    assert robin.texts[-2:] == ["for Robin", "and this"]


@pytest.mark.parametrize("medium", MEDIA)
async def test_a_wait_that_the_carrier_asks_for_is_kept(line: Stage, medium: str) -> None:
    """429 with retry_after 30: not a second earlier, and only this lane waits."""
    robin, alma, code = await scene(line, medium)
    carrier(line, medium).too_many(METHOD[medium], retry_after=30, where=to(robin))
    before = line.calls_to(robin)
    await answers(alma, code, "one")
    await line.tried(robin, before)
    await waits(line)
    await answers(alma, code, "two")
    pass_time(line, seconds=27)
    kit = line.texter(medium, "Kit")
    await texts(kit, "hi")
    await kit.shows("Hi, thanks for writing.")
    assert line.calls_to(robin) == before + 1
    pass_time(line, seconds=5)
    await robin.shows("two")
    assert robin.texts[-2:] == ["one", "two"]


@pytest.mark.parametrize(("medium", "status"), [("sms", 500), ("telegram", 503)])
async def test_a_broken_carrier_is_asked_again(line: Stage, medium: str, status: int) -> None:
    """Twice 5xx, then it takes the answer: once, for these were not accepted, and in order."""
    robin, alma, code = await scene(line, medium)
    carrier(line, medium).broken(METHOD[medium], status=status, times=2, where=to(robin))
    before = line.calls_to(robin)
    await answers(alma, code, "one")
    await line.tried(robin, before)
    await answers(alma, code, "two")
    await time_passes(line, lambda: "two" in robin.texts)
    assert line.calls_to(robin) == before + 4
    assert robin.texts[-2:] == ["one", "two"]


@CROSSED
async def test_a_connection_cut_before_acceptance_costs_nothing(line: Stage, medium: str) -> None:
    """Nobody can know, so it is sent again: it arrives once."""
    robin, alma, code = await scene(line, medium)
    carrier(line, medium).cut_before(METHOD[medium], where=to(robin))
    before = line.calls_to(robin)
    await answers(alma, code, "one")
    await line.tried(robin, before)
    await answers(alma, code, "two")
    await time_passes(line, lambda: "two" in robin.texts)
    assert robin.texts[-2:] == ["one", "two"]


@pytest.mark.parametrize("medium", MEDIA)
async def test_a_connection_cut_after_acceptance_costs_one_repetition(line: Stage, medium: str) -> None:
    """By Telegram the text comes twice at most; by SMS the receipt proves the first, so it comes once."""
    robin, alma, code = await scene(line, medium)
    carrier(line, medium).cut_after(METHOD[medium], where=to(robin))
    before = line.calls_to(robin)
    own = await answers(alma, code, "one")
    await line.tried(robin, before)
    await answers(alma, code, "two")
    if medium == "telegram":
        await time_passes(line, lambda: "two" in robin.texts)
    await robin.shows("two")
    await line.settled()
    there = robin.texts[1:]
    assert list(dict.fromkeys(there)) == ["one", "two"]
    assert Counter(there)["one"] == (1 if medium == "sms" else 2)
    assert Counter(there)["two"] == 1
    if isinstance(alma, TelegramPhone):
        await alma.marked(own, "👌")


@CROSSED
async def test_a_carrier_that_is_down_is_waited_for(line: Stage, medium: str) -> None:
    """Three answers wait, in order; the line stays ready to receive; the texter's words arrive all the while."""
    alma = await line.on_call("Alma", "sms" if medium == "telegram" else "telegram")
    robin = line.texter(medium)
    code = await line.talk(robin, alma)
    server = line.town.twilio.server if medium == "sms" else line.town.telegram.server
    await server.go_down()
    for number in range(3):
        await answers(alma, code, f"answer {number}")
    if medium == "sms":
        await texts(robin, "still there?")
        await alma.shows(f"{code} still there?")
    assert line.program is not None
    assert line.program.health() == (True, "")
    await server.come_up()
    await time_passes(line, lambda: "answer 2" in robin.texts)
    assert robin.texts[1:] == [f"answer {number}" for number in range(3)]


async def test_a_slow_carrier_delivers_once(line: Stage) -> None:
    """The answer to our call takes its time: nobody tries again meanwhile."""
    robin, alma, code = await scene(line, "telegram")
    gate = carrier(line, "telegram").hold("sendMessage", accepted_first=True, where=to(robin))
    await answers(alma, code, "one")
    await gate.reached()
    pass_time(line, seconds=60)
    await answers(alma, code, "two")
    gate.open()
    await robin.shows("two")
    await line.settled()
    assert robin.texts[1:] == ["one", "two"]


async def test_a_texter_who_blocked_the_bot_is_given_up(line: Stage) -> None:
    """The carrier refuses for good: Alma reads why and her words, and nothing more is tried."""
    robin, alma, code = await scene(line, "telegram")
    carrier(line, "telegram").refuse(
        "sendMessage", status=403, code=403, message="Forbidden: bot was blocked by the user", where=to(robin)
    )
    await answers(alma, code, "are you there?")
    await alma.shows("not sent, because they blocked this line. Your text: are you there?")
    calls = line.calls_to(robin)
    await answers(alma, code, "hello?")
    await alma.shows("Your text: hello?")
    await line.settled()
    assert line.calls_to(robin) == calls


async def test_a_texter_who_opted_out_at_the_carrier_is_given_up(line: Stage) -> None:
    """21610: Alma reads why, on her own message and in words; nothing more is tried until START."""
    robin, alma, code = await scene(line, "sms")
    assert isinstance(robin, SmsPhone)
    line.town.twilio.opted_out.add((robin.number, LINE))
    own = await answers(alma, code, "are you there?")
    await alma.shows("not sent, because they have opted out. Your text: are you there?")
    assert isinstance(alma, TelegramPhone)
    await alma.marked(own, "💔")
    calls = line.calls_to(robin)
    await answers(alma, code, "hello?")
    await alma.shows("Your text: hello?")
    await line.settled()
    assert line.calls_to(robin) == calls


@pytest.mark.parametrize(
    ("trouble", "why"),
    [(30007, "the network refused the wording. Please rephrase"), (30003, "their phone cannot be reached")],
)
async def test_what_the_network_does_not_deliver_is_told(line: Stage, trouble: int, why: str) -> None:
    """Accepted, then undelivered: Alma reads it in our words, and the conversation goes on."""
    robin, alma, code = await scene(line, "sms")
    assert isinstance(robin, SmsPhone)
    assert isinstance(alma, TelegramPhone)
    line.town.twilio.trouble(robin.number, trouble)
    own = await answers(alma, code, "one")
    await alma.shows(f"{code}: not delivered, because {why}.")
    await alma.marked(own, "💔")
    line.town.twilio.trouble(robin.number, None)
    await answers(alma, code, "other words")
    await robin.shows("other words")


async def test_an_offer_that_the_network_does_not_deliver_is_skipped(line: Stage) -> None:
    """Alma's phone is off: Bo is asked at once, not when the offer lapses."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "telegram")
    assert isinstance(alma, SmsPhone)
    line.town.twilio.trouble(alma.number, 30003)
    for name in ("Robin", "Kit"):
        await texts(line.texter("sms", name), "hello")
    await bo.shows("New conversation")
    await bo.shows("New conversation")


@pytest.mark.parametrize("medium", MEDIA)
async def test_a_counselor_whose_phone_is_gone_is_replaced(line: Stage, medium: str) -> None:
    """In the middle of a conversation Alma can no longer be reached: Robin is told, Bo is asked."""
    alma = await line.on_call("Alma", medium)
    robin = line.texter("sms")
    await line.talk(robin, alma)
    bo = await line.on_call("Bo", OTHER[medium])
    if isinstance(alma, SmsPhone):
        line.town.twilio.trouble(alma.number, 30003)
    else:
        carrier(line, medium).refuse(
            "sendMessage",
            status=403,
            code=403,
            message="Forbidden: bot was blocked by the user",
            times=None,
            where=to(alma),
        )
    await texts(robin, "are you there?")
    await robin.shows("Your contact was cut off. Someone else is coming")
    await line.takes(bo)
    assert any("are you there?" in text for text in bo.texts)


async def test_receipts_come_twice_late_and_for_nobody(line: Stage) -> None:
    """Each says something new once at most; an unknown reference is answered like a known one."""
    robin, alma, code = await scene(line, "sms")
    own = await answers(alma, code, "one")
    await robin.shows("one")
    assert isinstance(alma, TelegramPhone)
    await alma.marked(own, "👌")
    await line.settled()
    twilio = line.town.twilio
    call = next(c.parameters for c in twilio.calls if c.parameters.get("Body") == "one")
    alma.look()
    # By now Twilio has been asked to delete it; the SID of a second copy would be asked for too.
    fields = {"AccountSid": twilio.account_sid, "MessageSid": f"SM{'0' * 32}", "From": LINE, "To": call["To"]}
    for status in ("delivered", "sent", "queued", "failed", "delivered", "undelivered"):
        for reference in (call["StatusCallback"], f"{line.town.public_url}/sms/status/{'x' * 22}"):
            posted = await twilio.webhooks.post(
                reference, fields | {"MessageStatus": status, "ErrorCode": "30007"}
            )
            assert posted.answers == [204]
    await line.settled()
    assert own.reactions == ("👌",)
    assert alma.silent


async def test_a_receipt_that_overtakes_the_answer_counts(line: Stage) -> None:
    """Twilio reports a delivery before it answers our call: marked at once, sent once, the next one goes on."""
    robin, alma, code = await scene(line, "sms")
    assert isinstance(alma, TelegramPhone)
    gate = carrier(line, "sms").hold("Messages.create", accepted_first=True, where=to(robin))
    own = await answers(alma, code, "one")
    await gate.reached()
    await alma.marked(own, "👌")
    await answers(alma, code, "two")
    await robin.shows("two")
    gate.open()
    await line.settled()
    assert robin.texts[1:] == ["one", "two"]
    assert own.reactions == ("👌",)


@CROSSED
async def test_a_reply_that_could_not_leave_goes_back(line: Stage, medium: str) -> None:
    """Nothing arrives late: after ten minutes Alma has her words again, and Robin never gets them."""
    robin, alma, code = await scene(line, medium)
    carrier(line, medium).broken(METHOD[medium], times=None, where=to(robin))
    before = line.calls_to(robin)
    own = await answers(alma, code, "come quickly")
    await line.tried(robin, before)
    pass_time(line, minutes=11)
    await alma.shows(f"{code}: not sent, because it could not leave in time. Your text: come quickly")
    if isinstance(alma, TelegramPhone):
        await alma.marked(own, "💔")
    carrier(line, medium).off()
    await answers(alma, code, "now")
    await robin.shows("now")
    assert "come quickly" not in robin.texts


async def _tamper(line: Stage, robin: Phone) -> None:
    """Flips a bit in the first letter that waits for Robin."""

    def thought(work: Work) -> None:
        conn = work._desk.conn
        row = conn.execute(
            select(outbox.c.id, outbox.c.sealed)
            .where(outbox.c.side == "texter", outbox.c.state == "waiting")
            .order_by(outbox.c.position)
        ).first()
        assert row is not None
        broken = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
        conn.execute(update(outbox).where(outbox.c.id == row.id).values(sealed=broken))

    await line.do(thought)


async def test_a_poisoned_letter_is_put_aside_and_its_lane_goes_on(line: Stage) -> None:
    """Its bytes were changed: a few tries, then it is buried, Sam hears of it once, and the next answer arrives."""
    sam = await line.staff("Sam", "sms", roles=("admin",))
    robin, alma, code = await scene(line, "sms")
    carrier(line, "sms").broken("Messages.create", where=to(robin))
    before = line.calls_to(robin)
    with capture_logs() as entries:
        await answers(alma, code, "one")
        await line.tried(robin, before)
        await _tamper(line, robin)
        await answers(alma, code, "two")
        kit = line.texter("sms", "Kit")
        await texts(kit, "hi")
        await kit.shows("Hi, thanks")
        await time_passes(line, lambda: "two" in robin.texts)
        await sam.shows("Something stored was damaged")
        await sam.shows("One message could not be sent and was put aside.")
        await line.settled()
    assert sam.silent
    assert "one" not in robin.texts
    assert logged(entries, "alarm, a letter was put aside") == 1


async def test_a_letter_with_a_word_that_nobody_wrote_is_put_aside(line: Stage) -> None:
    """Somebody changed a column in the clear: the outbox goes on for everybody else."""
    robin, alma, code = await scene(line, "sms")
    carrier(line, "sms").broken("Messages.create", where=to(robin))
    before = line.calls_to(robin)
    await answers(alma, code, "one")
    await line.tried(robin, before)
    changed = update(outbox).where(outbox.c.side == "texter").values(task="shout")
    await line.do(lambda work: work._desk.conn.execute(changed))
    await answers(alma, code, "two")
    await time_passes(line, lambda: "two" in robin.texts)


async def test_a_poisoned_conversation_stops_nobody_elses_clock(line: Stage) -> None:
    """Robin's row does not open: Kit's offer still goes on to the next counselor, and an alarm names the row."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms")
    robin, kit = line.texter("sms"), line.texter("sms", "Kit")
    for texter in (robin, kit):
        await texts(texter, "hello")
    await line.settled()
    broken = await line.code_of(robin)
    for counselor in (alma, bo):
        counselor.look()
    poisoned = update(conversations).where(conversations.c.code == broken).values(sealed=b"\1" * 128)
    await line.do(lambda work: work._desk.conn.execute(poisoned))
    with capture_logs() as entries:
        await line.later(seconds=95)
        await line.later(seconds=95)
    code = await line.code_of(kit)
    offered = [text for phone in (alma, bo) for text in phone.texts if f"New conversation {code}" in text]
    assert len(offered) == 2
    assert logged(entries, "alarm, a row did not open") == 1


@CROSSED
async def test_a_token_that_is_refused_alarms_and_loses_nothing(line: Stage, medium: str) -> None:
    """Our own settings are wrong: the operator is told, and the answer leaves when they are right again."""
    robin, alma, code = await scene(line, medium)
    town = line.town
    with capture_logs() as entries:
        before = line.calls_to(robin)
        if medium == "sms":
            carrier(line, medium).refuse("Messages.create", status=401, code=20003, where=to(robin))
        else:
            carrier(line, medium).refuse(
                "sendMessage", status=401, code=401, message="Unauthorized", where=to(robin)
            )
        await answers(alma, code, "one")
        await line.tried(robin, before)
        await time_passes(line, lambda: "one" in robin.texts)
    assert logged(entries, "alarm, our settings or account keep a letter from leaving") == 1
    assert town.public_url


async def test_all_carriers_are_called_through_one_session(line: Stage) -> None:
    """One pool of connections, one set of timeouts, closed at the end."""
    assert line.program is not None
    sessions = set()
    for channel in line.program.ways.channels.values():
        if isinstance(channel, Sms):
            sessions.add(channel._client.http_client._session)
        else:
            assert isinstance(channel, Telegram)
            sessions.add(channel.api.request._session)
    (session,) = sessions
    assert {medium for medium, _ in line.program.ways.channels} == {Medium.SMS, Medium.TELEGRAM}
    await line.stop()
    assert session.closed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_carrier_that_hangs_leaves_connections_for_the_other(line: Stage) -> None:
    """More texts hang at Twilio than have room: Telegram goes on at its own pace."""
    alma = await line.on_call("Alma", "telegram")
    kit = line.texter("telegram", "Kit")
    code = await line.talk(kit, alma)
    gate = carrier(line, "sms").hold("Messages.create", times=None)
    crowd = [line.town.sms_phone(f"+447700900{number:03d}") for number in range(100)]
    for robin in crowd:
        await texts(robin, "hello")
    await answers(alma, code, "here I am")
    await kit.shows("here I am")
    assert new(crowd[0]) == []
    gate.open()
    await crowd[-1].shows("Hi, thanks for writing.")
