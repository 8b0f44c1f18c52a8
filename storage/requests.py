"""What waits for a second person: asked once, answered once, by a number that only those see who may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import Select, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.foureyes import RequestKind
from bot.people import ContactId, ConversationId, StaffId
from bot.redact import Secret
from storage.desk import AnyRow, Desk, insert_into
from storage.line import LINE_ID
from storage.payloads import pack, text_of, unpack, written
from storage.tables import day_of, hour_of, requests, tallies
from storage.vault import Label, Owner, Place, canon

KEPT: Final = timedelta(days=1)
"""After its end, so that a late answer is told that it is late."""
_FIRST, _NUMBERS = 10_000, 90_000
_DAY_HOURS: Final = 24


class RequestState(StrEnum):
    """ASKED waits. The others are ends, and there is one for each request."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    LAPSED = "lapsed"


class _What(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: requests.sealed. It never holds an address."""

    number: str
    contact: bytes | None = None
    conversation: bytes | None = None
    code: str = ""
    reader: str = ""
    reason: bytes = b""
    approving: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """`by` asked, from her contact `contact` (None: on the command line). `reader`: a key's.

    `number` refuses it and takes it back; `approving` approves it, and is shown to those alone who may: the asker must
    not have it, for the sender of an SMS can be forged. Five digits each.
    """

    id: bytes
    kind: RequestKind
    by: StaffId
    state: RequestState
    due_at: datetime
    number: str = field(repr=False)
    approving: str = field(repr=False)
    contact: ContactId | None = None
    conversation: ConversationId | None = None
    code: str = ""
    reader: str = ""
    reason: Secret[str] = field(default_factory=lambda: Secret(""))


_ALL = select(requests).order_by(requests.c.due_at, requests.c.id)
_OPEN = _ALL.where(requests.c.state == RequestState.ASKED.value)
_DUE = _OPEN.where(requests.c.due_at <= bindparam("now"))
_SETTLE = update(requests).where(
    requests.c.id == bindparam("of"), requests.c.state == RequestState.ASKED.value
)
_OLD = delete(requests).where(
    requests.c.due_at <= bindparam("before"), requests.c.state != RequestState.ASKED.value
)


@cache
def _one_more(*, shared: bool) -> postgresql.Insert | sqlite.Insert:
    new = insert_into(tallies, shared=shared)
    return new.on_conflict_do_update(index_elements=["label"], set_={"number": tallies.c.number + 1})


class Requests:
    """Requests, under the line's own key."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(
        self,
        kind: RequestKind,
        by: StaffId,
        *,
        valid: timedelta,
        contact: ContactId | None = None,
        conversation: ConversationId | None = None,
        code: str = "",
        reader: str = "",
        reason: Secret[str] | None = None,
    ) -> Request:
        """A new request with two numbers that no other has."""
        desk = self._desk
        desk.conn.execute(_OLD, {"before": desk.now - KEPT})
        taken = {number for one in self.all() for number in (one.number, one.approving)}
        number = self._number(taken)
        approving = self._number(taken | {number})
        request_id = desk.chance.id()
        why = written(reason.reveal()) if reason else b""
        what = _What(number, contact, conversation, code, reader, why, approving)
        key = desk.own_key(Owner.LINE, LINE_ID)
        row: dict[str, Any] = {
            "id": request_id,
            "kind": kind.value,
            "staff": by,
            "state": RequestState.ASKED.value,
            "due_at": desk.now + valid,
        }
        row["sealed"] = desk.vault.seal(key, _place(row), pack(what), desk.now)
        desk.conn.execute(requests.insert(), row)
        return _made(request_id, kind, by, RequestState.ASKED, desk.now + valid, what)

    def _number(self, taken: set[str]) -> str:
        while (number := str(_FIRST + self._desk.chance.below(_NUMBERS))) in taken:
            pass
        return number

    def all(self) -> list[Request]:
        """Those that wait, and those that have ended lately."""
        return self._list(_ALL)

    def waiting(self) -> list[Request]:
        """Those without an answer, the first due first."""
        return self._list(_OPEN)

    def due(self) -> list[Request]:
        """Those without an answer whose time has run out."""
        return self._list(_DUE)

    def by_number(self, number: str) -> Request | None:
        """The one of this number, whichever of its two it is."""
        return next((one for one in self.all() if number in (one.number, one.approving)), None)

    def settle(self, request: Request, state: RequestState) -> bool:
        """Gives it its one end; False when somebody else was quicker."""
        desk = self._desk
        row = {
            "id": request.id,
            "kind": request.kind.value,
            "staff": request.by,
            "state": state.value,
            "due_at": request.due_at,
        }
        key = desk.own_key(Owner.LINE, LINE_ID)
        sealed = desk.vault.seal(key, _place(row), pack(_what(request)), desk.now)
        done = _SETTLE.values(state=state.value, sealed=sealed)
        return desk.conn.execute(done, {"of": request.id}).rowcount == 1

    def guessed(self, staff_id: StaffId) -> int:
        """Counts a wrong number; how many that person has texted today (UTC)."""
        row = {
            "label": self._guesses(staff_id)[0],
            "hour": hour_of(self._desk.now) + _DAY_HOURS,
            "number": 1,
        }
        self._desk.conn.execute(_one_more(shared=self._desk.shared), row)
        return self.guesses(staff_id)

    def guesses(self, staff_id: StaffId) -> int:
        """How many wrong numbers that person has texted today (UTC)."""
        counted = select(tallies.c.number).where(tallies.c.label.in_(self._guesses(staff_id)))
        return self._desk.conn.execute(counted).scalar() or 0

    def _guesses(self, staff_id: StaffId) -> tuple[bytes, ...]:
        value = canon(b"guess", b"%d" % staff_id, b"%d" % day_of(self._desk.now))
        return self._desk.vault.labels(Label.RATE, "", value)

    def _list(self, statement: Select[Any]) -> list[Request]:
        """The rows; one that was changed is none, so that it can neither grant anything nor stop the others."""
        return self._desk.opened(statement, self._opened, {"now": self._desk.now})

    def _opened(self, row: AnyRow) -> Request:
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        what = unpack(_What, self._desk.vault.open(key, _place(row._mapping), row.sealed).body)
        return _made(
            row.id, RequestKind(row.kind), StaffId(row.staff), RequestState(row.state), row.due_at, what
        )


def _made(
    request_id: bytes, kind: RequestKind, by: StaffId, state: RequestState, due_at: datetime, what: _What
) -> Request:
    return Request(
        id=request_id,
        kind=kind,
        by=by,
        state=state,
        due_at=due_at,
        number=what.number,
        approving=what.approving or what.number,
        contact=None if what.contact is None else ContactId(what.contact),
        conversation=None if what.conversation is None else ConversationId(what.conversation),
        code=what.code,
        reader=what.reader,
        reason=Secret(text_of(what.reason)),
    )


def _what(request: Request) -> _What:
    return _What(
        request.number,
        request.contact,
        request.conversation,
        request.code,
        request.reader,
        written(request.reason.reveal()),
        request.approving,
    )


def _place(row: Mapping[Any, Any]) -> Place:
    """What it is for, who asked, how it stands and until when are part of it: nobody can grant it in the database."""
    bound = f"{row['kind']} {row['staff']} {row['state']} {row['due_at'].isoformat()}"
    return Place("requests.sealed", Owner.LINE, LINE_ID, row["id"], direction=bound)
