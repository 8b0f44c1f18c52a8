"""A line with something in every sealed column, and the way in which the program itself reads each of its rows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, create_engine, select
from sqlalchemy import Engine as SqlEngine

from bot.changes import Status
from bot.conversation import Offer, OfferState
from bot.covers import Cover, Deal
from bot.errors import SealBroken
from bot.feeds import Event, Handed, Stretch, Whose
from bot.foureyes import RequestKind
from bot.messages import Address, Copy, Direction, Side
from bot.people import Contact, ContactId, ConversationId, Medium, QuestionId, Staff, StaffId
from bot.questions import QuestionKind
from bot.redact import Secret
from storage import archive, letters
from storage.box import SupervisorKey
from storage.desk import Desk, Dice
from storage.duty import Duty
from storage.engine import Store, open_store
from storage.holds import Hold
from storage.keyring import Keyring
from storage.letters import LETTERS
from storage.postgres import url_of
from storage.schema import file_of
from storage.sqlite import engine_for
from storage.tables import metadata, outbox
from storage.texters import Texters
from storage.vault import Owner, Vault
from storage.work import Work
from tests.clock import FakeClock
from tests.secrecy.trial import Place
from tests.storage.cast import LINE, joins, to_texter, writes


class Shut(Exception):
    """The program gave nothing, and said so to the trail."""


Row = tuple[Any, ...]
"""A primary key."""
Read = Callable[[Work, Row], object]

LONG = timedelta(days=4000)
"""Nothing in the house falls due while rows are tried, a day for each."""
LONG_AGO, FOREVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
SECRET = "only for whom it was meant, number {}"


@dataclass
class House:
    """`count` of everything: texters with a conversation of three lines each, staff, offers, held texts, letters …"""

    place: Place
    vault: Vault
    store: Store
    clock: FakeClock
    count: int
    engine: SqlEngine
    links: list[Secret[str]] = field(default_factory=list)

    def work(self, conn: Connection, notice: Callable[[SealBroken], None] = lambda broken: None) -> Work:
        """Fresh: no key and no profile is known yet."""
        now = self.clock()
        return Work(Desk(conn, vault=self.vault, chance=Dice(), now=now, known={}, notice=notice))


def robin(number: int) -> Address:
    return Address(Medium.SMS, Secret(f"+447700900{number:03d}"), LINE)


def alma(number: int) -> Address:
    return Address(Medium.TELEGRAM, Secret(str(7_044_900_000 + number)), "staff")


def sms(number: int) -> Copy:
    return Copy(Medium.SMS, LINE, robin(number).place, Secret(f"SM{number:032x}"))


@contextmanager
def furnished(place: Place, count: int) -> Iterator[House]:
    """The house, with its store open."""
    root = secrets.token_bytes(32)
    keyring = Keyring.create(place.folder / "keyring", root)
    vault = Vault(roots=(root,), peppers=(secrets.token_bytes(32),), keyring=keyring)
    clock = FakeClock()
    store = open_store(place.url, vault, clock=clock)
    path = file_of(place.url)
    engine = engine_for(path) if path else create_engine(url_of(place.url), hide_parameters=True)
    house = House(place, vault, store, clock, count, engine)
    try:
        for number in range(count):
            store.do_now(lambda work, number=number: _furnish(work, number))  # type: ignore[misc]
            house.links.append(store.do_now(lambda work, number=number: _plan(work, number)))  # type: ignore[misc]
        yield house
    finally:
        engine.dispose()
        store.close_now()


def _furnish(work: Work, number: int) -> None:
    person, contact = joins(work, f"Counselor {number}", alma(number))
    conversation = writes(work, robin(number), SECRET.format(number))
    for direction in (Direction.OUT, Direction.NOTE):
        words = Secret(SECRET.format(f"{number} {direction}"))
        conversation, _ = work.transcript.add(conversation, direction, words, staff=person.id, at=work.now)
    conversation = work.conversations.save(conversation)
    due_at = work.now + LONG
    work.offers.put(
        Offer(conversation.id, person.id, contact.id, OfferState.OPEN, at=work.now, due_at=due_at)
    )
    _hold(work, person, contact, conversation.id, number)
    letter = replace(to_texter(work, conversation, SECRET.format(number)), deadline=due_at)
    work.outbox.add(letter)
    work.outbox.add(replace(letter, about=None, address=robin(number)))
    work.copies.keep(
        sms(number), side=Side.TEXTER, conversation=conversation.id, contact=contact.id, line=None
    )
    work.line.set(f"word {number}", SECRET.format(number))
    work.audit.add("something was done", by=person.id, detail=str(number))
    work.rota.save(SECRET.format(number).encode(), by=person.name)
    public = archive.new_pair().public
    assert work.archive_keys.add(person.id, SupervisorKey(public), public)
    work.holds.put(Hold(conversation.id, due_at, person.id, SECRET.format(number)))
    reason = Secret(SECRET.format(number))
    work.requests.add(RequestKind.REVEAL, person.id, valid=LONG, reason=reason)


def _plan(work: Work, number: int) -> Secret[str]:
    """What planning remembers: who was on call, a request, an absence, a question, and a calendar; its link."""
    found = work.staff.by_address(alma(number))
    assert found is not None
    person, contact = found
    start, end = work.now, work.now + timedelta(hours=8)
    schedule = SECRET.format(number)
    until = work.duty.until()
    work.duty.write(
        [Duty(person.id, schedule, start, end)], since=until, until=(until or start) + timedelta(seconds=1)
    )
    request = Cover(
        number=0,
        deal=Deal.COVER,
        giver=person.id,
        schedule=schedule,
        start=start,
        end=end,
        status=Status.OPEN,
        due_at=work.now + LONG,
        note=SECRET.format(number),
    )
    work.covers.add(request)
    work.aways.add(person.id, start, work.now + LONG)
    about = SECRET.format(number).encode()
    work.questions.add(QuestionKind.READY, person.id, contact.id, about=about, due_at=work.now + LONG)
    link = work.feeds.add(Whose(person.id, None) if number % 2 else Whose(None, schedule))
    feed = work.feeds.find(link)
    assert feed is not None
    event = Event(Stretch(schedule, person.id, start, end), number, work.now)
    assert work.feeds.remember(feed, Handed((event,)), work.now)
    return link


def _hold(work: Work, person: Staff, contact: Contact, conversation: ConversationId, number: int) -> None:
    work.held.put(
        person.id,
        contact.id,
        Secret(SECRET.format(number)),
        why="which",
        conversation=conversation,
        message=None,
        due_at=work.now + LONG,
    )


# ── How the program reads a row ──


def _conversation(work: Work, of: bytes) -> Any:
    found = work.conversations.get(ConversationId(of))
    assert found is not None
    return found


def _texter(work: Work, row: Row) -> object:
    return Texters(work._desk).address(ContactId(row[0]), Medium.SMS.value)


def _held_text(work: Work, row: Row) -> object:
    table = metadata.tables["held"]
    contact = work._desk.conn.execute(select(table.c.contact).where(table.c.position == row[0])).scalar_one()
    return work.held.of(ContactId(contact))


def _letter(work: Work, row: Row) -> object:
    found = work._desk.conn.execute(LETTERS.where(outbox.c.position == row[0])).one()
    claimed = letters.opened(work._desk, found)
    return _there(claimed.letter)


def _copy(work: Work, row: Row) -> object:
    copies = metadata.tables["copies"]
    trace = work._desk.conn.execute(select(copies.c.label).where(copies.c.id == row[0])).scalar_one()
    number = next(n for n in range(1000) if work.copies._labels(sms(n))[0] == trace)
    return _there(work.copies.find(sms(number)))


def _rota(work: Work, row: Row) -> object:
    return _there(work.rota.current())


def _entries(work: Work, row: Row) -> object:
    return list(work.audit.entries())


def _key(work: Work, row: Row) -> object:
    owner, owner_id, _ = row
    return work._desk.key(Owner(owner), owner_id)


def _there(found: object) -> object:
    """What a room hands out instead of a broken row is nothing."""
    if found is None:
        raise Shut
    return found


def _question(work: Work, row: Row) -> object:
    """The room does away with one that does not open: here it stays, to be tried again."""
    with work._desk.conn.begin_nested() as point:
        found = work.questions.get(QuestionId(row[0]))
        point.rollback()
    return _there(found)


def _staff_of(work: Work, name: str, row: Row) -> int:
    table = metadata.tables[name]
    return int(work._desk.conn.execute(select(table.c.staff).where(table.c.id == row[0])).scalar_one())


def _hold_of(work: Work, row: Row) -> object:
    """Who and why; that it holds stands in the clear, and is believed."""
    found = work.holds.of(ConversationId(row[0]))
    return _there(found if found is not None and found.reason else None)


READ: dict[str, Read] = {
    "conversations.sealed": lambda work, row: _conversation(work, row[0]),
    "texter_contacts.sealed": _texter,
    "transcript.sealed": lambda work, row: work.transcript.read(_conversation(work, row[0])),
    "transcript.link": lambda work, row: work.transcript.read(_conversation(work, row[0])),
    "offers.sealed": lambda work, row: work.offers.of(ConversationId(row[0])),
    "held.sealed": _held_text,
    "staff.sealed": lambda work, row: work.staff.get(StaffId(row[0])),
    "staff_contacts.sealed": lambda work, row: work.staff.address(ContactId(row[0])),
    "outbox.sealed": _letter,
    "copies.sealed": _copy,
    "rotas.sealed": _rota,
    "line.sealed": lambda work, row: work.line.get(row[0]),
    "audit.sealed": _entries,
    "audit.link": _entries,
    "envelopes.wrapped": _key,
    "holds.sealed": _hold_of,
    "archive_keys.sealed": lambda work, row: _there(
        next((one for one in work.archive_keys.all() if one.reader == row[0]), None)
    ),
    "duty.sealed": lambda work, row: _there(
        [one for one in work.duty.within(LONG_AGO, FOREVER) if one.staff == _staff_of(work, "duty", row)]
        or None
    ),
    "covers.sealed": lambda work, row: _there(work.covers.get(row[0])),
    "aways.sealed": lambda work, row: _there(
        next((one for one in work.aways.coming() if one.id == row[0]), None)
    ),
    "questions.sealed": _question,
    "feeds.sealed": lambda work, row: _there(
        next((one for one in work.feeds.all() if one.id == row[0]), None)
    ),
    "requests.sealed": lambda work, row: _there(
        next((one for one in work.requests.all() if one.id == row[0]), None)
    ),
}
"""Every sealed column, and how a row of it is opened."""
ELSEWHERE = {
    "parcels.sealed": "lives for seconds: tests/secrecy/flips, parcels",
    "hosts.proof": "lives for seconds: tests/secrecy/flips, parcels",
}
"""Sealed columns that are tried in another way."""


def sealed_columns() -> Iterator[tuple[Table, str]]:
    """Every column that holds something sealed, by the words that this house has for it."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.name in {"sealed", "link", "wrapped", "proof"}:
                yield table, column.name
