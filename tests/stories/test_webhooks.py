"""Telegram's updates by webhook: the same conversations, with the same guarantees, as by polling."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.stands import eventually
from tests.stories.stage import Stage, staged


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line whose two bots are called by Telegram."""
    async with staged(tmp_path, database_url, updates="webhook") as stage:
        await eventually(lambda: all(bot.hook for bot in stage.town.telegram.bots.values()))
        yield stage


@pytest.mark.parametrize("counselor", ["sms", "telegram"])
@pytest.mark.parametrize("texter", ["sms", "telegram"])
async def test_a_text_and_its_answer_cross(line: Stage, texter: str, counselor: str) -> None:
    """All four pairs of channels talk while both bots listen by webhook."""
    alma = await line.staff("Alma", counselor)
    await line.rota("Alma")
    robin = line.texter(texter)
    if texter == "telegram":
        await robin.start(line.town.telegram.bots["texters"])
    await robin.write("he does not let me leave")
    offer = await alma.shows("New conversation")
    code = offer.text.split()[2]
    if counselor == "telegram":
        await alma.press("Take")
    else:
        await alma.write(f"TAKE {code}")
    await alma.shows("he does not let me leave")

    await alma.write(f"{code} I am here")

    await robin.shows("I am here")


async def test_the_webhooks_are_ours_while_it_runs_and_gone_afterwards(line: Stage) -> None:
    """Registered at the start with a secret, removed at a stop, so that updates wait at Telegram."""
    bots = line.town.telegram.bots
    assert bots["texters"].hook.url.endswith("/telegram/texters")
    assert bots["texters"].hook.secret != bots["staff"].hook.secret

    await line.stop()

    assert [bot.hook for bot in bots.values()] == [None, None]


async def test_an_update_that_came_while_it_was_away_arrives_after_the_start(line: Stage) -> None:
    """What was written while the line was stopped is brought once it is back, once."""
    alma = await line.staff("Alma", "telegram")
    await line.rota("Alma")
    robin = line.texter("telegram")
    await robin.start(line.town.telegram.bots["texters"])
    await robin.shows("Write here")
    await line.stop()
    await robin.write("are you there?")

    await line.start()

    await alma.shows("New conversation")
    await alma.press("Take")
    await alma.shows("are you there?")
    assert sum("are you there?" in text for text in alma.texts) == 1
