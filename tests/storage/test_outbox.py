"""Letters leave in order, once, by lanes that do not wait for each other; on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation import Conversation
from bot.messages import Address, Button, Letter, Priority, Side, Task, Writer
from bot.people import ContactId, Medium, StaffId
from bot.redact import Secret
from storage.engine import Store
from storage.letters import Claimed
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import (
    ALMA,
    HOLDER,
    KIT,
    LEASE,
    LINE,
    OTHER,
    ROBIN,
    SMS,
    by_hand,
    count,
    joins,
    sms_claim,
    sms_copy,
    to_texter,
    writes,
)

ANYWHERE = {SMS: 10, (Medium.TELEGRAM, "texters"): 10}


async def says(
    store: Store, address: Address, *said: str, priority: Priority = Priority.TALK
) -> Conversation:
    """The texter writes once, and these letters go to her."""

    def thought(work: Work) -> Conversation:
        conversation = work.conversations.by_address(address) or writes(work, address, "hi")
        for words in said:
            letter = to_texter(work, conversation, words, via=address.via)
            work.outbox.add(replace(letter, priority=priority))
        return conversation

    return await store.do(thought)


async def claim(store: Store, *, holder: bytes = HOLDER, most: int = 10) -> list[Claimed]:
    senders = dict.fromkeys(ANYWHERE, most)
    return await store.do(lambda work: work.outbox.claim(senders, holder=holder, lease=LEASE))


def words(claimed: list[Claimed]) -> list[str]:
    return [one.letter.text.reveal() if one.letter else "?" for one in claimed]


async def sends(store: Store, one: Claimed) -> Claimed | None:
    return await store.do(lambda work: work.outbox.sent(one, sms_copy("SM" + one.id.hex())))


async def test_a_letter_comes_back_as_it_was_written(store: Store) -> None:
    """Everything about it survives, and its address is opened for the moment of sending."""

    def thought(work: Work) -> Letter:
        _, contact = joins(work, "Alma", ALMA)
        conversation = writes(work, ROBIN, "hi")
        letter = Letter(
            to=contact.id,
            side=Side.STAFF,
            medium=Medium.SMS,
            via="+12025550101",
            text=Secret("K7R2: hi"),
            deadline=work.now + timedelta(minutes=3),
            priority=Priority.FIRST,
            about=conversation.id,
            task=Task.SAY,
            buttons=(Button("Take", "take K7R2"), Button("Pass", "pass K7R2")),
            writer=Writer(StaffId(7), ContactId(b"w" * 16), Secret("42")),
            line=b"l" * 16,
            offer=True,
            last_part=False,
        )
        work.outbox.add(letter)
        return letter

    letter = await store.do(thought)
    senders = {(Medium.SMS, "+12025550101"): 1}
    [one] = await store.do(lambda work: work.outbox.claim(senders, holder=HOLDER, lease=LEASE))
    assert one.letter == letter
    assert one.address == Address(Medium.SMS, ALMA.place, "+12025550101")
    assert (one.attempts, one.unsure) == (0, False)
    assert len(one.reference.reveal()) >= 22
    assert await store.do(lambda work: work.outbox.claim({SMS: 10}, holder=HOLDER, lease=LEASE)) == []


async def test_a_lane_keeps_its_order_and_waits_for_its_head(store: Store, clock: FakeClock) -> None:
    """Three letters to Robin leave one after the other; Kit's do not wait for hers."""
    await says(store, ROBIN, "one", "two", "three")
    await says(store, KIT, "for Kit")
    first = await claim(store)
    assert words(first) == ["one", "for Kit"]
    assert await claim(store) == []

    robin = first[0]
    await store.do(lambda work: work.outbox.later(robin.id, clock.now + timedelta(seconds=4), unsure=True))
    assert await claim(store) == []
    clock.advance(seconds=4)
    [again] = await claim(store)
    assert (words([again]), again.attempts, again.unsure) == (["one"], 1, True)

    sent = await sends(store, again)
    assert sent is not None
    assert words([sent]) == ["one"]
    [second] = await claim(store)
    assert (words([second]), second.attempts, second.unsure) == (["two"], 0, False)
    await sends(store, second)
    assert words(await claim(store)) == ["three"]


