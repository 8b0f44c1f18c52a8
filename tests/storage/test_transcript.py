"""What was said comes back exactly, or not at all; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversation import Conversation
from bot.errors import SealBroken
from bot.messages import Direction, Line
from bot.people import StaffId
from bot.redact import Secret
from storage.engine import Store
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import KIT, ROBIN, by_hand, writes


def transcript(work: Work, *, last: int | None = None) -> list[Line]:
    conversation = work.conversations.by_address(ROBIN)
    assert conversation is not None
    return work.transcript.read(conversation, last=last)


async def robin_writes(store: Store, *said: str) -> None:
    for one in said:
        await store.do(lambda work, one=one: writes(work, ROBIN, one))


async def test_what_robin_wrote_is_read_back_in_order(store: Store, clock: FakeClock) -> None:
    """Every line comes back exactly, with its time, oldest first; also what no alphabet knows."""
    said = ["hi", "", "\N{SMILING FACE WITH SUNGLASSES}" * 300, "a\0b", "lone \ud800 surrogate"]
    for one in said:
        await robin_writes(store, one)
        clock.advance(seconds=1.5)

    lines = await store.do(transcript)
    assert [line.text.reveal() for line in lines] == said
    assert [line.sequence for line in lines] == [1, 2, 3, 4, 5]
    assert lines[4].at - lines[0].at == timedelta(seconds=6)
    assert await store.do(lambda work: transcript(work, last=2)) == lines[-2:]
    assert await store.do(lambda work: transcript(work, last=99)) == lines
    assert await store.do(lambda work: transcript(work, last=0)) == []


async def test_who_wrote_and_which_way_is_kept(store: Store) -> None:
    """Alma's answer is told from Robin's text."""

    def answers(work: Work) -> tuple[Conversation, bytes]:
        conversation = writes(work, ROBIN, "hi")
        conversation, line = work.transcript.add(
            conversation, Direction.OUT, Secret("I am here"), staff=StaffId(7), at=work.now
        )
        return work.conversations.save(conversation), line

    _, line_id = await store.do(answers)
    first, second = await store.do(transcript)
    assert (first.direction, first.staff) == (Direction.IN, None)
    assert (second.id, second.direction, second.staff) == (line_id, Direction.OUT, 7)


TAMPERING = {
    "a line is missing": "DELETE FROM transcript WHERE sequence = 2",
    "the newest line is missing": "DELETE FROM transcript WHERE sequence = 4",
    "a line was cut off and the count with it": "DELETE FROM transcript WHERE sequence = 4;"
    " UPDATE conversations SET sequence = 3",
    "two texts were swapped": "UPDATE transcript SET sealed ="
    " (SELECT sealed FROM transcript AS other WHERE other.sequence = 5 - transcript.sequence)"
    " WHERE sequence IN (2, 3)",
    "two lines were swapped": "UPDATE transcript SET sequence = 9 WHERE sequence = 2;"
    " UPDATE transcript SET sequence = 2 WHERE sequence = 3;"
    " UPDATE transcript SET sequence = 3 WHERE sequence = 9",
    "who spoke was changed": "UPDATE transcript SET direction = 'out' WHERE sequence = 3",
    "a link was changed": "UPDATE transcript SET link = sealed WHERE sequence = 3",
    "an id was changed": "UPDATE transcript SET id = link WHERE sequence = 3",
    "the key is gone": "DELETE FROM envelopes WHERE owner = 'conversation'",
}


@pytest.mark.parametrize("how", TAMPERING)
async def test_a_transcript_that_was_tampered_with_does_not_open(
    store: Store, database_url: str, how: str
) -> None:
    """Whoever has the database but not the keys cannot remove, move or change a line unnoticed."""
    await robin_writes(store, "one", "two", "three", "four")
    for statement in TAMPERING[how].split(";"):
        by_hand(database_url, statement)

    with pytest.raises(SealBroken):
        await store.do(transcript)


async def test_the_key_of_another_conversation_does_not_open_it(store: Store, database_url: str) -> None:
    """Kit's envelope in place of Robin's opens nothing."""
    robin = await store.do(lambda work: writes(work, ROBIN, "mine"))
    kit = await store.do(lambda work: writes(work, KIT, "yours"))
    by_hand(
        database_url,
        "UPDATE envelopes SET wrapped = (SELECT wrapped FROM envelopes WHERE owner_id = :kit) WHERE owner_id = :robin",
        kit=kit.id,
        robin=robin.id,
    )
    with pytest.raises(SealBroken):
        await store.do(transcript)


async def test_every_flipped_bit_is_found(store: Store, database_url: str) -> None:
    """A changed byte anywhere in a sealed line is noticed."""
    await robin_writes(store, "one")
    sealed = by_hand(database_url, "SELECT sealed FROM transcript")[0][0]
    assert isinstance(sealed, bytes)
    for place in (0, 5, 20, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        by_hand(database_url, "UPDATE transcript SET sealed = :sealed", sealed=bytes(changed))
        with pytest.raises(SealBroken):
            await store.do(transcript)


async def test_a_suffix_is_verified_against_the_line_before(store: Store, database_url: str) -> None:
    """HISTORY of the last two lines notices a line that was put in the place of another."""
    await robin_writes(store, "one", "two", "three", "four")
    by_hand(database_url, "UPDATE transcript SET link = sealed WHERE sequence = 2")
    with pytest.raises(SealBroken):
        await store.do(lambda work: transcript(work, last=2))
    assert [line.text.reveal() for line in await store.do(lambda work: transcript(work, last=1))] == ["four"]
