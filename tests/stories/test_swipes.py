"""A swipe says what her words are for: the texter whose text it was, the question that it was, or nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.changes import Status
from bot.messages import Address, Inbound, Kind, Side
from bot.people import Medium
from bot.redact import Secret
from handlers import commands, staff
from handlers.rehearsal.clock import Clock
from handlers.rehearsal.phones import TelegramPhone
from storage.work import Work
from tests.stories.planning import THURSDAY, asks, nights, says, serves, status, three
from tests.stories.stage import Phone, Stage, new, staged, texts


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line on the Thursday morning before."""
    async with staged(tmp_path, database_url, town={"clock": Clock(THURSDAY)}) as stage:
        yield stage


async def talking(line: Stage) -> tuple[TelegramPhone, Phone]:
    """Alma talks with Robin, and colleagues share the nights; Bo's is the Friday's."""
    alma, _, _ = await three(line)
    await line.rota("Alma")
    robin = line.texter("sms")
    await line.talk(robin, alma)
    await nights(line, "Bo", "Alma", "Cleo")
    assert isinstance(alma, TelegramPhone)
    return alma, robin


@pytest.mark.parametrize("word", ["OK", "can't"])
async def test_a_word_swiped_to_a_texter_answers_no_question(line: Stage, word: str) -> None:
    """Robin's text is older than Bo's request: the swipe counts, and no shift changes hands."""
    alma, robin = await talking(line)
    await texts(robin, "can you help me?")
    theirs = await alma.shows("can you help me?")
    await asks(line, "Bo")
    new(robin)
    await alma.reply(theirs, word)
    await line.settled()
    assert new(robin) == [word]
    assert (await serves(line), await status(line, 1)) == ({"Bo"}, Status.OPEN)


async def test_ok_swiped_to_a_question_reaches_no_texter(line: Stage) -> None:
    """Robin wrote after it; once she has given the shift back, that question has its answer."""
    alma, robin = await talking(line)
    await asks(line, "Bo")
    question = await alma.shows("asks for cover")
    await texts(robin, "should I go back to him?")
    await alma.shows("go back to him?")
    await line.settled()
    new(alma), new(robin)
    await alma.reply(question, "OK")
    await alma.shows("You serve for Bo")
    assert await serves(line) == {"Alma"}
    await alma.reply(question, "can't")
    await alma.shows("1: given back")
    await says(line, alma, "WHO")
    await alma.reply(question, "OK")
    await alma.shows("That has its answer already.")
    await line.settled()
    assert new(robin) == []


async def test_anything_else_swiped_to_the_line_is_held(line: Stage) -> None:
    """Words for Bo, swiped to his request; OK swiped to what asks nothing: neither is Robin's, until a code says so."""
    alma, robin = await talking(line)
    code = await line.code_of(robin)
    await asks(line, "Bo")
    question = await alma.shows("asks for cover")
    await says(line, alma, "WHO")
    notice = alma.screen[-1]
    await texts(robin, "are you still there?")
    await alma.shows("still there?")
    await line.settled()
    new(alma), new(robin)
    await alma.reply(question, "I am at my sister's that night")
    await alma.shows(f"Not sent. Which conversation? {code}")
    await alma.write("DROP")
    await alma.shows("Dropped")
    await texts(robin, "hello??")
    await alma.shows("hello??")
    new(alma)
    await alma.reply(notice, "OK")
    await alma.shows(f"Not sent. Which conversation? {code}")
    await line.settled()
    assert (new(robin), await serves(line)) == ([], {"Bo"})
    await alma.write(code)
    await robin.shows("OK")


async def test_a_question_that_arrived_just_now_is_the_last_thing(line: Stage) -> None:
    """Another process marks it as sent between two looks at Alma's phone: her CAN'T is not Robin's all the same."""
    alma, robin = await talking(line)
    await texts(robin, "are you still there?")
    await alma.shows("still there?")
    await line.settled()
    sender = Address(Medium.TELEGRAM, Secret(str(alma.user["id"])), "staff")
    before = await line.do(lambda work: work.staff.by_address(sender))
    await asks(line, "Bo")
    new(alma), new(robin)
    assert line.program is not None
    here, now = line.program.line, line.town.clock.now()
    word = Inbound(Medium.TELEGRAM, Side.STAFF, sender, Secret("1"), Kind.TEXT, Secret("can't"), now)

    def thought(work: Work) -> None:
        staff.wrote(work, here, word, before, commands.obey)

    await line.do(thought)
    await alma.shows("1: noted, thank you.")
    await line.settled()
    assert new(robin) == []
