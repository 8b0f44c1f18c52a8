"""Who did what, without content: entries in a chain, so that one that was changed or taken out is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam, delete, func, select

from bot.errors import SealBroken, Stale
from bot.people import ConversationId, StaffId
from storage.desk import Desk
from storage.line import LINE_ID, LineRoom
from storage.payloads import pack, unpack
from storage.tables import audit, day_of
from storage.vault import FIRST_LINK, Opened, Owner, Place

_ENDS: Final = "audit"
"""The name under which the line remembers where the chain begins and ends."""
_ROWS = select(audit).where(audit.c.id > bindparam("after")).order_by(audit.c.id).limit(bindparam("most"))
_LAST = select(func.max(audit.c.id))
_ONE = select(audit.c.link).where(audit.c.id == bindparam("of"))
_FORGET = delete(audit).where(audit.c.id <= bindparam("to"))
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `what`: fixed words of ours ("staff removed"); `detail`: a number, a date, a reason: no content of a
    conversation, no address. `by`: who did it, as far as the program knows."""

    number: int
    at: datetime
    what: str
    by: StaffId | None
    conversation: ConversationId | None
    detail: str


class _Written(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: audit.sealed."""

    what: str
    by: int | None = None
    conversation: bytes | None = None
    detail: str = ""


class _Ends(msgspec.Struct, frozen=True):
    """Where the chain begins (the last entry that was forgotten by time) and ends."""

    first: int = 0
    first_link: bytes = FIRST_LINK
    last: int = 0
    last_link: bytes = FIRST_LINK


class Audit:
    """The trail. Only `forget` takes anything out, from its beginning."""

    def __init__(self, desk: Desk, line: LineRoom) -> None:
        self._desk = desk
        self._line = line

    def add(
        self,
        what: str,
        *,
        by: StaffId | None = None,
        conversation: ConversationId | None = None,
        detail: str = "",
    ) -> None:
        """Appends an entry, in the transaction that does what it tells. Stale when somebody else did so just now.

        A broken trail goes on behind its break: nobody may keep a colleague on the line by tampering with it.
        """
        ends = self._ends_or_none() or _Ends()
        entry = _Written(what, by, conversation, detail)
        if self._append(ends, ends.last + 1, entry):
            return
        if self._ends_or_none() not in (None, ends):
            raise Stale("The trail has a newer entry.")
        last: int = self._desk.conn.execute(_LAST).scalar() or 0
        if not self._append(ends, last + 1, entry):
            raise Stale("The trail has a newer entry.")

    def _append(self, ends: _Ends, number: int, entry: _Written) -> bool:
        """Writes it at this number; False when that is taken."""
        desk = self._desk
        key = desk.own_key(Owner.LINE, LINE_ID)
        sealed = desk.vault.seal(key, _place(number), pack(entry), desk.now)
        link = desk.vault.link(key, ends.last_link, _row_id(number), sealed)
        row = {"id": number, "day": day_of(desk.now), "sealed": sealed, "link": link}
        if not desk.put_once(audit, row):
            return False
        self._keep(msgspec.structs.replace(ends, last=number, last_link=link))
        return True

    def note(
        self,
        what: str,
        *,
        by: StaffId | None = None,
        conversation: ConversationId | None = None,
        detail: str = "",
    ) -> None:
        """The same, of what must happen even if the trail does not open: then that is noticed in its place."""
        try:
            self.add(what, by=by, conversation=conversation, detail=detail)
        except SealBroken as broken:
            self._desk.notice(broken)

    def entries(self, *, last: int | None = None) -> Iterator[Entry]:
        """All entries, or the last so many, oldest first. SealBroken when one is missing, changed, moved or put back;
        what came before it has been handed out then."""
        ends = self._ends()
        after, before = ends.first, ends.first_link
        if last is not None and ends.last - last > after:
            after = ends.last - last
            before = self._desk.conn.execute(_ONE, {"of": after}).scalar() or FIRST_LINK
        for entry, _ in self._chain(ends, after, before):
            yield entry

    def _chain(self, ends: _Ends, after: int, before: bytes) -> Iterator[tuple[Entry, bytes]]:
        """Each entry behind this one with its link; SealBroken at the first that is not as it was written."""
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        while rows := self._desk.conn.execute(_ROWS, {"after": after, "most": _AT_ONCE}).all():
            for row in rows:
                if row.id != after + 1:
                    raise _broken("An entry of the audit trail is missing.", after + 1)
                if self._desk.vault.link(key, before, _row_id(row.id), row.sealed) != row.link:
                    raise _broken("An entry of the audit trail was changed or moved.", row.id)
                opened = self._desk.vault.open(key, _place(row.id), row.sealed)
                if row.day != day_of(opened.at):
                    raise _broken("The day of an entry of the audit trail was changed.", row.id)
                yield _entry(row.id, opened), row.link
                after, before = row.id, row.link
        if after != ends.last or before != ends.last_link:
            raise _broken("The newest entry of the audit trail is not the last that was written.", after)

    def verify(self) -> bool:
        """Whether the whole chain is as it was written."""
        try:
            for _ in self.entries():
                pass
        except SealBroken:
            return False
        return True

    def forget(self, before_day: int) -> int:
        """Entries of days before this one are gone, from the beginning of the chain up to the first that is younger;
        how many, at most so many at once. A trail with a break is not shortened: what is left of it is evidence.

        What counts is the sealed time: the column in the clear is anybody's who can write into the database. One that
        was written while the clock was wrong takes no neighbour along, and goes with the next one that is old.
        """
        ends = self._ends()
        to, link = self._old(ends, before_day)
        if to <= ends.first:
            return 0
        self._desk.conn.execute(_FORGET, {"to": to})
        self._keep(msgspec.structs.replace(ends, first=to, first_link=link))
        return to - ends.first

    def _old(self, ends: _Ends, before_day: int) -> tuple[int, bytes]:
        """The last entry that is old enough, and its link."""
        to, link = ends.first, ends.first_link
        today = day_of(self._desk.now)
        try:
            for entry, its in self._chain(ends, ends.first, ends.first_link):
                day = day_of(entry.at)
                if before_day <= day <= today or entry.number > ends.first + _AT_ONCE:
                    break
                if day < before_day:
                    to, link = entry.number, its
        except SealBroken as broken:
            self._desk.notice(broken)
            return ends.first, ends.first_link
        return to, link

    def _ends(self) -> _Ends:
        value = self._line.get(_ENDS)
        return msgspec.json.decode(value, type=_Ends) if value else _Ends()

    def _ends_or_none(self) -> _Ends | None:
        try:
            return self._ends()
        except SealBroken as broken:
            self._desk.notice(broken)
            return None

    def _keep(self, ends: _Ends) -> None:
        self._line.set(_ENDS, msgspec.json.encode(ends).decode())


def _entry(number: int, opened: Opened) -> Entry:
    said = unpack(_Written, opened.body)
    return Entry(
        number=number,
        at=opened.at,
        what=said.what,
        by=None if said.by is None else StaffId(said.by),
        conversation=None if said.conversation is None else ConversationId(said.conversation),
        detail=said.detail,
    )


def _broken(what: str, number: int) -> SealBroken:
    return SealBroken(what).at("audit.link", Owner.LINE, LINE_ID, _row_id(number))


def _row_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def _place(number: int) -> Place:
    return Place("audit.sealed", Owner.LINE, LINE_ID, _row_id(number), sequence=number)
