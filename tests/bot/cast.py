"""The cast as rules see it: people, a conversation at noon, and who is there to be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bot.conversation import Conversation, Offer, OfferState, Private, State
from bot.ladder import Pace, Watch
from bot.messages import Writer
from bot.people import Contact, ContactId, ConversationId, Medium, Role, Staff, StaffId, Standing

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=30)
PACE = Pace(
    offer=timedelta(seconds=90),
    looking=timedelta(minutes=4),
    supervisors=timedelta(minutes=6),
    nobody=timedelta(minutes=10),
    window=WINDOW,
    most=3,
)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def person(
    number: int,
    name: str,
    *roles: Role,
    languages: tuple[str, ...] = ("en",),
    standing: Standing = Standing.JOINED,
    **more: Any,
) -> Staff:
    """A staff member with one contact."""
    contact = Contact(ContactId(name.encode().ljust(16, b".")), StaffId(number), Medium.SMS, standing)
    return Staff(StaffId(number), name, frozenset(roles or {Role.COUNSELOR}), languages, (contact,), **more)


ALMA = person(1, "Alma")
BO = person(2, "Bo", languages=("uk", "en"))
SAM = person(3, "Sam", Role.SUPERVISOR)
CHARLIE = person(4, "Charlie", Role.ADMIN)


def contact(staff: Staff) -> Contact:
    """Her only contact."""
    return staff.contacts[0]


def writer(staff: Staff) -> Writer:
    return Writer(staff.id, contact(staff).id)


def talk(
    name: str = "robin", *, code: str = "K7R2", counselor: Staff | None = None, **more: Any
) -> Conversation:
    """A conversation that began at noon; with a counselor it runs. Fields of Private may be given too."""
    names = set(Private.__struct_fields__)
    private = {"opened_at": NOON, "texter_at": NOON} | {k: v for k, v in more.items() if k in names}
    fields = {k: v for k, v in more.items() if k not in names}
    made = Conversation(
        id=ConversationId(name.encode().ljust(16, b".")),
        code=code,
        state=State.TALKING if counselor else State.WAITING,
        medium=Medium.SMS,
        language="en",
        texter=ContactId(name.encode().ljust(16, b"-")),
        counselor=counselor.id if counselor else None,
        counselor_contact=contact(counselor).id if counselor else None,
        version=1,
        sequence=0,
        due_at=None if counselor else NOON,
        private=msgspec.convert(private, Private),
    )
    return replace(made, **fields)


def offer(
    conversation: Conversation,
    staff: Staff,
    state: OfferState = OfferState.OPEN,
    *,
    made: datetime = NOON,
    due: datetime | None = None,
) -> Offer:
    """An offer of this conversation to her."""
    due = due or made + PACE.offer
    return Offer(conversation.id, staff.id, contact(staff).id, state, at=made, due_at=due)


def watch(
    now: datetime = NOON, *, on: tuple[Staff, ...] = (), people: tuple[Staff, ...] = (), **more: Any
) -> Watch:
    """Who is there; those on call are people too."""
    everyone = {one.id: one for one in (*people, *on)}
    given = {"backup": frozenset[StaffId](), "loads": dict[StaffId, int]()} | more
    return Watch(now=now, people=everyone, on_call=frozenset(one.id for one in on), **given)
