"""Conversations: what is sealed of them, and the row version that makes the second of two changes Stale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, select, update

from bot.conversation import UNREADABLE, Conversation, Private, State, Step, step
from bot.errors import SealBroken, Stale
from bot.messages import Address
from bot.people import ContactId, ConversationId, Medium, StaffId
from storage.box import SupervisorKey, utf8
from storage.casecodes import CaseCodes
from storage.copies import Copies
from storage.desk import AnyRow, Desk, key_of
from storage.endings import Ended, Endings
from storage.erasing import AnyOne, Erasing
from storage.outbox import Outbox
from storage.payloads import Beside, pack, registered, unpack
from storage.places import of_conversation
from storage.tables import (
    conversations,
    day_of,
    envelopes,
    hour_of,
    start_of_day,
    start_of_hour,
    texter_contacts,
)
from storage.texters import Texters
from storage.vault import SERVER, Owner, canon

_WITH_KEY = conversations.outerjoin(
    envelopes,
    and_(
        envelopes.c.owner == Owner.CONVERSATION.value,
        envelopes.c.owner_id == conversations.c.id,
        envelopes.c.reader == SERVER,
    ),
)
_ALL = select(conversations, envelopes.c.kid, envelopes.c.wrapped).select_from(_WITH_KEY)
_CODE = select(conversations.c.code).where(conversations.c.id == bindparam("of"))
_GET = _ALL.where(conversations.c.id == bindparam("of"))
_contact = envelopes.alias("contact_key")
_BY_LABEL = select(
    conversations,
    envelopes.c.kid,
    envelopes.c.wrapped,
    texter_contacts.c.id.label("contact"),
    texter_contacts.c.sealed.label("contact_sealed"),
    _contact.c.kid.label("contact_kid"),
    _contact.c.wrapped.label("contact_wrapped"),
).select_from(
    _WITH_KEY.join(texter_contacts, texter_contacts.c.conversation == conversations.c.id).outerjoin(
        _contact, key_of(Owner.CONTACT, texter_contacts.c.id, _contact)
    )
)
_BY_ROUTE = _BY_LABEL.where(
    texter_contacts.c.route_label.in_(bindparam("labels", expanding=True))
).with_for_update(of=conversations)
_BY_ERASER = _BY_LABEL.where(texter_contacts.c.erase_label.in_(bindparam("labels", expanding=True)))
_WAITING = _ALL.where(conversations.c.state == State.WAITING.value)
_TALKING_WITH = _ALL.where(
    conversations.c.state == State.TALKING.value, conversations.c.counselor == bindparam("of")
)
_CLOSED_WITH = _ALL.where(
    conversations.c.state.in_([State.CLOSED.value, State.SEALED.value, State.ERASED.value]),
    conversations.c.counselor == bindparam("of"),
    conversations.c.last_hour >= bindparam("since"),
)
_DUE = (
    _ALL.where(conversations.c.due_at <= bindparam("now"))
    .order_by(conversations.c.due_at)
    .limit(bindparam("most"))
)
_DUE_IDS = (
    select(conversations.c.id)
    .where(conversations.c.due_at <= bindparam("now"))
    .order_by(conversations.c.due_at)
    .limit(bindparam("most"))
)
_STOP_CLOCK = update(conversations).where(conversations.c.id == bindparam("of")).values(due_at=None)
_LOOK_AGAIN = (
    update(conversations).where(conversations.c.state == State.WAITING.value).values(due_at=bindparam("now"))
)
_LOADS = (
    select(conversations.c.counselor, func.count().label("load"))
    .where(conversations.c.state == State.TALKING.value)
    .group_by(conversations.c.counselor)
)
_STAY = (
    select(conversations.c.id, conversations.c.version)
    .where(conversations.c.id.in_(bindparam("those", expanding=True)))
    .order_by(conversations.c.id)
    .with_for_update(read=True)
)
_SAVE = update(conversations).where(
    conversations.c.id == bindparam("of"), conversations.c.version == bindparam("seen")
)


class Conversations:
    """The register of conversations."""

    def __init__(self, desk: Desk, outbox: Outbox, copies: Copies) -> None:
        self._desk = desk
        self._copies = copies
        self._texters = Texters(desk)
        self._codes = CaseCodes(desk)
        self._endings = Endings(desk)
        self._erasing = Erasing(desk, outbox)

    def new(self, *, address: Address, language: str, at: datetime) -> Conversation:
        """A waiting conversation with this address, its keys, its route and a fresh code.

        Stale when the address has an open one, or somebody else opens one at this moment.
        """
        self._texters.clear_route(address)
        conversation_id = ConversationId(self._desk.chance.id())
        made = Conversation(
            id=conversation_id,
            code=self._codes.give(conversation_id),
            state=State.WAITING,
            medium=address.medium,
            language=language,
            texter=ContactId(self._desk.chance.id()),
            counselor=None,
            counselor_contact=None,
            version=1,
            sequence=0,
            due_at=None,
            private=Private(opened_at=at, texter_at=at),
        )
        self._desk.new_key(Owner.CONVERSATION, conversation_id)
        row = {
            **self._row(made),
            "id": conversation_id,
            "created_day": day_of(at),
            "last_hour": hour_of(self._desk.now),
        }
        self._desk.conn.execute(conversations.insert(), row)
        assert made.texter is not None
        self._texters.add(made.texter, conversation_id, address)
        return made

    def by_address(self, address: Address) -> Conversation | None:
        """The newest of this address, open or ended; nobody else changes it until the end of the transaction. Of thirty
        texts at once each would otherwise win one round of twelve, and the last be turned away."""
        row = self._desk.conn.execute(_BY_ROUTE, {"labels": self._texters.routes(address)}).first()
        if row is None:
            return None
        self._texters.verify(row, address)
        return self._opened(row)

    def all(self, address: Address) -> list[Conversation]:
        """Every conversation of this address that is not erased, oldest first: for DELETE."""
        labels = {"labels": self._texters.erasers(address)}
        rows = self._desk.conn.execute(_BY_ERASER, labels).all()
        found = [self._opened(row) for row in rows if self._texters.erasable(row, address)]
        return sorted(found, key=lambda one: one.private.opened_at)

    def get(self, conversation_id: ConversationId) -> Conversation | None:
        """By id."""
        return self._first(_GET, {"of": conversation_id})

    def by_code(self, code: str) -> Conversation | None:
        """The one that the code stands for, or stood for last. A code grants nothing: the caller asks whose it is."""
        holder = self._codes.holder(code)
        return None if holder is None else self.get(holder)

    def name(self, conversation_id: ConversationId) -> str:
        """What people call it: its code as long as there is one, else how its id begins. Opens nothing."""
        code: str | None = self._desk.conn.execute(_CODE, {"of": conversation_id}).scalar()
        return code or conversation_id.hex()[:8]

    def save(self, conversation: Conversation) -> Conversation:
        """Writes it; returns it with its new version. Stale when somebody else was quicker. CLOSED frees the code, and
        from then on time runs against it, and what the staff bot holds about it is deleted there."""
        made = self._written(conversation, {"last_hour": hour_of(self._desk.now)})
        if made.state is State.CLOSED:
            self._codes.free(made.code, made.id)
            self._endings.begin(made.id)
            self._copies.ended(made.id)
        return made

    def seal(self, conversation: Conversation, halves: Iterable[SupervisorKey]) -> None:
        """From now on only these supervisors can open it: their envelopes take the place of the server's, the offers
        and held texts go. NotNow unless it is CLOSED; Stale when somebody else was quicker."""
        made = self._written(replace(step(conversation, Step.SEAL), due_at=None), {})
        key = self._desk.key(Owner.CONVERSATION, made.id)
        self._desk.seal_to(key, Owner.CONVERSATION, made.id, halves)
        self._desk.hand_over_key(Owner.CONVERSATION, made.id)
        self._erasing.clear(made.id)

    def _written(self, conversation: Conversation, more: Mapping[str, object]) -> Conversation:
        made = replace(conversation, version=conversation.version + 1)
        params = {"of": conversation.id, "seen": conversation.version, **self._row(made), **more}
        if self._desk.conn.execute(_SAVE, params).rowcount != 1:
            raise Stale("The conversation has changed.")
        return made

    def waiting(self) -> list[Conversation]:
        """Those that nobody has, oldest first."""
        return self._list(_WAITING, {})

    def due(self, limit: int) -> list[Conversation]:
        """Those that the clock must look at, the longest due first."""
        return [
            self._opened(row) for row in self._desk.conn.execute(_DUE, {"now": self._desk.now, "most": limit})
        ]

    def due_ids(self, limit: int) -> list[ConversationId]:
        """The same, without opening them: one that does not open must not hide the others."""
        found = self._desk.conn.execute(_DUE_IDS, {"now": self._desk.now, "most": limit}).scalars()
        return [ConversationId(one) for one in found]

    def stop_clock(self, conversation_id: ConversationId) -> None:
        """The clock does not look at it again, until something else happens to it."""
        self._desk.conn.execute(_STOP_CLOCK, {"of": conversation_id})

    def look_again(self) -> None:
        """The clock looks at every waiting conversation now: somebody may be there who was not before."""
        self._desk.conn.execute(_LOOK_AGAIN, {"now": self._desk.now})

    def talking_with(self, staff_id: StaffId) -> list[Conversation]:
        """Those that she has, oldest first."""
        return self._list(_TALKING_WITH, {"of": staff_id})

    def closed_with(self, staff_id: StaffId, since: datetime) -> list[Conversation]:
        """Those of hers that ended, changed last in the hour of `since` or later, erased and sealed ones too.

        Of these two the time is gone: their `closed_at` is the latest it can have been, the end of the last hour.
        """
        return self._list(_CLOSED_WITH, {"of": staff_id, "since": hour_of(since)})

    def loads(self) -> dict[StaffId, int]:
        """How many conversations each counselor has who has any."""
        rows = self._desk.conn.execute(_LOADS)
        return {StaffId(row.counselor): row.load for row in rows if row.counselor is not None}

    def address(self, conversation: Conversation) -> Address:
        """The texter's, opened; SealBroken once it has been forgotten."""
        if conversation.texter is None:
            raise SealBroken("An address is gone.")
        return self._texters.address(conversation.texter, conversation.medium.value)

    def stay(self, those: Iterable[Conversation]) -> None:
        """Nobody erases these before the end of the transaction, so that what is written about them is seen by whoever
        erases them next. Stale when one has changed."""
        seen = {one.id: one.version for one in those}
        if not self._desk.shared or not seen:
            return
        rows = self._desk.conn.execute(_STAY, {"those": list(seen)}).all()
        if {row.id: row.version for row in rows} != seen:
            raise Stale("The conversation has changed.")

    def touch(self, one: AnyOne) -> AnyOne:
        """It is to be erased in this transaction, and nobody else changes it meanwhile; with its new version. Stale
        when somebody else was quicker. It needs no key: what is sealed or damaged can be erased as well."""
        return self._erasing.touch(one)

    def erase(self, conversation: Conversation | Ended, *, by_time: bool = False) -> None:
        """Lines, held texts, offers, letters, address, keys are gone; an id, a resting code, who had it stay. Carriers
        are asked now to delete what they hold of it.

        Stale when somebody else was quicker. `by_time`: nobody did anything at this hour.
        """
        self._erasing.erase(conversation, by_time=by_time)
        self._codes.free(conversation.code, conversation.id)
        self._endings.begin(conversation.id)
        self._copies.hasten([conversation.id])

    def forget(self, ended: Ended) -> None:
        """Her address is gone; that a conversation was hers can still be found out by who has the address, so that she
        can erase it. Carriers are asked now to delete what they hold of it: that has her address as well. Stale when
        somebody else was quicker."""
        self._erasing.forget(ended)
        self._copies.hasten([ended.id])

    def unroute(self, conversation_id: ConversationId) -> None:
        """What its texter writes next begins a new one."""
        self._texters.unroute(conversation_id)

    def strike(self, ended: Ended) -> None:
        """Nothing is left of an erased one, not even that it was."""
        self._erasing.strike(ended.id)

    def _first(self, statement: Any, params: Mapping[str, object]) -> Conversation | None:
        row = self._desk.conn.execute(statement, params).first()
        return None if row is None else self._opened(row)

    def _list(self, statement: Any, params: Mapping[str, object]) -> list[Conversation]:
        found: Iterable[AnyRow] = self._desk.conn.execute(statement, params).all()
        return sorted((self._opened(row) for row in found), key=lambda one: one.private.opened_at)

    def _row(self, made: Conversation) -> dict[str, object]:
        key = self._desk.key(Owner.CONVERSATION, made.id)
        clear = {
            "code": made.code,
            "state": made.state.value,
            "medium": made.medium.value,
            "language": made.language,
            "counselor": made.counselor,
            "counselor_contact": made.counselor_contact,
            "sequence": made.sequence,
        }
        body = pack(registered(made.private, beside=_beside(clear), texter=made.texter))
        return {
            **clear,
            "texter": made.texter,
            "version": made.version,
            "due_at": made.due_at,
            "sealed": self._desk.vault.seal(
                key, of_conversation(made.id, made.version), body, self._desk.now
            ),
        }

    def _opened(self, row: AnyRow) -> Conversation:
        private = self._private(row)  # first: what stands in the clear is believed after it only
        return Conversation(
            id=ConversationId(row.id),
            code=row.code,
            state=State(row.state),
            medium=Medium(row.medium),
            language=row.language,
            texter=None if row.texter is None else ContactId(row.texter),
            counselor=None if row.counselor is None else StaffId(row.counselor),
            counselor_contact=None if row.counselor_contact is None else ContactId(row.counselor_contact),
            version=row.version,
            sequence=row.sequence,
            due_at=row.due_at,
            private=private,
        )

    def _private(self, row: AnyRow) -> Private:
        aside = row.state == State.CLOSED.value and row.sealed is None  # storage/asides
        if row.state in UNREADABLE or aside:
            return _coarse(row)
        if row.sealed is None:
            raise SealBroken("A conversation has lost what was sealed.").at(
                "conversations.sealed", Owner.CONVERSATION, row.id
            )
        key = self._desk.unwrapped(Owner.CONVERSATION, row.id, kid=row.kid, wrapped=row.wrapped)
        body = self._desk.vault.open(key, of_conversation(row.id, row.version), row.sealed).body
        known = unpack(Beside, body)
        if known.beside and (known.beside != _beside(row._mapping) or row.texter not in (None, known.texter)):
            raise SealBroken("What stands beside a conversation was changed.").at(
                "conversations.sealed", Owner.CONVERSATION, row.id
            )
        return unpack(Private, body)


def _coarse(row: AnyRow) -> Private:
    """What the clear columns tell; `closed_at` is the latest that it can have been."""
    day = start_of_day(row.created_day)
    return Private(opened_at=day, texter_at=day, closed_at=start_of_hour(row.last_hour + 1))


_GRANTING = ("code", "state", "medium", "language", "counselor", "counselor_contact", "sequence")
"""What stands in the clear and says whose a conversation is. Not the clocks: they are moved without opening it."""


def _beside(row: Mapping[Any, Any]) -> bytes:
    """A hash (16 bytes) of it: whoever changes a row of the database must not be given somebody's conversation."""
    values = [row[name] for name in _GRANTING]
    parts = [value if isinstance(value, bytes) else utf8(str(value)) for value in values]
    return hashlib.sha256(canon(*parts)).digest()[:16]
