"""The epoch keys are changed: every envelope goes from the old ones to a new one while the line goes on; then the old
ones are gone, and with them what was erased, from every backup."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from bot.errors import DatabaseAway, TakenOver, UnknownEpoch
from bot.phrases import phrase
from handlers import alarms
from handlers.capsules import Capsules
from handlers.erased import Erased
from handlers.line import Line
from storage.chores import Chore
from storage.courier import Found, knows_all
from storage.engine import Store
from storage.rotation import BATCH, Moved
from storage.work import Work

log = structlog.get_logger("rotation")

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Told how many envelopes are done, and of how many."""

EVERY: Final = timedelta(hours=24)
"""From the beginning of one rotation to the next, where nothing is erased."""
LEASE: Final = timedelta(seconds=60)
"""A process that rotates and is silent for so long is taken for dead, and another goes on."""
HOSTS_MAY_TAKE: Final = 60.0
"""Seconds in which other hosts are expected to have a new key: they look every second."""
LOOK: Final = 1.0
"""Seconds between two looks at what other processes have done with the keys."""
LONGEST_REST: Final = 0.02
"""Seconds between two batches, at most: half of what the batch took, so that whoever writes beside us gets a turn."""
ROTATED: Final = "keys rotated"
"""The name under which the line remembers when it was."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """One rotation: epochs ended, envelopes taken over, those among them that do not open, epochs without a key; the
    recovery capsule, how many keys open it, and whether it could be written."""

    ended: int
    rewrapped: int
    broken: int
    missing: int
    capsule: Path | None = None
    readers: int = 0
    unwritten: bool = False


@dataclass(slots=True)
class Rotator:
    """One process that looks after the keys. `kept`: how long capsules are. `step` is told of every step: a test can
    end it between any two."""

    store: Store
    holder: bytes = field(default_factory=partial(secrets.token_bytes, 16))
    lease: timedelta = LEASE
    kept: timedelta = timedelta(days=3)
    serving: bool = False
    progress: Progress = lambda done, total: None
    step: Callable[[str], None] = lambda name: None

    alarm: Callable[[Work], None] = lambda work: None
    capsules: Capsules = field(init=False)
    erased: Erased = field(init=False)

    def __post_init__(self) -> None:
        keyring = self.store.keyring
        self.capsules, self.erased = Capsules(keyring.path, self.kept), Erased(keyring, self.kept)

    async def keep(self) -> None:
        """Until cancelled: takes over what other processes have done, and rotates when it is due."""
        if await asyncio.to_thread(self.store.keyring.relock):
            log.info("the keyring is locked by the current root key now")
        while True:
            try:
                await self.look()
                if await self.take(due_only=True):
                    await self._rotate_aloud()
            except DatabaseAway:
                pass  # it is said elsewhere
            except TakenOver:
                log.warning("a rotation was taken over by another process")
            await asyncio.sleep(LOOK)

    async def _rotate_aloud(self) -> None:
        """A rotation, and what went wrong with it is said: in the log, and to whoever runs the line."""
        try:
            done = await self.rotate()
        except (DatabaseAway, TakenOver):
            raise
        except Exception:
            await self.store.do(self.alarm)
            raise
        _tell(done)
        if done.missing or done.unwritten:
            await self.store.do(self.alarm)

    async def look(self) -> None:
        """The keyring is as the file, the database and other hosts say; what they lack is sent to them."""
        await asyncio.to_thread(self.store.keyring.reload_if_changed)
        courier, rejected = self.store.courier, self.store.courier.rejected
        found = await self.store.do(partial(courier.visit, serving=self.serving))
        await asyncio.to_thread(courier.settle, found)
        await self._hand_on(found)
        if courier.rejected > rejected:
            log.error("somebody without the root key asked for keys, or sent one", count=courier.rejected)
        await self._forget(found.kids, waiting=False)
        await self.erased.remember(self.store)
        await asyncio.to_thread(self.capsules.prune, self.store.now())

    async def leave(self) -> None:
        """Nobody needs to wait for this process any more; what has ended until now is not in its keyring."""
        await self._forget(await self.store.do(lambda work: work.rotation.kids()), waiting=False)
        await self.store.do(self.store.courier.leave)

    async def _hand_on(self, found: Found) -> None:
        if parcels := await asyncio.to_thread(self.store.courier.outgoing, found):
            await self.store.do(lambda work: work.hosts.send(parcels))

    async def take(self, *, due_only: bool) -> bool:
        """Whether the rotation is this process's now."""
        return await self.store.do(
            lambda work: work.chores.take(
                Chore.ROTATE, holder=self.holder, lease=self.lease, every=EVERY, due_only=due_only
            )
        )

    async def give_back(self) -> None:
        """Somebody else may rotate at once."""
        await self.store.do(lambda work: work.chores.give_back(Chore.ROTATE, holder=self.holder))

    async def rotate(self) -> Rotated:
        """The whole rotation, by the process that has taken it; cut off anywhere, the next one completes it.

        TakenOver when another process thought this one dead, and goes on.
        """
        keyring = self.store.keyring
        await self.erased.remember(self.store)
        await asyncio.to_thread(keyring.reload)
        kids = await self._do(lambda work: work.rotation.kids())
        await self._forget(kids, waiting=True)
        self.step("tidied")
        new = await asyncio.to_thread(keyring.add_epoch, kids)
        self.step("made")
        await self._do(lambda work: work.rotation.add(new))
        self.step("added")
        await self._wait_for_hosts(new)
        await asyncio.to_thread(keyring.activate, new)
        self.step("activated")
        done = await self._drain(new)
        await self._forget(await self._do(lambda work: work.rotation.kids()), waiting=True)
        self.step("forgotten")
        await self._relabel()
        await self._do(self._finish)
        return await self._with_capsule(done)

    async def _with_capsule(self, done: Rotated) -> Rotated:
        """A disk without room for a capsule does not undo a rotation: what was erased is gone, and that is told."""
        try:
            path, readers = await self.capsules.make(self.store)
            return replace(done, capsule=path, readers=readers)
        except OSError:
            return replace(done, unwritten=True)

    async def _relabel(self) -> None:
        """While there is a previous pepper, labels under it are made anew where that can be done."""
        if not await self._do(lambda work: work.vault.has_previous_pepper):
            return
        await self._do(lambda work: work.relabel.staff())
        after: bytes | None = b""
        while after is not None:
            after = await self._do(partial(_relabelled, after=after))

    def _finish(self, work: Work) -> None:
        work.line.set(ROTATED, work.now.isoformat())
        self.store.courier.note(work)
        work.chores.done(Chore.ROTATE, holder=self.holder, next_at=work.now + EVERY)

    async def _do(self, thought: Callable[[Work], T]) -> T:
        """A thought that is carried out only while the rotation is this process's."""

        def held(work: Work) -> T:
            if not work.chores.renew(Chore.ROTATE, holder=self.holder, lease=self.lease):
                raise TakenOver("Another process goes on with the rotation.")
            return thought(work)

        return await self.store.do(held)

    async def _wait_for_hosts(self, new: bytes) -> None:
        """Until every process that is there has the new key, at most so long: whoever has not asks for it then."""
        until = time.monotonic() + HOSTS_MAY_TAKE
        while time.monotonic() < until:
            found = await self._do(self.store.courier.visit)
            await self._hand_on(found)
            if knows_all(new, found.others):
                return
            await asyncio.sleep(LOOK / 4)

    async def _drain(self, new: bytes) -> Rotated:
        """Takes everything over from every older epoch, until none is left that a row could refer to."""
        counts = await self._do(lambda work: work.rotation.counts())
        sums = _Sums(sum(number for kid, number in counts.items() if kid < new), self.progress)
        missing: set[bytes] = set()
        while older := await self._older(new, missing):
            for old in older:
                try:
                    await self._empty(old, sums)
                except UnknownEpoch:
                    missing.add(old)
        return Rotated(sums.ended, sums.moved, sums.broken, len(missing))

    async def _empty(self, old: bytes, sums: _Sums) -> None:
        """One epoch, batch by batch, to its end."""
        while True:
            began = time.monotonic()
            moved = await self._do(lambda work: work.rotation.rewrap(old))
            sums.add(moved)
            self.step("rewrapped")
            if moved.number < BATCH:
                last, ended = await self._do(lambda work: work.rotation.end(old))
                sums.add(last)
                sums.ended += ended
                self.step("ended")
                if ended:
                    return
            await asyncio.sleep(min((time.monotonic() - began) / 2, LONGEST_REST))

    async def _older(self, new: bytes, missing: set[bytes]) -> list[bytes]:
        kids = await self._do(lambda work: work.rotation.kids())
        return [kid for kid in kids if kid < new and kid not in missing]

    async def _forget(self, kids: tuple[bytes, ...], *, waiting: bool) -> None:
        """Drops from the keyring what the database has ended; `waiting`: and what a dead process has begun."""
        await asyncio.to_thread(self.store.keyring.drop_ended, kids, waiting=waiting)


def silent(work: Work) -> tuple[datetime, ...]:
    """When hosts were last heard of that were not since the keys were changed: their keyrings may have the old ones."""
    rotated_at = work.line.get(ROTATED)
    return () if rotated_at is None else work.hosts.silent(datetime.fromisoformat(rotated_at))


def tell_admins(work: Work, line: Line) -> None:
    """Once a day."""
    alarms.tell_admins(work, line, phrase("alarm.keys"), once="alarm.keys")


def _relabelled(work: Work, *, after: bytes) -> bytes | None:
    return work.relabel.texters(after)


def _tell(done: Rotated) -> None:
    log.info("keys rotated", rows=min(done.rewrapped, 999_999))
    if done.unwritten:
        log.error("a recovery capsule could not be written")
    if done.broken or done.missing:
        log.error("keys do not open", rows=min(done.broken, 999_999), count=done.missing)


@dataclass(slots=True)
class _Sums:
    """How far one rotation is."""

    total: int
    progress: Progress
    moved: int = 0
    broken: int = 0
    ended: int = 0

    def add(self, moved: Moved) -> None:
        self.moved += moved.number
        self.broken += moved.broken
        self.progress(min(self.moved, self.total), self.total)
