"""The public halves of the supervisors' keys: to whom a closed conversation is sealed, and to whom no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, delete, exists, select, update

from bot.people import StaffId
from storage.box import SupervisorKey
from storage.desk import AnyRow, Desk
from storage.staff import StaffRoom
from storage.tables import archive_keys, day_of, envelopes
from storage.vault import Owner


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
_THIS = update(archive_keys).where(archive_keys.c.reader == bindparam("of"))
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
        """Every key there ever was, by whose it is; a proposed one whose time has come is active."""
        return [self._key(row) for row in self._desk.conn.execute(_ALL)]

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
        return self._desk.put_once(archive_keys, row)

    def activate(self, reader: str) -> None:
        """A proposed key is sealed to from now on."""
        waiting = _THIS.where(archive_keys.c.standing == KeyStanding.PROPOSED.value)
        self._desk.conn.execute(
            waiting.values(standing=KeyStanding.ACTIVE.value, due_at=None), {"of": reader}
        )

    def end(self, reader: str) -> int:
        """Nothing is sealed to it any more, and what others can read as well is taken from it; how many of those.

        What nobody else could open stays: an ended key must not erase what only it can read.
        """
        self._desk.conn.execute(_THIS.values(standing=KeyStanding.ENDED.value, due_at=None), {"of": reader})
        others = [one.reader for one in self.standing() if one.reader != reader]
        if not others:
            return 0
        spared: int = self._desk.conn.execute(_SPARE, {"of": reader, "others": others}).rowcount
        # Whoever stole the key may have a backup as well: the rotation takes the epoch layer away from under it.
        self._desk.erased = self._desk.erased or spared > 0
        return spared

    def _key(self, row: AnyRow) -> ArchiveKey:
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
