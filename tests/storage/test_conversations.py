"""The register of conversations, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation import Conversation, Offer, OfferState, State
from bot.errors import SealBroken, Stale
from bot.people import StaffId
from bot.redact import Secret
from storage.engine import Store
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import ALMA, BO, KIT, ROBIN, by_hand, count, joins, to_texter, writes


def closed(conversation: Conversation) -> Conversation:
    return replace(conversation, state=State.CLOSED)


async def test_a_conversation_is_found_by_address_id_and_code(store: Store) -> None:
    """The three ways to it lead to the same, and strangers to none."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))

    def look(work: Work) -> list[Conversation | None]:
        rooms = work.conversations
        return [rooms.by_address(ROBIN), rooms.get(made.id), rooms.by_code(made.code)]

    assert await store.do(look) == [made, made, made]
    assert await store.do(lambda work: work.conversations.by_address(KIT)) is None
    assert await store.do(lambda work: work.conversations.by_code("2222")) is None
    assert await store.do(lambda work: work.conversations.address(made)) == ROBIN


async def test_two_changes_of_one_version_make_one_stale(store: Store) -> None:
    """The second of two savers is told, and what the first wrote stays."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    await store.do(lambda work: work.conversations.save(replace(made, language="uk")))

    with pytest.raises(Stale):
        await store.do(lambda work: work.conversations.save(replace(made, language="ru")))

    found = await store.do(lambda work: work.conversations.get(made.id))
    assert found is not None
    assert (found.language, found.version) == ("uk", made.version + 1)


async def test_ten_concurrent_thoughts_are_each_carried_out(store: Store) -> None:
    """Ten texts at once become ten lines, none lost: a stale thought is run again."""
    await store.do(lambda work: writes(work, ROBIN, "first"))
    await asyncio.gather(*(store.do(lambda work, n=n: writes(work, ROBIN, f"{n}")) for n in range(10)))

    made = await store.do(lambda work: work.conversations.by_address(ROBIN))
    assert made is not None
    lines = await store.do(lambda work: work.transcript.read(made))
    assert lines[0].text == Secret("first")
    assert sorted(line.text.reveal() for line in lines[1:]) == [str(n) for n in range(10)]


async def test_two_first_texts_at_once_open_one_conversation(store: Store, database_url: str) -> None:
    """Two webhooks of one phone at the same moment: one conversation with both lines."""
    both = await asyncio.gather(
        store.do(lambda work: writes(work, ROBIN, "hello")),
        store.do(lambda work: writes(work, ROBIN, "there")),
    )

    assert both[0].id == both[1].id
    assert count(database_url, "conversations") == 1
    assert max(one.sequence for one in both) == 2


async def test_a_second_open_conversation_of_one_address_is_refused(store: Store) -> None:
    """Whoever did not see the open one is told that he was too slow."""
    await store.do(lambda work: writes(work, ROBIN, "hi"))
    with pytest.raises(Stale):
        await store.do(lambda work: work.conversations.new(address=ROBIN, language="en", at=work.now))


async def test_a_later_conversation_takes_over_the_route(store: Store, clock: FakeClock) -> None:
    """The address leads to the newest; both are known until they are erased."""
    old = await store.do(lambda work: work.conversations.save(closed(writes(work, ROBIN, "hi"))))
    clock.advance(hours=3)
    new = await store.do(lambda work: writes(work, ROBIN, "hi again"))

    assert new.id != old.id
    assert await store.do(lambda work: work.conversations.by_address(ROBIN)) == new
    assert await store.do(lambda work: work.conversations.all(ROBIN)) == [old, new]
    assert await store.do(lambda work: work.conversations.address(old)) == ROBIN


async def test_lists_are_by_state_counselor_and_time(store: Store, clock: FakeClock) -> None:
    """Who waits, who talks with whom, how many each has, who ended lately, what the clock must look at."""
    first = await store.do(lambda work: writes(work, ROBIN, "hi"))
    clock.advance(minutes=1)
    second = await store.do(lambda work: writes(work, KIT, "hello"))
    assert await store.do(lambda work: work.conversations.waiting()) == [first, second]

    soon = replace(first, state=State.TALKING, counselor=StaffId(7), due_at=clock.now + timedelta(minutes=2))
    first = await store.do(lambda work: work.conversations.save(soon))
    assert await store.do(lambda work: work.conversations.waiting()) == [second]
    assert await store.do(lambda work: work.conversations.talking_with(StaffId(7))) == [first]
    assert await store.do(lambda work: work.conversations.loads()) == {7: 1}
    assert await store.do(lambda work: work.conversations.due(10)) == []

    clock.advance(minutes=2)
    assert await store.do(lambda work: work.conversations.due(10)) == [first]
    ended = await store.do(lambda work: work.conversations.save(closed(first)))
    lately = clock.now - timedelta(minutes=15)
    assert await store.do(lambda work: work.conversations.closed_with(StaffId(7), lately)) == [ended]
    assert await store.do(lambda work: work.conversations.closed_with(StaffId(8), lately)) == []
    assert await store.do(lambda work: work.conversations.loads()) == {}

    clock.advance(hours=2)
    later = clock.now - timedelta(minutes=15)
    assert await store.do(lambda work: work.conversations.closed_with(StaffId(7), later)) == []


async def test_who_waits_is_looked_at_again(store: Store, clock: FakeClock) -> None:
    """At once, and not in an hour; whoever has a counselor already is left alone."""

    def two(work: Work) -> None:
        for address, state in ((ROBIN, State.WAITING), (KIT, State.TALKING)):
            made = writes(work, address, "hi")
            work.conversations.save(replace(made, state=state, due_at=clock.now + timedelta(hours=1)))

    await store.do(two)
    assert await store.do(lambda work: work.conversations.due(10)) == []
    await store.do(lambda work: work.conversations.look_again())
    robins = await store.do(lambda work: work.conversations.by_address(ROBIN))
    assert await store.do(lambda work: work.conversations.due(10)) == [robins]


async def test_erasing_leaves_no_row(store: Store, database_url: str, clock: FakeClock) -> None:
    """Lines, letters, held texts, offers, address and keys are gone; an id, a code and who had it stay."""

    def told(work: Work) -> Conversation:
        alma, contact = joins(work, "Alma", ALMA)
        conversation = writes(work, ROBIN, "please help")
        work.outbox.add(to_texter(work, conversation, "we are looking"))
        due_at = work.now + timedelta(minutes=2)
        work.offers.put(Offer(conversation.id, alma.id, contact.id, OfferState.OPEN, work.now, due_at))
        work.held.put(
            alma.id,
            contact.id,
            Secret("are you safe?"),
            why="which",
            conversation=conversation.id,
            message=None,
            due_at=due_at,
        )
        return work.conversations.save(replace(conversation, counselor=alma.id))

    made = await store.do(told)
    await store.do(lambda work: work.conversations.erase(made))

    for table in ("transcript", "offers", "held", "outbox", "lanes", "texter_contacts"):
        assert count(database_url, table) == 0, table
    assert sorted(by_hand(database_url, "SELECT owner FROM envelopes")) == [
        ("contact",),
        ("staff",),
    ]  # Alma's
    found = await store.do(lambda work: work.conversations.get(made.id))
    assert found is not None
    assert (found.state, found.counselor, found.texter) == (State.ERASED, made.counselor, None)
    assert await store.do(lambda work: work.conversations.by_address(ROBIN)) is None
    assert await store.do(lambda work: work.conversations.all(ROBIN)) == []
    lately = clock.now - timedelta(minutes=15)
    assert made.counselor is not None
    ended = await store.do(lambda work: work.conversations.closed_with(made.counselor or StaffId(0), lately))
    assert [one.private.closed_at and one.private.closed_at > lately for one in ended] == [True]
    with pytest.raises(SealBroken):
        await store.do(lambda work: work.conversations.address(found))


async def test_erasing_what_has_changed_meanwhile_is_stale(store: Store, database_url: str) -> None:
    """Nothing is erased by half: whoever erases has seen the newest."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    await store.do(lambda work: writes(work, ROBIN, "one more"))
    with pytest.raises(Stale):
        await store.do(lambda work: work.conversations.erase(made))
    assert count(database_url, "transcript") == 2


