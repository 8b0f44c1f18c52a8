"""Where carriers still hold messages: found by a blind label, kept until the carrier's copy is deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, bindparam, select, update

from bot.channel import Outcome
from bot.errors import SealBroken
from bot.messages import Address, Copy, Side, Writer
from bot.people import ContactId, ConversationId, Medium, QuestionId, StaffId
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

TAKEN_BACK: Final = timedelta(hours=44)
"""A Telegram message is deleted at this age at the latest: later than 47 hours nobody could be sure of it."""
SETTLED: Final = timedelta(minutes=15)
"""A text is final after ten minutes, whether a receipt came or not (handlers/outbox, VALID), and some to be sure."""
HANDED_ON: Final = timedelta(seconds=5)
"""Twilio still waits for our answer when it has handed on a text."""


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One message that a carrier holds. `line`: the transcript line it carries; `offer`: it was an offer; `question`:
    the one that it asked."""

    id: bytes
    copy: Copy
    conversation: ConversationId | None
    contact: ContactId | None
    line: bytes | None
    side: Side
    standing: str
    writer: Writer | None
    offer: bool
    question: QuestionId | None


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
_SOONER = update(copies).where(copies.c.due_at > bindparam("now")).values(due_at=bindparam("now"))
_FINAL_BY_LABEL = _SOONER.where(copies.c.label.in_(bindparam("labels", expanding=True)))
_FINAL = _SOONER.where(copies.c.id == bindparam("of"))
_OF_CONVERSATIONS = _SOONER.where(copies.c.conversation.in_(bindparam("those", expanding=True)))
_OF_CHAT = _SOONER.where(copies.c.contact.in_(bindparam("labels", expanding=True)))
_ENDED = _SOONER.where(
    copies.c.conversation == bindparam("of"),
    copies.c.medium == Medium.TELEGRAM.value,
    copies.c.side == Side.STAFF.value,
)
_BELONGS = (
    update(copies)
    .where(copies.c.label.in_(bindparam("labels", expanding=True)), copies.c.conversation.is_(None))
    .values(conversation=bindparam("to"))
)


