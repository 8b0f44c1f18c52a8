"""A little of what `make secrecy` tries with the rotation, and what can be told better one by one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from bot.errors import SealBroken, TakenOver
from handlers.rotation import EVERY, Rotator
from storage.chores import Chore
from storage.courier import Found
from storage.engine import Store
from storage.keyring import Keyring
from storage.work import Work
from tests.clock import FakeClock
from tests.secrecy import rotation
from tests.secrecy.rotation import LEASE, Keys, on_old_keys, readable, rotated, texter, written
from tests.secrecy.trial import Place, assert_nothing_through
from tests.storage.cast import OTHER, ROBIN, by_hand, writes


async def test_a_rotation_survives_kills(place: Place) -> None:
    """Four times cut off anywhere: all is readable at once, and the next rotation completes it."""
    await assert_nothing_through(rotation.kills(place, 4))


async def test_what_was_erased_opens_from_no_old_backup(place: Place) -> None:
    """With every key that there is, after the rotation; before it everything opens, so the trial can see."""
    await assert_nothing_through(rotation.old_backup(place, 10))


async def test_texts_come_in_while_the_keys_change(place: Place) -> None:
    """Whatever is written meanwhile opens, and lies under the new key in the end."""
    keys = Keys(place.folder)
    store, beside = keys.open(place.url), keys.open(place.url)
    await written(store, 40)
    ended = asyncio.Event()

    async def writing() -> int:
        number = 40
        while not ended.is_set():
            await written(beside, 1, first=number)
            number += 1
        return number

    writer = asyncio.create_task(writing())
    for _ in range(2):
        await rotated(store)
    ended.set()
    texters = await writer
    await rotated(store)
    assert texters > 40
    assert await beside.do(readable) == texters
    assert await on_old_keys(store, keys) == 0
    for one in (store, beside):
        await one.close()


async def test_an_erasure_during_a_rotation_asks_for_another(store: Store, clock: FakeClock) -> None:
    """Its key was copied to the new epoch, perhaps: within ten minutes there is a newer one."""
    robin = await store.do(lambda work: writes(work, ROBIN, "hello"))
    rotator = Rotator(store)
    assert await rotator.take(due_only=False)
    await asyncio.gather(rotator.rotate(), store.do(lambda work: work.conversations.erase(robin)))
    clock.advance(minutes=5)
    assert await rotator.take(due_only=True)
    await rotator.rotate()
    clock.advance(hours=23)
    assert not await rotator.take(due_only=True)
    clock.advance(hours=1)
    assert await rotator.take(due_only=True)


async def test_a_rotation_that_died_is_due_at_once(store: Store, clock: FakeClock) -> None:
    """Not a day later: what was erased waits for it."""
    dead, next_one = Rotator(store), Rotator(store)
    await store.do(lambda work: work.chores.hasten(Chore.ROTATE, work.now))
    assert await dead.take(due_only=True)
    assert not await next_one.take(due_only=True)
    clock.advance(minutes=1)
    assert await next_one.take(due_only=True)
    with pytest.raises(TakenOver):
        await dead.rotate()
    await next_one.rotate()
    due = await store.do(lambda work: work.chores.due_at(Chore.ROTATE))
    assert due == clock.now + EVERY


async def test_a_key_that_was_damaged_keeps_no_old_epoch_alive(store: Store, database_url: str) -> None:
    """It is opened by nobody, ever; the others are taken over, and the old epoch ends."""
    robin = await store.do(lambda work: writes(work, ROBIN, "hello"))
    kit = await store.do(lambda work: writes(work, texter(1), "hello"))
    by_hand(
        database_url,
        "UPDATE envelopes SET wrapped = :made WHERE owner = 'conversation' AND owner_id = :of",
        made=b"\1" * 77,
        of=robin.id,
    )
    rotator = Rotator(store)
    await rotator.take(due_only=False)

    rotated = await rotator.rotate()

    assert (rotated.ended, rotated.broken) == (1, 1)
    assert await store.do(lambda work: work.conversations.get(kit.id)) is not None
    with pytest.raises(SealBroken):
        await store.do(lambda work: work.conversations.get(robin.id))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_keyring_that_cannot_be_written_changes_nothing(place: Place) -> None:
    """The rotation stops, all is readable, and the next one completes it."""
    keys = Keys(place.folder)
    store = keys.open(place.url)
    await written(store, 20)
    before = keys.file.read_bytes()
    in_the_way = keys.file.with_name("keyring.new")
    in_the_way.mkdir()
    rotator = Rotator(store, lease=LEASE)
    assert await rotator.take(due_only=False)
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's matter
        await rotator.rotate()
    in_the_way.rmdir()
    assert keys.file.read_bytes() == before
    assert await store.do(readable) == 20
    await rotated(store)
    assert await store.do(readable) == 20
    assert await on_old_keys(store, keys) == 0
    await store.close()


async def test_whoever_runs_the_line_hears_that_the_keys_cannot_change(place: Place) -> None:
    """What was erased waits for it."""
    keys = Keys(place.folder)
    store = keys.open(place.url)
    keys.file.with_name("keyring.new").mkdir()
    told: list[int] = []
    rotator = Rotator(store, alarm=lambda work: told.append(1))
    await store.do(lambda work: work.chores.hasten(Chore.ROTATE, work.now))
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's matter
        await rotator.keep()
    assert told == [1]
    await store.close()


async def test_a_slow_process_does_not_turn_the_keys_back(place: Place) -> None:
    """It had asked which epochs there are before somebody else changed the keys: what it heard is old."""
    keys = Keys(place.folder)
    store, slow = keys.open(place.url), keys.open(place.url)
    first = store.keyring.active

    def looks(name: str) -> None:
        if name == "made":
            slow.keyring.reload()

    def settles(name: str) -> None:
        if name == "activated":
            slow.courier.settle(Found((first, second), first, in_use=True))

    await rotated(store, step=looks)
    second = store.keyring.active
    assert (slow.keyring.active, second in slow.keyring.kids()) == (first, True)
    await rotated(store, step=settles)
    assert Keyring.load(keys.file, (keys.root,)).active == store.keyring.active != second
    assert await on_old_keys(store, keys) == 0
    for one in (store, slow):
        await one.close()


async def test_a_key_made_by_a_dead_process_is_not_kept(store: Store) -> None:
    """It was in the keyring and nowhere else: the next rotation drops it."""
    store.keyring.add_epoch()
    await rotated(store)
    assert store.keyring.kids() == (store.keyring.active,)


async def test_another_host_of_the_same_line_forgets_too(place: Place) -> None:
    """A process that did not rotate drops the old key when it looks."""
    keys = Keys(place.folder)
    store, beside = keys.open(place.url), keys.open(place.url)
    await written(store, 3)
    old = beside.keyring.active
    await rotated(store)
    assert old in beside.keyring.kids()

    await Rotator(beside).look()

    assert beside.keyring.kids() == store.keyring.kids()
    for one in (store, beside):
        await one.close()


async def test_a_rotation_that_slept_too_long_stops(store: Store, clock: FakeClock) -> None:
    """Stopped for two minutes in the middle, and continued: another goes on, and this one touches nothing more."""
    await store.do(lambda work: writes(work, ROBIN, "hello"))

    def step(name: str) -> None:
        if name == "added":
            clock.advance(minutes=2)
            assert store.do_now(partial(_taken, holder=OTHER))

    slow = Rotator(store, step=step)
    await slow.take(due_only=False)

    with pytest.raises(TakenOver):
        await slow.rotate()

    other = Rotator(store, holder=OTHER)
    await other.rotate()
    assert len(await store.do(lambda work: work.rotation.kids())) == 1
    assert await store.do(lambda work: work.conversations.by_address(ROBIN)) is not None


def _taken(work: Work, *, holder: bytes) -> bool:
    return work.chores.take(Chore.ROTATE, holder=holder, lease=timedelta(minutes=1), every=EVERY)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_three_processes_serve_while_the_keys_change(place: Place) -> None:
    """Two on one host, one on another with a keyring file of its own; 50 texts a second, for a few seconds."""
    await assert_nothing_through(rotation.under_load(place, seconds=4), at_least=100)


async def test_a_full_disk_costs_nothing(place: Place) -> None:
    """Four times, at four points."""
    await assert_nothing_through(rotation.full_disk(place, 4))


async def test_a_keyring_that_cannot_be_put_in_its_place_costs_nothing(place: Place) -> None:
    """The kernel refuses, from each of the first three steps on; the next rotation completes it."""
    await assert_nothing_through(rotation.no_rename(place, 3), at_least=10)
