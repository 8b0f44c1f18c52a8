"""Whoever has the database but not the keys puts old rows back, takes rows out, changes their order, or what stands in
the clear beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update

from bot.errors import SealBroken
from bot.people import ContactId, ConversationId
from bot.redact import Secret
from storage import letters
from storage.letters import LETTERS
from storage.tables import (
    audit,
    aways,
    conversations,
    copies,
    covers,
    duty,
    envelopes,
    feeds,
    held,
    offers,
    outbox,
    questions,
    rotas,
    staff,
    staff_contacts,
    texter_contacts,
    transcript,
)
from storage.work import Work
from tests.secrecy.house import FOREVER, LONG_AGO, House, Shut, alma, furnished, robin, sms
from tests.secrecy.trial import Outcome, Place
from tests.storage.cast import writes

Do = Callable[[Connection, "Cast"], None]
Look = Callable[[Work, "Cast"], object]


class Cast:
    """One conversation of the house and another one: ids of what belongs to each."""

    def __init__(self, conn: Connection, house: House, number: int, old: dict[bytes, dict[str, Any]]) -> None:
        self.number, self.other_number = number, (number + 1) % house.count
        work = house.work(conn)
        self.mine, self.other = (self._ids(work, one) for one in (self.number, self.other_number))
        self.old = old[self.mine["conversation"]]
        self.labels = {
            name: work.feeds._labels(house.links[n].reveal())[0]
            for name, n in (("mine", self.number), ("other", self.other_number))
        }
        self.link, self.other_link = house.links[self.number], house.links[self.other_number]

    @staticmethod
    def _ids(work: Work, number: int) -> dict[str, Any]:
        conversation = work.conversations.by_address(robin(number))
        found = work.staff.by_address(alma(number))
        assert conversation is not None
        assert found is not None
        person, contact = found
        return {
            "conversation": conversation.id,
            "texter": conversation.texter,
            "staff": person.id,
            "contact": contact.id,
            "name": person.name,
        }

    def __getattr__(self, name: str) -> Any:
        return self.mine[name]


def _set(table: Table, column: str, value: Callable[[Cast], object], by: str = "conversation") -> Do:
    """Changes one column of her row in this table."""
    key = {"conversations": "id", "staff": "id"}.get(table.name, by)

    def do(conn: Connection, cast: Cast) -> None:
        where = table.c[key] == cast.mine["staff" if by == "staff" else "conversation"]
        conn.execute(update(table).where(where).values({column: value(cast)}))

    return do


def _swapped(table: Table, key: str, column: str, whose: str) -> Do:
    """One label changes places with the other's."""

    def do(conn: Connection, cast: Cast) -> None:
        mine, other = cast.mine[whose], cast.other[whose]
        of = {
            one: conn.execute(select(table.c[column]).where(table.c[key] == one).limit(1)).scalar()
            for one in (mine, other)
        }
        for one, value in ((mine, b"for now"), (other, of[mine]), (mine, of[other])):
            conn.execute(update(table).where(table.c[key] == one).values({column: value}))

    return do


def _gone(table: Table, key: str, whose: str) -> Do:
    def do(conn: Connection, cast: Cast) -> None:
        conn.execute(delete(table).where(table.c[key] == cast.mine[whose]))

    return do


def _numbers(conn: Connection, cast: Cast) -> None:
    """Two requests change their numbers, by which people take them."""
    mine, other = (
        conn.execute(select(covers.c.number).where(covers.c.staff == one)).scalar_one()
        for one in (cast.mine["staff"], cast.other["staff"])
    )
    for before, after in ((mine, -1), (other, mine), (-1, other)):
        conn.execute(update(covers).where(covers.c.number == before).values(number=after))


def _calendars(conn: Connection, cast: Cast) -> tuple[Any, Any]:
    """The rows of her link and of the other one."""
    rows = conn.execute(select(feeds)).all()
    return tuple(  # type: ignore[return-value]
        next(row for row in rows if row.label == cast.labels[one]) for one in ("mine", "other")
    )


def _links_swapped(conn: Connection, cast: Cast) -> None:
    mine, other = _calendars(conn, cast)
    for row, label in ((mine, b"for now"), (other, mine.label), (mine, other.label)):
        conn.execute(update(feeds).where(feeds.c.id == row.id).values(label=label))


