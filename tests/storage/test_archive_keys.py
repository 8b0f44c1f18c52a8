"""The supervisors' public halves: to whom is sealed, and what a lost key can no longer open; on both databases."""

from __future__ import annotations

from datetime import timedelta

from bot.people import Role, Staff
from storage import archive
from storage.archive_keys import KeyStanding
from storage.box import SupervisorKey
from storage.chores import Chore
from storage.engine import Store
from storage.vault import Key, Owner
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import by_hand, count

SUPERVISOR = frozenset({Role.SUPERVISOR})
ROBIN, KIT = b"robin's talk 16.", b"kit's talk, 16 ."


async def supervisor(store: Store, name: str) -> Staff:
    found = await store.do(lambda work: work.staff.add(name, roles=SUPERVISOR, languages=("en",)))
    assert found is not None
    return found


async def key_of(store: Store, who: Staff, **proposed: object) -> SupervisorKey:
    pair = archive.new_pair()
    half = SupervisorKey(pair.public)
    due = {"due_at": proposed["due_at"]} if proposed else {}
    assert await store.do(lambda work: work.archive_keys.add(who.id, half, pair.public, **due))
    return half


def readers(work: Work) -> list[str]:
    return [one.reader for one in work.archive_keys.active()]


async def test_a_proposed_key_is_sealed_to_when_its_time_has_come(store: Store, clock: FakeClock) -> None:
    """Until then nothing is; activating it is quicker."""
    sam = await supervisor(store, "Sam")
    first = await key_of(store, sam, due_at=clock.now + timedelta(hours=72))
    second = await key_of(store, sam, due_at=clock.now + timedelta(hours=72))
    assert await store.do(readers) == []

    await store.do(lambda work: work.archive_keys.activate(second.reader))
    assert await store.do(readers) == [second.reader]

    clock.advance(hours=72)
    assert set(await store.do(readers)) == {first.reader, second.reader}


async def test_a_key_comes_once(store: Store) -> None:
    """Neither twice, nor for somebody else, nor again after it has ended."""
    sam, alma = await supervisor(store, "Sam"), await supervisor(store, "Alma")
    pair = archive.new_pair()
    half = SupervisorKey(pair.public)
    assert await store.do(lambda work: work.archive_keys.add(sam.id, half, pair.public))
    assert not await store.do(lambda work: work.archive_keys.add(alma.id, half, pair.public))
    await store.do(lambda work: work.archive_keys.end(half.reader))
    await store.do(lambda work: work.archive_keys.activate(half.reader))
    assert not await store.do(lambda work: work.archive_keys.add(sam.id, half, pair.public))
    assert await store.do(readers) == []
    assert [one.standing for one in await store.do(lambda work: work.archive_keys.all())] == [
        KeyStanding.ENDED
    ]


async def test_who_has_left_is_sealed_to_no_more(store: Store) -> None:
    """Whatever the table says of her key."""
    sam = await supervisor(store, "Sam")
    await key_of(store, sam)
    await store.do(lambda work: work.staff.remove(sam.id))
    assert await store.do(readers) == []


async def test_an_ended_key_loses_what_others_can_read(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """A thief of the key finds nothing later; what only that key opens is not destroyed by ending it."""
    sam, alma = await supervisor(store, "Sam"), await supervisor(store, "Alma")
    sams, almas = await key_of(store, sam), await key_of(store, alma)

    def sealed(work: Work, talk: bytes, *halves: SupervisorKey) -> None:
        work._desk.seal_to(Key(b"k" * 32), Owner.CONVERSATION, talk, halves)

    await store.do(lambda work: sealed(work, ROBIN, sams, almas))
    await store.do(lambda work: sealed(work, KIT, sams))
    before = count(database_url, "envelopes")

    assert await store.do(lambda work: work.archive_keys.end(sams.reader)) == 1

    assert count(database_url, "envelopes") == before - 1
    due = await store.do(lambda work: work.chores.due_at(Chore.ROTATE))
    assert due is not None
    assert due <= clock.now + timedelta(minutes=10)


async def test_a_key_that_was_put_into_the_database_is_none(store: Store, database_url: str) -> None:
    """Nor does a lost one come back by a hand on its row, or become somebody else's; the others still count."""
    sam, alma = await supervisor(store, "Sam"), await supervisor(store, "Alma")
    sams, almas, lost = await key_of(store, sam), await key_of(store, alma), await key_of(store, sam)
    await store.do(lambda work: work.archive_keys.end(lost.reader))
    thief = SupervisorKey(archive.new_pair().public)
    by_hand(
        database_url,
        "INSERT INTO archive_keys SELECT :new, staff, public, standing, due_at, created_day, sealed "
        "FROM archive_keys WHERE reader = :of",
        new=thief.reader,
        of=sams.reader,
    )
    by_hand(database_url, "UPDATE archive_keys SET standing = 'active' WHERE reader = :of", of=lost.reader)
    assert set(await store.do(readers)) == {sams.reader, almas.reader}
    by_hand(database_url, "UPDATE archive_keys SET staff = 2 WHERE reader = :of", of=sams.reader)
    assert await store.do(readers) == [almas.reader]
    told = [one.what for one in await store.do(lambda work: list(work.audit.entries()))]
    assert told.count("a row did not open") == 3


async def test_a_broken_trail_keeps_nobody_on_the_line(store: Store, database_url: str) -> None:
    """What is done is still written down behind the break, and the break shows."""
    await store.do(lambda work: work.audit.add("one"))
    ((before,),) = by_hand(database_url, "SELECT sealed FROM line WHERE name = 'audit'")
    await store.do(lambda work: work.audit.add("two"))
    for tampered in (before, b"\1" + b"x" * 60):
        by_hand(database_url, "UPDATE line SET sealed = :old WHERE name = 'audit'", old=tampered)
        await store.do(lambda work: work.audit.add("three"))
        assert not await store.do(lambda work: work.audit.verify())
    assert count(database_url, "audit") >= 4
