"""How often what happened, by day: numbers without anybody in them. They outlive everything that they count."""

from __future__ import annotations

from collections import Counter
from functools import cache

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.desk import Desk, insert_into
from storage.tables import counts, day_of

_OF = select(counts.c.number).where(counts.c.day == bindparam("on"), counts.c.name == bindparam("of"))
_SUMS = (
    select(counts.c.name, func.sum(counts.c.number).label("number"))
    .where(counts.c.day >= bindparam("since"))
    .group_by(counts.c.name)
    .order_by(counts.c.name)
)


@cache
def _add(*, shared: bool) -> postgresql.Insert | sqlite.Insert:
    new = insert_into(counts, shared=shared)
    return new.on_conflict_do_update(
        index_elements=["day", "name"], set_={"number": counts.c.number + new.excluded.number}
    )


class Counts:
    """What a thought has counted is written at its end: everybody adds to the same few rows, so nobody may hold one
    while he waits for something else."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._new: Counter[str] = Counter()

    def add(self, name: str, by: int = 1) -> None:
        """It has happened; `name`: a fixed word of ours."""
        self._new[name] += by

    def flush(self) -> None:
        """Writes what was counted, in one order for everybody."""
        day = day_of(self._desk.now)
        for name, number in sorted(self._new.items()):
            row = {"day": day, "name": name, "number": number}
            self._desk.conn.execute(_add(shared=self._desk.shared), row)
        self._new.clear()

    def today(self, name: str) -> int:
        """How often, today (UTC)."""
        params = {"on": day_of(self._desk.now), "of": name}
        found: int | None = self._desk.conn.execute(_OF, params).scalar()
        return (found or 0) + self._new[name]

    def since(self, day: int) -> dict[str, int]:
        """The sums from that day (since 1970) on."""
        self.flush()
        return {row.name: int(row.number) for row in self._desk.conn.execute(_SUMS, {"since": day})}
