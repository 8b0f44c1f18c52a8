"""Floods: one contact, a prefix, a machine at the other end. A conversation in progress is served meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from bot import flood
from storage.tables import conversations, transcript
from storage.tallies import Span
from tests.stories.stage import Phone, Stage, answers, new, texts


async def test_a_machine_that_answers_each_answer_gets_no_third(line: Stage) -> None:
    """The loop ends after two; the words are relayed all the same, and tomorrow she is answered again."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await line.talk(robin, alma)
    for _ in range(6):
        await texts(robin, "HELP")
        await line.settled()
    assert len(new(robin)) == flood.ANSWERS
    assert len(new(alma)) == 6
    await line.later(hours=1)
    await texts(robin, "HELP")
    await robin.shows("Write here and a real person reads it")


async def test_one_line_a_day_to_somebody_without_a_conversation(line: Stage) -> None:
    """BYE and /start, in any order; DELETE is answered six times in an hour."""
    robin = line.texter("telegram")
    for text in ("/start", "BYE", "/start", "bye"):
        await texts(robin, text)
    await line.settled()
    assert len(new(robin)) == 1
    for _ in range(flood.ERASED + 2):
        await texts(robin, "DELETE")
    await line.settled()
    assert len(new(robin)) == flood.ERASED
    await line.later(hours=24)
    await texts(robin, "BYE")
    await robin.shows("Bye.")


async def test_a_delete_that_erases_is_always_answered(line: Stage) -> None:
    """Whoever is afraid sends it again and again; silence would say that it did not work."""
    robin = line.texter("sms")
    for count in range(flood.ERASED + 2):
        await texts(robin, "my secret")
        await line.settled()
        new(robin)
        await texts(robin, "DELETE")
        await line.settled()
        assert new(robin) == ["Done. Our copy is gone. Please delete this chat yourself."], count
    assert await line.count(transcript) == 0
    await texts(robin, "DELETE")
    await line.settled()
    assert robin.silent


async def test_who_comes_back_all_day_is_not_greeted_all_day(line: Stage) -> None:
    """Her fourth conversation of a day opens and is offered without the first answer."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    for _ in range(flood.GREETINGS):
        await texts(robin, "hello")
        await robin.shows("thanks for writing")
        await texts(robin, "BYE")
        await robin.shows("Bye.")
    new(alma)
    await texts(robin, "hello again")
    await alma.shows("New conversation")
    await line.settled()
    assert robin.silent


async def test_what_one_contact_may_have_stored_in_an_hour_is_bounded(line: Stage) -> None:
    """Beyond the bound texts are counted, not kept; the counselor and the admins hear of it once."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    admin = await line.staff("Dana", "telegram", roles=("admin",))
    code = await line.talk(robin, alma)
    who = f"sms {robin.number}"
    await line.do(lambda work: work.tallies.add("texts", who, span=Span.HOUR, by=flood.KEPT - 2))
    await texts(robin, "the last one")
    await alma.shows("the last one")
    kept = await line.count(transcript)
    for n in range(5):
        await texts(robin, f"one too many {n}")
    await line.settled()
    assert await line.count(transcript) == kept
    (told,) = new(alma)
    assert told.startswith(f"{code}: more than {flood.KEPT} texts in this hour.")
    (alarm,) = new(admin)
    assert "BLOCK" in alarm
    await texts(robin, "DELETE")
    await robin.shows("Our copy is gone")
    await line.later(hours=1)
    await texts(robin, "hello again")
    await alma.shows("New conversation")


