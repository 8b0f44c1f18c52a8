"""When somebody has said that she is away: it warns, and never changes the rota by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, delete, insert, select

from bot.errors import SealBroken
from bot.people import StaffId
from storage.desk import Desk
from storage.payloads import pack, unpack
from storage.tables import aways
from storage.vault import Owner, Place


@dataclass(frozen=True, slots=True)
class Away:
    """`staff` is away within [start, end)."""

    id: bytes
    staff: StaffId
    start: datetime
    end: datetime


class _Since(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: aways.sealed. The end too, so that nobody can move it."""

    start: datetime
    end: datetime


_COMING = select(aways).where(aways.c.until > bindparam("now")).order_by(aways.c.until)
_HERS = _COMING.where(aways.c.staff == bindparam("of"))
_GONE = delete(aways).where(aways.c.id == bindparam("of"))
_INSERT = insert(aways).inline()


class Aways:
    """Absences, under the key of who is away."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(self, staff_id: StaffId, start: datetime, end: datetime) -> Away:
        """She is away then."""
        row: dict[str, Any] = {"id": self._desk.chance.id(), "staff": staff_id, "until": end}
        key = self._desk.key(Owner.STAFF, staff_id.to_bytes(16, "big"))
        body = pack(_Since(start, end))
        row["sealed"] = self._desk.vault.seal(key, _place(staff_id, row["id"]), body, self._desk.now)
        self._desk.conn.execute(_INSERT, row)
        return Away(row["id"], staff_id, start, end)

    def coming(self) -> list[Away]:
        """All that are not over, the first to end first."""
        return self._list(_COMING)

    def of(self, staff_id: StaffId) -> list[Away]:
        """Hers that are not over."""
        return self._list(_HERS, of=staff_id)

    def drop(self, away: Away) -> bool:
        """She is there after all; False when it was gone already."""
        return self._desk.conn.execute(_GONE, {"of": away.id}).rowcount == 1

    def _list(self, statement: Select[Any], **params: object) -> list[Away]:
        found = []
        for row in self._desk.conn.execute(statement, {"now": self._desk.now, **params}).all():
            try:
                key = self._desk.key(Owner.STAFF, row.staff.to_bytes(16, "big"))
                opened = self._desk.vault.open(key, _place(row.staff, row.id), row.sealed)
                since = unpack(_Since, opened.body)
            except SealBroken as broken:
                self._desk.notice(broken)
                continue
            found.append(Away(row.id, StaffId(row.staff), since.start, since.end))
        return found


def _place(staff_id: int, away_id: bytes) -> Place:
    return Place("aways.sealed", Owner.STAFF, staff_id.to_bytes(16, "big"), away_id)
