"""What is forgotten by time beside conversations: each subject in its time, whatever the clock has done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.messages import Side
from bot.people import Medium
from bot.redact import Secret
from storage.engine import Store
from storage.sweep import MOST, SUBJECTS
from storage.tables import day_of, hour_of
from storage.work import Work
from tests.clock import FakeClock
from tests.handlers.cast import USUAL, sweeper
from tests.storage.cast import (
    ALMA,
    KIT,
    LINE,
    ROBIN,
    by_hand,
    count,
    joins,
    sms_claim,
    sms_copy,
    to_texter,
    writes,
)


async def swept(store: Store, name: str) -> int:
    return await store.do(lambda work: SUBJECTS[name](work.sweep, USUAL))


async def left(store: Store, name: str, table: str, database_url: str) -> int:
    """How many rows there are once this subject has been swept."""
    await swept(store, name)
    return count(database_url, table)


async def test_fingerprints_stay_until_their_whole_day_is_old(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """One that came at 23:59 is known 48 hours later, and gone after the day after that."""
    clock.advance(hours=11, minutes=59)
    await store.do(lambda work: work.seen.first(Medium.SMS, LINE, Secret("SM1")))
    clock.advance(hours=48)
    assert await left(store, "seen", "seen", database_url) == 1
    assert not await store.do(lambda work: work.seen.first(Medium.SMS, LINE, Secret("SM1")))
    clock.advance(minutes=1)
    assert await left(store, "seen", "seen", database_url) == 0


async def test_a_day_in_the_future_counts_as_today(store: Store, clock: FakeClock, database_url: str) -> None:
    """What was written while the clock was a year ahead is neither kept for a year nor gone at once."""
    clock.advance(days=365)
    await store.do(lambda work: work.seen.first(Medium.SMS, LINE, Secret("SM1")))
    await store.do(lambda work: work.rates.first_today("help", ROBIN))
    clock.advance(days=-365)
    for name in ("seen", "rates"):
        assert await left(store, name, name, database_url) == 1
        assert by_hand(database_url, f"SELECT day FROM {name}") == [(day_of(clock.now),)]
    clock.advance(days=3)
    for name in ("seen", "rates"):
        assert await left(store, name, name, database_url) == 0


async def test_tallies_last_two_days(store: Store, clock: FakeClock, database_url: str) -> None:
    """Hours, counted: 49 hours later they are gone."""
    hour = hour_of(clock.now)
    by_hand(database_url, "INSERT INTO tallies VALUES (:label, :hour, 7)", label=b"t" * 32, hour=hour)
    clock.advance(hours=48)
    assert await left(store, "tallies", "tallies", database_url) == 1
    clock.advance(hours=1)
    assert await left(store, "tallies", "tallies", database_url) == 0


async def test_a_block_ends_at_its_time(store: Store, clock: FakeClock, database_url: str) -> None:
    """To the second; and one that was made by a clock ahead of its time in a year at the latest."""
    for days, label in ((90, b"a" * 32), (4000, b"b" * 32)):
        until = clock.now + timedelta(days=days)
        micros = int(until.timestamp()) * 1_000_000
        by_hand(database_url, "INSERT INTO blocks VALUES (:label, :until)", label=label, until=micros)
    clock.advance(days=89, hours=23)
    assert await left(store, "blocks", "blocks", database_url) == 2
    clock.advance(hours=1)
    assert await left(store, "blocks", "blocks", database_url) == 1
    clock.advance(days=365)
    assert await left(store, "blocks", "blocks", database_url) == 0


async def test_held_words_and_unanswered_invitations(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """Gone when nobody can use them any more; whoever was invited is still on the list."""

    def thought(work: Work) -> None:
        alma, contact = joins(work, "Alma", ALMA)
        work.held.put(
            alma.id,
            contact.id,
            Secret("are you safe?"),
            why="which",
            conversation=None,
            message=None,
            due_at=work.now + timedelta(minutes=10),
        )
        work.staff.add_contact(alma.id, Medium.TELEGRAM, None, token_until=work.now + timedelta(days=7))

    await store.do(thought)
    clock.advance(minutes=9)
    assert await left(store, "held", "held", database_url) == 1
    clock.advance(minutes=1)
    assert await left(store, "held", "held", database_url) == 0

    clock.advance(days=6)
    await swept(store, "tokens")
    assert by_hand(database_url, "SELECT count(*) FROM staff_contacts WHERE token_label IS NOT NULL") == [
        (1,)
    ]
    clock.advance(days=1)
    await swept(store, "tokens")
    assert by_hand(database_url, "SELECT count(*) FROM staff_contacts WHERE token_label IS NOT NULL") == [
        (0,)
    ]
    [alma] = await store.do(lambda work: work.staff.everyone())
    assert len(alma.contacts) == 2


async def test_ids_of_what_was_erased(store: Store, clock: FakeClock, database_url: str) -> None:
    """A day longer than any recovery capsule."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    await store.do(lambda work: work.conversations.erase(made))
    ids = count(database_url, "erasures")
    assert ids == 2  # the conversation's, the contact's
    clock.advance(days=4)
    assert await left(store, "erasures", "erasures", database_url) == ids
    clock.advance(days=1)
    assert await left(store, "erasures", "erasures", database_url) == 0


