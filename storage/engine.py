"""The store: hand it a thought, and it is carried out in one transaction, on SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

from bot.errors import Stale, UnknownEpoch
from storage.desk import Chance, Desk, Dice
from storage.payloads import Profile
from storage.postgres import Postgres
from storage.schema import SchemaState as SchemaState  # part of this room's face
from storage.schema import file_of
from storage.schema import migrate as migrate
from storage.schema import schema_state as schema_state
from storage.sqlite import Sqlite
from storage.vault import Vault
from storage.work import Work

T = TypeVar("T")

TRIES: Final = 12
"""Runs of one thought. Of ten that change one conversation at once, one wins each round."""
PAUSE: Final = 0.002
"""Seconds: the longest pause after the first Stale; it doubles, up to 32 times that."""


class Engine(Protocol):
    """One kind of database."""

    async def run(self, thought: Callable[[Work], T]) -> T: ...
    def run_now(self, thought: Callable[[Work], T]) -> T: ...
    def changes(self) -> AsyncIterator[None]: ...
    async def alone(self) -> bool: ...
    async def close(self) -> None: ...
    def close_now(self) -> None: ...


class Store:
    """Carries out thoughts. A thought may be run more than once, so it does nothing that cannot be taken back."""

    def __init__(
        self,
        url: str,
        vault: Vault,
        *,
        clock: Callable[[], datetime],
        chance: Chance,
        reload_keys: Callable[[], None] | None,
    ) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._reload_keys = reload_keys
        self._known: dict[bytes, tuple[int, Profile]] = {}
        self._wakes: list[Callable[[], None]] = []
        path = file_of(url)
        self._engine: Engine = (
            Postgres(url, self._work, self._wake) if path is None else Sqlite(path, self._work, self._wake)
        )

    async def do(self, thought: Callable[[Work], T]) -> T:
        """Runs the thought in one transaction and returns what it returns, after the commit.

        Stale runs it again, and an unknown epoch, once the keys have been read anew. Any other error leaves
        nothing behind: ours and a programmer's as they are, a database's as a StorageError.
        """
        for attempt in range(TRIES - 1):
            try:
                return await self._engine.run(thought)
            except (Stale, UnknownEpoch) as error:
                self._before_again(error)
            await asyncio.sleep(self._pause(attempt))
        return await self._engine.run(thought)

    def do_now(self, thought: Callable[[Work], T]) -> T:
        """The same for the command line, blocking."""
        for attempt in range(TRIES - 1):
            try:
                return self._engine.run_now(thought)
            except (Stale, UnknownEpoch) as error:
                self._before_again(error)
            time.sleep(self._pause(attempt))
        return self._engine.run_now(thought)

    def changes(self) -> AsyncIterator[None]:
        """Yields when another process may have added letters; now and then for nothing."""
        return self._engine.changes()

    def on_letters(self, wake: Callable[[], None]) -> None:
        """`wake()` is called, in the event loop, right after each commit here that made something ready to be sent."""
        self._wakes.append(wake)

    async def alone(self) -> bool:
        """Whether no other process serves this database; from now on this one is seen to serve it."""
        return await self._engine.alone()

    async def close(self) -> None:
        """Finishes what was begun; thoughts that come later are refused."""
        await self._engine.close()

    def close_now(self) -> None:
        """The same for the command line, blocking."""
        self._engine.close_now()

    def _work(self, conn: Connection) -> Work:
        return Work(Desk(conn, vault=self._vault, chance=self._chance, now=self._clock(), known=self._known))

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()

    def _before_again(self, error: Stale | UnknownEpoch) -> None:
        if isinstance(error, UnknownEpoch):
            if self._reload_keys is None:
                raise error
            self._reload_keys()

    def _pause(self, attempt: int) -> float:
        longest: float = PAUSE * 2 ** min(attempt, 5)
        return longest * self._chance.below(1000) / 1000


def open_store(
    url: str,
    vault: Vault,
    *,
    clock: Callable[[], datetime],
    chance: Chance | None = None,
    reload_keys: Callable[[], None] | None = None,
) -> Store:
    """The store at this address, whose schema is current. `reload_keys` reads the keyring file anew."""
    store = Store(url, vault, clock=clock, chance=chance or Dice(), reload_keys=reload_keys)
    try:
        store.do_now(Work.ensure_epoch)
    except BaseException:
        store.close_now()
        raise
    return store
