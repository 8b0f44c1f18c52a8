"""Carriers repeat themselves: whatever comes twice, or fifty times at once, happens once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.telegram_bots import TelegramBot
from storage.tables import conversations, transcript
from tests.channels.stands import eventually
from tests.stories.stage import Stage, new, staged, texts

MANY = 50


def inbounds(line: Stage, phone: SmsPhone) -> list[object]:
    return [
        m for m in line.town.twilio.messages.values() if m.direction == "inbound" and m.sender == phone.number
    ]


async def test_a_first_text_fifty_times_at_once_is_one_conversation(line: Stage) -> None:
    """One conversation, one line of transcript, one first answer, one offer."""
    alma = await line.on_call("Alma", "sms")
    alma.look()
    robin = line.texter("sms")
    await robin.write("please help")
    await line.settled()
    (message,) = inbounds(line, robin)

    posted = await line.town.twilio.repeat(message, times=MANY)
    await line.settled()

    assert {one.answers[-1] for one in posted} == {204}
    assert await line.count(conversations) == 1
    assert len(new(robin)) == 1
    assert len(new(alma)) == 1


async def test_a_text_repeated_in_the_middle_reaches_the_counselor_once(line: Stage) -> None:
    """A later text and its fifty twins are one line on her phone."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    await line.talk(robin, alma)
    lines = await line.count(transcript)
    await robin.write("are you there?")
    (*_, message) = inbounds(line, robin)

    await line.town.twilio.repeat(message, times=MANY)
    await line.settled()

    assert sum("are you there?" in text for text in new(alma)) == 1
    assert await line.count(transcript) == lines + 1


async def test_a_counselors_answer_fifty_times_reaches_the_texter_once(line: Stage) -> None:
    """What she said is said once, however often the carrier tells us."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    code = await line.talk(robin, alma)
    await alma.write(f"{code} I am here")
    (*_, message) = inbounds(line, alma)

    await line.town.twilio.repeat(message, times=MANY)
    await line.settled()

    assert new(robin) == ["I am here"]


async def test_fifty_takes_at_once_are_one(line: Stage) -> None:
    """The same TAKE repeated: she has it once, and reads the transcript once."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    await robin.write("please help")
    offer = await alma.shows("New conversation")
    await alma.write(f"TAKE {offer.text.split()[2]}")
    (*_, message) = inbounds(line, alma)

    await line.town.twilio.repeat(message, times=MANY)
    await line.settled()

    assert sum("please help" in text for text in new(alma)) == 1


async def test_delete_fifty_times_is_answered_once(line: Stage) -> None:
    """One neutral line for one DELETE."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    await line.talk(robin, alma)
    await robin.write("DELETE")
    (*_, message) = inbounds(line, robin)

    await line.town.twilio.repeat(message, times=MANY)
    await line.settled()

    assert len(new(robin)) == 1
    assert sum("erased" in text for text in new(alma)) == 1


async def test_an_update_again_by_webhook_is_harmless(tmp_path: Path, database_url: str) -> None:
    """Telegram repeats an update whose answer it missed; fifty of them at once are one text."""
    async with staged(tmp_path, database_url, updates="webhook") as line:
        bot = line.town.telegram.bots["texters"]
        await eventually(lambda: bot.hook is not None)
        alma = await line.on_call("Alma", "telegram")
        robin = line.texter("telegram")
        assert isinstance(robin, TelegramPhone)
        await line.talk(robin, alma)
        wanted = asyncio.get_running_loop().create_task(_next_update(bot))
        await asyncio.sleep(0)
        await texts(robin, "are you there?")
        update = await wanted

        await line.town.telegram.repeat(bot, update, times=MANY)
        await line.settled()

        assert sum("are you there?" in text for text in new(alma)) == 1


async def _next_update(bot: TelegramBot) -> dict[str, object]:
    while not bot.pending:
        await bot.news()
    return dict(bot.pending[0])
