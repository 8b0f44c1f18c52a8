"""What carriers hold goes: when a conversation ends, when it is erased, when it is old; whatever they answer first."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Address
from bot.people import Medium
from bot.redact import Secret
from handlers import removals
from handlers.channels.sms import Sms
from handlers.rehearsal.faults import Faults
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.town import LINE, Town
from storage.tables import copies
from tests.stories.lives import Nursery, moved_out, nursery
from tests.stories.stage import Phone, Stage, answers, new, staged, texts

CROSSED = pytest.mark.parametrize(
    ("database_url", "texter", "counselor"),
    [("sqlite", "sms", "telegram"), ("postgresql", "telegram", "sms"), ("sqlite", "telegram", "telegram")],
    indirect=["database_url"],
)
ASK = ("deleteMessage", "deleteMessages")


def held(town: Town, bot: str) -> list[str]:
    """The texts that one bot holds."""
    chats = town.telegram.bots[bot].chats.values()
    return [str(one.wire.get("text", "")) for chat in chats for one in chat.messages.values()]


def on_the_shelves(town: Town) -> list[str]:
    return [m.body for m in town.twilio.messages.values()] + held(town, "texters") + held(town, "staff")


async def until(holds: Callable[[], bool], why: Callable[[], object] = lambda: "") -> None:
    """Waits for what the line does by itself within a second or two."""
    try:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"still there: {why()}")


async def empty(line: Stage) -> None:
    """Nothing of ours is with a carrier, and we remember nothing that would be."""
    await until(lambda: not on_the_shelves(line.town), lambda: on_the_shelves(line.town))
    async with asyncio.timeout(5):
        while await line.count(copies):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def a_whole_story(line: Stage, texter: str, counselor: str) -> tuple[Phone, Phone, str]:
    """Robin and Alma talk; a note, a held text, offers to Bo as well, a picture, an edit, words to nobody."""
    alma, bo = await line.on_call("Alma", counselor), await line.on_call("Bo", counselor)
    robin, kit = line.texter(texter), line.texter(texter, "Kit")
    stranger = line.texter("telegram", "Charlie")
    assert isinstance(stranger, TelegramPhone)
    await stranger.start("staff")
    if isinstance(kit, TelegramPhone):
        await kit.start("texters")
    await texts(kit, "BYE")
    await texts(robin, "hello")
    await line.settled()
    await line.later(seconds=95)
    code = await line.takes(bo if any("New conversation" in text for text in bo.texts) else alma)
    hers = bo if any("New conversation" in text for text in bo.texts) else alma
    await answers(hers, code, "I am here")
    await robin.shows("I am here")
    await robin.send_photo()
    await hers.write(f"NOTE {code} she is alone")
    await hers.write("hello?")
    await line.settled()
    return robin, hers, code


@CROSSED
async def test_after_the_end_and_its_time_nobody_holds_anything(
    line: Stage, texter: str, counselor: str
) -> None:
    """Texts and pictures of both sides, offers, commands, a note, a stranger's words, the last line."""
    _, hers, code = await a_whole_story(line, texter, counselor)
    assert any("she is alone" in text for text in on_the_shelves(line.town))
    await hers.write(f"DONE {code}")
    await line.settled()
    if counselor == "telegram":
        words = ("she is alone", "hello", "New conversation")
        await until(
            lambda: not any(w in text for text in held(line.town, "staff") for w in words),
            lambda: held(line.town, "staff"),
        )
    await line.later(minutes=16)
    await until(lambda: not line.town.twilio.messages, lambda: line.town.twilio.messages.values())
    await line.later(hours=40, minutes=-16)
    await empty(line)


async def test_delete_takes_it_back_on_both_sides_at_once(line: Stage) -> None:
    """Of what they said nothing is left on either phone; what is left is the one line to each that says so."""
    robin, alma, _ = await a_whole_story(line, "telegram", "telegram")
    new(alma)
    await texts(robin, "DELETE")
    await robin.shows("Done. Our copy is gone.")
    await alma.shows("the texter erased the conversation")
    await until(
        lambda: sum(not m.deleted for m in robin.screen) == 1 and "Done" in robin.screen[-1].text,
        lambda: robin.face(),
    )
    words = ("I am here", "alone", "New conversation", "hello ")
    await until(
        lambda: not any(word in text for text in held(line.town, "staff") for word in words),
        lambda: held(line.town, "staff"),
    )
    await line.later(hours=40)
    await empty(line)


