"""How far each bot's updates have been read."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from storage.desk import Desk
from storage.tables import offsets

_GET = select(offsets.c.next_offset).where(offsets.c.bot == bindparam("of"))
_FORWARD = (
    update(offsets)
    .where(offsets.c.bot == bindparam("of"), offsets.c.next_offset < bindparam("next"))
    .values(next_offset=bindparam("next"))
)


class Offsets:
    """The next update to ask each bot's carrier for, stored in the transaction that stores the updates before it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, bot: str) -> int | None:
        """The next offset, None before the first."""
        found: int | None = self._desk.conn.execute(_GET, {"of": bot}).scalar()
        return found

    def set(self, bot: str, next_offset: int) -> None:
        """Moves on; never backwards, so that a late writer repeats nothing."""
        if not self._desk.put_once(offsets, {"bot": bot, "next_offset": next_offset}):
            self._desk.conn.execute(_FORWARD, {"of": bot, "next": next_offset})