def _calendar_given(conn: Connection, cast: Cast) -> None:
    mine, other = _calendars(conn, cast)
    conn.execute(update(feeds).where(feeds.c.id == mine.id).values(staff=other.staff))


def _calendars_swapped(conn: Connection, cast: Cast) -> None:
    mine, other = _calendars(conn, cast)
    for row, sealed in ((mine, other.sealed), (other, mine.sealed)):
        conn.execute(update(feeds).where(feeds.c.id == row.id).values(sealed=sealed))


def _entry_gone(conn: Connection, cast: Cast) -> None:
    conn.execute(delete(audit).where(audit.c.id == 2))


def _line_gone(sequence: int) -> Do:
    def do(conn: Connection, cast: Cast) -> None:
        its = (transcript.c.conversation == cast.conversation) & (transcript.c.sequence == sequence)
        conn.execute(delete(transcript).where(its))

    return do


def _order(table: Table, column: str, one: int, two: int, *, of_conversation: bool) -> Do:
    def do(conn: Connection, cast: Cast) -> None:
        for before, after in ((one, -1), (two, one), (-1, two)):
            where = table.c[column] == before
            if of_conversation:
                where &= table.c.conversation == cast.conversation
            conn.execute(update(table).where(where).values({column: after}))

    return do


def _cut_short(conn: Connection, cast: Cast) -> None:
    _line_gone(3)(conn, cast)
    _set(conversations, "sequence", lambda _: 2)(conn, cast)


def _old_words(conn: Connection, cast: Cast) -> None:
    _set(conversations, "sealed", lambda c: c.old["sealed"])(conn, cast)


def _old_row(conn: Connection, cast: Cast) -> None:
    where = conversations.c.id == cast.conversation
    conn.execute(update(conversations).where(where).values(**cast.old))


def _newest(table: Table, key: str) -> Do:
    def do(conn: Connection, cast: Cast) -> None:
        last = conn.execute(select(table.c[key]).order_by(table.c[key].desc()).limit(1)).scalar_one()
        conn.execute(delete(table).where(table.c[key] == last))

    return do


def _row(work: Work, cast: Cast) -> object:
    return work.conversations.get(ConversationId(cast.conversation))


def _lines(work: Work, cast: Cast) -> object:
    conversation = work.conversations.get(ConversationId(cast.conversation))
    return conversation and work.transcript.read(conversation)


def _address(work: Work, cast: Cast) -> object:
    conversation = work.conversations.get(ConversationId(cast.conversation))
    return conversation and work.conversations.address(conversation)


def _route(work: Work, cast: Cast) -> object:
    return work.conversations.by_address(robin(cast.number))


def _erased(work: Work, cast: Cast) -> object:
    """DELETE must not reach the other's."""
    if not work.conversations.all(robin(cast.number)):
        raise Shut
    return None


def _person(work: Work, cast: Cast) -> object:
    return work.staff.by_address(alma(cast.number))


def _named(work: Work, cast: Cast) -> object:
    return work.staff.by_name(cast.name)


def _offers(work: Work, cast: Cast) -> object:
    return work.offers.of(ConversationId(cast.conversation))


def _held(work: Work, cast: Cast) -> object:
    return work.held.of(ContactId(cast.contact))


def _rota(work: Work, cast: Cast) -> object:
    return work.rota.current()


def _letter(work: Work, cast: Cast) -> object:
    for row in work._desk.conn.execute(LETTERS.where(outbox.c.owner_id == cast.conversation)):
        if letters.opened(work._desk, row).letter is None:
            raise Shut
    return None


def _receipt(work: Work, cast: Cast) -> object:
    """A receipt of her own letter must not settle another's."""
    others = work._desk.conn.execute(LETTERS.where(outbox.c.owner_id == cast.other["conversation"])).first()
    assert others is not None
    reference = letters.opened(work._desk, others).reference
    if work.outbox.expecting(Secret(reference.reveal())) is None:
        raise Shut
    return None


