"""A new rota from the terminal: whose next shifts it moves hears so at once, and what was due stays due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from json import JSONDecoder
from pathlib import Path
from typing import Any

import pytest

from bot import segments
from bot.__main__ import Roof
from handlers.cli.commands import app
from handlers.cli.front import obey
from handlers.rehearsal.clock import Clock
from storage.work import Work
from tests.stories.planning import THURSDAY, says
from tests.stories.rotas import turns
from tests.stories.stage import Phone, Stage, new, staged

TONIGHT = THURSDAY + timedelta(hours=12)
"""22:00 in New York, 05:00 in Kyiv."""
NINE = timedelta(hours=9)
CHANGED, SOON, READY = "The rota has changed", "Soon you are on call:", "READY?"


@pytest.fixture
async def line(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A line on a Thursday morning; commands are typed in its folder."""
    monkeypatch.chdir(tmp_path)
    async with staged(tmp_path, database_url, town={"clock": Clock(THURSDAY)}) as stage:
        yield stage


@pytest.fixture
def applies(line: Stage, capsys: pytest.CaptureFixture[str]) -> Any:
    """Types `greenroom rota apply` of this file, by the line's clock, whether it runs or not; what is answered."""

    def typed(document: str, more: tuple[str, ...]) -> int:
        Path("rota.toml").write_text(document)
        words = ("rota", "apply", "rota.toml", "--json", *more)
        return obey(app, Roof(line.town.clock.now), words)

    async def applied(document: str, *more: str) -> dict[str, Any]:
        capsys.readouterr()
        assert await asyncio.to_thread(typed, document, more) == 0
        printed = capsys.readouterr().out
        # The line runs in this process and may log at the same moment.
        found: dict[str, Any] = JSONDecoder().raw_decode(printed[printed.index("{") :])[0]
        if line.program is not None:
            await line.settled()
        return found

    return applied


def night(*names: str, name: str = "on call") -> str:
    """These serve tonight, and that is all."""
    return turns(" ".join(names), start=TONIGHT, hours=9, until=TONIGHT + NINE, name=name)


def later(who: str, days: int) -> str:
    """Something else altogether: backup on a day far off."""
    start = TONIGHT + timedelta(days=days)
    return turns(who, start=start, hours=9, until=start + NINE, name="backup")


def told(phone: Phone, what: str) -> int:
    return sum(text.startswith(what) for text in phone.texts)


async def test_whom_a_new_rota_concerns_hears_so_at_once(line: Stage, applies: Any) -> None:
    """Once, in her language and by her clock; nobody of a first rota, of a look at one, or of what stays the same."""
    alma, cleo = await line.staff("Alma", "telegram"), await line.staff("Cleo", "sms")
    bo = await line.staff("Bo", "sms", languages=("uk",))

    def moves(work: Work) -> None:
        person = work.staff.by_name("Bo")
        assert person is not None
        work.staff.set_zone(person, "Europe/Kyiv")

    await line.do(moves)
    phones = (alma, bo, cleo)
    for phone in phones:
        new(phone)
    assert (await applies(night("Alma", "Cleo")))["told"] == 0
    assert (await applies(night("Bo", "Cleo"), "--dry-run"))["told"] == 2
    assert [new(phone) for phone in phones] == [[], [], []]
    assert (await applies(night("Bo", "Cleo") + later("Alma", 3)))["told"] == 2
    gone, (has,), nothing = [new(phone) for phone in phones]
    assert gone == ["The rota has changed: you are no longer on call Thu 26 Nov 22:00-07:00 (on call)."]
    assert has.startswith("Графік змінено: ви чергуєте пт 27 лист 05:00-14:00 (on call).")
    assert segments.count(has).number == 1
    assert nothing == []
    assert (await applies(night("Bo", "Cleo") + later("Alma", 3)))["told"] == 0
    await line.rounds(seconds=20)
    assert [new(phone) for phone in phones] == [[], [], []]
    await line.rounds(hours=11)
    assert (len(new(alma)), told(bo, "Скоро"), told(cleo, SOON)) == (0, 1, 1)


