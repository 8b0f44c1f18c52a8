"""Trials of the rotation: killed at any point, and what an attacker opens who has all keys and a backup from before."""

from __future__ import annotations

import asyncio
import copy
import errno
import multiprocessing
import os
import random
import resource
import secrets
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert, select

from bot.conversation import Conversation
from bot.errors import DatabaseAway, SealBroken, StorageError, TakenOver, UnknownEpoch
from bot.messages import Address
from bot.people import Medium
from bot.redact import Secret
from handlers.rotation import Rotator
from storage.engine import Store, open_store
from storage.keyring import Keyring
from storage.tables import conversations, endings, envelopes, epochs, texter_contacts, transcript
from storage.vault import Vault
from storage.work import Work
from tests.secrecy import refusing
from tests.secrecy.trial import Outcome, Place
from tests.storage.cast import LINE, writes

LEASE: Final = timedelta(seconds=0.3)
"""A trial does not wait a minute for each of two hundred dead."""
HER_WORDS: Final = "nobody else may read this"
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.secrecy.rotation"])


def now() -> datetime:
    return datetime.now(UTC)


class Keys:
    """A line's keys in a folder, and stores that are opened with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root, self.pepper = secrets.token_bytes(32), secrets.token_bytes(32)
        self.file = folder / "keys" / "keyring"
        self.file.parent.mkdir(mode=0o700, exist_ok=True)
        Keyring.create(self.file, self.root)

    def open(self, url: str) -> Store:
        return opened(url, self.file, self.root, self.pepper)

    def copied(self, name: str) -> Keys:
        """The same line's keys on another host, as they are now: a keyring file of its own."""
        other = copy.copy(self)
        other.folder = self.folder / name
        other.file = other.folder / "keys" / "keyring"
        other.file.parent.mkdir(mode=0o700, parents=True)
        shutil.copy(self.file, other.file)
        return other


def opened(url: str, keyring: Path, root: bytes, pepper: bytes) -> Store:
    """The store as any process opens it."""
    keys = Keyring.load(keyring, (root,))
    return open_store(url, Vault(roots=(root,), peppers=(pepper,), keyring=keys), clock=now)


def texter(number: int) -> Address:
    return Address(Medium.SMS, Secret(f"+1202555{number:04}"), LINE)


async def written(store: Store, number: int, first: int = 0) -> list[Conversation]:
    """So many texters have written."""
    return list(
        await asyncio.gather(
            *(
                store.do(lambda work, n=n: writes(work, texter(n), f"{HER_WORDS} {n}"))
                for n in range(first, first + number)
            )
        )
    )


def readable(work: Work, *, stolen: bool = False) -> int:
    """How many conversations open whole: their state, their address and every line.

    `stolen`: with these keys and no others; the line itself reads its keyring anew.
    """
    count = 0
    for one in work._desk.conn.execute(select(conversations.c.id)).scalars().all():
        with suppress(SealBroken, *((UnknownEpoch,) if stolen else ())):
            conversation = work.conversations.get(one)
            assert conversation is not None
            work.conversations.address(conversation)
            count += all(HER_WORDS in line.text.reveal() for line in work.transcript.read(conversation))
    return count


async def rotated(store: Store, **more: Any) -> None:
    """A rotation from its beginning to its end, after whoever holds it; begun anew where the machine was so busy that
    another process thought this one dead."""
    rotator = Rotator(store, lease=LEASE, **more)
    while True:
        while not await rotator.take(due_only=False):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
        with suppress(TakenOver):
            await rotator.rotate()
            return


def _rotates(url: str, keyring: Path, root: bytes, pepper: bytes, dies_at: int | None) -> None:
    """A process that rotates again and again; gone at its n-th step, or whenever it is killed."""
    left = dies_at

    def step(name: str) -> None:
        nonlocal left
        if left is not None:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    async def for_ever() -> None:
        store = opened(url, keyring, root, pepper)
        while True:
            with suppress(TakenOver):
                await rotated(store, step=step)

    asyncio.run(for_ever())


