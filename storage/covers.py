"""Requests for cover and swaps, by number; who takes one has it, whoever else says OK at the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select, update

from bot.changes import Status
from bot.covers import Cover, Deal
from bot.people import StaffId
from storage.desk import AnyRow, Desk
from storage.line import LINE_ID
from storage.payloads import pack, text_of, unpack, written
from storage.tables import covers
from storage.vault import Owner, Place

AT_ONCE: Final = 100
"""Requests in one look of the clock."""
_LIVE: Final = (Status.OPEN.value, Status.TAKEN.value)

_ALL = select(covers)
_ONE = _ALL.where(covers.c.number == bindparam("of"))
_STANDING = _ALL.where(covers.c.due_at > bindparam("now"), covers.c.state.in_(_LIVE)).order_by(
    covers.c.due_at, covers.c.number
)
_COMING = _ALL.where(covers.c.due_at > bindparam("now")).order_by(covers.c.due_at, covers.c.number)
_DUE = (
    select(covers)
    .where(covers.c.due_at <= bindparam("now"), covers.c.state == Status.OPEN.value)
    .order_by(covers.c.due_at)
    .limit(AT_ONCE)
)
_SETTLE = update(covers).where(covers.c.number == bindparam("of"), covers.c.state == bindparam("was"))


class _Terms(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: covers.sealed."""

    deal: str
    schedule: str
    start: datetime
    end: datetime
    wanted: tuple[datetime, datetime] | None = None
    returned: tuple[datetime, datetime] | None = None
    by: int | None = None
    asked: tuple[int, ...] = ()
    taker: int | None = None
    decided: datetime | None = None
    note: bytes = b""
    left: tuple[tuple[int, tuple[datetime, datetime] | None], ...] = ()


class Covers:
    """Requests, under the line's own key."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(self, cover: Cover) -> Cover:
        """A new request; it comes back with its number."""
        # The number is part of what is sealed, so the row is there before its seal is.
        row = {"staff": cover.giver, "state": cover.status.value, "due_at": cover.due_at, "sealed": b""}
        number = self._desk.conn.execute(covers.insert().returning(covers.c.number), row).scalar_one()
        numbered = replace(cover, number=number)
        self._desk.conn.execute(
            update(covers).where(covers.c.number == bindparam("of")).values(sealed=self._sealed(numbered)),
            {"of": number},
        )
        return numbered

    def get(self, number: int) -> Cover | None:
        """The one of this number, whatever became of it."""
        return next(iter(self._desk.opened(_ONE, self._opened, {"of": number})), None)

    def standing(self) -> list[Cover]:
        """Those open or taken whose time has not come, the next first."""
        return self._desk.opened(_STANDING, self._opened, {"now": self._desk.now})

    def coming(self) -> list[Cover]:
        """Those whose time has not come, whatever became of them, the next first."""
        return self._desk.opened(_COMING, self._opened, {"now": self._desk.now})

    def due(self) -> list[Cover]:
        """Those still open although their time has come, a hundred at most."""
        return self._desk.opened(_DUE, self._opened, {"now": self._desk.now})

    def settle(self, cover: Cover, after: Cover) -> bool:
        """The request as it stands now; False, and nothing changed, when it no longer is as `cover` was."""
        values = {"state": after.status.value, "due_at": after.due_at, "sealed": self._sealed(after)}
        params = {"of": cover.number, "was": cover.status.value}
        return self._desk.conn.execute(_SETTLE.values(**values), params).rowcount == 1

    def _sealed(self, cover: Cover) -> bytes:
        terms = _Terms(
            cover.deal.value,
            cover.schedule,
            cover.start,
            cover.end,
            cover.wanted,
            cover.returned,
            cover.by,
            cover.asked,
            cover.taker,
            cover.decided,
            written(cover.note),
            cover.left,
        )
        row = {
            "number": cover.number,
            "staff": cover.giver,
            "state": cover.status.value,
            "due_at": cover.due_at,
        }
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        return self._desk.vault.seal(key, _place(row), pack(terms), self._desk.now)

    def _opened(self, row: AnyRow) -> Cover:
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        terms = unpack(_Terms, self._desk.vault.open(key, _place(row._mapping), row.sealed).body)
        return Cover(
            number=row.number,
            deal=Deal(terms.deal),
            giver=StaffId(row.staff),
            schedule=terms.schedule,
            start=terms.start,
            end=terms.end,
            status=Status(row.state),
            due_at=row.due_at,
            wanted=terms.wanted,
            returned=terms.returned,
            by=None if terms.by is None else StaffId(terms.by),
            asked=tuple(map(StaffId, terms.asked)),
            taker=None if terms.taker is None else StaffId(terms.taker),
            decided=terms.decided,
            note=text_of(terms.note),
            left=tuple((StaffId(one), back) for one, back in terms.left),
        )


def _place(row: Mapping[Any, Any]) -> Place:
    """Whose shift, how it stands and until when are part of it: nobody is put on call in the database."""
    bound = f"{row['staff']} {row['state']} {row['due_at'].isoformat()}"
    return Place("covers.sealed", Owner.LINE, LINE_ID, row["number"].to_bytes(16, "big"), direction=bound)
