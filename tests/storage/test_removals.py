"""Copies that carriers are to delete: when each is due, whose it is meanwhile, and what stays of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation import Conversation, State
from bot.messages import Copy, Side
from bot.people import ContactId, ConversationId, Medium
from bot.redact import Secret
from storage.copies import TAKEN_BACK
from storage.engine import Store
from storage.removals import Removal
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import BO, KIT, LEASE, LINE, ROBIN, by_hand, count, writes

TELEGRAM, SMS = Medium.TELEGRAM, Medium.SMS
BOTH = (Side.TEXTER, Side.STAFF)


def keeps(
    work: Work,
    copy: Copy,
    side: Side = Side.TEXTER,
    conversation: ConversationId | None = None,
    reference: bytes | None = None,
) -> None:
    work.copies.keep(
        copy,
        side=side,
        conversation=conversation,
        contact=ContactId(b"c" * 16),
        line=None,
        reference_label=reference,
    )


def text(number: int = 1, chat: str = "+12025550123") -> Copy:
    return Copy(SMS, LINE, Secret(chat), Secret(f"SM{number}"), media=number == 7)


def message(number: int = 1, via: str = "texters", chat: str = KIT.place.reveal()) -> Copy:
    return Copy(TELEGRAM, via, Secret(chat), Secret(str(number)))


async def claim(store: Store, medium: Medium = SMS, *sides: Side, **how: timedelta) -> list[Removal]:
    lease = how.pop("lease", LEASE)
    return await store.do(
        lambda work: work.removals.claim(medium, sides or BOTH, most=100, lease=lease, **how)
    )


def numbers(found: list[Removal]) -> list[str]:
    return [one.copy.message.reveal() for one in found if one.copy]


@pytest.mark.parametrize(
    ("copy", "reference", "after"),
    [
        (text(), None, timedelta(seconds=5)),
        (text(), b"r" * 32, timedelta(minutes=15)),
        (message(), None, TAKEN_BACK),
        (message(), b"r" * 32, TAKEN_BACK),
    ],
)
async def test_each_is_due_in_its_time(
    store: Store, clock: FakeClock, copy: Copy, reference: bytes | None, after: timedelta
) -> None:
    """What came in by SMS at once, what went out once it is final, Telegram's before it is too old."""
    await store.do(lambda work: keeps(work, copy, reference=reference))
    clock.advance(seconds=after.total_seconds() - 1)
    assert await claim(store, copy.medium) == []
    clock.advance(seconds=1)
    [one] = await claim(store, copy.medium)
    assert (one.copy, one.attempts, one.slipped) == (copy, 1, False)
    assert one.at == clock() - after


async def test_an_age_that_the_operator_set_holds_for_what_is_there_already(
    store: Store, clock: FakeClock
) -> None:
    """Forty hours by default: four before the latest moment; asked for again, a copy keeps to its own pause."""
    await store.do(lambda work: keeps(work, message()))
    clock.advance(hours=39, minutes=59)
    assert await claim(store, TELEGRAM, ahead=timedelta(hours=4)) == []
    clock.advance(minutes=1)
    [one] = await claim(store, TELEGRAM, ahead=timedelta(hours=4))
    await store.do(lambda work: work.removals.later(one, work.now + timedelta(minutes=30)))
    clock.advance(minutes=29)
    assert await claim(store, TELEGRAM, ahead=timedelta(hours=4)) == []
    clock.advance(minutes=1)
    assert [one.attempts for one in await claim(store, TELEGRAM, ahead=timedelta(hours=4))] == [2]


async def test_a_message_that_lay_at_telegram_is_as_old_as_telegram_says(
    store: Store, clock: FakeClock
) -> None:
    """We were down for a day: it has a day less."""
    await store.do(lambda work: keeps(work, replace(message(), at=work.now - timedelta(hours=23))))
    clock.advance(hours=21)
    [one] = await claim(store, TELEGRAM)
    assert clock() - one.at == timedelta(hours=44)


async def test_a_receipt_that_is_the_last_makes_a_text_due(store: Store) -> None:
    """Delivered or failed: nothing will happen to it any more. A late "sent" changes nothing."""
    for number, standing in ((1, "delivered"), (2, "failed"), (3, "sent")):
        await store.do(lambda work, n=number: keeps(work, text(n), reference=bytes([n]) * 32))

        def receives(work: Work, number: int = number, standing: str = standing) -> None:
            row = work.copies.find(text(number))
            assert row is not None
            work.copies.advance(row.id, standing)

        await store.do(receives)
    assert sorted(numbers(await claim(store))) == ["SM1", "SM2"]