async def test_a_copy_that_cannot_be_deleted_is_given_up(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """After thirty days, with its key, and the trail says how many."""

    def keeps(work: Work) -> None:
        for sid in ("SM1", "SM2"):
            work.copies.keep(sms_copy(sid), side=Side.TEXTER, conversation=None, contact=None, line=None)

    await store.do(keeps)
    clock.advance(days=30)
    assert await left(store, "copies", "copies", database_url) == 2
    clock.advance(days=1)
    assert await left(store, "copies", "copies", database_url) == 0
    assert by_hand(database_url, "SELECT count(*) FROM envelopes WHERE owner = 'copy'") == [(0,)]
    [entry] = await store.do(lambda work: list(work.audit.entries()))
    assert (entry.what, entry.detail) == ("carrier copies given up", "2")


async def test_a_buried_letter_rests_a_day(store: Store, clock: FakeClock, database_url: str) -> None:
    """So that somebody who reads the alarm can look; then it goes, with a key of its own if it has one."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    await store.do(lambda work: work.outbox.add(to_texter(work, made, "hello")))
    assert await store.do(sms_claim) == ["hello"]
    [(row,)] = by_hand(database_url, "SELECT id FROM outbox")
    await store.do(lambda work: work.outbox.bury(bytes(row)))  # type: ignore[arg-type]
    clock.advance(days=1)
    assert await left(store, "buried", "outbox", database_url) == 1
    clock.advance(minutes=11)
    assert await left(store, "buried", "outbox", database_url) == 0


async def test_a_long_stop_is_caught_up_in_small_steps(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """More than fits into one statement goes in several, and none is forgotten."""

    def many(work: Work) -> None:
        for number in range(MOST + 20):
            work.seen.first(Medium.SMS, LINE, Secret(f"SM{number}"))

    await store.do(many)
    clock.advance(days=400)
    assert await swept(store, "seen") == MOST
    await sweeper(store, clock).round()
    assert count(database_url, "seen") == 0


async def test_what_is_left_of_an_erased_texter(store: Store, clock: FakeClock, database_url: str) -> None:
    """A day after DELETE, whatever table one looks into: ids and days, labels of nothing she could be found by."""

    def lives(work: Work) -> None:
        work.seen.first(Medium.SMS, LINE, Secret("SM1"))
        work.rates.first_today("help", ROBIN)
        made = writes(work, ROBIN, "please help")
        work.conversations.erase(made)
        writes(work, KIT, "another")

    await store.do(lives)
    clock.advance(days=3)
    await sweeper(store, clock).round()
    assert count(database_url, "seen") == count(database_url, "rates") == 0
    assert count(database_url, "texter_contacts") == 1  # Kit's
    [row] = by_hand(database_url, "SELECT texter, sealed, due_at FROM conversations WHERE state = 'erased'")
    assert row == (None, None, None)


@pytest.mark.parametrize("name", SUBJECTS)
async def test_nothing_is_swept_where_nothing_is(store: Store, name: str) -> None:
    """An empty line has nothing to forget, and no statement of it fails on either database."""
    assert await swept(store, name) == 0