async def test_the_order_holds_when_many_add_at_once(store: Store) -> None:
    """Whatever order ten thoughts were committed in, what each of them added stays in order."""
    await says(store, ROBIN)
    await asyncio.gather(*(says(store, ROBIN, f"{n} a", f"{n} b") for n in range(10)))
    heard = []
    while claimed := await claim(store):
        heard += words(claimed)
        await sends(store, claimed[0])
    assert len(heard) == 20
    assert [one for n in range(10) for one in heard if one.startswith(f"{n} ")] == [
        f"{n} {part}" for n in range(10) for part in "ab"
    ]


async def test_first_contact_goes_before_chatter(store: Store, clock: FakeClock) -> None:
    """When only some may leave, the most urgent lane is taken, then the one that has waited longest."""
    places = {name: Address(Medium.SMS, Secret(f"+1202555017{n}"), LINE) for n, name in enumerate("wxyz")}
    for name, priority in [("w", "c"), ("x", "b"), ("y", "b"), ("z", "a")]:
        await says(store, places[name], name, priority=Priority(priority))
        clock.advance(seconds=1)
    assert words(await claim(store, most=1)) == ["z"]
    assert words(await claim(store, most=2)) == ["x", "y"]
    await says(store, places["w"], "urgent", priority=Priority.FIRST)  # behind "w", which it pushes
    await says(store, KIT, "v")
    assert words(await claim(store)) == ["w", "v"]


async def test_a_lease_runs_out_and_the_letter_comes_again_unsure(store: Store, clock: FakeClock) -> None:
    """After a crash nobody knows whether the carrier has it: it goes again, and is marked."""
    await says(store, ROBIN, "one")
    await claim(store)
    due = await store.do(lambda work: work.outbox.next_due())
    assert due == clock.now + LEASE
    clock.advance(seconds=29)
    assert await claim(store, holder=OTHER) == []
    clock.advance(seconds=1)
    [again] = await claim(store, holder=OTHER)
    assert again.unsure
    await sends(store, again)
    assert await store.do(lambda work: work.outbox.next_due()) is None


async def test_what_is_released_may_be_claimed_at_once(store: Store) -> None:
    """A process that ends in peace hands its letters on."""
    await says(store, ROBIN, "one")
    await claim(store)
    await store.do(lambda work: work.outbox.release(OTHER))
    assert await claim(store, holder=OTHER) == []
    await store.do(lambda work: work.outbox.release(HOLDER))
    [again] = await claim(store, holder=OTHER)
    assert not again.unsure


async def test_two_who_claim_at_once_share(store: Store) -> None:
    """No lane is leased twice."""
    for n in range(8):
        await says(store, Address(Medium.SMS, Secret(f"+1202555018{n}"), LINE), f"{n}")
    shares = await asyncio.gather(*(claim(store, holder=bytes([n]) * 16, most=3) for n in range(5)))
    got = [one for share in shares for one in words(share)]
    assert len(got) == len(set(got))
    got += words(await claim(store))
    assert sorted(got) == [str(n) for n in range(8)]


async def test_what_is_cancelled_while_leased_is_not_settled(store: Store, database_url: str) -> None:
    """BYE while a letter is at the carrier: the rest is gone, a farewell leaves, the carrier's copy is known."""
    conversation = await says(store, ROBIN, "one", "two")
    [one] = await claim(store)

    def leaves(work: Work) -> list[Letter]:
        cancelled = work.outbox.cancel(conversation.id)
        farewell = to_texter(work, conversation, "bye")
        work.outbox.add(replace(farewell, about=None, address=ROBIN))
        return cancelled

    assert [letter.text.reveal() for letter in await store.do(leaves)] == ["one", "two"]
    assert words(await claim(store)) == ["bye"]
    assert await sends(store, one) is None
    copy = await store.do(lambda work: work.copies.find(sms_copy("SM" + one.id.hex())))
    assert copy is not None
    assert (copy.conversation, copy.standing) == (conversation.id, "sent")
    await store.do(lambda work: work.outbox.later(one.id, work.now, unsure=True))
    assert not await store.do(lambda work: work.outbox.drop(one.id))
    assert not await store.do(lambda work: work.outbox.bury(one.id))
    assert count(database_url, "outbox") == 1


