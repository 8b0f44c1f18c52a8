"""Letters: committed together with what they belong to, claimed by lanes, gone once the carrier has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from bot.channel import LIMITS
from bot.conversation import UNREADABLE
from bot.errors import SealBroken
from bot.messages import Copy, Letter, Side, Task
from bot.people import Came, ContactId, ConversationId, Medium, QuestionId
from bot.redact import Secret
from storage import letters
from storage.copies import Copies, reference_labels
from storage.desk import AnyRow, Desk
from storage.lanes import Lanes, lane_of
from storage.letters import LETTERS
from storage.letters import Claimed as Claimed  # part of this room's face
from storage.tables import conversations, lanes, outbox
from storage.vault import Owner

WAITING: Final = "waiting"
BURIED: Final = "buried"

_UNREADABLE: Final = tuple(sorted(state.value for state in UNREADABLE))
_behind = outbox.alias("behind")
_HEADS = LETTERS.join(
    lanes,
    outbox.c.position
    == select(func.min(_behind.c.position))
    .where(_behind.c.lane == lanes.c.lane)
    .correlate(lanes)
    .scalar_subquery(),
).where(lanes.c.lane.in_(bindparam("those", expanding=True)))
_ONE = LETTERS.where(outbox.c.id == bindparam("of"))
_BY_REFERENCE = LETTERS.where(outbox.c.reference_label.in_(bindparam("labels", expanding=True)))
_EXPIRED = (
    LETTERS.join(lanes, lanes.c.lane == outbox.c.lane)
    .where(
        outbox.c.state == WAITING,
        outbox.c.deadline <= bindparam("now"),
        lanes.c.leased_by.is_(None) | (lanes.c.ready_at <= bindparam("now")),
    )
    .order_by(outbox.c.deadline)
    .limit(bindparam("most"))
    .with_for_update(of=lanes, skip_locked=True)
)
_INSERT = insert(outbox).inline()
_IN_FLIGHT = (
    select(outbox.c.conversation, outbox.c.question)
    .join(lanes, lanes.c.lane == outbox.c.lane)
    .where(
        outbox.c.contact == bindparam("of"),
        outbox.c.task == Task.SAY.value,
        lanes.c.leased_by.is_not(None) | outbox.c.unsure,
    )
    .distinct()
)
_head = select(func.min(_behind.c.position)).where(_behind.c.lane == outbox.c.lane).scalar_subquery()
_BESIDE = (
    select(outbox.c.id, outbox.c.question)
    .join(lanes, lanes.c.lane == outbox.c.lane)
    .where(
        outbox.c.contact == bindparam("to"),
        outbox.c.id != bindparam("of"),
        outbox.c.task == Task.SAY.value,
        outbox.c.position == _head,
        lanes.c.leased_by.is_not(None) | outbox.c.unsure,
    )
)
_WAITS = (
    select(outbox.c.id).where(outbox.c.conversation == bindparam("of"), outbox.c.state == WAITING).limit(1)
)
_OF_ERASED = (
    select(outbox.c.id)
    .join(conversations, conversations.c.id == outbox.c.conversation)
    .where(outbox.c.id == bindparam("of"), conversations.c.state.in_(_UNREADABLE))
)
_POSITION = select(outbox.c.position, outbox.c.lane).where(outbox.c.id == bindparam("of"))
_GONE = delete(outbox).where(outbox.c.id == bindparam("of"))
_UNSURE = update(outbox).where(outbox.c.id.in_(bindparam("of", expanding=True))).values(unsure=True)
_LATER = (
    update(outbox)
    .where(outbox.c.id == bindparam("of"), outbox.c.state == WAITING)
    .values(
        due_at=bindparam("at"),
        attempts=outbox.c.attempts + bindparam("tried"),
        unsure=outbox.c.unsure | bindparam("may_be_there"),
    )
)
_BURY = (
    update(outbox)
    .where(outbox.c.id == bindparam("of"), outbox.c.state == WAITING)
    .values(state=BURIED, lane=None)
)


_TAIL = (
    LETTERS.where(outbox.c.lane == bindparam("of"), outbox.c.state == WAITING)
    .order_by(outbox.c.position.desc())
    .limit(1)
)
_WORDS: Final = ("reference_label", "sealed")
_REWRITE = (
    update(outbox)
    .where(outbox.c.id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in _WORDS})
)


class Outbox:
    """What is to be sent. Every method sees the letters added before it in the same transaction."""

    def __init__(self, desk: Desk, copies: Copies) -> None:
        self._desk = desk
        self._copies = copies
        self._lanes = Lanes(desk)
        self._new: list[Letter] = []

    def add(self, letter: Letter) -> None:
        """The letter leaves after the commit, behind the others of its lane, or with the last of them."""
        if letter.together is not None and self._join(letter, letter.together):
            return
        self._new.append(letter)
        self._desk.letters_added = True

    def flush(self) -> None:
        """Writes what was added: all lanes, then all letters, in two statements."""
        if not self._new:
            return
        rows = [(self._desk.chance.id(), letter) for letter in self._new]
        self._new = []
        self._desk.new_keys(Owner.OUTBOX, [row_id for row_id, letter in rows if letter.about is None])
        senders = {
            (letter.medium, letter.via): self._desk.sender(letter.medium, letter.via) for _, letter in rows
        }
        made = [self._row(row_id, letter, senders[letter.medium, letter.via]) for row_id, letter in rows]
        self._lanes.join(made)
        self._desk.conn.execute(_INSERT, made)

    def cancel(self, conversation_id: ConversationId, side: Side | None = None) -> list[Letter]:
        """Nothing that waits about this conversation (to this side) is sent any more; the letters that still opened.

        One that is being handed to the carrier at this moment may still arrive, and what comes after it in the same
        lane does not wait for it.
        """
        which = outbox.c.conversation == conversation_id
        return self._cancel(which if side is None else which & (outbox.c.side == side.value))

    def waits(self, conversation_id: ConversationId) -> bool:
        """Whether something about this conversation is still to be sent."""
        self.flush()
        return self._desk.conn.execute(_WAITS, {"of": conversation_id}).first() is not None

    def cancel_contact(self, contact_id: ContactId) -> list[Letter]:
        """Nothing that waits for this contact is sent any more; the letters that still opened."""
        return self._cancel(outbox.c.contact == contact_id)

    def discard(self, ids: Iterable[bytes]) -> None:
        """Nothing that waits about these conversations, or for these contacts, is sent any more; nothing is opened."""
        self.flush()
        those = list(ids)
        which = outbox.c.conversation.in_(those) | outbox.c.contact.in_(those)
        self._take_out(self._desk.conn.execute(select(outbox).where(which)).all(), which)

    def in_flight(self, contact_id: ContactId) -> frozenset[Came]:
        """What is on its way to this contact at this moment, or perhaps there already: where from, and what it asks."""
        rows = self._desk.conn.execute(_IN_FLIGHT, {"of": contact_id}).all()
        return frozenset(
            (
                None if row.conversation is None else ConversationId(row.conversation),
                None if row.question is None else QuestionId(row.question),
            )
            for row in rows
        )

    def beside(self, claimed: Claimed, contact_id: ContactId) -> list[tuple[bytes, bool]]:
        """Other letters that are being handed over for this contact at this moment, or perhaps were, and whether each
        asks something."""
        rows = self._desk.conn.execute(_BESIDE, {"to": contact_id, "of": claimed.id}).all()
        return [(row.id, row.question is not None) for row in rows]

    def claim(
        self,
        senders: Mapping[tuple[Medium, str], int],
        *,
        holder: bytes,
        lease: timedelta,
        talk_first: Collection[tuple[Medium, str]] = (),
    ) -> list[Claimed]:
        """The heads of at most so many lanes of each sender of ours, the most urgent first, then the longest due; of
        those in `talk_first` what is said in open conversations comes first this once.

        They are the holder's until the lease runs out. A letter whose lease ran out comes again, `unsure`.
        """
        self.flush()
        leased = self._lanes.lease(
            senders, holder=holder, until=self._desk.now + lease, talk_first=talk_first
        )
        if not leased:
            return []
        heads = {row.lane: row for row in self._desk.conn.execute(_HEADS, {"those": list(leased)})}
        self._lanes.close([lane for lane in leased if lane not in heads])
        again = [heads[lane].id for lane, last in leased.items() if last is not None and lane in heads]
        if again:
            self._desk.conn.execute(_UNSURE, {"of": again})
        claimed = [letters.opened(self._desk, heads[lane]) for lane in leased if lane in heads]
        return [replace(one, unsure=True) if one.id in again else one for one in claimed]

    def next_due(self) -> datetime | None:
        """The earliest moment at which a lane may be claimed; None when nothing waits."""
        self.flush()
        return self._lanes.next_ready()

    def sent(self, claimed: Claimed, copy: Copy | None) -> Claimed | None:
        """The carrier has it: the letter is gone, its lane moves on, the carrier's copy is remembered.

        None when it was cancelled or settled meanwhile; the copy is remembered then too, for it is there, and where it
        is nobody's concern any more it is to go at once.
        """
        row = self._desk.conn.execute(_ONE, {"of": claimed.id}).first()
        if row is None or not self._remove(row):
            if copy is not None:
                self._copies.keep(
                    copy,
                    side=claimed.letter.side if claimed.letter else Side.TEXTER,
                    conversation=claimed.letter.about if claimed.letter else None,
                    contact=claimed.letter.to if claimed.letter else None,
                    line=None,
                    reference_label=self._label(claimed.reference),
                    at_once=copy.medium is Medium.TELEGRAM,
                )
            return None
        return self._accepted(row, copy)

    def expecting(self, reference: Secret[str]) -> Claimed | None:
        """The letter that carries this reference while it is still here, not yet known to be sent."""
        found = self._referred(reference)
        return found and found[1]

    def settle(self, reference: Secret[str], message: Secret[str]) -> Claimed | None:
        """A receipt came for a letter that is still here: the carrier did accept it, as this message of its own. None
        when it is not here."""
        found = self._referred(reference)
        if found is None or not self._remove(found[0]):
            return None
        row, claimed = found
        to = claimed.address
        copy = None if to is None else Copy(to.medium, to.via, to.place, message)
        return self._accepted(row, copy)

    def _referred(self, reference: Secret[str]) -> tuple[AnyRow, Claimed] | None:
        labels = reference_labels(self._desk, reference)
        row = self._desk.conn.execute(_BY_REFERENCE, {"labels": labels}).first()
        if row is None:
            return None
        claimed = letters.opened(self._desk, row)
        if claimed.letter is not None and claimed.reference != reference:
            # Two labels that changed places: what the carrier says of one letter is not true of the other.
            where = ("outbox.reference_label", row.owner, row.owner_id, row.id)
            self._desk.notice(SealBroken("A reference leads to another letter.").at(*where))
            return None
        return row, claimed

    def later(self, claimed_id: bytes, due_at: datetime, *, unsure: bool, attempt: bool = True) -> None:
        """It is tried again then, and its lane waits for it. `unsure`: the carrier may have taken it this time."""
        row = self._desk.conn.execute(_POSITION, {"of": claimed_id}).first()
        if row is None or row.lane is None:
            return
        self._lanes.lock([row.lane])
        params = {"of": claimed_id, "at": due_at, "tried": int(attempt), "may_be_there": unsure}
        if self._desk.conn.execute(_LATER, params).rowcount == 1:
            self._lanes.wait(row.lane, due_at)

    def hold(self, claimed_id: bytes, due_at: datetime) -> None:
        """Our own rate is used up until then: not a try."""
        self.later(claimed_id, due_at, unsure=False, attempt=False)

    def bury(self, claimed_id: bytes) -> bool:
        """It is kept, but never tried again, and its lane moves on; True the first time."""
        row = self._desk.conn.execute(_POSITION, {"of": claimed_id}).first()
        if row is None or row.lane is None:
            return False
        self._lanes.lock([row.lane])
        if self._desk.conn.execute(_BURY, {"of": claimed_id}).rowcount != 1:
            return False
        self._lanes.move_on(row.lane, row.position)
        return True

    def drop_of_erased(self, claimed_id: bytes) -> bool:
        """A letter about a conversation that was erased or sealed at the moment it was written is gone; True then."""
        found = self._desk.conn.execute(_OF_ERASED, {"of": claimed_id}).first()
        return found is not None and self.drop(claimed_id)

    def drop(self, claimed_id: bytes) -> bool:
        """It is gone without having been sent, and its lane moves on; False when it was gone already."""
        row = self._desk.conn.execute(_ONE, {"of": claimed_id}).first()
        return row is not None and self._remove(row)

    def release(self, holder: bytes) -> None:
        """All that this holder has claimed may be claimed by others at once."""
        self._lanes.release(holder)

    def release_all(self, *, but: bytes = b"") -> None:
        """Whoever had claimed anything is dead, but this holder: it may be claimed at once, and may have been
        accepted already."""
        self._lanes.release_all(but)

    def expired(self, limit: int) -> list[Claimed]:
        """Letters whose deadline has passed and that nobody is sending, wherever they stand in their lane."""
        self.flush()
        rows = self._desk.conn.execute(_EXPIRED, {"now": self._desk.now, "most": limit}).all()
        return [letters.opened(self._desk, row) for row in rows]

    def _join(self, letter: Letter, words: str) -> bool:
        """The words go behind those of the last letter of the lane, if that is of the same kind, nobody is sending it,
        and there is room."""
        self.flush()
        lane = lane_of(letter.about, letter.to)
        sending = self._lanes.sending(lane)
        row = self._desk.conn.execute(_TAIL, {"of": lane}).first()
        tail = letters.opened(self._desk, row).letter if row is not None else None
        if row is None or tail is None or tail.together is None or row.position == sending:
            return False
        if row.attempts or row.unsure:
            return False
        joined = replace(tail, text=Secret(f"{tail.text.reveal()}\n{words}"))
        if LIMITS[tail.medium].measure(joined.text.reveal()) > LIMITS[tail.medium].characters:
            return False
        values = {
            name: value
            for name, value in letters.sealed(self._desk, row.id, joined).items()
            if name in _WORDS
        }
        self._desk.conn.execute(
            _REWRITE, {"of": row.id, **{f"new_{name}": value for name, value in values.items()}}
        )
        return True

    def _row(self, row_id: bytes, letter: Letter, sender: bytes) -> dict[str, Any]:
        return {
            "id": row_id,
            "lane": lane_of(letter.about, letter.to),
            "state": WAITING,
            "conversation": letter.about,
            "contact": letter.to,
            "side": letter.side.value,
            "task": letter.task.value,
            "medium": letter.medium.value,
            "sender": sender,
            "question": letter.question,
            "priority": letter.priority.value,
            "due_at": letter.not_before or self._desk.now,
            "deadline": letter.deadline,
            "attempts": 0,
            "unsure": False,
            **letters.sealed(self._desk, row_id, letter),
        }

    def _cancel(self, which: ColumnElement[bool]) -> list[Letter]:
        self.flush()
        conn = self._desk.conn
        rows = conn.execute(LETTERS.where(which).order_by(outbox.c.position)).all()
        if not rows:
            return []
        opened = [letters.opened(self._desk, row).letter for row in rows]
        self._take_out(rows, which)
        return [letter for letter in opened if letter is not None]

    def _take_out(self, rows: Sequence[AnyRow], which: ColumnElement[bool]) -> None:
        touched = sorted({row.lane for row in rows if row.lane is not None})
        self._lanes.lock(touched)
        self._desk.conn.execute(delete(outbox).where(which))
        self._desk.forget_keys(Owner.OUTBOX, [row.id for row in rows if row.owner == Owner.OUTBOX.value])
        for lane in touched:
            self._lanes.move_on(lane, -1)

    def _remove(self, row: AnyRow) -> bool:
        """Takes a letter out; False when somebody else has."""
        if row.lane is not None:
            self._lanes.lock([row.lane])
        if self._desk.conn.execute(_GONE, {"of": row.id}).rowcount != 1:
            return False
        if row.lane is not None:
            self._lanes.move_on(row.lane, row.position)
        if row.owner == Owner.OUTBOX.value:
            self._desk.forget_keys(Owner.OUTBOX, [row.id])
        return True

    def _label(self, reference: Secret[str]) -> bytes | None:
        return reference_labels(self._desk, reference)[0] if reference.reveal() else None

    def _accepted(self, row: AnyRow, copy: Copy | None) -> Claimed:
        claimed = letters.opened(self._desk, row)
        letter = claimed.letter
        if copy is not None:
            self._copies.keep(
                copy,
                side=Side(row.side),
                conversation=None if row.conversation is None else ConversationId(row.conversation),
                contact=ContactId(row.contact),
                line=None if letter is None else letter.line,
                writer=None if letter is None else letter.writer,
                reference_label=row.reference_label,
                offer=letter is not None and letter.offer,
                question=None if letter is None else letter.question,
            )
        return claimed
