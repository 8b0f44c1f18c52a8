"""Work that recurs: one process at a time, followed when it dies, and never lost to a clock that was wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from storage.chores import LONGEST_LEASE, Chore
from storage.engine import Store
from storage.work import SOON, Work
from tests.clock import FakeClock
from tests.storage.cast import HOLDER, OTHER, ROBIN, writes

LEASE = timedelta(minutes=2)
EVERY = timedelta(hours=1)


def takes(work: Work, holder: bytes, *, due_only: bool = True) -> bool:
    return work.chores.take(Chore.SWEEP, holder=holder, lease=LEASE, every=EVERY, due_only=due_only)


async def test_of_many_who_take_it_at_once_one_has_it(store: Store) -> None:
    """Whoever comes first; he may take it again, which renews it."""
    holders = [bytes([n]) * 16 for n in range(8)]
    taken = await asyncio.gather(
        *(store.do(lambda work, h=h: takes(work, h, due_only=False)) for h in holders)
    )
    assert sum(taken) == 1
    mine = holders[taken.index(True)]
    assert await store.do(lambda work: takes(work, mine, due_only=False))
    assert not await store.do(lambda work: takes(work, OTHER, due_only=False))


async def test_a_new_chore_is_due_after_its_first_rest(store: Store, clock: FakeClock) -> None:
    """Not before; then for whoever asks."""
    assert await store.do(lambda work: work.chores.due_at(Chore.SWEEP)) is None
    assert not await store.do(lambda work: takes(work, HOLDER))
    clock.advance(minutes=59)
    assert not await store.do(lambda work: takes(work, HOLDER))
    clock.advance(minutes=1)
    assert await store.do(lambda work: takes(work, HOLDER))


async def test_whoever_died_at_it_is_followed(store: Store, clock: FakeClock) -> None:
    """When his lease has run out, not before; he is told if he was only slow."""
    await store.do(lambda work: takes(work, HOLDER, due_only=False))
    clock.advance(seconds=119)
    assert not await store.do(lambda work: takes(work, OTHER, due_only=False))
    assert await store.do(lambda work: work.chores.renew(Chore.SWEEP, holder=HOLDER, lease=LEASE))
    clock.advance(seconds=119)
    assert not await store.do(lambda work: takes(work, OTHER, due_only=False))
    clock.advance(seconds=1)
    assert await store.do(lambda work: takes(work, OTHER, due_only=False))
    assert not await store.do(lambda work: work.chores.renew(Chore.SWEEP, holder=HOLDER, lease=LEASE))
    assert not await store.do(
        lambda work: work.chores.done(Chore.SWEEP, holder=HOLDER, next_at=work.now + EVERY)
    )


async def test_a_clock_that_was_ahead_keeps_nobody_from_it(store: Store, clock: FakeClock) -> None:
    """A lease or a due time from then lies too far off to be believed."""
    clock.advance(days=400)
    await store.do(lambda work: takes(work, OTHER, due_only=False))
    clock.advance(days=-400)
    assert await store.do(lambda work: takes(work, HOLDER))

    clock.advance(days=400)
    await store.do(lambda work: takes(work, HOLDER, due_only=False))
    await store.do(lambda work: work.chores.done(Chore.SWEEP, holder=HOLDER, next_at=work.now + EVERY))
    clock.advance(days=-400)
    assert await store.do(lambda work: takes(work, OTHER))
    clock.advance(seconds=LONGEST_LEASE.total_seconds())
    assert await store.do(lambda work: takes(work, HOLDER, due_only=False))


async def test_what_is_hastened_while_it_is_done_is_done_again(store: Store, clock: FakeClock) -> None:
    """The earlier of two times counts, also of one that came meanwhile."""
    await store.do(lambda work: work.chores.hasten(Chore.SWEEP, work.now + timedelta(minutes=9)))
    await store.do(lambda work: work.chores.hasten(Chore.SWEEP, work.now + timedelta(minutes=4)))
    await store.do(lambda work: work.chores.hasten(Chore.SWEEP, work.now + timedelta(minutes=30)))
    assert await store.do(lambda work: work.chores.due_at(Chore.SWEEP)) == clock.now + timedelta(minutes=4)
    await store.do(lambda work: takes(work, HOLDER, due_only=False))
    await store.do(lambda work: work.chores.hasten(Chore.SWEEP, work.now + timedelta(minutes=5)))
    await store.do(lambda work: work.chores.done(Chore.SWEEP, holder=HOLDER, next_at=work.now + EVERY))
    assert await store.do(lambda work: work.chores.due_at(Chore.SWEEP)) == clock.now + timedelta(minutes=5)


async def test_what_is_given_back_is_due_at_once(store: Store) -> None:
    """Anybody may have it."""
    await store.do(lambda work: takes(work, HOLDER, due_only=False))
    await store.do(lambda work: work.chores.give_back(Chore.SWEEP, holder=HOLDER))
    assert await store.do(lambda work: takes(work, OTHER))


async def test_an_erasure_hastens_the_rotation(store: Store, clock: FakeClock) -> None:
    """Within the ten minutes of the promise; what merely passes through the outbox does not."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    assert await store.do(lambda work: work.chores.due_at(Chore.ROTATE)) is None
    await store.do(lambda work: work.conversations.erase(made))
    assert await store.do(lambda work: work.chores.due_at(Chore.ROTATE)) == clock.now + SOON
    assert timedelta(minutes=5) > SOON