async def test_a_prefix_whose_numbers_all_write_once_gets_no_answers(line: Stage) -> None:
    """Conversations open and wait for a second text; whoever writes it is offered. The admins hear once."""
    alma = await line.on_call("Alma", "telegram")
    admin = await line.staff("Dana", "telegram", roles=("admin",))
    crowd = [line.town.sms_phone(f"+447700900{n:03d}") for n in range(flood.FIRST_CONTACTS + 3)]
    for phone in crowd:
        await texts(phone, "hi")
    await line.settled()
    answered = [phone for phone in crowd if not phone.silent]
    assert len(answered) == flood.FIRST_CONTACTS
    (alarm,) = new(admin)
    assert "+4477009…" in alarm
    assert await line.count(conversations) == len(crowd)
    offered = len(new(alma))
    assert offered == flood.FIRST_CONTACTS

    robin = line.texter("sms")
    await texts(robin, "hello")
    await robin.shows("thanks for writing")
    await alma.shows("New conversation")
    code = await line.code_of(crowd[-1])
    await texts(crowd[-1], "is anybody there?")
    await alma.shows(f"New conversation {code}")
    assert crowd[-1].silent


CROWD = 60
"""Numbers in the flood, each with four texts: more only take longer, for the town they write in too."""


async def test_a_talk_goes_on_while_many_numbers_write(line: Stage) -> None:
    """Robin's and Alma's words do not wait for the end of the flood."""
    alma, robin = await line.on_call("Alma", "telegram"), line.texter("sms")
    code = await line.talk(robin, alma)
    at_once = asyncio.Semaphore(20)  # so many webhooks a carrier has open at the same time

    async def shouts(phone: Phone) -> None:
        for n in range(4):
            async with at_once:
                await texts(phone, f"noise {n}")

    crowd = [line.town.sms_phone(f"+447700900{n:03d}") for n in range(CROWD)]
    shouting = [asyncio.create_task(shouts(phone)) for phone in crowd]
    try:
        await texts(robin, "are you there?")
        await alma.shows(f"{code} are you there?", within=60)
        await answers(alma, code, "I am here")
        await robin.shows("I am here", within=60)
    finally:
        await asyncio.gather(*shouting)


@pytest.mark.parametrize(
    ("first", "second", "pumped"),
    [(100, 0, False), (101, 0, True), (101, 26, False), (200, 49, True), (200, 50, False)],
)
def test_what_looks_like_pumping(first: int, second: int, *, pumped: bool) -> None:
    """More than a hundred new numbers in an hour, and fewer than a quarter of them have written again."""
    assert flood.is_pumped(first, second) is pumped


@pytest.mark.parametrize(
    ("number", "prefix"),
    [
        ("+12025550123", "+120255"),
        ("+447700900123", "+4477009"),
        ("+380441234567", "+38044123"),
        ("+999123456789", "+99912"),
    ],
)
def test_a_prefix_is_the_country_and_five_digits(number: str, prefix: str) -> None:
    """Also of a number that no plan knows."""
    assert flood.prefix(number) == prefix


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_a_burst_reaches_the_counselor_whole_and_in_order(line: Stage, medium: str) -> None:
    """Twenty short texts in seconds: in fewer messages than texts or not, every word of them, in her order."""
    alma, robin = await line.on_call("Alma", medium), line.texter("sms")
    code = await line.talk(robin, alma)
    for n in range(20):
        await texts(robin, f"word {n}")
    await line.settled()
    said = [part.removeprefix(f"{code} ") for text in new(alma) for part in text.split("\n")]
    assert said == [f"word {n}" for n in range(20)]
    assert robin.silent


async def test_a_stream_comes_together_and_both_are_told_once(line: Stage) -> None:
    """Beyond sixty: all of them, every half minute, in messages that a phone can show."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    code = await line.talk(robin, alma)
    for n in range(80):
        await texts(robin, f"word {n}")
    await line.settled()
    await line.later(seconds=31)
    shown = new(alma)
    told = [text for text in shown if "many texts at once" in text]
    assert len(told) == 1
    said = [part.removeprefix(f"{code} ") for text in shown if text not in told for part in text.split("\n")]
    assert sorted(said, key=lambda text: int(text.split()[1])) == said
    assert len(said) == 80
    assert len(shown) < 75
    assert [text for text in new(robin)] == [
        "All your texts arrive. You write fast, so they are brought together."
    ]
