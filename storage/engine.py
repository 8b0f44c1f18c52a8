"""The store: hand it a thought, and it is carried out in one transaction, on SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

from bot.errors import SealBroken, Stale, StorageError, UnknownEpoch
from storage import breaches
from storage.breaches import Breaches
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
        self._breaches = Breaches()
        self._told: list[Callable[[SealBroken], None]] = []
        self.courier = Courier(vault.keyring)
        path = file_of(url)
        self._engine: Engine = (
            Postgres(url, self._work, self._wake) if path is None else Sqlite(path, self._work, self._wake)
        )

    def now(self) -> datetime:
        """The instant, as thoughts are told it."""
        return self._clock()

    @property
    def keyring(self) -> Keyring:
        """The epoch keys of this host."""
        return self._vault.keyring

    async def do(self, thought: Callable[[Work], T]) -> T:
        """Runs the thought in one transaction and returns what it returns, after the commit.

        Stale runs it again, and an unknown epoch, once its key has been found: in the keyring file, or from another
        host. Any other error leaves nothing behind: ours and a programmer's as they are, a database's as a
        StorageError. A row that did not open stands in the audit trail afterwards.
        """
        try:
            return await self._done(thought)
        finally:
            if self._breaches:
                await self._note()

    async def _done(self, thought: Callable[[Work], T]) -> T:
        tries = _Tries()
        while True:
            try:
                return await self._engine.run(thought)
            except SealBroken as error:
                self._really(error, tries)
            except Stale as error:
                tries.again(error)
            except UnknownEpoch as error:
                self.keyring.reload()
                found = await self._engine.run(self.courier.visit)
                tries.again(error, waits=self.courier.settle(found))
            await asyncio.sleep(self._pause(tries))

    def do_now(self, thought: Callable[[Work], T]) -> T:
        """The same for the command line, blocking."""
        try:
            return self._done_now(thought)
        finally:
            for broken in self._breaches.take(self._clock()):
                with suppress(Exception):
                    self._engine.run_now(partial(breaches.note, broken=broken))

    def _done_now(self, thought: Callable[[Work], T]) -> T:
        tries = _Tries()
        while True:
            try:
                return self._engine.run_now(thought)
            except SealBroken as error:
                self._really(error, tries)
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

    def on_breach(self, tell: Callable[[SealBroken], None]) -> None:
        """`tell(broken)` is called, in the event loop, once a day for each place whose row did not open."""
        self._told.append(tell)

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
        return Work(
            Desk(
                conn,
                vault=self._vault,
                chance=self._chance,
                now=self._clock(),
                known=self._known,
                notice=self._breaches.meet,
            )
        )

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()

    def _really(self, error: SealBroken, tries: _Tries) -> None:
        """Returns if it is to be tried once more: an erasure may have come between two looks of one thought, and then
        the second run finds what is left. What does not open the second time is broken, and the error is raised."""
        if tries.broken:
            self._breaches.meet(error)
            raise error
        tries.broken = True

    async def _note(self) -> None:
        """In transactions of their own, after the one that failed; what cannot be written down is told all the same."""
        for broken in self._breaches.take(self._clock()):
            if await self._noted(broken):
                for tell in self._told:
                    tell(broken)

    async def _noted(self, broken: SealBroken) -> bool:
        try:
            return await self._done(partial(breaches.note, broken=broken))
        except Exception:  # the trail itself is broken, or the database is away
            return True

    def _pause(self, tries: _Tries) -> float:
        longest: float = ASKING if tries.waits else PAUSE * 2 ** min(tries.number, 5)
        return longest * self._chance.below(1000) / 1000


class _Tries:
    """How often one thought has been run, and how much longer it may wait for a key that another host has."""

    __slots__ = ("_until", "broken", "number", "waits")

    def __init__(self) -> None:
        self.number = 0
        self.broken = False
        self.waits = False
        self._until: float | None = None

    def again(self, error: StorageError, *, waits: bool = False) -> None:
        """Returns if it may be run once more; raises the error otherwise."""
        self._until = self._until or time.monotonic() + PATIENCE
        self.waits = waits and time.monotonic() < self._until
        self.number += not self.waits
        if self.number >= TRIES:
            raise error


def new_store(url: str, vault: Vault, *, clock: Callable[[], datetime]) -> Store:
    """The store at this address, whatever keys belong to it."""
    return Store(url, vault, clock=clock, chance=Dice())


def open_store(
    url: str, vault: Vault, *, clock: Callable[[], datetime], chance: Chance | None = None
) -> Store:
    """The store at this address, whose schema is current. UnknownEpoch: the keys belong to another database.

    Whatever opens it, a command too, drops the keys that the database has ended: where no line runs, nobody else does.
    """
    store = Store(url, vault, clock=clock, chance=chance or Dice())
    try:
        store.keyring.drop_ended(store.do_now(Work.ensure_epoch))
        store.do_now(store.courier.note)
    except BaseException:
        store.close_now()
        raise
    return store
