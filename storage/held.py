"""Texts of staff that were not relayed but held, until she says whom they are for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select

from bot.people import ContactId, ConversationId, StaffId
from bot.redact import Secret
from storage.desk import Desk
from storage.payloads import Kept, pack, text_of, unpack, written
from storage.tables import held
from storage.vault import Owner, Place

MOST: Final = 50
"""Texts kept for one contact; the oldest go."""


@dataclass(frozen=True, slots=True)
class Held:
    """One held text. `message`: the carrier's number of it; `why`: a fixed word ("which", "command", "late" …)."""

    id: bytes
    text: Secret[str]
    why: str
    conversation: ConversationId | None
    message: Secret[str] | None
    due_at: datetime


_INSERT = insert(held).inline()
_OF = (
    select(held)
    .where(held.c.contact == bindparam("of"), held.c.due_at > bindparam("now"))
    .order_by(held.c.position)
)
_TOO_MANY = (
    select(held.c.position)
    .where(held.c.contact == bindparam("of"))
    .order_by(held.c.position.desc())
    .limit(1)
    .offset(MOST)
    .scalar_subquery()
)
_TRIM = delete(held).where(held.c.contact == bindparam("of"), held.c.position <= _TOO_MANY)
_EXPIRED = delete(held).where(held.c.contact == bindparam("of"), held.c.due_at <= bindparam("now"))
_DROP = delete(held).where(held.c.id.in_(bindparam("ids", expanding=True)))

_ABOUT = delete(held).where(
    held.c.staff == bindparam("of"),
    held.c.conversation.is_(None) | (held.c.conversation == bindparam("about")),
)


class HeldRoom:
    """Held texts, under the staff member's own key."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def put(
        self,
        staff_id: StaffId,
        contact_id: ContactId,
        text: Secret[str],
        *,
        why: str,
        conversation: ConversationId | None,
        message: Secret[str] | None,
        due_at: datetime,
    ) -> bytes:
        """Holds a text until `due_at`; returns its id."""
        held_id = self._desk.chance.id()
        key = self._desk.key(Owner.STAFF, staff_id.to_bytes(16, "big"))
        body = pack(Kept(written(text.reveal()), None if message is None else message.reveal()))
        row: dict[str, Any] = {
            "id": held_id,
            "staff": staff_id,
            "contact": contact_id,
            "conversation": conversation,
            "why": why,
            "due_at": due_at,
        }
        row["sealed"] = self._desk.vault.seal(key, _place(row), body, self._desk.now)
        conn = self._desk.conn
        conn.execute(_EXPIRED, {"of": contact_id, "now": self._desk.now})
        conn.execute(_INSERT, row)
        conn.execute(_TRIM, {"of": contact_id})
        return held_id

    def of(self, contact_id: ContactId) -> list[Held]:
        """Those of this contact that are not too old, oldest first."""
        rows = self._desk.conn.execute(_OF, {"of": contact_id, "now": self._desk.now}).all()
        found = []
        for row in rows:
            key = self._desk.key(Owner.STAFF, row.staff.to_bytes(16, "big"))
            kept = unpack(Kept, self._desk.vault.open(key, _place(row._mapping), row.sealed).body)
            found.append(
                Held(
                    id=row.id,
                    text=Secret(text_of(kept.text)),
                    why=row.why,
                    conversation=None if row.conversation is None else ConversationId(row.conversation),
                    message=None if kept.message is None else Secret(kept.message),
                    due_at=row.due_at,
                )
            )
        return found

    def drop_about(self, staff_id: StaffId, conversation_id: ConversationId) -> int:
        """Whatever is held of her that is for this conversation, or could be; how many texts that still counted."""
        return self._desk.conn.execute(_ABOUT, {"of": staff_id, "about": conversation_id}).rowcount

    def drop(self, ids: Collection[bytes]) -> None:
        """These are gone."""
        if ids:
            self._desk.conn.execute(_DROP, {"ids": list(ids)})


def _place(row: Mapping[Any, Any]) -> Place:
    """Whom it may be sent to is part of it: nobody can give her words to another texter."""
    conversation = (row["conversation"] or b"").hex()
    bound = f"{row['why']} {conversation} {row['contact'].hex()}"
    return Place("held.sealed", Owner.STAFF, row["staff"].to_bytes(16, "big"), row["id"], direction=bound)
