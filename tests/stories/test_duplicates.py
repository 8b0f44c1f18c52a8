"""A carrier that repeats itself is harmless, and so are fifty texts at the same moment."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from pathlib import Path

from handlers.channels.telegram_updates import heard
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from storage.tables import conversations, transcript
from tests.stories.stage import Stage, new, staged, texts


async def test_the_same_webhook_fifty_times_at_once_is_one_text(line: Stage) -> None:
    """The first text of Robin's comes fifty-two times: one conversation, one first answer, one offer."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    assert isinstance(robin, SmsPhone)
    own = await texts(robin, "hello")
    message = line.town.twilio.messages[own.id]
    await line.town.twilio.repeat(message)
    posted = await line.town.twilio.repeat(message, times=50)
    assert all(one.answers == [204] for one in posted)
    await line.settled()
    assert len(new(robin)) == 1
    assert await line.count(conversations) == 1
    await line.takes(alma)
    (played,) = new(alma)
    assert played.endswith(" hello")


async def test_the_first_webhook_may_come_fifty_times_at_once(line: Stage) -> None:
    """None of them is the first: whichever is written down, the others are duplicates."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    assert isinstance(robin, SmsPhone)
    message = line.town.twilio.new_message("inbound", robin.number, "+12025550100", "hello", "received")
    posted = await line.town.twilio.repeat(message, times=50)
    assert all(one.answers == [204] for one in posted)
    await line.settled()
    assert len(new(robin)) == 1
    assert await line.count(conversations) == 1
    await alma.shows("New conversation")
    await line.settled()
    assert alma.silent


async def test_a_repeated_reply_is_sent_once(line: Stage) -> None:
    """Alma's answer comes fifty times from her carrier: Robin reads it once."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    own = await alma.write(f"{code} I am here")
    await line.town.twilio.repeat(line.town.twilio.messages[own.id], times=50)
    await line.settled()
    assert new(robin) == ["I am here"]
    assert alma.silent


async def test_the_same_update_twice_and_fifty_times_at_once(line: Stage) -> None:
    """Telegram hands out an update again after a crash or a lost confirmation: it is known already."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    bot = line.town.telegram.bots["texters"]
    kept = bot.chats[robin.user["id"]].messages[int(robin.sent[-1].id)]
    update = {"update_id": bot._next_update + 7, "message": deepcopy(kept.wire) | {"text": "once"}}
    assert line.program is not None
    one = heard(update, via="texters", now=line.town.clock.now()).inbound
    assert one is not None
    await asyncio.gather(*(line.program.receive("texters", [one], None) for _ in range(50)))
    await line.program.receive("texters", [one, one], None)
    await line.settled()
    assert new(alma) == [f"{code} once"]


async def test_a_poll_that_is_cut_off_loses_and_doubles_nothing(line: Stage) -> None:
    """The answer to getUpdates is lost on its way, again and again: every text arrives once, in order."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    code = await line.talk(robin, alma)
    line.town.telegram.faults.cut_after("getUpdates", times=2)
    said = [f"text {number}" for number in range(5)]
    for text in said:
        await texts(robin, text)
    await alma.shows(f"{code} {said[-1]}")
    await line.settled()
    assert [text for text in alma.texts if "text" in text][-5:] == [f"{code} {text}" for text in said]


async def test_fifty_texters_at_the_same_moment(tmp_path: Path, database_url: str) -> None:
    """Fifty first texts at once: fifty conversations with fifty codes, fifty first answers, every text kept."""
    async with staged(tmp_path, database_url, open_conversations=20) as line:
        robins = [line.town.sms_phone(f"+4477009{number:05}") for number in range(50)]
        await asyncio.gather(*(robin.write(f"hello {n}") for n, robin in enumerate(robins)))
        await line.settled()
        assert await line.count(conversations) == 50
        codes = {await line.code_of(robin) for robin in robins}
        assert len(codes) == 50
        assert all(new(robin)[0].startswith("Hi, thanks for writing.") for robin in robins)
        assert await line.count(transcript) == 150


async def test_both_sides_type_at_the_same_moment(tmp_path: Path, database_url: str) -> None:
    """Twenty texts each way at once: nothing is lost or doubled, and on PostgreSQL nobody waits for a deadlock."""
    async with staged(tmp_path, database_url) as line:
        alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
        code = await line.talk(robin, alma)
        await asyncio.gather(
            *(robin.write(f"from Robin {n}") for n in range(20)),
            *(alma.write(f"{code} from Alma {n}") for n in range(20)),
        )
        await line.settled()
        assert sorted(new(robin)) == sorted(f"from Alma {n}" for n in range(20))
        # A burst may come joined (bot/bursts): line by line it is all there.
        said = [part.removeprefix(f"{code} ") for text in new(alma) for part in text.split("\n")]
        assert sorted(said) == sorted(f"from Robin {n}" for n in range(20))
        if database_url.startswith("postgresql"):
            assert await line.deadlocks() == 0
