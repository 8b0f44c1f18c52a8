"""The keys change while the real line runs, is stopped and continued, and while commands are typed beside it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot import config, opening
from bot.__main__ import Roof
from handlers.cli.commands import app
from handlers.cli.front import obey
from storage.chores import Chore
from storage.keyring import Keyring
from storage.work import Work
from tests.secrecy.rotation import until
from tests.stories.lives import House, Nursery, moved_out, nursery
from tests.stories.stage import staged, texts


@pytest.fixture(scope="module")
def cradle() -> Iterator[Nursery]:
    with nursery() as started:
        yield started


@pytest.fixture
async def house(tmp_path: Path, database_url: str, cradle: Nursery) -> AsyncIterator[House]:
    """A line with Alma (SMS) on call, as a process."""
    async with staged(tmp_path, database_url) as stage:
        await stage.on_call("Alma", "sms")
        async with moved_out(stage, tmp_path, cradle) as house:
            yield house


async def types(house: House, *words: str) -> int:
    """A command, typed beside the line."""
    return await asyncio.to_thread(obey, app, Roof(), [*words, "--config", str(house.config_file)])


def _keys(house: House) -> Keyring:
    settings = config.load(house.config_file)
    return Keyring.load(settings.keys.keyring, (config.key_bytes(settings.keys.root),))


def _left(work: Work) -> tuple[int, int]:
    """Epochs, and keys that are not under the newest."""
    kids, counts = work.rotation.kids(), work.rotation.counts()
    return len(kids), sum(number for kid, number in counts.items() if kid != kids[-1])


async def test_a_line_that_was_stopped_and_continued_goes_on(house: House) -> None:
    """The keys change twice while it cannot see it: its next text is taken in, answered, and under the new key."""
    stage, store = house.stage, house.store
    assert store is not None
    alma = next(iter(stage.town.twilio.handsets.values()))
    await house.runs()
    robin = stage.texter("sms")
    code = await stage.talk(robin, alma)  # type: ignore[arg-type]
    stale = await asyncio.to_thread(opening.open_store, config.load(house.config_file))
    await stage.settled()
    house.life.signal(signal.SIGSTOP)
    try:
        for _ in range(2):
            assert await types(house, "keys", "rotate") == 0
    finally:
        house.life.signal(signal.SIGCONT)
    await texts(robin, "are you still there?")
    await alma.shows(f"{code} are you still there?")
    assert await asyncio.to_thread(stale.do_now, lambda work: work.staff.by_name("Alma")) is not None
    await stale.close()
    await stage.settled()
    assert await store.do(_left) == (1, 0)
    assert await house.stops() == 0


async def test_an_erasure_makes_the_running_line_change_its_keys(house: House) -> None:
    """It is due four minutes after; here that has passed. The old key is gone from the file and from the database."""
    stage, store = house.stage, house.store
    assert store is not None
    await house.runs()
    robin = stage.texter("sms")
    await texts(robin, "hello")
    await stage.settled()
    old = _keys(house).active
    await texts(robin, "DELETE")
    await stage.settled()
    due = await store.do(lambda work: work.chores.due_at(Chore.ROTATE))
    assert due is not None
    await store.do(lambda work: work.chores.hasten(Chore.ROTATE, work.now))

    async def changed() -> bool:
        return old not in await store.do(lambda work: work.rotation.kids()) and old not in _keys(house).kids()

    assert await until(changed)
    settings = config.load(house.config_file)
    erased = settings.keys.keyring.with_name("erased")
    assert any(line[:1].isdigit() for line in erased.read_text().splitlines())
    assert await house.stops() == 0
