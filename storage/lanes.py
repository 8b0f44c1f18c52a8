"""Lanes: letters of one conversation to one contact leave in order; a lane that waits holds up no other.

Every change locks lanes before letters, several lanes in the order of their ids, so that two processes cannot wait
for each other. `ready_at` is the one clock: the head's due time, or while a lane is leased the end of the lease.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, bindparam, case, delete, func, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.messages import Priority
from bot.people import ContactId, ConversationId, Medium
from storage.desk import AnyRow, Desk, insert_into
from storage.tables import lanes, outbox

NO_CONVERSATION = bytes(16)


def lane_of(conversation: ConversationId | None, contact: ContactId) -> bytes:
    """The lane of letters from this conversation (or from none) to this contact."""
    return (conversation or NO_CONVERSATION) + contact


@cache
def _join(*, shared: bool) -> postgresql.Insert | sqlite.Insert:
    """Opens the lane, or joins it behind the others; a more urgent letter makes the lane more urgent."""
    new = insert_into(lanes, shared=shared)
    better = case((new.excluded.priority < lanes.c.priority, new.excluded.priority), else_=lanes.c.priority)
    return new.on_conflict_do_update(index_elements=["lane"], set_={"priority": better})


def _ready(priority: Priority) -> Select[Any]:
    found = (
        select(lanes.c.lane, lanes.c.priority, lanes.c.ready_at, lanes.c.leased_by)
        .where(
            lanes.c.sender == bindparam("by"),
            lanes.c.priority == priority.value,
            lanes.c.ready_at <= bindparam("now"),
        )
        .order_by(lanes.c.ready_at)
        .limit(bindparam("most"))
    )
    return select(found.subquery())


_THIS = lanes.c.lane == bindparam("of")
_THESE = lanes.c.lane.in_(bindparam("of", expanding=True))
_READY = union_all(*(_ready(priority) for priority in Priority))
_FREE = (
    select(lanes.c.lane).where(_THESE, lanes.c.ready_at <= bindparam("now")).with_for_update(skip_locked=True)
)
_LEASE = (
    update(lanes)
    .where(lanes.c.lane.in_(_FREE))
    .values(leased_by=bindparam("holder"), ready_at=bindparam("until"))
    .returning(lanes.c.lane)
)
_LOCK = select(lanes.c.lane).where(_THESE).order_by(lanes.c.lane).with_for_update()
_HEAD = (
    select(outbox.c.position, outbox.c.due_at, outbox.c.sender, outbox.c.priority)
    .where(outbox.c.lane == bindparam("of"))
    .order_by(outbox.c.position)
    .limit(1)
)
_WHOSE = select(lanes.c.leased_by).where(_THIS)
_CLOSE = delete(lanes).where(_THIS)
_CLOSE_ALL = delete(lanes).where(_THESE)
_MOVE = (
    update(lanes)
    .where(_THIS)
    .values(leased_by=None, ready_at=bindparam("at"), sender=bindparam("by"), priority=bindparam("as"))
)
_WAIT = update(lanes).where(_THIS).values(leased_by=None, ready_at=bindparam("at"))
_RELEASE = (
    update(lanes)
    .where(lanes.c.leased_by == bindparam("holder"))
    .values(leased_by=None, ready_at=bindparam("now"))
)
_RELEASE_ALL = (
    update(lanes)
    .where(lanes.c.leased_by.is_not(None), lanes.c.leased_by != bindparam("holder"))
    .values(ready_at=bindparam("now"))
)
_NEXT = select(func.min(lanes.c.ready_at))


class Lanes:
    """The lanes with letters in them; one without is no longer there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def join(self, letters: Collection[Mapping[str, object]]) -> None:
        """Each of these rows of the outbox gets its place at the end of its lane; to be inserted after this."""
        rows = [
            {
                "lane": row["lane"],
                "medium": row["medium"],
                "sender": row["sender"],
                "priority": row["priority"],
                "ready_at": row["due_at"],
                "leased_by": None,
            }
            for row in letters
        ]
        rows.sort(key=itemgetter("lane"))
        self._desk.conn.execute(_join(shared=self._desk.shared), rows)

    def lease(
        self,
        senders: Mapping[tuple[Medium, str], int],
        *,
        holder: bytes,
        until: datetime,
        talk_first: Collection[tuple[Medium, str]] = (),
    ) -> dict[bytes, bytes | None]:
        """Leases at most so many ready lanes of each sender, the most urgent first, then the longest due. `talk_first`:
        of these senders what people say to each other comes before all else, this once.

        The most urgent come first, each with its last holder, if that one's lease ran out.
        """
        found: list[AnyRow] = []
        for (medium, via), most in senders.items():
            ready = [
                row
                for label in self._desk.senders(medium, via)
                for row in self._desk.conn.execute(_READY, {"by": label, "now": self._desk.now, "most": most})
            ]
            found += sorted(ready, key=_talk if (medium, via) in talk_first else _urgency)[:most]
        if not found:
            return {}
        those = [row.lane for row in found]
        params = {"of": those, "now": self._desk.now, "holder": holder, "until": until}
        mine = set(self._desk.conn.execute(_LEASE, params).scalars())
        return {row.lane: row.leased_by for row in sorted(found, key=_urgency) if row.lane in mine}

    def sending(self, lane: bytes) -> int | None:
        """The position of the letter that somebody is sending; None when nobody is. Nobody changes this lane until the
        end of the transaction."""
        self.lock([lane])
        if self._desk.conn.execute(_WHOSE, {"of": lane}).scalar() is None:
            return None
        head = self._desk.conn.execute(_HEAD, {"of": lane}).first()
        return None if head is None else int(head.position)

    def lock(self, those: Collection[bytes]) -> None:
        """Nobody else changes these lanes until the end of the transaction."""
        if self._desk.shared and those:
            self._desk.conn.execute(_LOCK, {"of": list(those)}).all()

    def move_on(self, lane: bytes, gone: int) -> None:
        """The letter at this position is gone: the next one is the head, or the lane ends.

        The lane is as urgent as its head then; a more urgent letter behind that one waits its turn.
        """
        head = self._desk.conn.execute(_HEAD, {"of": lane}).first()
        if head is None:
            self._desk.conn.execute(_CLOSE, {"of": lane})
        elif gone < head.position:
            params = {"of": lane, "at": head.due_at, "by": head.sender, "as": head.priority}
            self._desk.conn.execute(_MOVE, params)
            self._desk.lanes_moved = True

    def wait(self, lane: bytes, until: datetime) -> None:
        """The head is not to be tried before then; the lease ends."""
        self._desk.conn.execute(_WAIT, {"of": lane, "at": until})

    def close(self, those: Collection[bytes]) -> None:
        """These have no letters any more."""
        if those:
            self._desk.conn.execute(_CLOSE_ALL, {"of": list(those)})

    def release(self, holder: bytes) -> None:
        """All that this holder has leased is free again."""
        self._desk.conn.execute(_RELEASE, {"holder": holder, "now": self._desk.now})

    def release_all(self, but: bytes) -> None:
        """All that anybody but this holder has leased is free; lanes stay marked by their last holder until claimed."""
        self._desk.conn.execute(_RELEASE_ALL, {"now": self._desk.now, "holder": but})

    def next_ready(self) -> datetime | None:
        """The earliest moment at which some lane may be leased."""
        found: datetime | None = self._desk.conn.execute(_NEXT).scalar()
        return found


def _talk(row: AnyRow) -> tuple[bool, str, datetime]:
    return row.priority != Priority.TALK, *_urgency(row)


def _urgency(row: AnyRow) -> tuple[str, datetime]:
    return row.priority, row.ready_at
