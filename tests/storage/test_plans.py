"""No question to the database costs more because more is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.changes import Status
from bot.conversation import Offer, OfferState, State
from bot.covers import Cover, Deal
from bot.messages import Address, Side
from bot.people import Contact, Medium, Role, Standing
from bot.questions import QuestionKind
from bot.redact import Secret
from storage.duty import Duty
from storage.engine import Store, migrate, open_store
from storage.lanes import Lanes
from storage.letters import Claimed
from storage.tallies import Span
from storage.vault import Vault
from storage.work import Work
from tests.clock import FakeClock
from tests.storage.cast import (
    ALMA,
    BO,
    HOLDER,
    LEASE,
    LINE,
    ROBIN,
    SMS,
    joins,
    sms_copy,
    to_texter,
    writes,
)

SMALL = {"staff", "staff_contacts"}
"""Tables with a row for each of a few dozen people, read as a whole. Everything else grows with what is written."""


@pytest.fixture
def little_store(tmp_path: Path, vault: Vault, clock: FakeClock) -> Iterator[Store]:
    """SQLite alone: its plans are told in words."""
    url = f"sqlite:///{tmp_path / 'plans.db'}"
    migrate(url)
    store = open_store(url, vault, clock=clock)
    yield store
    store.close_now()


@contextmanager
def overheard() -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is carried out meanwhile, with its values."""
    heard: list[tuple[str, Any]] = []

    def hear(conn: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        heard.append((statement, values[0] if many else values))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def everything_about_people(work: Work) -> Contact:
    alma, contact = joins(work, "Alma", ALMA)
    work.staff.everyone()
    work.staff.by_name("Alma")
    work.staff.address(contact.id)
    work.staff.set_available(alma.id, False)
    work.staff.set_unsettled(alma.id, True)
    work.staff.set_last(contact.id, None)
    bo = work.staff.add("Bo", roles=frozenset({Role.ADMIN}), languages=())
    assert bo is not None
    added = work.staff.add_contact(bo.id, Medium.TELEGRAM, None, token_until=work.now + timedelta(days=7))
    assert added is not None
    assert added[1] is not None
    work.staff.redeem(added[1], BO)
    held_id = work.held.put(
        alma.id, contact.id, Secret("x"), why="which", conversation=None, message=None, due_at=work.now
    )
    work.held.of(contact.id)
    work.held.drop([held_id])
    work.staff.remove(bo.id)
    work.staff.set_standing(contact.id, Standing.JOINED)
    return contact


def everything_about_conversations(work: Work, contact: Contact) -> None:
    rooms = work.conversations
    conversation = writes(work, ROBIN, "hi")
    due_at = work.now + timedelta(seconds=90)
    work.offers.put(Offer(conversation.id, contact.staff, contact.id, OfferState.OPEN, work.now, due_at))
    work.offers.of(conversation.id)
    work.offers.to(contact.staff)
    work.offers.set_all(conversation.id, OfferState.ENDED)
    work.transcript.read(conversation, last=1)
    rooms.by_code(conversation.code)
    rooms.all(ROBIN)
    rooms.address(conversation)
    rooms.waiting()
    rooms.due(10)
    rooms.talking_with(contact.staff)
    rooms.closed_with(contact.staff, work.now)
    rooms.loads()
    rooms.save(replace(conversation, state=State.CLOSED))
    rooms.erase(writes(work, ROBIN, "again"))


def everything_about_letters(work: Work, contact: Contact) -> None:
    outbox = work.outbox
    conversation = writes(work, Address(Medium.SMS, Secret("+12025550177"), LINE), "hi")
    for n in range(6):
        outbox.add(to_texter(work, conversation, f"{n}"))
    outbox.add(replace(to_texter(work, conversation, "bye"), about=None, address=ROBIN, via=LINE))
    outbox.next_due()

    def claim() -> Claimed:
        outbox.release(HOLDER)
        return outbox.claim({SMS: 5}, holder=HOLDER, lease=LEASE)[0]

    for step in (outbox.drop, outbox.bury):
        step(claim().id)
    outbox.sent(claim(), sms_copy("SM1"))
    outbox.later(claim().id, work.now, unsure=True)
    one = claim()
    outbox.settle(one.reference, Secret("SM2"))
    claim()
    outbox.release_all()
    outbox.in_flight(contact.id)
    outbox.expired(10)
    outbox.cancel_contact(contact.id)
    outbox.cancel(conversation.id, Side.TEXTER)
    copy = work.copies.find(sms_copy("SM1"))
    assert copy is not None
    work.copies.by_reference(one.reference)
    work.copies.keep_twin(copy, Secret("SM3"), final=True)
    work.copies.advance(copy.id, "delivered")
    work.copies.belongs(sms_copy("SM3"), conversation.id)
    work.copies.hasten_chat(ROBIN)
    taken = work.removals.claim(Medium.SMS, tuple(Side), most=10, lease=LEASE, ahead=timedelta(hours=4))
    assert len(taken) > 2
    work.removals.later(taken[0], work.now, slipped=True)
    work.removals.gone(taken[1:])
    work.removals.overdue(timedelta(hours=1))


def everything_small(work: Work) -> None:
    for _ in range(2):
        work.seen.first(Medium.SMS, LINE, Secret("SM1"))
        work.rates.first_today("help", ROBIN)
        work.optouts.add(ROBIN)
        work.blocks.add(ROBIN, code="K7R2", until=work.now + timedelta(days=1))
        work.blocks.until(ROBIN)
        work.blocks.lift("K7R2")
        work.tallies.first("texts", "+12025550123")
        work.tallies.number("texts", "+12025550123", span=Span.DAY)
        work.counts.add("refused")
        work.counts.today("refused")
        work.offsets.set("staff", 7)
        work.line.set("staff bot", "x")
        work.rota.save(b"x", by="Sam")
    work.optouts.has(ROBIN)
    work.optouts.remove(ROBIN)
    work.offsets.get("staff")
    work.line.get("staff bot")
    work.rota.current()


def everything_planned(work: Work, contact: Contact) -> None:
    soon = work.now + timedelta(days=1)
    asked = work.questions.add(QuestionKind.READY, contact.staff, contact.id, about=b"", due_at=soon)
    work.questions.get(asked)
    work.questions.of(contact.staff)
    work.questions.due()
    work.questions.settle(asked)
    cover = Cover(
        number=0,
        deal=Deal.COVER,
        giver=contact.staff,
        schedule="on call",
        start=work.now,
        end=soon,
        status=Status.OPEN,
        due_at=soon,
    )
    cover = work.covers.add(cover)
    work.covers.get(cover.number)
    work.covers.standing()
    work.covers.due()
    work.covers.settle(cover, replace(cover, status=Status.EXPIRED))
    away = work.aways.add(contact.staff, work.now, soon)
    work.aways.of(contact.staff)
    work.aways.coming()
    work.aways.drop(away)
    work.told.first("day", "7", until=soon)
    work.told.known("day", "7")
    work.duty.write([Duty(contact.staff, "on call", work.now, soon)], since=None, until=soon)
    work.duty.within(work.now, soon)


def everything(work: Work) -> None:
    contact = everything_about_people(work)
    everything_about_conversations(work, contact)
    everything_about_letters(work, contact)
    everything_small(work)
    everything_planned(work, contact)


def plan(work: Work, statement: str, values: Any) -> list[str]:
    rows = work._desk.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    return [str(row[3]) for row in rows]


def is_scan(step: str) -> bool:
    """Reading a whole table, a whole index, or making an index for the purpose; `anon_…` is a limited sub-query."""
    found = re.match(r"SCAN (\w+)", step)
    if "AUTOMATIC" in step:
        return True
    return (
        found is not None
        and found[1] not in SMALL
        and not found[1].startswith("anon_")
        and "CONSTANT" not in step
    )


def test_every_question_goes_by_an_index(little_store: Store) -> None:
    """The plans of all statements of all rooms: SEARCH, never SCAN, in whatever grows."""
    with overheard() as heard:
        little_store.do_now(everything)
    asked = {
        statement: values for statement, values in heard if re.match("SELECT|UPDATE|DELETE|INSERT", statement)
    }
    assert len(asked) > 70

    plans = little_store.do_now(
        lambda work: {statement: plan(work, statement, values) for statement, values in asked.items()}
    )
    scans = {s: steps for s, steps in plans.items() if any(is_scan(step) for step in steps)}
    assert not scans, "\n\n".join(f"{s}\n{steps}" for s, steps in scans.items())


def test_lanes_are_found_in_their_order(little_store: Store) -> None:
    """Among ten thousand ready lanes the first is found without sorting the others."""
    with overheard() as heard:
        little_store.do_now(lambda work: Lanes(work._desk).lease({SMS: 5}, holder=HOLDER, until=work.now))
    [(statement, values)] = [one for one in heard if "FROM lanes" in one[0]]
    steps = little_store.do_now(lambda work: plan(work, statement, values))
    assert not [step for step in steps if "TEMP B-TREE" in step], steps
