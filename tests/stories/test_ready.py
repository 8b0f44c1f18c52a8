"""As her shift begins she can answer READY?, whatever else there is to tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.rehearsal.clock import Clock
from tests.stories.planning import NIGHT, THURSDAY, asks, nights, says, three
from tests.stories.rotas import turns, whole_hour
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


async def test_cannot_after_another_word(line: Stage) -> None:
    """Two shifts of hers are asked about; WHO came in between. CAN'T is put to READY? again, and is obeyed then."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    await nights(line, "Alma")
    await line.rounds(hours=12, minutes=1)
    await line.rounds(hours=23)
    await line.rounds(hours=1)
    new(bo)
    await says(line, alma, "WHO")
    (again,) = await says(line, alma, "CAN'T")
    assert again.startswith("READY?")
    assert await says(line, alma, "CAN'T")
    assert len(new(bo)) == 1


async def test_off_since_before_her_shift(line: Stage) -> None:
    """Bo said OFF yesterday, and never ON: he is reminded of both, and as his shift begins Charlie hears that nobody is
    left, once; of a break in the middle of it that only OFF itself tells."""
    bo = await line.staff("Bo", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await says(line, bo, "OFF")
    start = whole_hour(line.town.clock.now(), ahead=25)
    await line.plan(turns("Bo", start=start, hours=100, until=start + line.minutes(12 * 60)))
    await line.rounds(minutes=1)
    new(charlie)
    for hours, text in ((1, "You are on call"), (23, "Soon you are on call")):
        await line.rounds(hours=hours)
        (reminder,) = [one for one in new(bo) if one.startswith(text)]
        assert reminder.endswith(", and you are OFF: ON brings you back. OK or CAN'T?")
    await says(line, bo, "OK")
    new(charlie)
    await line.rounds(hours=1)
    (ready,) = new(bo)
    assert ready.startswith("READY? Your shift begins")
    assert ready.endswith(", and you are OFF: ON brings you back. OK or CAN'T?")
    off = "Bo is on call (on call) and OFF. Nobody else is on call who can answer."
    await line.rounds(minutes=1)
    assert new(charlie) == [off]
    still = "Thank you. You are still OFF: nobody is offered to you. ON brings you back."
    assert await says(line, bo, "OK") == [still]
    assert len(await says(line, bo, "ON")) == 1
    await says(line, bo, "OFF")
    await line.rounds(minutes=1)
    (taken,) = new(charlie)
    assert taken.startswith("Bo is on a break (OFF)")


async def test_off_since_before_beside_a_colleague(line: Stage) -> None:
    """Cleo is there too: Charlie hears who is left, and of the gap as soon as Cleo's shift is over."""
    bo, _ = await line.staff("Bo", "sms"), await line.staff("Cleo", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await says(line, bo, "OFF")
    start = whole_hour(line.town.clock.now(), ahead=1)
    both = turns("Bo Cleo", start=start, hours=100, until=start + line.minutes(4 * 60))
    alone = turns("Bo", start=start + line.minutes(4 * 60), hours=100).partition('zone = "UTC"\n')[2]
    await line.plan(both + alone.replace("turns", "later"))
    await line.rounds(minutes=1)
    new(charlie)
    await line.rounds(hours=1)
    await line.rounds(minutes=1)
    assert new(charlie) == ["Bo is on call (on call) and OFF. Left on call: Cleo."]
    await line.rounds(hours=4)
    (gap,) = new(charlie)
    assert gap.startswith("New rota gap:")


async def test_an_answer_that_came_too_late_to_be_one(line: Stage) -> None:
    """Bo is asked about Alma's shift, and looks who is on call: his OK is no answer any more. He is asked again, and
    that OK is."""
    _alma, bo, _cleo = await three(line)
    await asks(line)
    (question,) = [text for text in new(bo) if "asks for cover" in text]
    await says(line, bo, "WHO")
    assert await says(line, bo, "OK") == [question]
    (served,) = await says(line, bo, "OK")
    assert served.startswith("You serve for Alma")
    await says(line, bo, "WHO")
    assert await says(line, bo, "OK") == ["Not sent: no conversation is open with you."]
