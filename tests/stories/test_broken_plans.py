"""Somebody with the database, but not the keys, changes what planning remembers: it is told, and nobody is put on call
by it, or taken off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.feeds import Whose
from bot.people import Role
from handlers.rehearsal.clock import Clock
from storage.tables import covers, feeds, questions
from tests.stories.stage import Phone, Stage, staged
from tests.stories.test_broken_rows import damaged, trail
from tests.stories.test_calendars import fetching, link
from tests.stories.test_cover import THURSDAY, asks, says, serves, three


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line on a Thursday morning."""
    async with staged(tmp_path, database_url, town={"clock": Clock(THURSDAY)}) as stage:
        yield stage


async def told_once(line: Stage, sam: Phone) -> None:
    """One entry in the trail, one text to the admin."""
    await sam.shows("does not open")
    await line.settled()
    assert len(await trail(line)) == 1
    assert sum("does not open" in text for text in sam.texts) == 1


async def test_a_request_that_does_not_open_is_nobodys_shift(line: Stage) -> None:
    """Alma's is broken: Bo's OK takes nothing, nor does Cleo's, and she serves as planned."""
    _, bo, cleo = await three(line)
    sam = await line.staff("Sam", "sms", roles=(Role.ADMIN.value,))
    cover = await asks(line)
    await damaged(line, covers, number=cover.number)

    assert "There is no request 1." in (await says(line, bo, "OK"))[0]

    assert await serves(line) == {"Alma"}
    assert "There is no request 1." in (await says(line, cleo, "OK"))[0]
    await told_once(line, sam)
    await line.later(hours=20)
    assert await serves(line) == {"Alma"}
    assert len(await trail(line)) == 1


async def test_a_question_that_does_not_open_has_no_answer(line: Stage) -> None:
    """Bo's OK is an answer to nothing; Cleo, who was asked the same, takes the night."""
    _, bo, cleo = await three(line)
    sam = await line.staff("Sam", "sms", roles=(Role.ADMIN.value,))
    await asks(line)
    await damaged(line, questions, staff=line.people["Bo"])

    await says(line, bo, "OK")

    assert await serves(line) == {"Alma"}
    await says(line, cleo, "OK")
    assert await serves(line) == {"Cleo"}
    await told_once(line, sam)


async def test_a_calendar_that_does_not_open_leads_nowhere(line: Stage) -> None:
    """Alma's link; Bo's shows his shifts, and the rota is as it was."""
    await three(line)
    sam = await line.staff("Sam", "sms", roles=(Role.ADMIN.value,))
    hers, his = [await link(line, Whose(line.people[name], None)) for name in ("Alma", "Bo")]
    await damaged(line, feeds, staff=line.people["Alma"])
    async with fetching(line) as http:
        for path, status in ((hers, 404), (his, 200), (hers, 404)):
            async with http.get(path) as answer:
                assert answer.status == status
    await told_once(line, sam)
    assert await serves(line) == {"Alma"}