async def test_an_ended_conversations_code_rests_thirty_days(
    store: Store, database_url: str, clock: FakeClock
) -> None:
    """It stays hers as the last holder, and nobody else is given it meanwhile."""
    made = await store.do(lambda work: work.conversations.save(closed(writes(work, ROBIN, "hi"))))
    assert await store.do(lambda work: work.conversations.by_code(made.code)) == made
    assert by_hand(database_url, "SELECT rested_day FROM casecodes") == [(20514,)]  # 2026-03-02

    def codes(work: Work) -> set[str]:
        return {work.conversations.new(address=BO, language="en", at=work.now).code}

    assert made.code not in await store.do(codes)


async def test_an_older_state_put_back_does_not_open(store: Store, database_url: str) -> None:
    """What was sealed with one version is of no use in another."""
    made = await store.do(lambda work: writes(work, ROBIN, "hi"))
    old = by_hand(database_url, "SELECT sealed FROM conversations")[0][0]
    await store.do(lambda work: work.conversations.save(made))
    by_hand(database_url, "UPDATE conversations SET sealed = :old", old=old)

    with pytest.raises(SealBroken):
        await store.do(lambda work: work.conversations.get(made.id))


async def test_offers_are_made_changed_and_ended(store: Store, clock: FakeClock) -> None:
    """One a counselor and conversation, with its exact time; old ones of ended conversations are out of the way."""

    def offered(work: Work) -> Offer:
        alma, contact = joins(work, "Alma", ALMA)
        conversation = writes(work, ROBIN, "hi")
        due_at = work.now + timedelta(seconds=90)
        offer = Offer(conversation.id, alma.id, contact.id, OfferState.OPEN, work.now, due_at)
        work.offers.put(offer)
        return offer

    offer = await store.do(offered)
    passed = replace(offer, state=OfferState.PASSED)
    await store.do(lambda work: work.offers.put(passed))
    assert await store.do(lambda work: work.offers.of(offer.conversation)) == [passed]
    assert await store.do(lambda work: work.offers.to(offer.staff)) == [passed]

    def ends(work: Work) -> None:
        work.offers.set_all(offer.conversation, OfferState.ENDED)
        conversation = work.conversations.get(offer.conversation)
        assert conversation is not None
        work.conversations.save(closed(conversation))

    await store.do(ends)
    ended = replace(offer, state=OfferState.ENDED)
    clock.advance(minutes=16)
    assert await store.do(lambda work: work.offers.to(offer.staff)) == [ended]  # lapsed 14.5 minutes ago
    clock.advance(minutes=1)
    assert await store.do(lambda work: work.offers.to(offer.staff)) == []


async def test_two_hundred_texts_at_once_into_one_conversation_all_arrive(store: Store) -> None:
    """They wait for each other instead of trying again and again until one is turned away."""
    await store.do(lambda work: writes(work, ROBIN, "hello"))

    await asyncio.gather(*(store.do(lambda work, n=n: writes(work, ROBIN, f"text {n}")) for n in range(200)))

    conversation = await store.do(lambda work: work.conversations.by_address(ROBIN))
    assert conversation.sequence == 201
