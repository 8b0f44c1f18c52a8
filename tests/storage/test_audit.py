"""Who did what: a chain in which one entry that was changed, moved, taken out or put back is noticed."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import SealBroken
from bot.people import ConversationId, StaffId
from storage.engine import Store
from storage.tables import day_of
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import ROBIN, by_hand, writes


def tells(work: Work, *what: str) -> None:
    for one in what:
        work.audit.add(one, by=StaffId(7), detail=f"because of {one}")


def whats(work: Work) -> list[str]:
    return [entry.what for entry in work.audit.entries()]


async def test_the_trail_tells_who_what_and_when(store: Store, clock: FakeClock, database_url: str) -> None:
    """Oldest first, to the second; in the database stands the day and nothing else."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    clock.advance(seconds=90)
    await store.do(
        lambda work: work.audit.add("hold begun", by=StaffId(7), conversation=made.id, detail="why")
    )
    [entry] = await store.do(lambda work: list(work.audit.entries()))
    assert (entry.number, entry.at, entry.what) == (1, clock.now, "hold begun")
    assert (entry.by, entry.conversation, entry.detail) == (7, made.id, "why")
    assert await store.do(lambda work: work.audit.verify())
    [row] = by_hand(database_url, "SELECT day, sealed FROM audit")
    assert row[0] == day_of(clock.now)
    assert b"hold" not in bytes(row[1])  # type: ignore[arg-type]


