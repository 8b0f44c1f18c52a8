"""Where carriers still hold messages: found by a blind label, kept until the carrier's copy is deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, bindparam, select, update

from bot.channel import Outcome
from bot.errors import SealBroken
from bot.messages import Copy, Side, Writer
from bot.people import ContactId, ConversationId, Medium, StaffId
from bot.redact import Secret
from storage.desk import AnyRow, Desk
from storage.payloads import Author, Trace, pack, unpack
from storage.tables import copies, day_of, envelopes
from storage.vault import SERVER, Label, Owner, Place, canon

_BEFORE: Final[dict[str, tuple[str, ...]]] = {
    Outcome.SENT: (),
    Outcome.DELIVERED: (Outcome.SENT,),
    Outcome.FAILED: (Outcome.SENT,),
}
"""From which standings each may be reached: what was delivered never fails, and the reverse."""


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One message that a carrier holds. `line`: the transcript line it carries; `offer`: it was an offer."""

    id: bytes
    conversation: ConversationId | None
    contact: ContactId | None
    line: bytes | None
    side: Side
    standing: str
    writer: Writer | None
    offer: bool


_FOUND = select(copies, envelopes.c.kid, envelopes.c.wrapped).select_from(
    copies.outerjoin(
        envelopes,
        and_(
            envelopes.c.owner == Owner.COPY.value,
            envelopes.c.owner_id == copies.c.id,
            envelopes.c.reader == SERVER,
        ),
    )
)
_FIND = _FOUND.where(copies.c.label.in_(bindparam("labels", expanding=True)))
_BY_REFERENCE = _FOUND.where(copies.c.reference_label.in_(bindparam("labels", expanding=True)))
_ADVANCE = (
    update(copies)
    .where(copies.c.id == bindparam("of"), copies.c.standing.in_(bindparam("before", expanding=True)))
    .values(standing=bindparam("to"))
)


class Copies:
    """Carriers' copies, each under its own key: they outlive the conversation they came from."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def keep(
        self,
        copy: Copy,
        *,
        side: Side,
        conversation: ConversationId | None,
        contact: ContactId | None,
        line: bytes | None,
        writer: Writer | None = None,
        reference_label: bytes | None = None,
        offer: bool = False,
    ) -> None:
        """Remembers a carrier's copy; one that is known already stays as it is."""
        vault = self._desk.vault
        copy_id = self._desk.chance.id()
        key = vault.new_key()
        trace = Trace(copy.via, copy.chat.reveal(), copy.message.reveal(), author_of(writer))
        row: dict[str, object] = {
            "id": copy_id,
            "label": self._labels(copy)[0],
            "reference_label": reference_label,
            "conversation": conversation,
            "contact": contact,
            "line": line,
            "side": side.value,
            "medium": copy.medium.value,
            "standing": Outcome.SENT,
            "offer": offer,
            "created_day": day_of(self._desk.now),
            "due_at": None,
            "attempts": 0,
            "sealed": vault.seal(key, _place(copy_id, copy.medium), pack(trace), self._desk.now),
        }
        if self._desk.put_once(copies, row):
            self._desk.store_key(key, Owner.COPY, copy_id)

    def find(self, copy: Copy) -> CopyRow | None:
        """The row of this message, by its label: for swipe-replies, edits and presses."""
        return self._first(_FIND, self._labels(copy))

    def by_reference(self, reference: Secret[str]) -> CopyRow | None:
        """The row of the letter that carried this reference: for receipts."""
        return self._first(_BY_REFERENCE, reference_labels(self._desk, reference))

    def advance(self, copy_row_id: bytes, standing: str) -> bool:
        """Sent, then delivered or failed; False, and nothing has changed, when that is not forward."""
        before = _BEFORE.get(standing, ())
        if not before:
            return False
        params = {"of": copy_row_id, "before": before, "to": standing}
        return self._desk.conn.execute(_ADVANCE, params).rowcount == 1

    def _labels(self, copy: Copy) -> tuple[bytes, ...]:
        parts = (copy.via, copy.chat.reveal(), copy.message.reveal())
        value = canon(*(part.encode("utf-8", "surrogatepass") for part in parts))
        return self._desk.vault.labels(Label.COPY, copy.medium, value)

    def _first(self, statement: Any, labels: tuple[bytes, ...]) -> CopyRow | None:
        row = self._desk.conn.execute(statement, {"labels": labels}).first()
        try:
            return None if row is None else self._opened(row)
        except SealBroken as broken:  # it is as if we had never heard of it, and so nothing is done with it
            self._desk.notice(broken)
            return None

    def _opened(self, row: AnyRow) -> CopyRow:
        key = self._desk.unwrapped(Owner.COPY, row.id, kid=row.kid, wrapped=row.wrapped)
        opened = self._desk.vault.open(key, _place(row.id, Medium(row.medium)), row.sealed)
        return CopyRow(
            id=row.id,
            conversation=None if row.conversation is None else ConversationId(row.conversation),
            contact=None if row.contact is None else ContactId(row.contact),
            line=row.line,
            side=Side(row.side),
            standing=row.standing,
            writer=writer_of(unpack(Trace, opened.body).author),
            offer=row.offer,
        )


def reference_labels(desk: Desk, reference: Secret[str]) -> tuple[bytes, ...]:
    """The labels of a reference that comes back with a receipt."""
    return desk.vault.labels(Label.REFERENCE, "", reference.reveal().encode("utf-8", "surrogatepass"))


def author_of(writer: Writer | None) -> Author | None:
    """The writer as she is sealed with a letter or copy."""
    if writer is None:
        return None
    message = None if writer.message is None else writer.message.reveal()
    return Author(writer.staff, writer.contact, message)


def writer_of(author: Author | None) -> Writer | None:
    """The writer as rules see her."""
    if author is None:
        return None
    message = None if author.message is None else Secret(author.message)
    return Writer(StaffId(author.staff), ContactId(author.contact), message)


def _place(copy_id: bytes, medium: Medium) -> Place:
    return Place("copies.sealed", Owner.COPY, copy_id, copy_id, direction=medium.value)