async def kills(place: Place, count: int = 200) -> AsyncIterator[Outcome]:
    """kill -9 at a random step or moment of a rotation: all is readable, and the next rotation completes it."""
    chance = random.Random(place.seed)
    keys = Keys(place.folder)
    store = keys.open(place.url)
    texters = 60
    await written(store, texters)
    for number in range(count):
        dies_at = chance.randrange(1, 16) if number % 2 else None
        process = _FORKS.Process(
            target=_rotates, args=(place.url, keys.file, keys.root, keys.pepper, dies_at)
        )
        process.start()
        if dies_at is None:
            await asyncio.sleep(chance.uniform(0.02, 0.5))
            process.kill()
        await asyncio.to_thread(process.join, 60)
        if process.is_alive():
            process.kill()
            yield Outcome(1, 1, "a rotation hung")
        opens = await store.do(readable)
        yield Outcome(1, opens != texters, "a conversation was unreadable after a kill")
    await rotated(store)
    yield Outcome(1, await store.do(readable) != texters, "a conversation was unreadable in the end")
    yield Outcome(1, await on_old_keys(store, keys) != 0, "something was left under an old key")
    await store.close()


async def on_old_keys(store: Store, keys: Keys) -> int:
    """Rows under another epoch than the newest, epochs beside it in the database, and in the keyring file."""
    counts = await store.do(lambda work: work.rotation.counts())
    kids = await store.do(lambda work: work.rotation.kids())
    file = Keyring.load(keys.file, (keys.root,))
    rows = sum(number for kid, number in counts.items() if kid != kids[-1])
    return rows + len(kids) - 1 + (file.kids() != kids) + (file.active != kids[-1])


_TABLES: Final = (epochs, envelopes, conversations, endings, texter_contacts, transcript)


async def backed_up(store: Store) -> list[list[dict[str, Any]]]:
    """The rows as a backup of the database has them."""
    return await store.do(
        lambda work: [
            [dict(row._mapping) for row in work._desk.conn.execute(select(table))] for table in _TABLES
        ]
    )


async def put_back(store: Store, backup: list[list[dict[str, Any]]]) -> None:
    """The backup, put into the database as somebody does who has the disk: the epochs' rows too."""

    def thought(work: Work) -> None:
        for table in reversed(_TABLES):
            work._desk.conn.execute(delete(table))
        for table, rows in zip(_TABLES, backup, strict=True):
            if rows:
                work._desk.conn.execute(insert(table), rows)

    await store.do(thought)


async def old_backup(place: Place, count: int = 40) -> AsyncIterator[Outcome]:
    """Root, pepper, today's keyring and a backup from before the erasure: all open before the rotation, none after."""
    keys = Keys(place.folder)
    store = keys.open(place.url)
    texters = await written(store, count)
    backup = await backed_up(store)
    for one in texters:
        await store.do(lambda work, one=one: work.conversations.erase(one))
    await put_back(store, backup)
    seen = await store.do(readable)
    yield Outcome(1, seen != count, "the trial cannot see what an old backup shows")
    for one in texters:
        await store.do(lambda work, one=one: work.conversations.erase(one))
    await rotated(store)
    await put_back(store, backup)
    opened_again = await store.do(partial(readable, stolen=True))
    yield Outcome(count, opened_again, "an erased conversation opened from an old backup")
    await store.close()


async def until(true: Any, *, within: float = 30) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + within
    while not await true():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


async def _taken_in(store: Store, number: int) -> list[Conversation]:
    """A text as a carrier brings it: where no connection is free in time it comes again, five times."""
    for _ in range(5):
        with suppress(DatabaseAway):
            return await written(store, 1, first=number)
    return await written(store, 1, first=number)


def _writes(
    url: str, keyring: Path, keys: tuple[bytes, bytes], work: tuple[float, float, int], told: Any
) -> None:
    """A process that serves: it looks after its keys, and so many texts a second come in; tells how many failed."""
    seconds, rate, first = work

    async def serve() -> tuple[int, int]:
        store = opened(url, keyring, *keys)
        rotator = Rotator(store, serving=True)
        looking = asyncio.create_task(rotator.keep())
        tasks: list[asyncio.Task[list[Conversation]]] = []
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            while len(tasks) < passed * rate:
                tasks.append(asyncio.create_task(_taken_in(store, first + len(tasks))))
            await asyncio.sleep(0.005)
        done = await asyncio.gather(*tasks, return_exceptions=True)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await rotator.leave()
        await store.close()
        failed = [one for one in done if isinstance(one, BaseException)]
        for what, number in Counter(type(one).__name__ for one in failed).items():
            print(f"{number} texts failed: {what}", file=sys.stderr)
        return len(done), len(failed)

    told.send(asyncio.run(serve()))
    told.close()


