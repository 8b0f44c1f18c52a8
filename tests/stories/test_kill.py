"""kill -9 between every two steps of a text's way, and of the answer's: nothing lost, order kept, hardly repeated."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from handlers.rehearsal.phones import TelegramPhone
from handlers.rehearsal.screens import Screen
from tests.stories.lives import House, Nursery, moved_out, nursery
from tests.stories.stage import Phone, Stage, answers, staged, texts

WAY = ("received", "written", "stored", "claimed", "sent", "marking", "marked", "receipt stored")
"""Every step that the program tells, in the order of one text."""
PAIRS = (("sqlite", "sms", "telegram"), ("sqlite", "telegram", "sms"), ("postgresql", "sms", "telegram"))
"""Database, texter's and counselor's channel: both channels in and out on both databases, and no more: a kill costs
two starts."""
FIRST_MINUTE = (
    ("written", 1),
    ("stored", 1),
    ("claimed", 1),
    ("sent", 1),
    ("sent", 2),
    ("marking", 1),
    ("marked", 1),
    ("marked", 2),
)
"""Where a first text can be cut off: two letters leave, the first answer and the offer."""


SOON = (0.1, 0.15, 0.25, 3.0, 5.0)
"""Seconds between the carrier's tries: one falls right after the line is there again."""


@pytest.fixture(scope="module")
def cradle() -> Iterator[Nursery]:
    with nursery() as started:
        yield started


@pytest.fixture
async def house(tmp_path: Path, database_url: str, cradle: Nursery) -> AsyncIterator[House]:
    """A line with Alma (SMS) and Bo (Telegram) on it, as a process."""
    async with staged(tmp_path, database_url) as stage:
        await stage.staff("Alma", "sms")
        await stage.staff("Bo", "telegram")
        stage.town.twilio.webhooks.delays = SOON
        async with moved_out(stage, tmp_path, cradle) as house:
            yield house


def shown(phone: Screen, texts: list[str], *, code: str = "") -> None:
    """Every text is there, in order, none more than twice."""
    wanted = [f"{code} {text}".strip() for text in texts]
    there = [text for text in phone.texts if text in wanted]
    assert list(dict.fromkeys(there)) == wanted
    repeated = [text for text, count in Counter(there).items() if count > 2]
    assert not repeated, phone.face()


async def _talk(house: House, texter: str, counselor: str) -> tuple[Phone, Phone, str]:
    """A conversation under way."""
    stage = house.stage
    name = "Alma" if counselor == "sms" else "Bo"
    await stage.rota(name)
    hers = [phone for phone in phones(stage) if phone.name == name]
    await house.runs()
    robin = stage.texter(texter)
    code = await stage.talk(robin, hers[0])
    assert await house.stops() == 0
    return robin, hers[0], code


def phones(stage: Stage) -> list[Phone]:
    return [*stage.town.twilio.handsets.values(), *stage.town.telegram.apps.values()]  # type: ignore[list-item]


async def _dies_at(house: House, step: str) -> None:
    assert await house.life.ended() == -signal.SIGKILL, f"{step}: {house.life.log.read_text()}"


@pytest.mark.parametrize(("database_url", "texter", "counselor"), PAIRS, indirect=["database_url"])
async def test_a_text_and_its_answer_survive_a_kill_at_every_step(
    house: House, texter: str, counselor: str
) -> None:
    """Robin's text i is cut off at step i, and so is the answer to it; both arrive once the line runs again."""
    robin, alma, code = await _talk(house, texter, counselor)
    said: list[str] = []
    answered: list[str] = []
    for step in WAY:
        if step != "receipt stored" or counselor == "sms":
            await house.runs(step)
            said.append(f"text until {step}")
            await texts(robin, said[-1])
            await _dies_at(house, step)
            await house.runs()
            await alma.shows(f"{code} {said[-1]}")
            await house.stage.settled()
            assert await house.stops() == 0
        if step != "receipt stored" or texter == "sms":
            await house.runs(step)
            answered.append(f"answer until {step}")
            own = await answers(alma, code, answered[-1])
            await _dies_at(house, step)
            await house.runs()
            await robin.shows(answered[-1])
            await house.stage.settled()
            if isinstance(alma, TelegramPhone):
                assert set(own.reactions) & {"👀", "👌"}, (step, alma.face())
            assert await house.stops() == 0
        shown(alma, said, code=code)
        shown(robin, answered)


