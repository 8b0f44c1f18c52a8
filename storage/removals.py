"""Copies that carriers are to delete: whose turn has come, what was asked in vain, what is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select, union_all, update

from bot.errors import SealBroken
from bot.messages import Copy, Side
from bot.people import ConversationId, Medium
from storage.copies import TAKEN_BACK, copy_of, place_of
from storage.desk import AnyRow, Desk
from storage.payloads import Trace, unpack
from storage.tables import conversations, copies, envelopes, start_of_day
from storage.vault import SERVER, Owner

SLIPPED: Final = "slipped"
"""The standing of a copy of which it has been told that it stays too long."""
FURTHEST: Final = TAKEN_BACK + timedelta(minutes=5)
"""Nothing is put off for longer: what seems to be was, before the clock was set back, and is due."""


@dataclass(frozen=True, slots=True)
class Removal:
    """One copy whose turn has come. `copy` is None when it does not open any more. `at`: since when it is there.
    `until`: it is this process's until then. `attempts` counts this one."""

    id: bytes
    side: Side
    medium: Medium
    conversation: ConversationId | None
    copy: Copy | None
    at: datetime
    attempts: int
    slipped: bool
    until: datetime


_LATER_THAN_ANY = copies.c.due_at > bindparam("furthest")


def _soon(when: ColumnElement[bool]) -> Select[tuple[bytes]]:
    """Two short stretches of an index: as one condition they would be a reading of the whole table."""
    return select(copies.c.id).where(when)


_DUE = (
    select(copies, envelopes.c.kid, envelopes.c.wrapped)
    .select_from(
        copies.outerjoin(
            envelopes,
            and_(
                envelopes.c.owner == Owner.COPY.value,
                envelopes.c.owner_id == copies.c.id,
                envelopes.c.reader == SERVER,
            ),
        )
    )
    .where(
        copies.c.medium == bindparam("medium"),
        copies.c.side.in_(bindparam("sides", expanding=True)),
        copies.c.id.in_(union_all(_soon(copies.c.due_at <= bindparam("ahead")), _soon(_LATER_THAN_ANY))),
        or_(copies.c.due_at <= bindparam("now"), copies.c.attempts == 0, _LATER_THAN_ANY),
    )
    # The oldest first: of what one outage has held up, those go before everything else that soon can't be deleted.
    .order_by(copies.c.created_day, copies.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(of=copies, skip_locked=True)
)
_TAKE = (
    update(copies)
    .where(copies.c.id.in_(bindparam("those", expanding=True)))
    .values(due_at=bindparam("until"), attempts=copies.c.attempts + 1)
)
_MINE = update(copies).where(copies.c.id == bindparam("of"), copies.c.due_at == bindparam("was"))
_GONE = delete(copies).where(copies.c.id.in_(bindparam("those", expanding=True)))
_REACHABLE = select(conversations.c.id).where(
    conversations.c.id.in_(bindparam("those", expanding=True)), conversations.c.texter.is_not(None)
)
_OVERDUE = select(func.count()).select_from(copies).where(copies.c.due_at < bindparam("before"))


class Removals:
    """Each copy is one process's at a time; one that dies at it is followed by another when its lease has run out."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def claim(
        self,
        medium: Medium,
        sides: Sequence[Side],
        *,
        most: int,
        lease: timedelta,
        ahead: timedelta = timedelta(0),
    ) -> list[Removal]:
        """At most so many whose turn has come, the oldest first. `ahead`: so much before its latest moment each is
        asked for the first time. What does not open comes without its copy."""
        now = self._desk.now
        params = {
            "medium": medium.value,
            "sides": [side.value for side in sides],
            "now": now,
            "ahead": now + ahead,
            "furthest": now + FURTHEST,
            "most": most,
        }
        rows = self._desk.conn.execute(_DUE, params).all()
        if not rows:
            return []
        until = now + lease
        self._desk.conn.execute(_TAKE, {"those": [row.id for row in rows], "until": until})
        return [self._opened(row, until) for row in rows]

    def later(self, removal: Removal, due_at: datetime, *, slipped: bool = False) -> bool:
        """It is asked for again then; False when another process has taken over. `slipped`: it has been told that it
        stays too long."""
        put_off = _MINE.values(due_at=due_at)
        if slipped:
            put_off = put_off.values(standing=SLIPPED)
        params = {"of": removal.id, "was": removal.until}
        return self._desk.conn.execute(put_off, params).rowcount == 1

    def unasked(self, removals: Sequence[Removal], due_at: datetime) -> None:
        """These were claimed and not asked for: they are due then, and it was no try."""
        put_back = _MINE.values(due_at=due_at, attempts=copies.c.attempts - 1)
        for removal in removals:
            self._desk.conn.execute(put_back, {"of": removal.id, "was": removal.until})

    def gone(self, removals: Sequence[Removal]) -> None:
        """The carrier has them no more, or nothing can be done: we know nothing of them either.

        Where a copy was the last place that held a texter's address, its key must soon be useless in journals too.
        """
        ids = [removal.id for removal in removals]
        if not ids:
            return
        self._desk.conn.execute(_GONE, {"those": ids})
        self._desk.forget_keys(Owner.COPY, ids)
        of_texters = [removal.conversation for removal in removals if removal.side is Side.TEXTER]
        if of_texters:
            known = [one for one in of_texters if one is not None]
            reachable = set(self._desk.conn.execute(_REACHABLE, {"those": known}).scalars())
            self._desk.erased |= any(one not in reachable for one in of_texters)

    def overdue(self, by: timedelta) -> int:
        """How many should have been deleted by the carrier so long ago and are not."""
        found = self._desk.conn.execute(_OVERDUE, {"before": self._desk.now - by}).scalar()
        return int(found or 0)

    def _opened(self, row: AnyRow, until: datetime) -> Removal:
        medium = Medium(row.medium)
        copy, at = None, start_of_day(row.created_day)
        try:
            key = self._desk.unwrapped(Owner.COPY, row.id, kid=row.kid, wrapped=row.wrapped)
            opened = self._desk.vault.open(key, place_of(row.id, medium), row.sealed)
            copy, at = copy_of(unpack(Trace, opened.body), medium), opened.at
        except SealBroken as broken:  # what nobody can open nobody can delete
            if row.attempts == 0:
                self._desk.notice(broken)
        return Removal(
            id=row.id,
            side=Side(row.side),
            medium=medium,
            conversation=None if row.conversation is None else ConversationId(row.conversation),
            copy=copy,
            at=at,
            attempts=row.attempts + 1,
            slipped=row.standing == SLIPPED,
            until=until,
        )