async def test_one_side_can_be_cancelled_alone(store: Store) -> None:
    """What waits for Alma stays when what waits for Robin is cancelled, also in the same thought."""

    def thought(work: Work) -> list[Letter]:
        _, contact = joins(work, "Alma", ALMA)
        conversation = writes(work, ROBIN, "hi")
        letter = to_texter(work, conversation, "to Robin")
        work.outbox.add(letter)
        work.outbox.add(replace(letter, to=contact.id, side=Side.STAFF, text=Secret("to Alma")))
        return work.outbox.cancel(conversation.id, Side.TEXTER)

    assert [letter.text.reveal() for letter in await store.do(thought)] == ["to Robin"]
    assert await store.do(sms_claim) == ["to Alma"]


async def test_a_farewell_outlives_the_conversation(store: Store, database_url: str) -> None:
    """After DELETE her address lives in the farewell only, and is gone with it."""

    def deletes(work: Work) -> None:
        conversation = writes(work, ROBIN, "hi")
        work.outbox.add(replace(to_texter(work, conversation, "gone"), about=None, address=ROBIN))
        work.conversations.erase(conversation)

    await store.do(deletes)
    [one] = await claim(store)
    assert (words([one]), one.address) == (["gone"], ROBIN)
    await store.do(lambda work: work.outbox.sent(one, None))
    assert (
        count(database_url, "envelopes") == count(database_url, "outbox") == count(database_url, "lanes") == 0
    )


async def test_a_poisoned_letter_is_buried_and_its_lane_goes_on(store: Store, database_url: str) -> None:
    """A row that does not open is handed out as such, buried once, and the next one leaves."""
    await says(store, ROBIN, "one", "two")
    by_hand(
        database_url,
        "UPDATE outbox SET sealed = reference_label WHERE position = (SELECT min(position) FROM outbox)",
    )
    [one] = await claim(store)
    assert (one.letter, one.address) == (None, None)
    assert await store.do(lambda work: work.outbox.bury(one.id))
    assert not await store.do(lambda work: work.outbox.bury(one.id))
    assert words(await claim(store)) == ["two"]
    assert by_hand(database_url, "SELECT state FROM outbox ORDER BY position") == [("buried",), ("waiting",)]


async def test_a_letter_moved_to_another_addressee_does_not_open(store: Store, database_url: str) -> None:
    """Whoever has the database cannot send Alma's letter to Kit."""
    await says(store, ROBIN, "for Robin")
    kit = await says(store, KIT)
    by_hand(database_url, "UPDATE outbox SET contact = :kit", kit=kit.texter)
    assert words(await claim(store)) == ["?"]


async def test_an_addressee_without_address_is_told_apart(store: Store, database_url: str) -> None:
    """A letter to a contact that has no address any more comes without one."""
    await says(store, ROBIN, "hi")
    by_hand(database_url, "DELETE FROM texter_contacts")
    [one] = await claim(store)
    assert (words([one]), one.address) == (["hi"], None)


async def test_expired_letters_are_found_wherever_they_stand(store: Store, clock: FakeClock) -> None:
    """Also behind a head that waits; not while somebody is sending in that lane."""
    conversation = await says(store, ROBIN, "one", "two")
    [one] = await claim(store)
    clock.advance(minutes=10)
    again = clock.now + timedelta(minutes=5)
    await store.do(lambda work: work.outbox.later(one.id, again, unsure=False))
    expired = await store.do(lambda work: work.outbox.expired(10))
    assert words(expired) == ["one", "two"]
    assert await store.do(lambda work: work.outbox.drop(expired[1].id))
    assert not await store.do(lambda work: work.outbox.drop(expired[1].id))
    assert await store.do(lambda work: work.outbox.next_due()) == again

    await says(store, ROBIN, "three")
    assert await store.do(lambda work: work.outbox.drop(expired[0].id))
    assert words(await claim(store)) == ["three"]
    clock.advance(minutes=10)
    await claim(store, holder=OTHER)
    assert await store.do(lambda work: work.outbox.expired(10)) == []
    clock.advance(minutes=1)
    assert words(await store.do(lambda work: work.outbox.expired(10))) == ["three"]
    assert conversation.is_open


async def test_a_used_up_rate_is_not_a_try(store: Store, clock: FakeClock) -> None:
    """It is held a moment, and nothing is counted."""
    await says(store, ROBIN, "one")
    [one] = await claim(store)
    await store.do(lambda work: work.outbox.hold(one.id, clock.now + timedelta(seconds=1)))
    assert await claim(store) == []
    clock.advance(seconds=1)
    assert [(one.attempts, one.unsure) for one in await claim(store)] == [(0, False)]


