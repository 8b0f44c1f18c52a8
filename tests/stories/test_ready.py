"""As her shift begins she can answer READY?, whatever else there is to tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.rehearsal.clock import Clock
from tests.stories.planning import NIGHT, THURSDAY, asks, says, three
from tests.stories.stage import Stage, new, staged


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line on the Thursday morning before."""
    async with staged(tmp_path, database_url, town={"clock": Clock(THURSDAY)}) as stage:
        yield stage


async def test_cannot_again_and_nobody_takes_it(line: Stage) -> None:
    """Alma has asked already: CAN'T to the hour's reminder says so, and asks nobody twice. Nobody takes it: READY?
    comes after that, so that her OK answers it."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await asks(line)
    await line.rounds(hours=12, minutes=1)
    await line.rounds(hours=23)
    await alma.shows("Soon you are on call")
    new(bo), new(cleo), new(charlie)
    still = f"Cover 1 is still open: Alma, {NIGHT}. Colleagues asked: 2. COVER 1 DROP takes it back."
    assert await says(line, alma, "CAN'T") == [still]
    assert (new(bo), new(cleo)) == ([], [])
    assert len(new(charlie)) == 1
    await line.rounds(hours=1)
    assert new(alma) == [
        f"Nobody took your shift {NIGHT}, so it is yours.",
        f"READY? Your shift begins: {NIGHT}. OK or CAN'T?",
    ]
    assert await says(line, alma, "OK") == ["Thank you. You are on call until Sat 28 Nov 07:00."]
