"""One thought, one transaction: retries, group commit, errors without values, other processes; on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import time
import traceback
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.errors import DatabaseAway, Stale, StorageError, UnknownEpoch
from bot.people import Medium
from bot.redact import Secret
from storage.engine import TRIES, Store, open_store
from storage.keyring import Keyring
from storage.vault import Vault
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import LINE, ROBIN, by_hand, count, writes


def marks(work: Work, name: str) -> bool:
    return work.seen.first(Medium.SMS, LINE, Secret(name))


def a_vault(root: bytes, keyring: Keyring) -> Vault:
    return Vault(roots=(root,), peppers=(b"p" * 32,), keyring=keyring)


async def test_a_failing_thought_leaves_its_neighbours(store: Store, database_url: str) -> None:
    """Forty thoughts at once, every fourth fails after it has written: thirty are kept, ten leave nothing."""

    def thought(work: Work, n: int) -> int:
        marks(work, f"SM{n}")
        if n % 4 == 0:
            raise ZeroDivisionError
        return n

    done = await asyncio.gather(
        *(store.do(lambda work, n=n: thought(work, n)) for n in range(40)), return_exceptions=True
    )
    assert [n for n, one in enumerate(done) if isinstance(one, ZeroDivisionError)] == list(range(0, 40, 4))
    assert [one for one in done if isinstance(one, int)] == [n for n in range(40) if n % 4]
    assert count(database_url, "seen") == 30


async def test_a_stale_thought_is_run_again_and_given_up_at_last(store: Store) -> None:
    """Somebody else was quicker: again, but not for ever."""
    runs = 0

    def always_late(work: Work) -> None:
        nonlocal runs
        runs += 1
        raise Stale

    with pytest.raises(Stale):
        await store.do(always_late)
    assert runs == TRIES


async def test_an_errors_text_quotes_nothing(store: Store) -> None:
    """What a database says of a broken rule names values; what leaves storage does not."""
    conversation = await store.do(lambda work: writes(work, ROBIN, "hi"))

    def breaks(work: Work) -> None:
        work._desk.conn.execute(
            text("UPDATE conversations SET version = NULL WHERE id = :id AND code = :secret"),
            {"id": conversation.id, "secret": conversation.code},
        )

    with pytest.raises(StorageError) as caught:
        await store.do(breaks)
    told = "".join(traceback.format_exception(caught.value))
    assert conversation.code not in told
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_an_unknown_epoch_reloads_the_keys(database_url: str, tmp_path: Path, clock: FakeClock) -> None:
    """Another process has rotated: the keyring is read anew, and the thought runs again."""
    root, pepper = b"r" * 32, b"p" * 32
    theirs = Keyring.create(tmp_path / "theirs", root)
    ours = Keyring.load(tmp_path / "theirs", (root,))
    first = open_store(database_url, Vault(roots=(root,), peppers=(pepper,), keyring=ours), clock=clock)
    new = theirs.add_epoch()
    by_hand(database_url, "INSERT INTO epochs (kid) VALUES (:kid)", kid=new)
    theirs.activate(new)
    rotated = open_store(database_url, Vault(roots=(root,), peppers=(pepper,), keyring=theirs), clock=clock)
    await rotated.do(lambda work: writes(work, ROBIN, "under the new epoch"))
    with pytest.raises(UnknownEpoch):
        ours.box(new)

    found = await first.do(lambda work: work.conversations.by_address(ROBIN))

    assert found is not None
    for one in (first, rotated):
        await one.close()


async def test_an_epoch_that_was_ended_does_not_come_back(
    database_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    """Whoever opens the database with an old keyring gets nothing, and puts nothing back."""
    root = b"r" * 32
    keyring = Keyring.create(tmp_path / "keyring", root)
    old = (tmp_path / "keyring").read_bytes()
    await open_store(database_url, a_vault(root, keyring), clock=clock).close()
    new = keyring.add_epoch()
    by_hand(database_url, "INSERT INTO epochs (kid) VALUES (:kid)", kid=new)
    by_hand(database_url, "DELETE FROM epochs WHERE kid <> :kid", kid=new)
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "old").chmod(0o600)

    with pytest.raises(UnknownEpoch):
        open_store(database_url, a_vault(root, Keyring.load(tmp_path / "old", (root,))), clock=clock)

    assert by_hand(database_url, "SELECT kid FROM epochs") == [(new,)]


async def test_a_keyring_that_was_never_activated_is_put_right(
    database_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    """As one from a capsule may be: it wraps under the newest epoch that this database knows."""
    root = b"r" * 32
    keyring = Keyring.create(tmp_path / "keyring", root)
    kids = [keyring.add_epoch() for _ in range(3)]
    for kid in kids[:2]:
        by_hand(database_url, "INSERT INTO epochs (kid) VALUES (:kid)", kid=kid)

    store = open_store(database_url, a_vault(root, keyring), clock=clock)

    await store.do(lambda work: writes(work, ROBIN, "hi"))
    await store.close()
    assert keyring.active == kids[1]


async def test_a_key_under_a_dropped_epoch_is_not_written(
    database_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    """A stale writer's commit fails by the foreign key; it reloads, and writes under the new epoch."""
    root = b"r" * 32
    theirs = Keyring.create(tmp_path / "keyring", root)
    ours = Keyring.load(tmp_path / "keyring", (root,))
    store = open_store(database_url, a_vault(root, ours), clock=clock)
    old = theirs.active
    theirs.activate(theirs.add_epoch())
    theirs.drop(old)
    by_hand(database_url, "INSERT INTO epochs (kid) VALUES (:kid)", kid=theirs.active)
    by_hand(database_url, "DELETE FROM epochs WHERE kid = :kid", kid=old)

    await store.do(lambda work: writes(work, ROBIN, "hi"))
    assert set(by_hand(database_url, "SELECT kid FROM envelopes")) == {(theirs.active,)}
    await store.close()


