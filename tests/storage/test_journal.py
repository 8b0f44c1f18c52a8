"""SQLite's journal: what was erased is in it until it is cut off, and it cannot be while somebody reads."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from storage.engine import Store
from storage.work import Work
from tests.handlers.cast import ends, supervises
from tests.storage.cast import ROBIN, by_hand, writes


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> str:
    """SQLite only: PostgreSQL's journal is out of our reach, and the rotation's business."""
    path = tmp_path / "greenroom.db"
    path.write_bytes(migrated_file.read_bytes())
    path.chmod(0o600)
    return f"sqlite:///{path}"


def file_of(database_url: str) -> Path:
    return Path(database_url.removeprefix("sqlite:///"))


def journal_of(database_url: str) -> bytes:
    return Path(f"{file_of(database_url)}-wal").read_bytes()


def envelope(database_url: str) -> bytes:
    [(wrapped,)] = by_hand(database_url, "SELECT wrapped FROM envelopes WHERE owner = 'conversation'")
    assert isinstance(wrapped, bytes)
    return wrapped


async def emptied(database_url: str, within: float = 5) -> bool:
    end = time.monotonic() + within
    while journal_of(database_url):
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True


async def test_an_erased_key_is_nowhere_in_the_files(store: Store, database_url: str) -> None:
    """Neither in the journal, which was full of it, nor in the file."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    wrapped = envelope(database_url)
    await store.do(lambda work: writes(work, ROBIN, "again"))
    found = await store.do(lambda work: work.conversations.get(made.id))
    assert found is not None
    await store.do(lambda work: work.conversations.erase(found))
    assert await emptied(database_url)
    assert wrapped not in file_of(database_url).read_bytes() + journal_of(database_url)


async def test_a_key_that_was_handed_over_is_nowhere_either(store: Store, database_url: str) -> None:
    """Sealing erases nothing and records no erasure; the server's envelope goes all the same."""
    halves = await store.do(
        lambda work: (supervises(work, "Sam"), supervises(work, "Toni"), work.archive_keys.active())[2]
    )
    made = await store.do(lambda work: ends(work, ROBIN))
    wrapped = envelope(database_url)
    await store.do(lambda work: work.conversations.seal(made, halves))
    assert await emptied(database_url)
    assert wrapped not in file_of(database_url).read_bytes() + journal_of(database_url)
    assert by_hand(database_url, "SELECT count(*) FROM erasures") == [(0,)]


async def test_whoever_reads_puts_it_off_and_no_longer(store: Store, database_url: str) -> None:
    """The busy flag is obeyed: texts go on being stored meanwhile, and it is cut off once the reader has gone."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    wrapped = envelope(database_url)
    with closing(sqlite3.connect(file_of(database_url), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM envelopes").fetchone()
        began = time.monotonic()
        await store.do(lambda work: work.conversations.erase(made))
        await store.do(lambda work: writes(work, ROBIN, "I am here"))
        assert time.monotonic() - began < 4  # nobody waited for the reader
        assert not await emptied(database_url, within=1.5)
        assert wrapped in file_of(database_url).read_bytes() + journal_of(database_url)
        reader.execute("COMMIT")
    assert await emptied(database_url, within=15)
    assert wrapped not in file_of(database_url).read_bytes()


async def test_what_fails_empties_nothing(store: Store, database_url: str) -> None:
    """An erasure that was rolled back: the key is still there, and the rotation is not due."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))

    def fails(work: Work) -> None:
        work.conversations.erase(made)
        raise KeyError

    with pytest.raises(KeyError):
        await store.do(fails)
    assert await store.do(lambda work: work.transcript.read(made))
    assert by_hand(database_url, "SELECT count(*) FROM chores") == [(0,)]
