"""The day's budget of SMS: what is automatic stops first, and a person's words are never kept back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers import spending
from storage.tallies import Span
from tests.stories.stage import Stage, answers, new, staged, texts


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line with 200 segments a day, of which 60 are kept for open conversations."""
    async with staged(tmp_path, database_url, daily_segments=200, reserve_percent=30) as stage:
        yield stage


async def spend(line: Stage, segments: int) -> None:
    """Another process has spent so many, and this one has looked."""
    await line.do(lambda work: work.tallies.add(spending.SPENT, span=Span.DAY, by=segments))
    assert line.program is not None
    await spending.write(line.program.store, line.program.line)
    await line.settled()


async def test_each_level_keeps_back_a_little_more(line: Stage) -> None:
    """With the reserve nothing new is said to strangers, but their conversation opens and is offered; at the end only
    people's words leave. The admins hear of 80 and of 100 per cent once. Tomorrow all is as before."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("sms", "Kit")
    admin = await line.staff("Dana", "telegram", roles=("admin",))
    code = await line.talk(robin, alma)

    await spend(line, 141)
    await texts(kit, "hello?")
    await alma.shows("New conversation")
    await texts(robin, "HELP")
    await robin.shows("Write here and a real person reads it")
    assert kit.silent
    await line.settled()
    assert new(admin) == []

    await spend(line, 20)
    await admin.shows("80 % of today's 200 SMS segments")
    await spend(line, 50)
    await admin.shows("All 200 SMS segments of today")
    await spend(line, 5)
    assert new(admin) == []
    await texts(robin, "HELP")
    await line.settled()
    assert robin.silent
    new(alma)
    await answers(alma, code, "I am here")
    await robin.shows("I am here")
    await texts(robin, "thank you")
    await alma.shows(f"{code} thank you")

    await line.later(hours=24)
    await spend(line, 1)
    await texts(kit, "BYE")
    await kit.shows("Bye.")


async def test_what_is_sent_is_counted_in_segments_and_survives_the_process(line: Stage) -> None:
    """Each part of an SMS, to either side; Telegram costs nothing. A stop writes down what was still in memory."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("telegram", "Kit")
    code = await line.talk(robin, alma)
    await line.settled()
    assert line.program is not None
    purse, now = line.program.line.purse, line.town.clock.now
    before = purse.spent(now())
    assert before >= 6  # invitation, welcome, first answer (2), offer, card
    await answers(alma, code, "я тут " * 20)  # 120 letters that need UCS-2: two segments
    await robin.shows("я тут")
    await line.settled()
    assert purse.spent(now()) == before + 2
    await texts(kit, "/start")
    await kit.shows("Write here")
    await line.settled()
    assert purse.spent(now()) == before + 2

    await line.stop()
    await line.start()
    await line.settled()
    assert line.program is not None
    await spending.write(line.program.store, line.program.line)
    assert line.program.line.purse.spent(now()) == before + 2


async def test_the_card_says_that_nothing_was_said(line: Stage) -> None:
    """A counselor who takes it knows that the texter has heard nothing yet."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await spend(line, 150)
    await texts(robin, "hello?")
    code = (await alma.shows("New conversation")).text.split()[2]
    await alma.write(f"TAKE {code}")
    await alma.shows("They have not been told anything yet.")
    assert robin.silent


async def test_strangers_at_once_cost_no_more_than_one_after_the_other(line: Stage) -> None:
    """All are written down before anything is sent: what was affordable when it was written need not be any more."""
    await line.on_call("Alma", "telegram")
    crowd = [line.texter("sms", f"Kit {n}") for n in range(20)]
    await spend(line, 120)
    line.town.twilio.faults.slow(0.5, "Messages.create", times=None)
    await asyncio.gather(*(texts(phone, "hello") for phone in crowd))
    await line.settled()
    # 140 of 200 segments are free, two for each first answer.
    assert len([phone for phone in crowd if new(phone)]) == 10
    assert line.program is not None
    assert line.program.line.purse.spent(line.town.clock.now()) == 140