async def test_a_letter_may_begin_later(store: Store, clock: FakeClock) -> None:
    """It is not claimed before its time."""

    def thought(work: Work) -> None:
        letter = to_texter(work, writes(work, ROBIN, "hi"), "still looking")
        work.outbox.add(replace(letter, not_before=work.now + timedelta(minutes=4)))

    await store.do(thought)
    assert await store.do(lambda work: work.outbox.next_due()) == clock.now + timedelta(minutes=4)
    assert await claim(store) == []
    clock.advance(minutes=4)
    assert words(await claim(store)) == ["still looking"]


async def test_a_receipt_settles_what_nobody_marked(store: Store) -> None:
    """The receipt comes before the answer to our own call, or after a crash: the carrier has it."""
    await says(store, ROBIN, "one", "two")
    [one] = await claim(store)
    settled = await store.do(lambda work: work.outbox.settle(one.reference, Secret("SM1")))
    assert settled is not None
    assert words([settled]) == ["one"]
    assert await store.do(lambda work: work.outbox.settle(one.reference, Secret("SM1"))) is None
    copy = await store.do(lambda work: work.copies.by_reference(one.reference))
    assert copy is not None
    assert await store.do(lambda work: work.copies.find(sms_copy("SM1"))) == copy
    assert words(await claim(store)) == ["two"]


async def test_a_copys_standing_goes_forward_only(store: Store) -> None:
    """Receipts come late and twice; what was delivered never fails, and what failed is never delivered."""
    await says(store, ROBIN, "one")
    [one] = await claim(store)
    await sends(store, one)
    copy = await store.do(lambda work: work.copies.by_reference(one.reference))
    assert copy is not None
    steps = [
        await store.do(lambda work, to=standing: work.copies.advance(copy.id, to))
        for standing in ("sent", "delivered", "delivered", "failed", "sent", "nonsense")
    ]
    assert steps == [False, True, False, False, False, False]
    found = await store.do(lambda work: work.copies.by_reference(one.reference))
    assert found == replace(copy, standing="delivered")


async def test_what_came_in_is_found_by_its_copy(store: Store, database_url: str) -> None:
    """A swipe-reply leads to the line it answers; a stranger's message to nothing; twice is once."""

    def keeps(work: Work) -> Conversation:
        conversation = writes(work, ROBIN, "hi")
        for _ in range(2):
            work.copies.keep(
                sms_copy("SM7"),
                side=Side.TEXTER,
                conversation=conversation.id,
                contact=conversation.texter,
                line=b"l" * 16,
                writer=Writer(StaffId(7), ContactId(b"w" * 16), Secret("42")),
            )
        return conversation

    conversation = await store.do(keeps)
    copy = await store.do(lambda work: work.copies.find(sms_copy("SM7")))
    assert copy is not None
    assert (copy.conversation, copy.contact, copy.line) == (conversation.id, None, b"l" * 16)
    assert copy.writer == Writer(StaffId(7), ContactId(b"w" * 16), Secret("42"))
    assert (copy.side, copy.standing, copy.offer) == (Side.TEXTER, "sent", False)
    assert await store.do(lambda work: work.copies.find(sms_copy("SM8"))) is None
    assert await store.do(lambda work: work.copies.by_reference(Secret("made up"))) is None
    assert by_hand(database_url, "SELECT count(*) FROM envelopes WHERE owner = 'copy'") == [(1,)]
    assert count(database_url, "copies") == 1


async def test_after_a_commit_with_letters_the_sender_is_woken(store: Store) -> None:
    """At once, in the same process; a thought that adds nothing wakes nobody."""
    woken: list[str] = []
    store.on_letters(lambda: woken.append("!"))
    await store.do(lambda work: writes(work, ROBIN, "hi"))
    assert woken == []
    await says(store, ROBIN, "one")
    await asyncio.sleep(0)
    assert woken == ["!"]
    with pytest.raises(KeyError):
        await store.do(lambda work: [work.outbox.add(to_texter(work, _robin(work), "two")), {}["x"]])
    assert woken == ["!"]
    assert words(await claim(store)) == ["one"]


def _robin(work: Work) -> Conversation:
    found = work.conversations.by_address(ROBIN)
    assert found is not None
    return found
