"""Staff, their contacts and join tokens, and what is held for them; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import SealBroken
from bot.messages import Address, Side
from bot.people import Contact, ConversationId, Medium, Role, Staff, StaffId, Standing
from bot.redact import Secret
from storage.engine import Store
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import ALMA, BO, KIT, ROBIN, by_hand, count, joins, to_texter, writes

BOTH = frozenset({Role.SUPERVISOR, Role.ADMIN})


async def test_a_staff_member_is_found_by_id_name_and_address(store: Store) -> None:
    """Names are compared without case, and a taken one is refused."""
    alma, contact = await store.do(lambda work: joins(work, "Alma", ALMA))
    assert contact == alma.contact

    assert await store.do(lambda work: work.staff.get(alma.id)) == alma
    assert await store.do(lambda work: work.staff.by_name("  aLMA ")) == alma
    assert await store.do(lambda work: work.staff.by_address(ALMA)) == (alma, contact)
    assert await store.do(lambda work: work.staff.by_address(ROBIN)) is None
    assert await store.do(lambda work: work.staff.add("ALMA", roles=BOTH, languages=())) is None
    sam = await store.do(lambda work: work.staff.add("Sam", roles=BOTH, languages=("en", "uk")))
    assert sam == Staff(StaffId(2), "Sam", BOTH, ("en", "uk"), ())
    assert await store.do(lambda work: work.staff.everyone()) == [alma, sam]
    assert await store.do(lambda work: work.staff.address(contact.id)) == ALMA


async def test_one_address_belongs_to_one_person(store: Store) -> None:
    """A second contact with the same number is refused, whoever asks for it."""
    await store.do(lambda work: joins(work, "Alma", ALMA))
    bo, _ = await store.do(lambda work: joins(work, "Bo", BO))

    added = await store.do(lambda work: work.staff.add_contact(bo.id, Medium.SMS, ALMA, token_until=None))
    assert added is None


async def bo_is_invited(store: Store, clock: FakeClock) -> tuple[Contact, Secret[str]]:
    bo = await store.do(lambda work: work.staff.add("Bo", roles=BOTH, languages=()))
    assert bo is not None
    until = clock.now + timedelta(days=7)
    added = await store.do(
        lambda work: work.staff.add_contact(bo.id, Medium.TELEGRAM, None, token_until=until)
    )
    assert added is not None
    contact, token = added
    assert token is not None
    assert contact.standing is Standing.INVITED
    return contact, token


async def test_a_join_token_works_once(store: Store, clock: FakeClock) -> None:
    """The first who brings it is Bo; the second is nobody."""
    contact, token = await bo_is_invited(store, clock)
    with pytest.raises(SealBroken):
        await store.do(lambda work: work.staff.address(contact.id))

    joined = await store.do(lambda work: work.staff.redeem(token, BO))
    assert joined is not None
    assert (joined[1].id, joined[1].standing) == (contact.id, Standing.JOINED)
    assert await store.do(lambda work: work.staff.address(contact.id)) == BO
    assert await store.do(lambda work: work.staff.redeem(token, KIT)) is None


async def test_a_join_token_dies_and_a_wrong_one_is_nothing(store: Store, clock: FakeClock) -> None:
    """After its time a token is as unknown as one that never was."""
    _, token = await bo_is_invited(store, clock)
    assert await store.do(lambda work: work.staff.redeem(Secret("made up"), BO)) is None
    clock.advance(days=7, seconds=1)
    assert await store.do(lambda work: work.staff.redeem(token, BO)) is None


async def test_a_token_brought_from_anothers_address_stays_good(store: Store, clock: FakeClock) -> None:
    """Alma pressing Bo's link takes nothing from Bo."""
    telegram = Address(Medium.TELEGRAM, Secret("7044900111"), "staff")
    await store.do(lambda work: joins(work, "Alma", telegram))
    _, token = await bo_is_invited(store, clock)
    assert await store.do(lambda work: work.staff.redeem(token, telegram)) is None
    assert await store.do(lambda work: work.staff.redeem(token, BO)) is not None