async def test_a_conversation_has_a_name_for_ever(store: Store) -> None:
    """Its code, and once nothing is left of it how its id begins: so an entry can say which it was."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    assert await store.do(lambda work: work.conversations.name(made.id)) == made.code
    lost = ConversationId(bytes(range(16)))
    assert await store.do(lambda work: work.conversations.name(lost)) == "00010203"


async def test_everybody_at_once_makes_one_chain(store: Store) -> None:
    """Ten thoughts that add at the same time: ten entries, in one order."""
    await asyncio.gather(*(store.do(lambda work, n=n: tells(work, f"entry {n}")) for n in range(10)))
    assert sorted(await store.do(whats)) == [f"entry {n}" for n in range(10)]
    assert await store.do(lambda work: work.audit.verify())


@pytest.mark.parametrize(
    "wrong",
    [
        "DELETE FROM audit WHERE id = 1",
        "DELETE FROM audit WHERE id = 3",
        "DELETE FROM audit WHERE id = 5",
        "DELETE FROM audit",
        "UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE id = 2) WHERE id = 3",
        "UPDATE audit SET link = (SELECT link FROM audit WHERE id = 4) WHERE id = 5",
        "UPDATE audit SET id = 99 WHERE id = 3",
        "UPDATE audit SET day = day - 400",
        "UPDATE audit SET day = day + 1 WHERE id = 2",
        "DELETE FROM line WHERE name = 'audit'",
        "INSERT INTO audit (id, day, sealed, link) SELECT 6, day, sealed, link FROM audit WHERE id = 5",
    ],
)
async def test_whatever_is_done_to_it_is_noticed(store: Store, database_url: str, wrong: str) -> None:
    """Taken out anywhere, exchanged, moved, added to: the trail is not whole any more."""
    await store.do(lambda work: tells(work, "a", "b", "c", "d", "e"))
    by_hand(database_url, wrong)
    assert not await store.do(lambda work: work.audit.verify())
    with pytest.raises(SealBroken):
        await store.do(whats)


async def test_an_older_end_put_back_is_noticed(store: Store, database_url: str) -> None:
    """Who takes out the newest entry and puts back what the line remembered before it gets past nobody who adds."""
    await store.do(lambda work: tells(work, "a", "b"))
    [before] = by_hand(database_url, "SELECT sealed FROM line WHERE name = 'audit'")
    await store.do(lambda work: tells(work, "c"))
    by_hand(database_url, "UPDATE line SET sealed = :old WHERE name = 'audit'", old=before[0])
    assert not await store.do(lambda work: work.audit.verify())


async def test_the_last_entries_can_be_read_alone(store: Store) -> None:
    """Verified from the one before them on."""
    await store.do(lambda work: tells(work, *"abcdefg"))
    last = await store.do(lambda work: [entry.what for entry in work.audit.entries(last=3)])
    assert last == ["e", "f", "g"]


async def test_old_entries_are_forgotten_from_the_beginning(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """The chain begins later and is still whole; once all are gone it goes on."""
    await store.do(lambda work: tells(work, "a", "b"))
    clock.advance(days=10)
    await store.do(lambda work: tells(work, "c"))
    assert await store.do(lambda work: work.audit.forget(day_of(work.now) - 9)) == 2
    assert await store.do(whats) == ["c"]
    clock.advance(days=20)
    assert await store.do(lambda work: work.audit.forget(day_of(work.now))) == 1
    assert await store.do(lambda work: work.audit.forget(day_of(work.now))) == 0
    await store.do(lambda work: tells(work, "d"))
    assert await store.do(whats) == ["d"]
    assert await store.do(lambda work: work.audit.verify())
    assert by_hand(database_url, "SELECT id FROM audit") == [(4,)]


async def test_a_clock_that_was_wrong_takes_nothing_along(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """An entry of a wrong, old day does not take the younger ones before it; one of the future is not kept for ever."""
    await store.do(lambda work: tells(work, "young"))
    clock.advance(days=-400)
    await store.do(lambda work: tells(work, "written while the clock was behind"))
    clock.advance(days=800)
    await store.do(lambda work: tells(work, "written while it was ahead"))
    clock.advance(days=-400)
    assert await store.do(lambda work: work.audit.forget(day_of(work.now) - 365)) == 0
    assert len(await store.do(whats)) == 3
    await store.do(lambda work: tells(work, "written when it was right again"))
    clock.advance(days=366)
    assert await store.do(lambda work: work.audit.forget(day_of(work.now) - 365)) == 4
    assert await store.do(lambda work: work.audit.verify())


@pytest.mark.parametrize(
    "aged",
    [
        "UPDATE audit SET day = day - 400",
        "UPDATE audit SET day = day - 400 WHERE id <= 2",
        "UPDATE audit SET sealed = link WHERE id = 2",
    ],
)
async def test_nobody_makes_it_forget_what_is_young(store: Store, database_url: str, aged: str) -> None:
    """Who ages its entries by hand has them swept neither today nor later, and `check` says that it is broken."""
    await store.do(lambda work: tells(work, "a", "address revealed", "c"))
    by_hand(database_url, aged)
    for _ in range(2):
        assert await store.do(lambda work: work.audit.forget(day_of(work.now) - 365)) == 0
        assert not await store.do(lambda work: work.audit.verify())
    assert by_hand(database_url, "SELECT id FROM audit WHERE id <= 3 ORDER BY id") == [(1,), (2,), (3,)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE audit SET sealed = 'abc' WHERE id = 2",
        "UPDATE audit SET sealed = substr(sealed, 1, 20) || x'ff' || substr(sealed, 22) WHERE id = 2",
        "UPDATE audit SET link = 5 WHERE id = 2",
        "UPDATE audit SET day = 'abc' WHERE id = 2",
        "UPDATE line SET sealed = 'abc' WHERE name = 'audit'",
        "UPDATE envelopes SET wrapped = wrapped || x'ff' WHERE owner = 'line'",
    ],
)
async def test_a_row_of_another_type_does_not_open(store: Store, database_url: str, wrong: str) -> None:
    """SQLite takes a text or a number where bytes belong: that is a broken row like any other, nothing else fails."""
    await store.do(lambda work: tells(work, "a", "b", "c"))
    by_hand(database_url, wrong)
    assert not await store.do(lambda work: work.audit.verify())
    with pytest.raises(SealBroken):
        await store.do(whats)