@pytest.mark.parametrize(("database_url", "medium"), [pair[:2] for pair in PAIRS], indirect=["database_url"])
async def test_a_first_text_survives_a_kill_at_every_step(house: House, medium: str) -> None:
    """Cut off anywhere in the first minute, Robin has her first answer and Alma the offer, each at most twice."""
    stage = house.stage
    name = "Alma" if medium == "telegram" else "Bo"
    await stage.rota(name)
    alma = next(phone for phone in phones(stage) if phone.name == name)
    for step, count in FIRST_MINUTE:
        alma.look()
        robin = stage.texter(medium, f"Robin {step} {count}")
        await house.runs(step, count)
        await texts(robin, "hello")
        await _dies_at(house, step)
        await house.runs()
        await robin.shows("Hi, thanks for writing.")
        code = (await alma.shows("New conversation")).text.split()[2]
        await stage.settled()
        assert len(robin.screen) <= 2
        assert sum(f"New conversation {code}" in text for text in alma.texts) <= 2
        assert await house.stops() == 0


async def test_a_take_survives_a_kill_at_every_step(house: House) -> None:
    """Alma's TAKE is cut off: it is hers once the line runs again, and the transcript has come."""
    stage = house.stage
    await stage.rota("Alma")
    alma = next(phone for phone in phones(stage) if phone.name == "Alma")
    for step, count in (
        ("written", 1),
        ("stored", 1),
        ("claimed", 1),
        ("sent", 1),
        ("sent", 2),
        ("marked", 2),
    ):
        await house.runs()
        robin = stage.texter("sms")
        await texts(robin, f"hello {step} {count}")
        code = (await alma.shows("New conversation")).text.split()[2]
        await stage.settled()
        assert await house.stops() == 0
        await house.runs(step, count)
        await alma.write(f"TAKE {code}")
        await _dies_at(house, step)
        await house.runs()
        await alma.shows(f"{code} is yours")
        await alma.shows(f"{code} hello {step} {count}")
        await stage.settled()
        shown(alma, [f"hello {step} {count}"], code=code)
        await texts(robin, "bye")
        await stage.settled()
        assert await house.stops() == 0


async def test_a_clock_survives_a_kill(tmp_path: Path, database_url: str, cradle: Nursery) -> None:
    """Alma is silent, the line dies the moment the offer has gone on to Bo: Bo is asked."""
    async with staged(tmp_path, database_url, offer_seconds=1) as stage:
        alma, bo = await stage.on_call("Alma", "sms"), await stage.on_call("Bo", "telegram")
        async with moved_out(stage, tmp_path, cradle) as house:
            await house.runs("struck")
            await texts(stage.texter("sms"), "hello")
            await _dies_at(house, "struck")
            await house.runs()
            await alma.shows("New conversation")
            await bo.shows("New conversation")


@pytest.mark.parametrize(
    ("database_url", "medium"), [("sqlite", "sms"), ("postgresql", "telegram")], indirect=["database_url"]
)
async def test_a_burst_survives_kills_at_random(house: House, medium: str) -> None:
    """Ten texts while the real program is killed again and again: all arrive, in order, none more often than killed."""
    chance = random.Random(20261124)
    robin, alma, code = await _talk(house, medium, "sms")
    said = [f"text {number}" for number in range(10)]
    await house.runs_alone()
    kills = 0
    for number, text in enumerate(said):
        await texts(robin, text)
        if number % 3 == 2:
            await asyncio.sleep(chance.random() / 20)
            await house.killed()
            kills += 1
            await house.runs_alone()

    def read() -> list[str]:
        """What she has read of it: beyond the eighth a burst is joined where it still waits."""
        mine = [text.removeprefix(f"{code} ") for text in alma.texts if f"{code} text" in text]
        return [line for text in mine for line in text.split("\n")]

    await alma.until(lambda: set(said) <= set(read()), within=90)
    await house.stage.settled()
    there = read()
    assert list(dict.fromkeys(there)) == said
    assert len(there) <= len(said) + kills
