"""SQLite: one thread owns the one connection that writes; what is queued is committed together."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

from bot.errors import StorageError
from storage.foreign import translated
from storage.work import Work

T = TypeVar("T")

MOST: Final = 64
"""Thoughts in one transaction: they share one write to the disk. More would make the first wait for the last."""
AGAIN: Final = 1.0
"""Seconds before a journal is tried again that could not be emptied because somebody was reading."""
POLL: Final = 1.0
"""Seconds between two looks at whether another process has committed."""

_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=0",
    "PRAGMA busy_timeout=5000",
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection with all settings; the file is made if there is none (0600, in a folder 0700)."""
    if not path.exists():
        _make(path)
    raw = sqlite3.connect(path, isolation_level=None, timeout=5, cached_statements=512)
    raw.text_factory = _text
    for pragma in _PRAGMAS:
        raw.execute(pragma).fetchall()
    return raw


def _text(stored: bytes) -> str:
    """What stands in the file as a text. One that is no UTF-8 was put there by hand (`||` makes a text of bytes): it
    must not look as if the database were away."""
    return stored.decode("utf-8", "surrogateescape")


def _make(path: Path) -> None:
    """Under another name first: a second process must not open a file whose settings are not yet in it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # 0600
    os.close(handle)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as raw:
            raw.execute("PRAGMA auto_vacuum=FULL")  # once the journal is WAL this is silently 0
            raw.execute("PRAGMA journal_mode=WAL").fetchall()
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def engine_for(path: Path) -> Engine:
    """Core on one connection; a transaction begins by taking the right to write, so that none is lost to another."""
    engine = create_engine(
        "sqlite://", creator=lambda: connect(path), poolclass=StaticPool, hide_parameters=True
    )

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@dataclass(slots=True)
class _Job:
    """One thought on its way, and who waits for it: a loop's future, or a thread's."""

    thought: Callable[[Work], Any]
    loop: asyncio.AbstractEventLoop | None
    future: asyncio.Future[Any] | Future[Any]
    result: Any = None
    error: BaseException | None = None
    wakes: bool = False
    erased: bool = False


class Sqlite:
    """The writer thread. Reading goes through it as well: it sees what was committed before."""

    def __init__(
        self, path: Path, make_work: Callable[[Connection], Work], woken: Callable[[], None]
    ) -> None:
        self._path = path
        self._make_work = make_work
        self._woken = woken
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._guard: int | None = None
        self._to_empty = False
        self._thread = threading.Thread(target=self._serve, name="sqlite", daemon=True)
        self._thread.start()

    async def run(self, thought: Callable[[Work], T]) -> T:
        """One thought in one (shared) transaction; returns after the commit."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Job(thought, loop, future))
        return await future

    def run_now(self, thought: Callable[[Work], T]) -> T:
        """The same, blocking."""
        future: Future[T] = Future()
        self._put(_Job(thought, None, future))
        return future.result()

    async def changes(self) -> AsyncIterator[None]:
        """Yields when the file has been written to, by us or by another process."""
        with closing(connect(self._path)) as raw:
            last = raw.execute("PRAGMA data_version").fetchone()[0]
            while True:
                await asyncio.sleep(POLL)
                now = raw.execute("PRAGMA data_version").fetchone()[0]
                if now != last:
                    last = now
                    yield

    async def alone(self) -> bool:
        """Whether no other process serves this file; from now on this one is seen to, however it dies."""
        if self._guard is None:
            self._guard = os.open(f"{self._path}-serving", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def close(self) -> None:
        """Finishes what is queued."""
        self._end()
        await asyncio.to_thread(self._thread.join)
        if self._guard is not None:
            os.close(self._guard)
            self._guard = None

    def close_now(self) -> None:
        """The same, blocking."""
        self._end()
        self._thread.join()

    def _end(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.put(None)

    def _put(self, job: _Job) -> None:
        if self._closed:
            raise StorageError("The database has been closed.")
        self._queue.put(job)

    def _serve(self) -> None:
        engine = engine_for(self._path)
        conn: Connection | None = None
        while (batch := self._batch()) is not None:
            try:
                conn = conn or engine.connect()
                if batch:
                    self._commit(conn, batch)
            except BaseException as error:
                _fail(batch, error)
                if conn is not None:
                    with suppress(Exception):
                        conn.close()
                    engine.dispose()
                conn = None
            self._settle(batch)
            self._to_empty |= any(job.erased and job.error is None for job in batch)
            if self._to_empty and conn is not None:
                self._to_empty = not _emptied(conn)
        if conn is not None:
            conn.close()
        engine.dispose()

    def _batch(self) -> list[_Job] | None:
        """What is queued; None at the end. Nothing when a journal that could not be emptied is to be tried again."""
        try:
            first = self._queue.get(timeout=AGAIN if self._to_empty else None)
        except Empty:
            return []
        if first is None:
            return None
        batch = [first]
        with suppress(Empty):
            while len(batch) < MOST:
                job = self._queue.get_nowait()
                if job is None:
                    self._queue.put(None)
                    break
                batch.append(job)
        return batch

    def _commit(self, conn: Connection, batch: list[_Job]) -> None:
        with conn.begin() as transaction:
            raw = conn.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            if len(batch) == 1:
                self._think(conn, batch[0])
                if batch[0].error is not None:
                    transaction.rollback()
                return
            for job in batch:
                raw.execute("SAVEPOINT thought")
                self._think(conn, job)
                if job.error is not None:
                    # On a full disk SQLite rolls back everything by itself: then this raises, and all are told.
                    raw.execute("ROLLBACK TO thought")
                raw.execute("RELEASE thought")

    def _think(self, conn: Connection, job: _Job) -> None:
        try:
            work = self._make_work(conn)
            job.result = job.thought(work)
            work.finish()
            job.wakes = work.wakes
            job.erased = work.erased
        except BaseException as error:
            job.error = translated(error)

    def _settle(self, batch: list[_Job]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in batch:
            if job.loop is None:
                _tell(job)
            else:
                loops.setdefault(job.loop, []).append(job)
        for loop, jobs in loops.items():
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                loop.call_soon_threadsafe(self._tell_all, jobs)

    def _tell_all(self, jobs: list[_Job]) -> None:
        for job in jobs:
            _tell(job)
        if any(job.wakes for job in jobs):
            self._woken()


def _emptied(conn: Connection) -> bool:
    """Moves the journal into the file and cuts it off; False when a reader held it, and then nothing is erased.

    A wait for the reader would keep every text waiting with it, so it is tried again later instead.
    """
    raw = conn.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    try:
        raw.execute("PRAGMA busy_timeout=0").fetchall()
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        raw.execute("PRAGMA busy_timeout=5000").fetchall()
    except sqlite3.Error:  # what was to be committed is: a full disk fails this alone
        return False
    return bool(busy == 0)


def _tell(job: _Job) -> None:
    if job.future.cancelled():
        return
    if job.error is not None:
        job.future.set_exception(job.error)
    else:
        job.future.set_result(job.result)


def _fail(batch: list[_Job], error: BaseException) -> None:
    """Nothing was committed: a thought's own error stays, the others have failed with the transaction."""
    ours = translated(error)
    ours = ours if isinstance(ours, StorageError) else StorageError("The database failed.")
    for job in batch:
        job.error = job.error or ours
        job.wakes = False