class Copies:
    """Carriers' copies, each under its own key: they outlive the conversation they came from."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: set[bytes] = set()

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
        question: QuestionId | None = None,
        at_once: bool = False,
    ) -> None:
        """Remembers a carrier's copy; one that is known already stays as it is. `contact`: staff only.

        `at_once`: the carrier is asked now to delete it, else when it can be and must be.
        """
        label = self._labels(copy)[0]
        if label in self._kept:
            return
        self._kept.add(label)
        vault = self._desk.vault
        copy_id = self._desk.chance.id()
        key = vault.new_key()
        trace = Trace(
            copy.via,
            copy.chat.reveal(),
            copy.message.reveal(),
            author_of(writer),
            copy.media,
            conversation,
            question,
        )
        at = min(copy.at or self._desk.now, self._desk.now)
        row: dict[str, object] = {
            "id": copy_id,
            "label": label,
            "reference_label": reference_label,
            "conversation": conversation,
            "contact": self._chat(copy.medium, copy.via, copy.chat)[0] if side is Side.TEXTER else contact,
            "line": line,
            "side": side.value,
            "medium": copy.medium.value,
            "standing": Outcome.SENT,
            "offer": offer,
            "created_day": day_of(at),
            "due_at": self._desk.now
            if at_once
            else at + _lasts(copy.medium, ours=reference_label is not None),
            "attempts": 0,
            "sealed": vault.seal(key, place_of(copy_id, copy.medium), pack(trace), at),
        }
        # A letter that went out twice is two copies under one reference: the second is found by its own label alone.
        if self._desk.put_once(copies, row) or (
            reference_label is not None and self._desk.put_once(copies, {**row, "reference_label": None})
        ):
            self._desk.store_key(key, Owner.COPY, copy_id)

    def keep_twin(self, row: CopyRow, message: Secret[str], *, final: bool) -> None:
        """A receipt of this row's letter came for another message: it went out twice, and the carrier holds both."""
        if message == row.copy.message:
            return
        twin = replace(row.copy, message=message)
        self.keep(
            twin,
            side=row.side,
            conversation=row.conversation,
            contact=row.contact,
            line=row.line,
            question=row.question,
        )
        if final:
            labels = self._labels(twin)
            self._desk.conn.execute(_FINAL_BY_LABEL, {"labels": labels, "now": self._desk.now})

    def belongs(self, copy: Copy, conversation: ConversationId) -> None:
        """It has turned out which conversation this one is about; one that is known to be about another stays."""
        self._desk.conn.execute(_BELONGS, {"labels": self._labels(copy), "to": conversation})

    def hasten(self, conversations: Iterable[ConversationId]) -> None:
        """Everything about these conversations is asked for now, on both sides: they are erased."""
        params = {"those": list(conversations), "now": self._desk.now}
        self._desk.conn.execute(_OF_CONVERSATIONS, params)

    def hasten_chat(self, address: Address) -> None:
        """Everything between us and this texter is asked for now, whatever conversation it was in, or none."""
        labels = self._chat(address.medium, address.via, address.place)
        self._desk.conn.execute(_OF_CHAT, {"labels": labels, "now": self._desk.now})

    def ended(self, conversation: ConversationId) -> None:
        """What the staff bot holds about it is asked for now: nobody needs it any more."""
        self._desk.conn.execute(_ENDED, {"of": conversation, "now": self._desk.now})

    def find(self, copy: Copy) -> CopyRow | None:
        """The row of this message, by its label: for swipe-replies, edits and presses."""
        found = self._first(_FIND, self._labels(copy))
        if found is None or (found.copy.chat, found.copy.message) == (copy.chat, copy.message):
            return found
        self._desk.notice(
            SealBroken("A label leads to another message.").at("copies.label", Owner.COPY, found.id)
        )
        return None

    def by_reference(self, reference: Secret[str]) -> CopyRow | None:
        """The row of the letter that carried this reference: for receipts."""
        return self._first(_BY_REFERENCE, reference_labels(self._desk, reference))

    def advance(self, copy_row_id: bytes, standing: str) -> bool:
        """Sent, then delivered or failed, and then it may be deleted; False, and nothing has changed, when that is not
        forward."""
        before = _BEFORE.get(standing, ())
        if not before:
            return False
        params = {"of": copy_row_id, "before": before, "to": standing}
        if self._desk.conn.execute(_ADVANCE, params).rowcount != 1:
            return False
        self._desk.conn.execute(_FINAL, {"of": copy_row_id, "now": self._desk.now})
        return True

    def _labels(self, copy: Copy) -> tuple[bytes, ...]:
        parts = (copy.via, copy.chat.reveal(), copy.message.reveal())
        value = canon(*(part.encode("utf-8", "surrogatepass") for part in parts))
        return self._desk.vault.labels(Label.COPY, copy.medium, value)

    def _chat(self, medium: Medium, via: str, place: Secret[str]) -> tuple[bytes, ...]:
        value = canon(via.encode(), place.reveal().encode("utf-8", "surrogatepass"))
        return self._desk.vault.labels(Label.COPY, f"{medium} chat", value)

    def _first(self, statement: Any, labels: tuple[bytes, ...]) -> CopyRow | None:
        row = self._desk.conn.execute(statement, {"labels": labels}).first()
        try:
            return None if row is None else self._opened(row)
        except SealBroken as broken:  # it is as if we had never heard of it, and so nothing is done with it
            self._desk.notice(broken)
            return None

    def _opened(self, row: AnyRow) -> CopyRow:
        key = self._desk.unwrapped(Owner.COPY, row.id, kid=row.kid, wrapped=row.wrapped)
        medium = Medium(row.medium)
        opened = self._desk.vault.open(key, place_of(row.id, medium), row.sealed)
        trace = unpack(Trace, opened.body)
        if trace.about is not None and row.conversation not in (None, trace.about):
            # A swiped answer would go to somebody else.
            raise SealBroken("A copy was given to another conversation.").at(
                "copies.sealed", Owner.COPY, row.id
            )
        return CopyRow(
            id=row.id,
            copy=copy_of(trace, medium),
            conversation=None if row.conversation is None else ConversationId(row.conversation),
            contact=ContactId(row.contact) if row.contact and row.side == Side.STAFF else None,
            line=row.line,
            side=Side(row.side),
            standing=row.standing,
            writer=writer_of(trace.author),
            offer=row.offer,
            question=None if trace.question is None else QuestionId(trace.question),
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


def copy_of(trace: Trace, medium: Medium) -> Copy:
    """The copy as it was remembered."""
    return Copy(medium, trace.via, Secret(trace.chat), Secret(trace.message), trace.media)


def place_of(copy_id: bytes, medium: Medium) -> Place:
    """Where what is sealed of a copy stands."""
    return Place("copies.sealed", Owner.COPY, copy_id, copy_id, direction=medium.value)


def _lasts(medium: Medium, *, ours: bool) -> timedelta:
    if medium is Medium.TELEGRAM:
        return TAKEN_BACK
    return SETTLED if ours else HANDED_ON
