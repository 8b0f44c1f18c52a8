"""The store: hand it a thought, and it is carried out in one transaction, on SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

from bot.errors import Stale, StorageError, UnknownEpoch
from storage.courier import Courier
from storage.desk import Chance, Desk, Dice
from storage.keyring import Keyring
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
PATIENCE: Final = 10.0
"""Seconds that a thought waits for the key of an epoch that only other hosts know."""
ASKING: Final = 0.2
"""Seconds, at most, between two looks whether that key has come."""


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

    def __init__(self, url: str, vault: Vault, *, clock: Callable[[], datetime], chance: Chance) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._known: dict[bytes, tuple[int, Profile]] = {}
        self._wakes: list[Callable[[], None]] = []
        self.courier = Courier(vault.keyring)
        path = file_of(url)
        self._engine: Engine = (
            Postgres(url, self._work, self._wake) if path is None else Sqlite(path, self._work, self._wake)
        )

    @property
    def keyring(self) -> Keyring:
        """The epoch keys of this host."""
        return self._vault.keyring

    async def do(self, thought: Callable[[Work], T]) -> T:
        """Runs the thought in one transaction and returns what it returns, after the commit.

        Stale runs it again, and an unknown epoch, once its key has been found: in the keyring file, or from another
        host. Any other error leaves nothing behind: ours and a programmer's as they are, a database's as a
        StorageError.
        """
        tries = _Tries()
        while True:
            try:
                return await self._engine.run(thought)
            except Stale as error:
                tries.again(error)
            except UnknownEpoch as error:
                self.keyring.reload()
                found = await self._engine.run(self.courier.visit)
                tries.again(error, waits=self.courier.settle(found))
            await asyncio.sleep(self._pause(tries))

    def do_now(self, thought: Callable[[Work], T]) -> T:
        """The same for the command line, blocking."""
        tries = _Tries()
        while True:
            try:
                return self._engine.run_now(thought)
            except Stale as error:
                tries.again(error)
            except UnknownEpoch as error:
                self.keyring.reload()
                found = self._engine.run_now(self.courier.visit)
                tries.again(error, waits=self.courier.settle(found))
            time.sleep(self._pause(tries))

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

    def _pause(self, tries: _Tries) -> float:
        longest: float = ASKING if tries.waits else PAUSE * 2 ** min(tries.number, 5)
        return longest * self._chance.below(1000) / 1000


class _Tries:
    """How often one thought has been run, and how much longer it may wait for a key that another host has."""

    __slots__ = ("_until", "number", "waits")

    def __init__(self) -> None:
        self.number = 0
        self.waits = False
        self._until: float | None = None

    def again(self, error: StorageError, *, waits: bool = False) -> None:
        """Returns if it may be run once more; raises the error otherwise."""
        self._until = self._until or time.monotonic() + PATIENCE
        self.waits = waits and time.monotonic() < self._until
        self.number += not self.waits
        if self.number >= TRIES:
            raise error


def open_store(
    url: str, vault: Vault, *, clock: Callable[[], datetime], chance: Chance | None = None
) -> Store:
    """The store at this address, whose schema is current. UnknownEpoch: the keys belong to another database."""
    store = Store(url, vault, clock=clock, chance=chance or Dice())
    try:
        store.do_now(Work.ensure_epoch)
    except BaseException:
        store.close_now()
        raise
    return store
