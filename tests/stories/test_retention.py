"""What has been kept long enough is gone, on a running line, while people go on writing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from bot.conversation import State
from storage.tables import conversations, texter_contacts, transcript
from tests.handlers.cast import supervises
from tests.stories.stage import Stage, new, staged, texts


async def states(line: Stage) -> list[str]:
    made = select(conversations.c.state).order_by(conversations.c.created_day, conversations.c.last_hour)
    return list(await line.do(lambda work: work._desk.conn.execute(made).scalars().all()))


async def test_a_conversation_is_gone_a_day_after_its_end(line: Stage) -> None:
    """Without supervisors' keys nothing is left of it a day later, and Robin is a stranger who is welcome."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma, "my secret")
    await alma.write(f"DONE {code}")
    await robin.shows("This conversation has ended.")
    await line.later(hours=23)
    await line.sweeps()
    assert await states(line) == [State.CLOSED]
    await line.later(hours=2)
    await line.sweeps()
    assert await states(line) == [State.ERASED]
    assert await line.count(transcript) == await line.count(texter_contacts) == 0
    await alma.write(f"{code} are you well?")
    await alma.shows(f"{code}: no such conversation.")
    assert new(robin) == []
    again = await line.talk(robin, alma, "hello again")
    assert again != code


async def test_it_happens_by_itself(tmp_path: Path, database_url: str) -> None:
    """Nobody asks for it: where nothing is to be kept, all is gone seconds after DONE, once the closing lines have
    left."""
    nothing = "[retention]\naddress_hours = 0\ntranscript_days = 0\n"
    async with staged(tmp_path, database_url, more=nothing) as line:
        alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
        code = await line.talk(robin, alma, "my secret")
        await alma.write(f"DONE {code}")
        await robin.shows("This conversation has ended.")
        await alma.shows(f"{code}: closed.")
        async with asyncio.timeout(20):
            while await states(line) != [State.ERASED]:
                await asyncio.sleep(0.1)
                line.town.clock.move(timedelta(seconds=1))
        assert await line.count(transcript) == await line.count(texter_contacts) == 0


async def test_who_writes_again_after_sealing_is_heard(line: Stage) -> None:
    """The sealed conversation stays shut; the new one knows who had it."""
    await line.do(lambda work: (supervises(work, "Sam"), supervises(work, "Toni")))
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    code = await line.talk(robin, alma)
    await alma.write(f"DONE {code}")
    await robin.shows("This conversation has ended.")
    await line.later(hours=3)
    await line.sweeps()
    assert await states(line) == [State.SEALED]
    for swiped in (f"{code} are you there?", f"TAKE {code}", f"HISTORY {code}"):
        await alma.write(swiped)
        await alma.shows(f"{code}: no such conversation.")
    await texts(robin, "it happened again")
    again = await line.takes(alma)
    assert again != code
    await alma.shows(f"{again} it happened again")
    found = await line.do(lambda work: work.conversations.by_code(again))
    assert found.private.before == line.people["Alma"]


async def test_a_silent_texter_is_forgotten_in_an_open_conversation(line: Stage) -> None:
    """Thirty days: the number may be another's. Alma is told, the number hears nothing."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma, "hello")
    await line.later(days=29, hours=23)
    await line.sweeps()
    assert await states(line) == [State.TALKING]
    await line.later(hours=2)
    await line.sweeps()
    await alma.shows(f"{code}: the texter has been silent for 30 days.")
    assert await states(line) == [State.CLOSED]
    assert (
        await line.do(lambda work: work._desk.conn.execute(select(conversations.c.texter)).scalar()) is None
    )
    await line.settled()
    assert new(robin) == []
