"""Which processes serve this database, what they know of the epochs, and the keys that are on their way to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, bindparam, delete, or_, select, update

from storage.desk import Desk
from storage.parcels import Host
from storage.tables import hosts, parcels

HEARD: Final = timedelta(seconds=15)
"""A process that was silent for longer is not waited for."""
FORGOTTEN: Final = timedelta(hours=1)
"""A process that was silent for longer has ended, or asks anew."""
REMEMBERED: Final = timedelta(days=30)
"""So long a keyring file is remembered that nobody has opened: it may still have a key that has ended."""
_PLACE: Final = b""
"""Instead of a public key: the row is not of a process, but of the keyring file in one place."""

_PROCESS = hosts.c.public != _PLACE
_HEARD = select(hosts).where(_PROCESS, hosts.c.heard_at > bindparam("since"), hosts.c.id != bindparam("but"))
_UNHEARD = (
    select(hosts.c.heard_at)
    .where(hosts.c.public == _PLACE, hosts.c.heard_at < bindparam("since"))
    .order_by(hosts.c.heard_at)
)
_HERE = (
    update(hosts)
    .where(hosts.c.id == bindparam("of"))
    .values(heard_at=bindparam("now"), knows=bindparam("newest"))
)
_SILENT = delete(hosts).where(
    or_(
        and_(_PROCESS, hosts.c.heard_at < bindparam("before")),
        hosts.c.heard_at < bindparam("long_before", type_=hosts.c.heard_at.type),
    )
)
_LEFT = delete(hosts).where(hosts.c.id == bindparam("of"))
_MINE = select(parcels.c.kid, parcels.c.sealed).where(parcels.c.host == bindparam("of"))
_OLD = delete(parcels).where(parcels.c.kid == bindparam("of"))


class Hosts:
    """The processes on PostgreSQL that serve, or ask for a key. On SQLite all of them read the one keyring file."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def many(self) -> bool:
        """Whether there can be other hosts at all."""
        return self._desk.shared

    def publish(self, host: Host) -> None:
        """This one is here, and knows so much; whoever has been silent for long is forgotten."""
        now = self._desk.now
        self._desk.conn.execute(_SILENT, {"before": now - FORGOTTEN, "long_before": now - REMEMBERED})
        row = {
            "id": host.id,
            "public": host.public,
            "proof": host.proof,
            "heard_at": now,
            "knows": host.knows,
        }
        if not self._desk.put_once(hosts, row):
            self._desk.conn.execute(_HERE, {"of": host.id, "now": now, "newest": host.knows})

    def note(self, place: bytes) -> None:
        """Somebody has just looked after the keyring file in this place: what has ended is not in it any more."""
        now = self._desk.now
        row = {"id": place, "public": _PLACE, "proof": b"", "heard_at": now, "knows": None}
        if not self._desk.put_once(hosts, row):
            self._desk.conn.execute(_HERE, {"of": place, "now": now, "newest": None})

    def silent(self, since: datetime) -> tuple[datetime, ...]:
        """When the keyring files were looked after last that nobody has since: one each, the longest ago first."""
        before = min(since, self._desk.now - HEARD)
        return tuple(self._desk.conn.execute(_UNHEARD, {"since": before}).scalars())

    def leave(self, host_id: bytes) -> None:
        """It is not here any more, and what was on its way to it is gone."""
        self._desk.conn.execute(_LEFT, {"of": host_id})

    def others(self, host_id: bytes) -> list[Host]:
        """The other processes that were heard of lately."""
        rows = self._desk.conn.execute(_HEARD, {"since": self._desk.now - HEARD, "but": host_id})
        return [Host(row.id, row.public, row.proof, row.knows) for row in rows]

    def parcels(self, host_id: bytes) -> list[tuple[bytes, bytes]]:
        """What has been sent to it: key ids and sealed keys."""
        return [(row.kid, row.sealed) for row in self._desk.conn.execute(_MINE, {"of": host_id})]

    def send(self, sent: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        """Parcels: to which host, the key of which epoch, sealed. Of two for one key the first counts."""
        known = set(self._desk.conn.execute(select(hosts.c.id)).scalars())
        for host_id, kid, sealed in sent:
            if host_id in known:
                self._desk.put_once(parcels, {"host": host_id, "kid": kid, "sealed": sealed})

    def ended(self, kid: bytes) -> None:
        """Nobody needs the key of this epoch any more."""
        self._desk.conn.execute(_OLD, {"of": kid})