def test_the_command_line_does_the_same_blocking(database_url: str, vault: Vault, clock: FakeClock) -> None:
    """No event loop is needed."""
    store = open_store(database_url, vault, clock=clock)
    assert store.do_now(lambda work: marks(work, "SM1"))
    assert not store.do_now(lambda work: marks(work, "SM1"))
    with pytest.raises(KeyError):
        store.do_now(lambda work: {}["x"])
    store.close_now()


async def test_a_closed_store_finishes_and_refuses(store: Store, database_url: str) -> None:
    """What was handed over before is carried out; what comes after is refused or waits for nothing."""
    if database_url.startswith("postgresql"):
        pytest.skip("a pool that was given back makes new connections")
    begun = [asyncio.create_task(store.do(lambda work, n=n: marks(work, f"{n}"))) for n in range(5)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*begun) == [True] * 5
    with pytest.raises(StorageError):
        await store.do(lambda work: marks(work, "late"))


async def test_changes_of_another_process_are_noticed(store: Store, database_url: str) -> None:
    """The command line adds a letter: the one who serves hears of it."""
    changes = store.changes()
    heard = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0.2)
    if database_url.startswith("postgresql"):
        await heard  # it has begun to listen
        heard = asyncio.ensure_future(anext(changes))
        await asyncio.to_thread(by_hand, database_url, "NOTIFY greenroom")
    else:
        await asyncio.to_thread(by_hand, database_url, "INSERT INTO optouts (label) VALUES ('x')")
    await asyncio.wait_for(heard, timeout=20)
    await changes.aclose()


async def test_a_server_that_is_gone_is_away(vault: Vault, clock: FakeClock) -> None:
    """The web server answers "come again" then, and nothing of the address is told."""
    with pytest.raises(DatabaseAway) as caught:
        open_store("postgresql://greenroom@127.0.0.1:9/house", vault, clock=clock)
    assert str(caught.value) == "The database does not answer."
    assert caught.value.__context__ is None


async def test_a_connection_that_was_cut_comes_back(store: Store, database_url: str) -> None:
    """PostgreSQL restarts: one thought is told that it is away, the next one works."""
    if database_url.startswith("sqlite"):
        pytest.skip("a file cannot be cut off")
    await store.do(lambda work: marks(work, "SM1"))
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    for _ in range(3):
        try:
            assert await store.do(lambda work: marks(work, "SM2"))
        except DatabaseAway:
            continue
        break
    assert not await store.do(lambda work: marks(work, "SM2"))


def sqlite_file(database_url: str) -> Path:
    if not database_url.startswith("sqlite"):
        pytest.skip("about SQLite's file")
    return Path(str(make_url(database_url).database))


async def test_sqlite_is_set_up_as_promised(store: Store, database_url: str) -> None:
    """The settings that decide what a stolen disk shows, and what a power cut leaves."""
    path = sqlite_file(database_url)

    def settings(work: Work) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "trusted_schema")
        more = ("temp_store", "journal_size_limit", "busy_timeout", "auto_vacuum")
        conn = work._desk.conn
        return {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in (*names, *more)}

    assert await store.do(settings) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "temp_store": 2,
        "journal_size_limit": 0,
        "busy_timeout": 5000,
        "auto_vacuum": 1,
    }
    await store.do(lambda work: marks(work, "SM1"))
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


async def test_another_process_that_writes_is_waited_for(store: Store, database_url: str) -> None:
    """The command line holds the file for a moment: nothing fails."""
    path = sqlite_file(database_url)

    def holds() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.execute("BEGIN IMMEDIATE")
            time.sleep(0.3)
            raw.execute("COMMIT")

    holding = asyncio.create_task(asyncio.to_thread(holds))
    await asyncio.sleep(0.1)
    assert await store.do(lambda work: marks(work, "SM1"))
    await holding
