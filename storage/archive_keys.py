"""The public halves of the supervisors' keys: to whom a closed conversation is sealed, and to whom no more."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, delete, exists, select, update

from bot.people import StaffId
from storage.box import SupervisorKey
from storage.desk import AnyRow, Desk
from storage.line import LINE_ID
from storage.staff import StaffRoom
from storage.tables import archive_keys, day_of, envelopes
from storage.vault import Owner, Place


class KeyStanding(StrEnum):
    """PROPOSED waits for a second admin, or for its time. ACTIVE is sealed to. ENDED never again."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ArchiveKey:
    """One supervisor's public half. `due_at`: when a proposed one becomes active by itself."""

    reader: str
    staff: StaffId
    public: bytes
    standing: KeyStanding
    due_at: datetime | None
    created_day: int

    @property
    def half(self) -> SupervisorKey:
        """To seal to."""
        return SupervisorKey(self.public)


_ALL = select(archive_keys).order_by(archive_keys.c.staff, archive_keys.c.reader)
_ONE = select(archive_keys).where(archive_keys.c.reader == bindparam("of"))
_SAVE = update(archive_keys).where(archive_keys.c.reader == bindparam("of"))
_OTHERS = envelopes.alias()
_SPARE = delete(envelopes).where(
    envelopes.c.owner == Owner.CONVERSATION.value,
    envelopes.c.reader == bindparam("of"),
    exists().where(
        _OTHERS.c.owner == envelopes.c.owner,
        _OTHERS.c.owner_id == envelopes.c.owner_id,
        _OTHERS.c.reader.in_(bindparam("others", expanding=True)),
    ),
)


class ArchiveKeys:
    """The register of supervisors' keys. The server has public halves only."""

    def __init__(self, desk: Desk, staff: StaffRoom) -> None:
        self._desk = desk
        self._staff = staff

    def all(self) -> list[ArchiveKey]:
        """Every key there ever was, by whose it is; a proposed one whose time has come is active.

        A row that was not written here, or was changed since, is none: nobody can put a key into the database by hand.
        """
        return self._desk.opened(_ALL, self._key)

    def standing(self) -> list[ArchiveKey]:
        """Those that are sealed to: active, of people who are on the line and supervisors."""
        supervisors = {person.id for person in self._staff.everyone() if person.is_supervisor}
        return [one for one in self.all() if one.standing is KeyStanding.ACTIVE and one.staff in supervisors]

    def active(self) -> list[SupervisorKey]:
        """The public halves to seal to, always in the same order."""
        return [one.half for one in self.standing()]

    def of(self, staff_id: StaffId) -> list[ArchiveKey]:
        """Hers that have not ended."""
        return [one for one in self.all() if one.staff == staff_id and one.standing is not KeyStanding.ENDED]

    def add(
        self, staff_id: StaffId, half: SupervisorKey, public: bytes, *, due_at: datetime | None = None
    ) -> bool:
        """A new key: active, or proposed until `due_at`. False when this key has been on the line before."""
        standing = KeyStanding.ACTIVE if due_at is None else KeyStanding.PROPOSED
        row = {
            "reader": half.reader,
            "staff": staff_id,
            "public": public,
            "standing": standing.value,
            "due_at": due_at,
            "created_day": day_of(self._desk.now),
        }
        return self._desk.put_once(archive_keys, {**row, "sealed": self._proof(row)})

    def activate(self, reader: str) -> None:
        """A proposed key is sealed to from now on."""
        self._stand(reader, KeyStanding.ACTIVE, but=KeyStanding.ENDED)

    def end(self, reader: str) -> int:
        """Nothing is sealed to it any more, and what others can read as well is taken from it; how many of those.

        What nobody else could open stays: an ended key must not erase what only it can read.
        """
        self._stand(reader, KeyStanding.ENDED)
        others = [one.reader for one in self.standing() if one.reader != reader]
        if not others:
            return 0
        spared: int = self._desk.conn.execute(_SPARE, {"of": reader, "others": others}).rowcount
        # Whoever stole the key may have a backup as well: the rotation takes the epoch layer away from under it.
        self._desk.erased = self._desk.erased or spared > 0
        return spared

    def _stand(self, reader: str, standing: KeyStanding, *, but: KeyStanding | None = None) -> None:
        """Gives a key another standing; one that stands at `but` keeps it. SealBroken: the row was not written here."""
        row = self._desk.conn.execute(_ONE, {"of": reader}).first()
        if row is None or row.standing == but:
            return
        if standing is KeyStanding.ACTIVE:
            self._key(row)
        made = {**row._mapping, "standing": standing.value, "due_at": None}
        saved = _SAVE.values(standing=standing.value, due_at=None, sealed=self._proof(made))
        self._desk.conn.execute(saved, {"of": reader})

    def _proof(self, row: Mapping[str, Any]) -> bytes:
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        return self._desk.vault.seal(key, _place(row), b"", self._desk.now)

    def _key(self, row: AnyRow) -> ArchiveKey:
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        self._desk.vault.open(key, _place(row._mapping), row.sealed)
        standing = KeyStanding(row.standing)
        if standing is KeyStanding.PROPOSED and row.due_at is not None and row.due_at <= self._desk.now:
            standing = KeyStanding.ACTIVE
        return ArchiveKey(
            reader=row.reader,
            staff=StaffId(row.staff),
            public=row.public,
            standing=standing,
            due_at=row.due_at,
            created_day=row.created_day,
        )


def _place(row: Mapping[Any, Any]) -> Place:
    """All that stands in the row is part of it: whose, which, since when, and whether it counts."""
    name = hashlib.sha256(row["reader"].encode("utf-8", "surrogatepass")).digest()[:16]
    due = "" if row["due_at"] is None else row["due_at"].isoformat()
    public = hashlib.sha256(row["public"]).hexdigest()
    bound = f"{row['reader']} {row['staff']} {row['standing']} {due} {row['created_day']} {public}"
    return Place("archive_keys.sealed", Owner.LINE, LINE_ID, name, direction=bound)
