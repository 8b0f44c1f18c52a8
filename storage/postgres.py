"""PostgreSQL through psycopg: a bounded pool, one transaction a thought, LISTEN / NOTIFY between processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.foreign import translated
from storage.work import Work

T = TypeVar("T")

CONNECTIONS: Final = 10
"""In one process, and one more that listens: PostgreSQL allows 100 by default, for all processes."""
CHANNEL: Final = "greenroom"
PAUSE: Final = 1.0
"""Seconds before listening again after the connection was lost."""

SERVING: Final = 0x677265656E726F6F
"""The number of our advisory lock: "greenroo" in ASCII."""

_NOTIFY = text(f"NOTIFY {CHANNEL}")


def url_of(url: str) -> URL:
    """The operator's "postgresql://…" with our driver."""
    return make_url(url).set(drivername="postgresql+psycopg")


class Postgres:
    """The pool."""

    def __init__(self, url: str, make_work: Callable[[Connection], Work], woken: Callable[[], None]) -> None:
        self._url = url_of(url)
        self._make_work = make_work
        self._woken = woken
        self._engine: AsyncEngine = create_async_engine(
            self._url, pool_size=CONNECTIONS, max_overflow=0, pool_timeout=10, hide_parameters=True
        )
        self._guard: psycopg.AsyncConnection[Any] | None = None

    async def run(self, thought: Callable[[Work], T]) -> T:
        """One thought in one transaction; returns after the commit."""
        failed: BaseException
        try:
            async with self._engine.begin() as conn:
                result, wakes = await conn.run_sync(self._think, thought)
        except Exception as error:
            failed = translated(error)
        else:
            if wakes:
                self._woken()
            return result
        raise failed

    def run_now(self, thought: Callable[[Work], T]) -> T:
        """The same, blocking, on a connection of its own."""
        engine = create_engine(self._url, hide_parameters=True)
        failed: BaseException
        try:
            with engine.begin() as conn:
                return self._think(conn, thought)[0]
        except Exception as error:
            failed = translated(error)
        finally:
            engine.dispose()
        raise failed

    def _think(self, conn: Connection, thought: Callable[[Work], T]) -> tuple[T, bool]:
        work = self._make_work(conn)
        result = thought(work)
        work.finish()
        if work.letters_added:
            conn.execute(_NOTIFY)
        return result, work.wakes

    async def changes(self) -> AsyncIterator[None]:
        """Yields when some process has added letters, and each time after the connection was lost."""
        while True:
            try:
                async with await self._listening() as conn:
                    yield
                    async for _ in conn.notifies():
                        yield
            except psycopg.Error:
                await asyncio.sleep(PAUSE)

    async def _listening(self) -> psycopg.AsyncConnection[Any]:
        conn = await self._connected()
        await conn.execute(f"LISTEN {CHANNEL}".encode())
        return conn

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        return await psycopg.AsyncConnection.connect(plain, autocommit=True)

    async def alone(self) -> bool:
        """Whether no other process serves this database; from now on this one is seen to. The lock ends with the
        connection, and so with the process, however it dies."""
        if self._guard is None:
            self._guard = await self._connected()
        found = await self._guard.execute("SELECT pg_try_advisory_lock(%s)", (SERVING,))
        row = await found.fetchone()
        return bool(row and row[0])

    async def close(self) -> None:
        """Gives all connections back."""
        if self._guard is not None:
            await self._guard.close()
        await self._engine.dispose()

    def close_now(self) -> None:
        """Nothing to do: `run_now` keeps no connection."""