async def test_delete_reaches_what_she_said_when_we_knew_her_no_more(line: Stage) -> None:
    """Her conversation was closed and her address forgotten; by her chat it is found all the same."""
    robin = line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    await robin.start("texters")
    await texts(robin, "BYE")
    await line.settled()
    # The greeting was today's one automatic answer: BYE is heard, and gets none.
    assert len(held(line.town, "texters")) == 3
    await texts(robin, "ERASE")
    await robin.shows("Done. Our copy is gone.")
    await until(lambda: len(held(line.town, "texters")) == 1, lambda: held(line.town, "texters"))


FAULTS: dict[str, Callable[[Faults], Any]] = {
    "not final, emptying": lambda f: f.refuse("Messages.update", code=20009, status=409),
    "not final, deleting": lambda f: f.refuse("Messages.delete", code=20009, status=409),
    "busy": lambda f: f.too_many("Messages.update", retry_after=7),
    "broken": lambda f: f.broken("Messages.delete", status=503),
    "cut": lambda f: f.cut_after("Messages.delete"),
    "cut before": lambda f: f.cut_before("Messages.update"),
    "unheard of": lambda f: f.refuse("Messages.delete", code=99999, status=400),
    "pictures": lambda f: f.broken("Media.list", status=500),
    "a picture": lambda f: f.refuse("Media.delete", code=20009, status=409),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_twilio_fails_once_and_is_asked_again_after_a_minute(line: Stage, fault: str) -> None:
    """Whatever it was, it is gone after the second try, words, numbers and picture."""
    twilio, robin = line.town.twilio, line.texter("sms")
    assert isinstance(robin, SmsPhone)
    FAULTS[fault](twilio.faults)
    await texts(robin, "BYE")
    await robin.send_photo()
    await line.settled()
    line.town.clock.move(timedelta(seconds=6))

    def failed() -> bool:
        return not twilio.faults._armed

    await until(failed, lambda: [call.method for call in twilio.calls])
    assert twilio.messages
    await line.later(seconds=59)
    await line.later(minutes=15)
    await until(lambda: not twilio.messages, lambda: [call.method for call in twilio.calls])


async def test_a_carrier_that_is_busy_holds_up_the_others_no_longer_than_it_asked(line: Stage) -> None:
    """Eight copies are due, the first is answered by 429 for seven seconds: a minute later none is left."""
    twilio, robin = line.town.twilio, line.texter("sms")
    twilio.faults.too_many("Messages.update", retry_after=7)
    for text in ("one", "two", "three", "four", "five", "BYE"):
        await texts(robin, text)
    await line.settled()
    line.town.clock.move(timedelta(minutes=16))
    await until(lambda: not twilio.faults._armed, lambda: [call.method for call in twilio.calls])
    await line.later(seconds=61)
    await until(lambda: not twilio.messages, lambda: [call.method for call in twilio.calls])


async def test_a_message_that_is_gone_already_is_done(line: Stage) -> None:
    """404 from Twilio, "not found" from Telegram: somebody deleted it by hand."""
    robin, kit = line.texter("sms"), line.texter("telegram", "Kit")
    await texts(robin, "BYE")
    await texts(kit, "BYE")
    await line.settled()
    line.town.twilio.messages.clear()
    for chat in line.town.telegram.bots["texters"].chats.values():
        chat.messages.clear()
    await line.later(hours=40)
    await empty(line)


async def test_a_text_that_we_lost_sight_of_is_found(line: Stage) -> None:
    """Twilio took it and its answer was lost: after an hour it is deleted; a text that came in never is for that."""
    robin, twilio = line.texter("sms"), line.town.twilio
    assert isinstance(robin, SmsPhone)
    channel = line.program.ways.channels[Medium.SMS, LINE] if line.program else None
    assert isinstance(channel, Sms)
    stray = await channel.api.messages.create_async(to=robin.number, from_=LINE, body="lost")
    came = await twilio.text(robin.number, LINE, "BYE")
    await line.settled()
    oldest, youngest = removals.LOST_SIGHT

    async def looks() -> None:
        now = line.town.clock.now()
        copies = await channel.sent(after=now - oldest, before=now - youngest)
        await line.do(lambda work: removals.found(work, copies))

    await looks()
    assert stray.sid in twilio.messages
    line.town.clock.move(timedelta(hours=2))
    strays = await channel.sent(after=line.town.clock.now() - oldest, before=line.town.clock.now())
    assert came.sid not in {one.message.reveal() for one in strays}
    await looks()
    await until(lambda: stray.sid not in twilio.messages)


async def test_six_hours_without_telegram_are_caught_up_before_it_is_too_late(line: Stage) -> None:
    """From hour 40 to 46 nothing answers; at 46 and a half nothing is left, on both bots."""
    robin, hers, _ = await a_whole_story(line, "telegram", "telegram")
    await answers(hers, await line.code_of(robin), "still here")
    await line.settled()
    telegram = line.town.telegram
    began = line.town.clock.now()
    for method in ASK:
        telegram.faults.broken(method, status=502, times=None)
    line.town.clock.move(timedelta(hours=40))
    await until(lambda: any(call.method in ASK for call in telegram.calls))
    for _ in range(12):
        line.town.clock.move(timedelta(minutes=30))
        await asyncio.sleep(0.2)
    assert held(line.town, "texters")
    telegram.faults.off()
    line.town.clock.move(timedelta(minutes=30))
    await until(lambda: not held(line.town, "texters") + held(line.town, "staff"))
    assert line.town.clock.now() - began < timedelta(hours=47)


async def test_one_that_slips_alarms_once_and_is_let_go(line: Stage) -> None:
    """Telegram refuses until it may: the admins are told once, the trail keeps it, at 48 hours nothing can be done."""
    sam = await line.staff("Sam", "sms", roles=("admin",))
    kit = line.texter("telegram", "Kit")
    for method in ASK:
        line.town.telegram.faults.refuse(method, code=400, message="Bad Request: no", times=None)
    await texts(kit, "BYE")
    await line.later(hours=40)
    await line.later(hours=6, minutes=50)
    await asyncio.sleep(1.5)
    new(sam)
    await line.later(minutes=31)
    await sam.shows("A carrier still keeps messages")
    await line.later(minutes=30)
    await asyncio.sleep(1.5)
    assert sam.silent
    entries = await line.do(lambda work: [entry.what for entry in work.audit.entries()])
    assert entries.count("carrier keeps copies") == 1
    await line.later(minutes=31)
    async with asyncio.timeout(5):
        while await line.do(lambda work: work.removals.overdue(timedelta(0))):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def cradle() -> Iterator[Nursery]:
    with nursery() as started:
        yield started


@pytest.mark.parametrize("step", ["copies claimed", "copies asked", "copies marking", "copies marked"])
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_a_kill_costs_one_more_question(
    tmp_path: Path, database_url: str, cradle: Nursery, step: str
) -> None:
    """kill -9 before and after the carrier was asked, and before that is written down: it is asked again, and gone."""
    async with staged(tmp_path, database_url) as stage:
        kit = stage.texter("telegram", "Kit")
        assert isinstance(kit, TelegramPhone)
        await texts(kit, "BYE")
        async with moved_out(stage, tmp_path, cradle) as house:
            hers = Address(Medium.TELEGRAM, Secret(str(kit.user["id"])), "texters")

            async def due() -> None:
                """Else it would be the next minute's: what a dead process had claimed waits for its lease."""
                await stage.do(lambda work: work.copies.hasten_chat(hers))

            await due()
            before = await stage.count(copies)
            house.begins(step)
            assert await house.life.ended() == -signal.SIGKILL
            await due()
            await house.runs()
            await until(lambda: not held(stage.town, "texters"))
            async with asyncio.timeout(5):
                while await stage.count(copies) > before - 2:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.02)
            assert LINE not in house.logs()