async def under_load(place: Place, seconds: float = 30, rate: float = 50) -> AsyncIterator[Outcome]:
    """Rotations one after the other while three processes take so many texts a second: none fails, none is left."""
    here = Keys(place.folder)
    there = here.copied("another host")
    store = here.open(place.url)
    started = []
    for number, keys in enumerate((here, here, there)):
        listen, tell = _FORKS.Pipe(duplex=False)
        share = (seconds, rate / 3, 3000 * number)
        secret = (keys.root, keys.pepper)
        process = _FORKS.Process(target=_writes, args=(place.url, keys.file, secret, share, tell))
        process.start()
        tell.close()
        started.append((process, listen))
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await rotated(store)
        count += 1
        await asyncio.sleep(0.5)
    for process, listen in started:
        texts, failed = await asyncio.to_thread(listen.recv)
        await asyncio.to_thread(process.join, 60)
        yield Outcome(texts, failed, "a text was not taken in while the keys changed")
    await rotated(store)
    yield Outcome(count, await on_old_keys(store, here) != 0, "something was left under an old key")
    every = await store.do(lambda work: len(work._desk.conn.execute(select(conversations.c.id)).all()))
    yield Outcome(every, every - await store.do(readable), "a conversation was unreadable")
    await store.close()


def _starves(url: str, keyring: Path, root: bytes, pepper: bytes, most: int) -> None:
    """A process that rotates on a disk on which no file may grow beyond so many bytes."""

    async def once() -> None:
        store = opened(url, keyring, root, pepper)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        try:
            await rotated(store)
        finally:
            await store.close()

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        asyncio.run(once())
    except (OSError, StorageError):
        sys.exit(1)


async def full_disk(place: Place, count: int = 30) -> AsyncIterator[Outcome]:
    """The disk is full at another point each time: keyring whole, all readable, and the next rotation completes it."""
    chance = random.Random(place.seed)
    keys = Keys(place.folder)
    store = keys.open(place.url)
    texters = 40
    await written(store, texters)
    failed = 0
    for _ in range(count):
        most = chance.choice((0, 100, chance.randrange(500), chance.randrange(600_000)))
        process = _FORKS.Process(target=_starves, args=(place.url, keys.file, keys.root, keys.pepper, most))
        process.start()
        await asyncio.to_thread(process.join, 60)
        failed += process.exitcode != 0
        Keyring.load(keys.file, (keys.root,))
        opens = await store.do(readable)
        yield Outcome(1, opens != texters, "a conversation was unreadable after the disk was full")
    yield Outcome(1, not failed, "the trial never filled the disk")
    await rotated(store)
    yield Outcome(1, await on_old_keys(store, keys) != 0, "something was left under an old key")
    await store.close()


def _refused(url: str, keyring: Path, root: bytes, pepper: bytes, at: int, error: int) -> None:
    """A process that rotates, and from its n-th step on may not put one file in another's place."""
    left = at

    def step(name: str) -> None:
        nonlocal left
        if left == 0:
            refusing.renames(error)
        left -= 1

    async def once() -> None:
        store = opened(url, keyring, root, pepper)
        step("opened")
        try:
            await rotated(store, step=step)
        finally:
            await store.close()

    try:
        asyncio.run(once())
    except OSError:
        sys.exit(1)


_REFUSALS: Final = (errno.EIO, errno.EBUSY, errno.EACCES, errno.EPERM, errno.ENOSPC)


async def no_rename(place: Place, count: int = 30) -> AsyncIterator[Outcome]:
    """A new keyring cannot take the old one's place, from another step on each time: all readable, and the next
    rotation completes it and leaves nothing behind."""
    chance = random.Random(place.seed)
    keys = Keys(place.folder)
    store = keys.open(place.url)
    texters = 40
    await written(store, texters)
    failed = 0
    for number in range(count):
        refusal = (number % 7, chance.choice(_REFUSALS))
        process = _FORKS.Process(
            target=_refused, args=(place.url, keys.file, keys.root, keys.pepper, *refusal)
        )
        process.start()
        await asyncio.to_thread(process.join, 60)
        yield Outcome(1, process.exitcode not in (0, 1), "a rotation ended in another way, or hung")
        failed += process.exitcode != 0
        Keyring.load(keys.file, (keys.root,))
        opens = await store.do(readable)
        yield Outcome(1, opens != texters, "a conversation was unreadable after a rename had failed")
        await rotated(store)
        left = await on_old_keys(store, keys) + len(_drafts(keys))
        yield Outcome(1, left != 0, "something was left under an old key")
        yield Outcome(1, await store.do(readable) != texters, "a conversation was unreadable in the end")
    yield Outcome(1, not failed, "the trial never kept a file from being renamed")
    await store.close()


def _drafts(keys: Keys) -> list[Path]:
    """Files beside the keyring that may hold what was in it."""
    return [one for one in keys.file.parent.iterdir() if one.name.startswith(keys.file.name + ".")]
