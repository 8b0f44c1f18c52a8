"""Every version of the rota, sealed; nothing is ever overwritten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from bot.errors import SealBroken, Stale
from storage.desk import Desk
from storage.line import LINE_ID, LineRoom
from storage.payloads import Version, pack, unpack
from storage.tables import rotas
from storage.vault import Owner, Place

_NEWEST = "rota"
"""The name under which the line remembers the newest version: one that is taken away is missed."""
_VERSION = select(func.max(rotas.c.version))
_CURRENT = select(rotas.c.version, rotas.c.sealed).where(rotas.c.version == _VERSION.scalar_subquery())

_FIRST = select(rotas.c.version, rotas.c.sealed).order_by(rotas.c.version).limit(1)
_VERSIONS = select(rotas.c.version, rotas.c.sealed).order_by(rotas.c.version.desc()).limit(bindparam("last"))


@dataclass(frozen=True, slots=True)
class Accepted:
    """One version of the rota: `document` as rotafile.encode wrote it, `by` whom ("7", a staff id, or "command line"),
    and when it was saved."""

    number: int
    document: bytes
    by: str
    at: datetime


class RotaRoom:
    """The rota file as it was accepted, under the line's own key; the caller decodes it."""

    def __init__(self, desk: Desk, line: LineRoom) -> None:
        self._desk = desk
        self._line = line
        self._touched = False

    @property
    def touched(self) -> bool:
        """Whether this thought has saved a version: until it is committed nobody may remember it."""
        return self._touched

    def version(self) -> int:
        """Counts the versions: 0 before the first."""
        return self._desk.conn.execute(_VERSION).scalar() or 0

    def current(self) -> bytes | None:
        """The newest document, None before the first."""
        found = self.newest()
        return None if found is None else found.document

    def newest(self) -> Accepted | None:
        """The newest version, None before the first. SealBroken when it was changed or taken away."""
        newest = int(self._line.get(_NEWEST) or 0)  # first: meanwhile there may be a newer one
        row = self._desk.conn.execute(_CURRENT).first()
        if newest > (row.version if row else 0):
            raise SealBroken("The newest rota is missing.").at("rotas.sealed", Owner.LINE, LINE_ID)
        if row is None:
            return None
        return self._opened(row.version, row.sealed)

    def versions(self, last: int) -> list[Accepted]:
        """The newest `last` versions, the oldest of them first. SealBroken when one was changed."""
        rows = self._desk.conn.execute(_VERSIONS, {"last": last}).all()
        return [self._opened(row.version, row.sealed) for row in reversed(rows)]

    def begun(self) -> datetime | None:
        """When the first version was saved; None before. SealBroken when it was changed."""
        first = self.first()
        return None if first is None else first.at

    def first(self) -> Accepted | None:
        """The first version; None before. SealBroken when it was changed."""
        row = self._desk.conn.execute(_FIRST).first()
        return None if row is None else self._opened(row.version, row.sealed)

    def _opened(self, number: int, sealed: bytes) -> Accepted:
        key = self._desk.key(Owner.LINE, LINE_ID)
        opened = self._desk.vault.open(key, _place(number), sealed)
        version = unpack(Version, opened.body)
        return Accepted(number, version.document, version.by, opened.at)

    def save(self, document: bytes, *, by: str) -> int:
        """Appends a document and who brought it; its version. Stale when somebody else saved one at this moment."""
        version = self.version() + 1
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        sealed = self._desk.vault.seal(key, _place(version), pack(Version(document, by)), self._desk.now)
        if not self._desk.put_once(rotas, {"version": version, "sealed": sealed}):
            raise Stale("The rota has a newer version.")
        self._line.set(_NEWEST, str(version))
        self._touched = True
        return version


def _place(version: int) -> Place:
    return Place("rotas.sealed", Owner.LINE, LINE_ID, version.to_bytes(16, "big"), sequence=version)
