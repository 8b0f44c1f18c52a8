"""What planning remembers: marks, questions, requests, absences, and the past as it was; on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.changes import Status
from bot.covers import Cover, Deal
from bot.errors import Stale
from bot.people import StaffId
from bot.questions import QuestionKind
from storage.duty import Duty
from storage.engine import Store
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import ALMA, BO, by_hand, count, joins

FRIDAY = datetime(2026, 3, 6, 21, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 7, 6, tzinfo=UTC)


def request(giver: StaffId) -> Cover:
    return Cover(
        number=0,
        deal=Deal.SWAP,
        giver=giver,
        schedule="on call",
        start=FRIDAY,
        end=SATURDAY,
        status=Status.OPEN,
        due_at=FRIDAY,
        wanted=(FRIDAY + timedelta(days=1), SATURDAY + timedelta(days=1)),
        asked=(StaffId(2),),
        note="dentist",
    )


async def test_of_fifty_who_say_the_same_thing_one_is_the_first(store: Store) -> None:
    """A reminder goes out once, whichever process looks at the clock."""
    said = await asyncio.gather(
        *(store.do(lambda work: work.told.first("hour", "7", "on call", until=FRIDAY)) for _ in range(50))
    )
    assert sorted(said) == [False] * 49 + [True]
    assert await store.do(lambda work: work.told.known("hour", "7", "on call"))
    assert await store.do(lambda work: work.told.first("day", "7", "on call", until=FRIDAY))
    assert not await store.do(lambda work: work.told.known("hour", "7 on", "call"))


async def test_a_question_has_one_answer(store: Store) -> None:
    """However often OK is pressed, and it is gone with whom it was put to."""
    alma, contact = await store.do(lambda work: joins(work, "Alma", ALMA))
    kind, due_at = QuestionKind.READY, FRIDAY
    asked = await store.do(
        lambda work: work.questions.add(kind, alma.id, contact.id, about=b"why", due_at=due_at)
    )
    question = await store.do(lambda work: work.questions.get(asked))
    assert question is not None
    assert (question.kind, question.about, question.staff) == (kind, b"why", alma.id)
    answers = await asyncio.gather(*(store.do(lambda work: work.questions.settle(asked)) for _ in range(20)))
    assert answers.count(True) == 1
    await store.do(lambda work: work.questions.add(kind, alma.id, contact.id, about=b"", due_at=due_at))
    await store.do(lambda work: work.staff.remove(alma.id))
    assert await store.do(lambda work: work.questions.of(alma.id)) == []


async def test_a_question_that_was_given_to_another_kind_is_none(store: Store, database_url: str) -> None:
    """Whoever writes into the database cannot make an OK mean something else, nor hold up the others."""
    alma, contact = await store.do(lambda work: joins(work, "Alma", ALMA))
    for due_at in (FRIDAY, SATURDAY):
        await store.do(
            lambda work, at=due_at: work.questions.add(
                QuestionKind.READY, alma.id, contact.id, about=b"", due_at=at
            )
        )
    by_hand(
        database_url,
        f"UPDATE questions SET kind = 'cover' WHERE due_at < {int(SATURDAY.timestamp()) * 10**6}",
    )
    assert [one.kind for one in await store.do(lambda work: work.questions.of(alma.id))] == ["ready"]
    assert count(database_url, "questions") == 1


async def test_of_two_who_take_a_request_one_has_it(store: Store) -> None:
    """The first OK counts; the second finds it taken."""
    cover = await store.do(lambda work: work.covers.add(request(StaffId(1))))
    again = await store.do(lambda work: work.covers.add(request(StaffId(1))))
    assert (cover.number, again.number) == (1, 2)
    assert await store.do(lambda work: work.covers.get(1)) == cover

    def take(work: Work, who: int) -> bool:
        found = work.covers.get(1)
        assert found is not None
        if found.status is not Status.OPEN:
            return False
        return work.covers.settle(found, replace(found, status=Status.TAKEN, taker=StaffId(who)))

    taken = await asyncio.gather(*(store.do(lambda work, who=who: take(work, who)) for who in range(2, 12)))
    assert taken.count(True) == 1
    standing = await store.do(lambda work: work.covers.standing())
    assert [one.status for one in standing] == [Status.TAKEN, Status.OPEN]


async def test_a_request_expires_when_its_time_has_come(store: Store, clock: FakeClock) -> None:
    """Only those still open are due."""
    await store.do(lambda work: work.covers.add(request(StaffId(1))))
    await store.do(lambda work: work.covers.add(replace(request(StaffId(1)), status=Status.TAKEN)))
    assert await store.do(lambda work: work.covers.due()) == []
    clock.advance(days=5)
    assert [one.number for one in await store.do(lambda work: work.covers.due())] == [1]
    assert await store.do(lambda work: work.covers.standing()) == []


async def test_nobody_is_put_on_call_in_the_database(store: Store, database_url: str) -> None:
    """A request whose giver, state or end was changed is none."""
    await store.do(lambda work: work.covers.add(request(StaffId(1))))
    by_hand(database_url, "UPDATE covers SET staff = 3")
    assert await store.do(lambda work: work.covers.get(1)) is None


async def test_an_absence_is_known_until_it_is_over(store: Store, clock: FakeClock) -> None:
    """And it is its owner's alone."""
    alma, _ = await store.do(lambda work: joins(work, "Alma", ALMA))
    bo, _ = await store.do(lambda work: joins(work, "Bo", BO))
    away = await store.do(lambda work: work.aways.add(alma.id, FRIDAY, SATURDAY))
    assert await store.do(lambda work: work.aways.of(alma.id)) == [away]
    assert await store.do(lambda work: work.aways.of(bo.id)) == []
    assert await store.do(lambda work: work.aways.coming()) == [away]
    clock.advance(days=5)
    assert await store.do(lambda work: work.aways.coming()) == []
    assert await store.do(lambda work: work.aways.drop(away))
    assert not await store.do(lambda work: work.aways.drop(away))


async def test_the_past_is_written_once(store: Store) -> None:
    """Of two who write the same stretch one is told to look again; a long stretch is found by each of its days."""
    served = [Duty(StaffId(7), "on call", FRIDAY, FRIDAY + timedelta(days=3))]

    def write(work: Work) -> None:
        work.duty.write(served, since=None, until=FRIDAY + timedelta(days=3))

    await store.do(write)
    with pytest.raises(Stale):
        await store.do(write)
    assert await store.do(lambda work: work.duty.until()) == FRIDAY + timedelta(days=3)
    found = await store.do(lambda work: work.duty.within(SATURDAY, SATURDAY + timedelta(hours=1)))
    assert found == [Duty(StaffId(7), "on call", SATURDAY, SATURDAY + timedelta(hours=1))]
    whole = await store.do(lambda work: work.duty.within(FRIDAY, FRIDAY + timedelta(days=9)))
    assert sum(((one.end - one.start) for one in whole), timedelta()) == timedelta(days=3)
