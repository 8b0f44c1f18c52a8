"""Which epochs there are, and from the old ones to the new: a batch of envelopes at a time, each wrapped anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, exists, func, select, text, update

from bot.errors import SealBroken
from storage.desk import AnyRow, Desk
from storage.hosts import Hosts
from storage.tables import envelopes, epochs, erasures
from storage.vault import Envelope, Owner

BATCH: Final = 256
"""Envelopes in one transaction: some milliseconds, which a text that comes in meanwhile has to wait."""

_KIDS = select(epochs.c.kid).order_by(epochs.c.kid)
_COUNTS = select(envelopes.c.kid, func.count().label("number")).group_by(envelopes.c.kid)
_SOME = select(envelopes).where(envelopes.c.kid == bindparam("old")).limit(bindparam("most"))
_SWAP = (
    update(envelopes)
    .where(
        envelopes.c.owner == bindparam("of"),
        envelopes.c.owner_id == bindparam("of_id"),
        envelopes.c.reader == bindparam("by"),
        envelopes.c.kid == bindparam("old"),
        envelopes.c.wrapped == bindparam("was"),
    )
    .values(kid=bindparam("new"), wrapped=bindparam("made"))
)
_LOCK = select(epochs.c.kid).where(epochs.c.kid == bindparam("of")).with_for_update()
_IN_USE = select(exists().where(envelopes.c.kid == bindparam("of")))
_SCHEMA = text("SELECT version_num FROM alembic_version")
_ERASURES = select(erasures.c.id, erasures.c.day).where(erasures.c.day >= bindparam("since"))
_END = delete(epochs).where(epochs.c.kid == bindparam("of"), ~exists().where(envelopes.c.kid == epochs.c.kid))


@dataclass(frozen=True, slots=True)
class Moved:
    """How many envelopes a batch has taken up, and how many of them do not open any more."""

    number: int
    broken: int


class Rotation:
    """The epochs' rows. An envelope refers to one of them, so that none can be wrapped under an epoch that is gone."""

    def __init__(self, desk: Desk, hosts: Hosts) -> None:
        self._desk = desk
        self._hosts = hosts

    def kids(self) -> tuple[bytes, ...]:
        """The key ids of all epochs, oldest first."""
        return tuple(self._desk.conn.execute(_KIDS).scalars())

    def add(self, kid: bytes) -> None:
        """From now on envelopes may refer to it."""
        self._desk.put_once(epochs, {"kid": kid})

    def counts(self) -> Mapping[bytes, int]:
        """How many envelopes each epoch has that has any. As a whole: for an operator, or once a rotation."""
        return {row.kid: row.number for row in self._desk.conn.execute(_COUNTS)}

    def in_use(self, kid: bytes) -> bool:
        """Whether an envelope refers to it."""
        return bool(self._desk.conn.execute(_IN_USE, {"of": kid}).scalar())

    def rewrap(self, old: bytes) -> Moved:
        """Takes a batch of envelopes of this epoch over to the active one, but those that somebody is changing now.

        UnknownEpoch without the old key. An envelope that does not open is opened by nobody, ever: it is taken along as
        it is, for it must not keep an epoch alive under which somebody's erased words still open.
        """
        return self._take_over(old, _SOME.with_for_update(skip_locked=True) if self._desk.shared else _SOME)

    def end(self, old: bytes) -> tuple[Moved, bool]:
        """Takes over what is left, and the epoch's row is gone; False while too much is left for one transaction.

        Whoever wraps under it at this moment waits, and learns then that it is gone: nobody who writes all the time
        under an old key can keep it alive.
        """
        if self._desk.shared:
            self._desk.conn.execute(_LOCK, {"of": old})
        moved = self._take_over(old, _SOME.with_for_update() if self._desk.shared else _SOME)
        ended = self._desk.conn.execute(_END, {"of": old}).rowcount == 1
        if ended:
            self._hosts.ended(old)
        return moved, ended

    def schema(self) -> str:
        """The revision of the tables: a capsule says to which Greenroom it belongs."""
        found = self._desk.conn.execute(_SCHEMA).scalar()
        return "" if found is None else str(found)

    def erasures(self, since: int = 0) -> dict[bytes, int]:
        """Ids of what was erased on this day or later, and each day: some thousand at most, and swept by time."""
        return {row.id: row.day for row in self._desk.conn.execute(_ERASURES, {"since": since})}

    def _take_over(self, old: bytes, some: Select[Any]) -> Moved:
        rows = self._desk.conn.execute(some, {"old": old, "most": BATCH}).all()
        if not rows:
            return Moved(0, 0)
        made = [self._anew(row) for row in rows]
        swaps = [
            {
                "of": row.owner,
                "of_id": row.owner_id,
                "by": row.reader,
                "old": old,
                "was": row.wrapped,
                "new": self._desk.vault.active,
                "made": wrapped or row.wrapped,
            }
            for row, wrapped in zip(rows, made, strict=True)
        ]
        self._desk.conn.execute(_SWAP, swaps)
        return Moved(len(rows), made.count(None))

    def _anew(self, row: AnyRow) -> bytes | None:
        envelope = Envelope(row.kid, row.wrapped, row.reader)
        try:
            return self._desk.vault.rewrap(envelope, Owner(row.owner), row.owner_id).wrapped
        except (SealBroken, ValueError):  # a ValueError: an owner in the clear that none of ours has written
            return None