async def test_a_letter_that_went_out_twice_is_deleted_twice(store: Store) -> None:
    """Its second receipt names another message than its first."""
    await store.do(lambda work: keeps(work, text(1), reference=b"r" * 32))

    def receives(work: Work) -> None:
        row = work.copies.find(text(1))
        assert row is not None
        work.copies.keep_twin(row, Secret("SM1"), final=True)
        work.copies.keep_twin(row, Secret("SM2"), final=True)

    await store.do(receives)
    await store.do(lambda work: keeps(work, text(3), reference=b"r" * 32))
    assert numbers(await claim(store)) == ["SM2"]
    assert await store.do(lambda work: work.copies.find(text(3))) is not None


async def test_one_copy_is_one_processs(store: Store, clock: FakeClock) -> None:
    """Of many who ask at once each copy goes to one; when its lease has run out, to the next."""
    for number in range(20):
        await store.do(lambda work, n=number: keeps(work, text(n)))
    clock.advance(seconds=5)
    shares = await asyncio.gather(*(claim(store) for _ in range(5)))
    assert sorted(numbers([one for share in shares for one in share])) == sorted(f"SM{n}" for n in range(20))
    assert await claim(store) == []
    clock.advance(seconds=LEASE.total_seconds())
    again = await claim(store)
    assert len(again) == 20
    first = next(one for share in shares for one in share)
    assert not await store.do(lambda work: work.removals.later(first, work.now))
    assert await claim(store) == []


async def test_the_oldest_come_first(store: Store, clock: FakeClock) -> None:
    """After an outage a message of the day before yesterday goes before one that was hastened just now."""
    await store.do(lambda work: keeps(work, message(1)))
    clock.advance(hours=30)
    conversation = await store.do(lambda work: writes(work, KIT, "hi"))
    await store.do(lambda work: keeps(work, message(2), conversation=conversation.id))
    await store.do(lambda work: work.copies.hasten([conversation.id]))
    clock.advance(hours=16)
    assert numbers(await claim(store, TELEGRAM)) == ["1", "2"]


async def test_a_clock_set_back_keeps_nothing_too_long(store: Store, clock: FakeClock) -> None:
    """What seems to be due in days was put down when the clock was wrong."""
    await store.do(lambda work: [keeps(work, text()), keeps(work, message())])
    clock.advance(days=-10)
    assert len(await claim(store, SMS)) == len(await claim(store, TELEGRAM)) == 1


async def test_the_end_and_an_erasure_hasten_what_they_must(store: Store) -> None:
    """DONE: what the staff bot holds about it. DELETE: everything of hers, on both sides, and nothing of Robin's."""

    def talks(work: Work) -> Conversation:
        kits, robins = writes(work, KIT, "hi"), writes(work, ROBIN, "hi")
        keeps(work, message(1), conversation=kits.id)
        keeps(work, message(2))
        keeps(work, message(3, "staff", BO.place.reveal()), Side.STAFF, kits.id)
        keeps(work, message(4, "staff", BO.place.reveal()), Side.STAFF, robins.id)
        keeps(work, message(5, "texters", "7044900999"))
        return kits

    kits = await store.do(talks)
    await store.do(lambda work: work.conversations.save(replace(kits, state=State.CLOSED)))
    assert numbers(await claim(store, TELEGRAM)) == ["3"]
    ended = await store.do(lambda work: work.conversations.get(kits.id))
    assert ended is not None
    await store.do(lambda work: work.conversations.erase(ended))
    assert sorted(numbers(await claim(store, TELEGRAM))) == ["1", "3"]
    await store.do(lambda work: work.copies.hasten_chat(KIT))
    assert sorted(numbers(await claim(store, TELEGRAM))) == ["1", "2"]


async def test_what_is_gone_leaves_nothing(store: Store, database_url: str) -> None:
    """Neither the row nor its key; and where it was the last that held her number, the journals are emptied too."""
    conversation = await store.do(lambda work: writes(work, ROBIN, "hi"))
    await store.do(lambda work: [keeps(work, text(n), conversation=conversation.id) for n in (1, 2)])
    await store.do(lambda work: work.copies.hasten([conversation.id]))
    first, second = await claim(store)
    assert not await store.do(lambda work: [work.removals.gone([first]), work.erased][1])
    await store.do(lambda work: work.conversations.erase(conversation))
    assert await store.do(lambda work: [work.removals.gone([second]), work.erased][1])
    assert count(database_url, "copies") == 0
    assert by_hand(database_url, "SELECT count(*) FROM envelopes WHERE owner = 'copy'") == [(0,)]


async def test_one_that_does_not_open_hides_no_other(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """It comes without its copy, as old as its day."""
    await store.do(lambda work: [keeps(work, text(n)) for n in (1, 2)])
    by_hand(
        database_url, "UPDATE copies SET sealed = :x WHERE id = (SELECT id FROM copies LIMIT 1)", x=b"spoilt"
    )
    clock.advance(seconds=5)
    found = await claim(store)
    assert sorted(one.copy is None for one in found) == [False, True]
    [broken] = [one for one in found if one.copy is None]
    assert clock() - timedelta(days=1) <= broken.at <= clock()
