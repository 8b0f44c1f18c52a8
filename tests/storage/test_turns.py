"""Whose turn it is: a flood of first answers and offers does not silence those who talk already."""

from __future__ import annotations

from dataclasses import replace

from bot.messages import Address, Priority
from bot.people import ContactId, Medium
from bot.redact import Secret
from handlers.rates import Rates
from storage.engine import Store
from storage.work import Work
from tests.storage.cast import HOLDER, LEASE, LINE, ROBIN, SMS, to_texter, writes


async def test_on_its_turn_a_talk_goes_before_first_answers(store: Store) -> None:
    """Ten first answers wait; Robin's counselor has answered her."""

    def flood(work: Work) -> None:
        robin = writes(work, ROBIN, "hi")
        work.outbox.add(replace(to_texter(work, robin, "are you safe?"), priority=Priority.TALK))
        for n in range(10):
            stranger = writes(work, Address(Medium.SMS, Secret(f"+4477009000{n:02}"), LINE), "hi")
            work.outbox.add(replace(to_texter(work, stranger, "first"), priority=Priority.FIRST))

    await store.do(flood)

    def next_one(work: Work, *, turn: bool) -> str:
        (one,) = work.outbox.claim({SMS: 1}, holder=HOLDER, lease=LEASE, talk_first=[SMS] if turn else ())
        assert one.letter is not None
        return one.letter.text.reveal()

    assert await store.do(lambda work: next_one(work, turn=False)) == "first"
    assert await store.do(lambda work: next_one(work, turn=True)) == "are you safe?"
    assert await store.do(lambda work: next_one(work, turn=True)) == "first"


def test_between_two_offers_a_chat_has_room_for_words() -> None:
    """A hundred offers for one Telegram chat, at one a second: every second place is for the talk."""
    rates, alma = Rates({}, {Medium.TELEGRAM: 1.0}), ContactId(b"a" * 16)
    assert rates.chat_wait(Medium.TELEGRAM, alma, 10.0, offer=True) == 0
    assert rates.chat_wait(Medium.TELEGRAM, alma, 11.0, offer=True) == 1
    assert rates.chat_wait(Medium.TELEGRAM, alma, 11.0) == 0
    assert rates.chat_wait(Medium.TELEGRAM, alma, 11.5, offer=True) == 0.5
    assert rates.chat_wait(Medium.TELEGRAM, alma, 12.0, offer=True) == 0