def _swiped(work: Work, cast: Cast) -> object:
    if work.copies.find(sms(cast.number)) is None:
        raise Shut
    return None


def _all_of(table: Table, read: Callable[[Work], Sequence[object]]) -> Look:
    """Every row of a table is handed out: one that is not believed is missing among them."""

    def look(work: Work, cast: Cast) -> object:
        rows = work._desk.conn.execute(select(func.count()).select_from(table)).scalar_one()
        if len(read(work)) != rows:
            raise Shut
        return None

    return look


def _asked(work: Work, cast: Cast) -> object:
    """Questions are read by whom they were put to; one that is not believed goes."""
    for one in (cast.staff, cast.other["staff"]):
        rows = work._desk.conn.execute(select(questions.c.id).where(questions.c.staff == one)).all()
        if len(work.questions.of(one)) != len(rows):
            raise Shut
    return None


def _linked(work: Work, cast: Cast) -> object:
    """Each link leads to its own calendar, and to what was handed out there."""
    for link, number in ((cast.link, cast.number), (cast.other_link, cast.other_number)):
        feed = work.feeds.find(link)
        if feed is None or feed.handed.events[0].sequence != number:
            raise Shut
    return None


_served = _all_of(duty, lambda work: work.duty.within(LONG_AGO, FOREVER))
_covers = _all_of(covers, lambda work: work.covers.standing())
_aways = _all_of(aways, lambda work: work.aways.coming())


def _trail(work: Work, cast: Cast) -> object:
    return list(work.audit.entries())


TAMPERED: tuple[tuple[str, Do, Look], ...] = (
    ("an old version of what is sealed", _old_words, _row),
    ("a conversation's whole older row", _old_row, _lines),
    *((f"line {n} of a transcript taken out", _line_gone(n), _lines) for n in (1, 2, 3)),
    ("lines in another order", _order(transcript, "sequence", 1, 2, of_conversation=True), _lines),
    ("the last line taken out, and the count with it", _cut_short, _lines),
    ("a state", _set(conversations, "state", lambda _: "talking"), _row),
    ("whose it is", _set(conversations, "counselor", lambda c: c.other["staff"]), _row),
    ("where she is reached", _set(conversations, "counselor_contact", lambda c: c.other["contact"]), _row),
    ("whose address", _set(conversations, "texter", lambda c: c.other["texter"]), _row),
    ("a channel", _set(conversations, "medium", lambda _: "telegram"), _row),
    ("a language", _set(conversations, "language", lambda _: "uk"), _row),
    ("a case code", _set(conversations, "code", lambda _: "K7R2"), _row),
    ("a version", _set(conversations, "version", lambda _: 99), _row),
    ("a key taken out", _gone(envelopes, "owner_id", "conversation"), _row),
    ("two conversations' keys", _swapped(envelopes, "owner_id", "wrapped", "conversation"), _row),
    ("two texters' keys", _swapped(envelopes, "owner_id", "wrapped", "texter"), _address),
    ("an address taken out", _gone(texter_contacts, "id", "texter"), _address),
    ("two addresses", _swapped(texter_contacts, "id", "sealed", "texter"), _address),
    ("two routes", _swapped(texter_contacts, "id", "route_label", "texter"), _route),
    ("two labels by which DELETE finds", _swapped(texter_contacts, "id", "erase_label", "texter"), _erased),
    ("two staff addresses", _swapped(staff_contacts, "id", "address_label", "contact"), _person),
    (
        "a staff contact given to another",
        _set(staff_contacts, "staff", lambda c: c.other["staff"], by="staff"),
        _person,
    ),
    ("two staff names", _swapped(staff, "id", "name_label", "staff"), _named),
    ("whom an offer reaches", _set(offers, "contact", lambda c: c.other["contact"]), _offers),
    ("where held words go", _set(held, "conversation", lambda c: c.other["conversation"]), _held),
    ("why words are held", _set(held, "why", lambda _: "late"), _held),
    ("whose words are held", _set(held, "staff", lambda c: c.other["staff"]), _held),
    (
        "where a letter comes from",
        _set(outbox, "conversation", lambda c: c.other["conversation"], by="owner_id"),
        _letter,
    ),
    ("whom a letter reaches", _set(outbox, "contact", lambda c: c.other["texter"], by="owner_id"), _letter),
    ("a letter's side", _set(outbox, "side", lambda _: "staff", by="owner_id"), _letter),
    ("a letter's task", _set(outbox, "task", lambda _: "react", by="owner_id"), _letter),
    ("a letter's channel", _set(outbox, "medium", lambda _: "telegram", by="owner_id"), _letter),
    ("two letters' receipts", _swapped(outbox, "owner_id", "reference_label", "conversation"), _receipt),
    (
        "what a carrier's message is about",
        _set(copies, "conversation", lambda c: c.other["conversation"]),
        _swiped,
    ),
    ("two carriers' messages", _swapped(copies, "conversation", "label", "conversation"), _swiped),
    ("who was on call", _set(duty, "staff", lambda c: c.other["staff"], by="staff"), _served),
    ("on which day", _set(duty, "day", lambda _: 20_000, by="staff"), _served),
    ("whose shift a request is for", _set(covers, "staff", lambda c: c.other["staff"], by="staff"), _covers),
    ("that a request is taken", _set(covers, "state", lambda _: "taken", by="staff"), _covers),
    ("until when it is open", _set(covers, "due_at", lambda _: FOREVER, by="staff"), _covers),
    ("two requests' numbers", _numbers, _covers),
    ("who is away", _set(aways, "staff", lambda c: c.other["staff"], by="staff"), _aways),
    ("an absence in another's words", _swapped(aways, "staff", "sealed", "staff"), _aways),
    ("whom a question was put to", _set(questions, "staff", lambda c: c.other["staff"], by="staff"), _asked),
    (
        "which phone a question went to",
        _set(questions, "contact", lambda c: c.other["contact"], by="staff"),
        _asked,
    ),
    ("what kind of question", _set(questions, "kind", lambda _: "reminder", by="staff"), _asked),
    ("how long it may be answered", _set(questions, "due_at", lambda _: FOREVER, by="staff"), _asked),
    ("two questions", _swapped(questions, "staff", "sealed", "staff"), _asked),
    ("two links", _links_swapped, _linked),
    ("whose calendar it is", _calendar_given, _linked),
    ("what was handed out in two calendars", _calendars_swapped, _linked),
    ("an entry of the trail taken out", _entry_gone, _trail),
    ("the newest entry taken out", _newest(audit, "id"), _trail),
    ("entries in another order", _order(audit, "id", 1, 2, of_conversation=False), _trail),
    ("the newest rota taken out", _newest(rotas, "version"), _rota),
)
"""What is done to it, and where the program must notice."""