async def test_what_changes_with_the_day_is_kept(store: Store) -> None:
    """ON and OFF, unsettled, standing, and whence the last message came."""
    alma, contact = await store.do(lambda work: joins(work, "Alma", ALMA))
    conversation = ConversationId(b"c" * 16)

    def changes(work: Work) -> None:
        work.staff.set_available(alma.id, False)
        work.staff.set_unsettled(alma.id, True)
        work.staff.set_standing(contact.id, Standing.DEAD)
        work.staff.set_last(contact.id, conversation)

    await store.do(changes)
    found = await store.do(lambda work: work.staff.get(alma.id))
    assert found is not None
    assert (found.available, found.unsettled) == (False, True)
    assert found.contacts == (Contact(contact.id, alma.id, Medium.SMS, Standing.DEAD, conversation),)
    assert found.contact is None


async def test_who_is_removed_leaves_an_empty_row(store: Store, database_url: str) -> None:
    """Name, address, keys, held texts and queued letters are gone; her id is never given again."""

    def leaves(work: Work) -> None:
        alma, contact = joins(work, "Alma", ALMA)
        conversation = writes(work, ROBIN, "hi")
        hold(work, alma, contact, "a held text")
        letter = to_texter(work, conversation, "an offer")
        for about in (conversation.id, None):
            work.outbox.add(
                type(letter)(
                    to=contact.id,
                    side=Side.STAFF,
                    medium=Medium.SMS,
                    via=letter.via,
                    text=letter.text,
                    deadline=letter.deadline,
                    priority=letter.priority,
                    about=about,
                )
            )
        work.staff.remove(alma.id)

    await store.do(leaves)
    for table in ("staff_contacts", "held", "outbox", "lanes"):
        assert count(database_url, table) == 0, table
    assert sorted(by_hand(database_url, "SELECT owner FROM envelopes")) == [("contact",), ("conversation",)]
    assert by_hand(database_url, "SELECT name_label, sealed FROM staff") == [(None, None)]
    assert await store.do(lambda work: work.staff.everyone()) == []
    assert await store.do(lambda work: work.staff.by_name("Alma")) is None
    again, _ = await store.do(lambda work: joins(work, "Alma", ALMA))
    assert again.id == 2


def hold(work: Work, staff: Staff, contact: Contact, words: str, *, minutes: int = 10) -> bytes:
    return work.held.put(
        staff.id,
        contact.id,
        Secret(words),
        why="which",
        conversation=None,
        message=Secret("77"),
        due_at=work.now + timedelta(minutes=minutes),
    )


async def test_held_texts_wait_in_order_and_expire(store: Store, clock: FakeClock) -> None:
    """Alma gets back what was held, oldest first, until it is too old or dropped."""
    alma, contact = await store.do(lambda work: joins(work, "Alma", ALMA))
    first = await store.do(lambda work: hold(work, alma, contact, "are you safe?", minutes=1))
    await store.do(lambda work: hold(work, alma, contact, "where are you?"))

    held = await store.do(lambda work: work.held.of(contact.id))
    assert [one.text.reveal() for one in held] == ["are you safe?", "where are you?"]
    assert (held[0].id, held[0].why, held[0].message) == (first, "which", Secret("77"))

    clock.advance(minutes=1)
    held = await store.do(lambda work: work.held.of(contact.id))
    assert [one.text.reveal() for one in held] == ["where are you?"]
    await store.do(lambda work: work.held.drop([one.id for one in held]))
    assert await store.do(lambda work: work.held.of(contact.id)) == []


async def test_fifty_texts_are_held_and_the_oldest_go(store: Store) -> None:
    """Somebody who pastes a book does not fill the disk."""
    alma, contact = await store.do(lambda work: joins(work, "Alma", ALMA))

    def pastes(work: Work) -> list[str]:
        for n in range(55):
            hold(work, alma, contact, f"{n}")
        return [one.text.reveal() for one in work.held.of(contact.id)]

    assert await store.do(pastes) == [str(n) for n in range(5, 55)]
