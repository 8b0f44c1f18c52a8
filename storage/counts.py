"""How often something happened in a day, on the whole line: a fixed word of ours and a number."""

from __future__ import annotations

from functools import cache

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.desk import Desk, insert_into
from storage.tables import counts, day_of

_OF = select(counts.c.number).where(counts.c.day == bindparam("on"), counts.c.name == bindparam("of"))


@cache
def _add(*, shared: bool) -> postgresql.Insert | sqlite.Insert:
    new = insert_into(counts, shared=shared)
    return new.on_conflict_do_update(
        index_elements=["day", "name"], set_={"number": counts.c.number + new.excluded.number}
    )


class Counts:
    """Numbers a day."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(self, name: str, by: int = 1) -> None:
        """It has happened; `name`: a fixed word of ours."""
        row = {"day": day_of(self._desk.now), "name": name, "number": by}
        self._desk.conn.execute(_add(shared=self._desk.shared), row)

    def today(self, name: str) -> int:
        """How often, today (UTC)."""
        params = {"on": day_of(self._desk.now), "of": name}
        found: int | None = self._desk.conn.execute(_OF, params).scalar()
        return found or 0