def pieces(place: Place, rows: int = 20) -> Iterator[Outcome]:
    """Each of these, once for each conversation of the house; none is believed, and without it all opens."""
    with furnished(place, rows) as house:
        old = _grown(house)
        for number in range(rows):
            for what, do, look in TAMPERED:
                yield _tried(house, number, old, what, do, look)


def _grown(house: House) -> dict[bytes, dict[str, Any]]:
    """Every conversation goes on; its rows as they were before."""
    with house.engine.connect() as conn:
        rows = conn.execute(select(conversations)).mappings().all()
    old = {bytes(row["id"]): dict(row) for row in rows}
    for number in range(house.count):
        house.store.do_now(lambda work, number=number: writes(work, robin(number), "and more"))  # type: ignore[misc]
    return old


def _tried(
    house: House, number: int, old: dict[bytes, dict[str, Any]], what: str, do: Do, look: Look
) -> Outcome:
    with house.engine.connect() as conn, conn.begin() as transaction:
        cast = Cast(conn, house, number, old)
        look_now = _seen(house, conn, cast, look)
        do(conn, cast)
        through = _seen(house, conn, cast, look)
        transaction.rollback()
    if not look_now:
        return Outcome(1, 1, f"{what}: does not open although nobody has touched it")
    return Outcome(1, int(through), f"{what}: changed, and believed")


def _seen(house: House, conn: Connection, cast: Cast, look: Look) -> bool:
    """Whether the program reads it as if nothing had happened."""
    try:
        look(house.work(conn), cast)
    except (SealBroken, Shut):
        return False
    return True
