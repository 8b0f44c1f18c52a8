"""A conversation that does not open is put aside without opening it: closed, its route free for a new one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from bot.conversation import OPEN, State
from bot.people import ContactId, ConversationId, StaffId
from storage.casecodes import CaseCodes
from storage.desk import Desk
from storage.endings import Endings
from storage.tables import conversations, held, offers, texter_contacts

_READ = (
    select(
        conversations.c.code,
        conversations.c.state,
        conversations.c.version,
        conversations.c.counselor,
        conversations.c.counselor_contact,
    )
    .where(conversations.c.id == bindparam("of"))
    .with_for_update()
)
_CLOSE = (
    update(conversations)
    .where(conversations.c.id == bindparam("of"))
    .values(state=State.CLOSED.value, due_at=None, sealed=None, version=conversations.c.version + 1)
)
_LEAVE = (
    update(texter_contacts).where(texter_contacts.c.conversation == bindparam("of")).values(route_label=None)
)
_OF_TEXTER = select(texter_contacts.c.conversation).where(texter_contacts.c.id == bindparam("of"))
_OFFERED = select(offers.c.staff).where(offers.c.conversation == bindparam("of"))
_NO_OFFERS = delete(offers).where(offers.c.conversation == bindparam("of"))
_AGAIN = (
    update(conversations)
    .where(conversations.c.id == bindparam("of"), conversations.c.state == State.WAITING.value)
    .values(due_at=bindparam("now"))
)
_NOTHING_HELD = delete(held).where(held.c.staff == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Aside:
    """What was in the clear of a conversation that has been put aside: whom to tell. `was_open`: until now."""

    code: str
    was_open: bool
    counselor: StaffId | None
    counselor_contact: ContactId | None


class Asides:
    """By ids alone. The transcript's rows stay where they are until time erases them: a backup may open them again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def put(self, conversation_id: ConversationId) -> Aside | None:
        """Closed, what its texter writes next begins a new one; None when it is gone, erased or put aside already."""
        conn = self._desk.conn
        row = conn.execute(_READ, {"of": conversation_id}).first()
        if row is None or row.state not in {*OPEN, State.CLOSED}:
            return None
        if conn.execute(_CLOSE, {"of": conversation_id}).rowcount != 1:
            return None
        conn.execute(_LEAVE, {"of": conversation_id})
        conn.execute(_NO_OFFERS, {"of": conversation_id})
        CaseCodes(self._desk).free(row.code, conversation_id)
        Endings(self._desk).begin(conversation_id)
        return Aside(
            row.code,
            row.state in OPEN,
            None if row.counselor is None else StaffId(row.counselor),
            None if row.counselor_contact is None else ContactId(row.counselor_contact),
        )

    def of_texter(self, contact: bytes) -> ConversationId | None:
        """The conversation of a texter's contact; None when it is no texter's."""
        found: bytes | None = self._desk.conn.execute(_OF_TEXTER, {"of": contact}).scalar()
        return None if found is None else ConversationId(found)

    def drop_offers(self, conversation_id: ConversationId) -> list[StaffId]:
        """Who was asked is forgotten, and the ladder begins again; those who had been."""
        conn = self._desk.conn
        asked = [StaffId(one) for one in conn.execute(_OFFERED, {"of": conversation_id}).scalars()]
        conn.execute(_NO_OFFERS, {"of": conversation_id})
        conn.execute(_AGAIN, {"of": conversation_id, "now": self._desk.now})
        return asked

    def drop_held(self, staff_id: StaffId) -> int:
        """What was held for her is gone; how many texts."""
        return self._desk.conn.execute(_NOTHING_HELD, {"of": staff_id}).rowcount
