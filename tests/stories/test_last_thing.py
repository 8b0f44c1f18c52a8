"""What came to her phone last decides what her OK is: at whatever moment it is written down that it arrived."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text as sql

from bot import gaps
from bot.people import Came, QuestionId, Staff
from bot.phrases import phrase
from bot.questions import QuestionKind
from handlers import questions
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.reminding import heard
from storage.work import Work
from tests.stories.stage import Stage, new, texts

WAITS = sql("SELECT count(*) FROM pg_locks WHERE NOT granted")


async def ask_alma(line: Stage) -> tuple[Staff, QuestionId]:
    """A question to be answered by OK or CAN'T: who is asked, and which it is."""
    assert line.program is not None
    ours = line.program.line

    def thought(work: Work) -> tuple[Staff, QuestionId]:
        alma = work.staff.by_name("Alma")
        assert alma is not None
        due = work.now + timedelta(hours=1)
        nothing = gaps.written(())
        question = questions.ask(
            work, ours, alma, phrase("not_now"), QuestionKind.GAPS, due_at=due, about=nothing
        )
        assert question is not None
        return alma, question

    found: tuple[Staff, QuestionId] = await line.do(thought)
    return found


async def waits(line: Stage, question: QuestionId) -> bool:
    """Whether it has no answer yet."""
    return bool(await line.do(lambda work: work.questions.get(question)))


async def becomes(line: Stage, true: Callable[[Work], Any]) -> None:
    """Looks at the database until it is so."""
    while True:
        if await line.do(true):
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_answer_while_the_question_is_written_down_as_sent(line: Stage) -> None:
    """CAN'T is being read when the carrier's word for the question comes: it answers the question, and Robin, who
    wrote before it, reads nothing."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    assert isinstance(alma, SmsPhone)
    assert line.program is not None
    await line.talk(robin, alma)
    await texts(robin, "are you there?")
    await alma.shows("are you there?")
    await line.settled()
    await line.later(minutes=6)  # she was heard of then, and is marked as such anew
    new(robin)

    gate = line.town.twilio.faults.hold("Messages.create", accepted_first=True)
    person, question = await ask_alma(line)
    await gate.reached()
    # Another transaction has her heard of, and is not over: hers stands still in the middle.
    holds, over = threading.Event(), threading.Event()

    def elsewhere(work: Work) -> None:
        heard(work, person)
        holds.set()
        assert over.wait(20)

    other = asyncio.create_task(asyncio.to_thread(line.program.store.do_now, elsewhere))
    await asyncio.to_thread(holds.wait, 20)
    writes = asyncio.create_task(alma.write("CAN'T"))
    async with asyncio.timeout(20):
        await becomes(line, lambda work: work._desk.conn.execute(WAITS).scalar())
        gate.open()
        await becomes(line, lambda work: not work.outbox.in_flight(person.contacts[0].id))
    over.set()
    await asyncio.gather(other, writes)
    await line.settled()
    assert robin.silent
    assert not await waits(line, question)


@pytest.mark.parametrize("words", ["can't, sorry", "yes"])
async def test_an_answer_in_her_own_words(line: Stage, words: str) -> None:
    """Behind a question, with nobody there: it is the answer."""
    alma = await line.staff("Alma", "sms")
    _, question = await ask_alma(line)
    await line.settled()
    await alma.write(words)
    await line.settled()
    assert not await waits(line, question)


@pytest.mark.parametrize("words", ["yes", "sí", "No, sorry"])
@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_an_answer_that_could_be_robins_is_held(line: Stage, medium: str, words: str) -> None:
    """He had just asked her something: nobody guesses. OK answers the question, the code sends him hers."""
    alma, robin = await line.on_call("Alma", medium), line.texter("sms")
    code = await line.talk(robin, alma)
    await texts(robin, "shall I leave him?")
    await alma.shows(f"{code} shall I leave him?")
    for answer in (code, "Ok!"):
        _, question = await ask_alma(line)
        await line.settled()
        new(alma), new(robin)
        await alma.write(words)
        await line.settled()
        (asked,) = new(alma)
        assert asked.startswith("Not sent. Is it your answer to the question? Text OK or CAN'T.")
        assert code in asked
        assert robin.silent
        assert await waits(line, question)
        await alma.write(answer)
        await line.settled()
        assert new(robin) == ([words] if answer == code else [])
        assert await waits(line, question) == (answer == code)
    # What was the answer is not held any more: it does not come along with her next words.
    await ask_alma(line)
    await line.settled()
    for text in ("I am here", code):
        await alma.write(text)
        await line.settled()
    assert new(robin) == ["I am here"]


async def test_ok_is_the_answer_however_it_is_written(line: Stage) -> None:
    """While she talks with Robin too: every question says OK, so nobody is asked what that was."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await line.talk(robin, alma)
    for words in ("OK!", "Okay.", "can’t"):
        _, question = await ask_alma(line)
        await line.settled()
        await alma.write(words)
        await line.settled()
        assert not await waits(line, question), words
    assert robin.silent


async def test_an_unclear_text_behind_a_question(line: Stage) -> None:
    """With nobody there she is asked once more, and her next word is the answer; with Robin there it is held."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    _, question = await ask_alma(line)
    await line.settled()
    new(alma)
    await alma.write("I can't come to the casting")
    await line.settled()
    assert new(alma) == ["Not understood. Please answer OK or CAN'T to the last question."]
    assert await waits(line, question)
    await alma.write("No")
    await line.settled()
    assert not await waits(line, question)

    code = await line.talk(robin, alma)
    _, question = await ask_alma(line)
    await line.settled()
    new(alma), new(robin)
    await alma.write("I can't come to the casting")
    await line.settled()
    assert new(alma) == [f"Not sent. Which conversation? {code}"]
    assert robin.silent
    assert await waits(line, question)


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_the_carriers_word_for_the_question_comes_late(line: Stage, medium: str) -> None:
    """Robin's text has arrived meanwhile. By SMS a receipt had said that the question came before it, so her OK is for
    Robin. By Telegram nobody knows what she read last: it is no answer, and Robin does not get it either."""
    alma, robin = await line.on_call("Alma", medium), line.texter("sms")
    code = await line.talk(robin, alma)
    carrier, call, words = (
        (line.town.twilio, "Messages.create", "Body")
        if medium == "sms"
        else (line.town.telegram, "sendMessage", "text")
    )
    gate = carrier.faults.hold(call, accepted_first=True, where=lambda asked: "now" in asked[words])
    _, question = await ask_alma(line)
    await gate.reached()
    if medium == "sms":
        await becomes(line, lambda work: not _flying(work, alma.name))
    await texts(robin, "are you there?")
    await alma.shows("are you there?")
    await becomes(line, lambda work: all(asks for _, asks in _flying(work, alma.name)))
    gate.open()
    await line.settled()
    new(alma), new(robin)
    if isinstance(alma, TelegramPhone):
        await alma.write("OK", to="staff")
    else:
        await alma.write("OK")
    await line.settled()
    assert await waits(line, question)
    if medium == "sms":
        assert new(robin) == ["OK"]
    else:
        assert any(code in text and "Not sent" in text for text in new(alma))
        assert robin.silent


def _flying(work: Work, name: str) -> frozenset[Came]:
    person = work.staff.by_name(name)
    assert person is not None
    return work.outbox.in_flight(person.contacts[0].id)
