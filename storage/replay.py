"""What had been erased is erased again in a backup that was put back, before anything of it is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Select, bindparam, delete, or_, select, text, update

from bot.conversation import State
from bot.people import StaffId
from storage.chores import Chore, Chores
from storage.conversations import Conversations
from storage.desk import Desk
from storage.endings import Ended
from storage.outbox import Outbox
from storage.rotation import Rotation
from storage.staff import StaffRoom
from storage.tables import conversations, copies, envelopes, erasures, feeds, hosts, staff, staff_contacts
from storage.vault import Owner

_AT_ONCE: Final = 500
_THOSE: Final[BindParameter[Any]] = bindparam("those", expanding=True)
_ERASABLE: Final = tuple(one.value for one in (Owner.CONVERSATION, Owner.CONTACT, Owner.STAFF))
_KEYS = delete(envelopes).where(envelopes.c.owner.in_(_ERASABLE), envelopes.c.owner_id.in_(_THOSE))
_ROWS = select(
    conversations.c.id,
    conversations.c.code,
    conversations.c.state,
    conversations.c.texter,
    conversations.c.counselor,
    conversations.c.version,
)
_WHOLE = _ROWS.where(conversations.c.id.in_(_THOSE), conversations.c.state != State.ERASED.value)
_ADDRESSED = _ROWS.where(conversations.c.texter.in_(_THOSE))
_AT_CARRIERS = (
    update(copies)
    .where(
        copies.c.conversation.in_(_THOSE),
        or_(copies.c.due_at.is_(None), copies.c.due_at > bindparam("now", type_=copies.c.due_at.type)),
    )
    .values(due_at=bindparam("now", type_=copies.c.due_at.type))
)
_STAFF = select(staff.c.id).where(staff.c.id.in_(_THOSE), ~staff.c.removed)
_COUNT_ON = text("SELECT setval(pg_get_serial_sequence('staff', 'id'), (SELECT max(id) FROM staff))")
_CONTACTS = delete(staff_contacts).where(staff_contacts.c.id.in_(_THOSE))
_LINKS = delete(feeds).where(feeds.c.id.in_(_THOSE))
_SMALL = bytes(12)
"""How the 16 bytes of a staff id begin: a number of 32 bits."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was there once more, and is gone again."""

    conversations: int
    addresses: int
    people: int


class Replay:
    """For `greenroom restore` alone. It works by ids: nothing here opens anything."""

    def __init__(
        self, desk: Desk, register: Conversations, people: StaffRoom, outbox: Outbox, rotation: Rotation
    ) -> None:
        self._desk = desk
        self._register = register
        self._people = people
        self._outbox = outbox
        self._rotation = rotation

    def missing(self, known: Sequence[bytes]) -> int:
        """How many epochs hold keys that a keyring with these key ids does not open."""
        return len(self._rotation.counts().keys() - set(known))

    def erase_again(self, ids: Mapping[bytes, int]) -> Replayed:
        """Ids of what was erased since, and the day of each. Harmless when repeated; a rotation is due at once then."""
        desk = self._desk
        for those in _some(ids):
            desk.conn.execute(_KEYS, {"those": those})
            desk.conn.execute(_LINKS, {"those": those})
            self._outbox.discard(those)
        counts = [0, 0, 0]
        for those in _some(ids):
            for number, count in enumerate((self._conversations(those), self._addresses(those))):
                counts[number] += count
            counts[2] += self._staff(those)
        for one, day in ids.items():
            desk.put_once(erasures, {"id": one, "day": day})
        desk.conn.execute(delete(hosts))
        desk.erased = True
        Chores(desk).hasten(Chore.ROTATE, desk.now)
        return Replayed(*counts)

    def _conversations(self, those: list[bytes]) -> int:
        whole = self._ended(_WHOLE, those)
        for one in whole:
            self._register.erase(one, by_time=True)
        self._desk.conn.execute(_AT_CARRIERS, {"those": those, "now": self._desk.now})
        return len(whole)

    def _addresses(self, those: list[bytes]) -> int:
        known = self._ended(_ADDRESSED, those)
        for one in known:
            self._register.forget(one)
        self._desk.conn.execute(_CONTACTS, {"those": those})
        return len(known)

    def _staff(self, those: list[bytes]) -> int:
        """Who was taken off the line is off it. An id that the backup does not know yet is taken all the same: it must
        not be given to somebody else, for the file of ids still names it."""
        numbers = [int.from_bytes(one) for one in those if one.startswith(_SMALL)]
        there = self._desk.conn.execute(_STAFF, {"those": numbers}).scalars().all()
        for one in there:
            self._people.remove(StaffId(one))
        for number in numbers:
            self._desk.put_once(
                staff, {"id": number, "available": False, "unsettled": False, "removed": True}
            )
        if numbers and self._desk.shared:
            self._desk.conn.execute(_COUNT_ON)
        return len(there)

    def _ended(self, statement: Select[Any], those: list[bytes]) -> list[Ended]:
        rows = self._desk.conn.execute(statement, {"those": those}).all()
        now = self._desk.now
        return [
            Ended(
                row.id,
                row.code,
                State(row.state),
                row.texter,
                row.counselor,
                row.version,
                at=now,
                look_at=now,
                held_until=None,
            )
            for row in rows
        ]


def _some(ids: Mapping[bytes, int]) -> Iterator[list[bytes]]:
    every = list(ids)
    for start in range(0, len(every), _AT_ONCE):
        yield every[start : start + _AT_ONCE]