async def test_a_shift_that_is_moved_near(line: Stage, applies: Any) -> None:
    """It begins in half an hour now: she hears so at once, and READY? as it begins; of what runs nothing is said."""
    alma = await line.staff("Alma", "sms")
    await applies(night("Alma"))
    line.town.clock.move(timedelta(hours=4))
    start = line.town.clock.now() + timedelta(minutes=30)
    moved = turns("Alma", start=start, hours=9, until=start + NINE)
    assert (await applies(moved))["told"] == 1
    await alma.shows("The rota has changed: you are on call Thu 26 Nov 14:30-23:30 (on call).")
    await line.rounds(minutes=5)
    assert told(alma, SOON) == 0
    await line.rounds(minutes=25)
    await line.rounds(seconds=10)
    assert told(alma, READY) == 1
    new(alma)
    assert (await applies(turns("Alma", start=start, hours=8, until=start + 8 * NINE / 9)))["told"] == 0
    assert new(alma) == []


async def test_many_shifts_are_counted(line: Stage, applies: Any) -> None:
    """An hour each, in turn: the letter is two segments at most."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    await applies(turns("Alma", "Bo", start=TONIGHT, hours=1, until=TONIGHT + NINE))
    await applies(turns("Bo", "Alma", start=TONIGHT, hours=1, until=TONIGHT + NINE))
    for phone, count in ((alma, 9), (bo, 9)):
        letter = await phone.shows(CHANGED)
        assert f"{count} shifts" in letter.text
        assert segments.count(letter.text).number <= 2


async def test_a_change_swallows_nothing(line: Stage, applies: Any) -> None:
    """Due a second ago, and then something else is planned before the next round: it is said all the same, once."""
    alma = await line.staff("Alma", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await applies(night("Alma"))
    await line.settled()
    line.town.clock.move(timedelta(hours=11, seconds=1))
    await applies(night("Alma") + later("Alma", 7))
    await line.rounds(seconds=5)
    await applies(night("Alma") + later("Alma", 8))
    await line.rounds(seconds=5)
    assert told(alma, SOON) == 1
    await line.settled()
    line.town.clock.move(timedelta(hours=1))
    await applies(night("Alma") + later("Alma", 9))
    await line.rounds(seconds=5)
    assert (told(alma, READY), told(alma, CHANGED)) == (1, 0)
    await line.rounds(minutes=6)
    await charlie.shows("Alma is on call and does not answer READY?")


async def test_a_rota_applied_while_the_line_is_down(line: Stage, applies: Any) -> None:
    """What was due then is said when it runs again, where it still helps; of a new shift nobody hears twice."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    await applies(night("Alma"))
    await line.stop()
    line.town.clock.move(timedelta(hours=11, minutes=20))
    assert (await applies(night("Alma", "Bo") + later("Alma", 7)))["told"] == 1
    await line.start()
    await line.rounds(seconds=5)
    assert [(told(one, SOON), told(one, CHANGED)) for one in (alma, bo)] == [(1, 0), (0, 1)]
    await line.stop()
    line.town.clock.move(timedelta(minutes=45))
    await applies(night("Alma", "Bo") + later("Alma", 8))
    await line.start()
    await line.rounds(seconds=5)
    assert (told(alma, READY), told(bo, READY)) == (1, 1)


async def test_an_agreement_that_goes_with_it_is_told_once(line: Stage, applies: Any) -> None:
    """Bo serves tonight for Alma; the new file knows nothing of that. Each gets one letter."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    await applies(night("Alma"))
    await says(line, alma, "COVER Thursday night")
    await says(line, alma, "OK")
    assert (await says(line, bo, "OK"))[0].startswith("You serve for Alma")
    new(alma)
    await applies(night("Alma") + later("Bo", 20))
    await line.rounds(seconds=30)
    assert [text.startswith(CHANGED) for text in new(alma)] == [True]
    assert [text.startswith(CHANGED) for text in new(bo)] == [True]
