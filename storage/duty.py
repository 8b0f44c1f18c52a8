"""Who was on call: the past as it was, whatever becomes of the rota. Nothing in it is ever changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, insert, select

from bot.errors import SealBroken, Stale
from bot.people import StaffId
from storage.desk import Desk
from storage.line import LINE_ID, LineRoom
from storage.payloads import pack, unpack
from storage.tables import day_of, duty
from storage.vault import Owner, Place

_UNTIL: Final = "duty"
"""The name under which the line remembers up to which instant the past is written."""
LONGEST: Final = timedelta(days=1)
"""A stretch is written in pieces no longer than this, so that a day's rows are found by their day."""

_WITHIN = (
    select(duty).where(duty.c.day >= bindparam("first"), duty.c.day <= bindparam("last")).order_by(duty.c.id)
)
_INSERT = insert(duty).inline()


@dataclass(frozen=True, slots=True)
class Duty:
    """`staff` was on call in `schedule` within [start, end)."""

    staff: StaffId
    schedule: str
    start: datetime
    end: datetime


class _When(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: duty.sealed."""

    schedule: str
    start: datetime
    end: datetime


class DutyRoom:
    """The log, under the line's own key."""

    def __init__(self, desk: Desk, line: LineRoom) -> None:
        self._desk = desk
        self._line = line

    def until(self) -> datetime | None:
        """Up to where the past is written; None before it was ever begun."""
        value = self._line.get(_UNTIL)
        return datetime.fromisoformat(value) if value else None

    def write(self, served: Iterable[Duty], *, since: datetime | None, until: datetime) -> None:
        """Appends what happened from `since` (as `until()` said) until then. Stale when another has just done so."""
        if not self._line.swap(_UNTIL, None if since is None else since.isoformat(), until.isoformat()):
            raise Stale("The past has just been written by somebody else.")
        for one in served:
            start = one.start
            while start < one.end:
                end = min(start + LONGEST, one.end)
                self._add(Duty(one.staff, one.schedule, start, end))
                start = end

    def within(self, start: datetime, end: datetime) -> list[Duty]:
        """Who was on call within [start, end), cut to it, as far as it is written; as it was written down."""
        params = {"first": day_of(start), "last": day_of(end + LONGEST)}
        found = []
        for row in self._desk.conn.execute(_WITHIN, params).all():
            try:
                key = self._desk.own_key(Owner.LINE, LINE_ID)
                opened = self._desk.vault.open(key, _place(row.staff, row.day), row.sealed)
                when = unpack(_When, opened.body)
            except SealBroken as broken:
                self._desk.notice(broken)
                continue
            first, last = max(when.start, start), min(when.end, end)
            if first < last:
                found.append(Duty(StaffId(row.staff), when.schedule, first, last))
        return found

    def _add(self, one: Duty) -> None:
        day = day_of(one.end)
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        body = pack(_When(one.schedule, one.start, one.end))
        row: dict[str, Any] = {
            "staff": one.staff,
            "day": day,
            "sealed": self._desk.vault.seal(key, _place(one.staff, day), body, self._desk.now),
        }
        self._desk.conn.execute(_INSERT, row)


def _place(staff_id: int, day: int) -> Place:
    """Who it was is part of it."""
    return Place("duty.sealed", Owner.LINE, LINE_ID, staff_id.to_bytes(16, "big"), sequence=day)
