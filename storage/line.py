"""What the line remembers about itself, sealed: the names of its bots and the like."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select, update

from storage.desk import Desk
from storage.payloads import text_of, written
from storage.tables import line
from storage.vault import Owner, Place

LINE_ID: Final = bytes(16)
"""There is one line in a database."""

_GET = select(line.c.sealed).where(line.c.name == bindparam("of"))
_SET = update(line).where(line.c.name == bindparam("of")).values(sealed=bindparam("value"))


class LineRoom:
    """A few values by name, under the line's own key."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, name: str) -> str | None:
        """The value, None when there is none."""
        sealed: bytes | None = self._desk.conn.execute(_GET, {"of": name}).scalar()
        if sealed is None:
            return None
        key = self._desk.key(Owner.LINE, LINE_ID)
        return text_of(self._desk.vault.open(key, _place(name), sealed).body)

    def set(self, name: str, value: str) -> None:
        """Stores or replaces the value."""
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        sealed = self._desk.vault.seal(key, _place(name), written(value), self._desk.now)
        if not self._desk.put_once(line, {"name": name, "sealed": sealed}):
            self._desk.conn.execute(_SET, {"of": name, "value": sealed})

    def swap(self, name: str, before: str | None, value: str) -> bool:
        """Replaces the value if it still is `before` (None: there is none); False, and nothing changed, otherwise."""
        sealed: bytes | None = self._desk.conn.execute(_GET, {"of": name}).scalar()
        key = self._desk.own_key(Owner.LINE, LINE_ID)
        new = self._desk.vault.seal(key, _place(name), written(value), self._desk.now)
        if sealed is None:
            return before is None and self._desk.put_once(line, {"name": name, "sealed": new})
        if text_of(self._desk.vault.open(key, _place(name), sealed).body) != before:
            return False
        swapped = _SET.where(line.c.sealed == bindparam("was"))
        return self._desk.conn.execute(swapped, {"of": name, "value": new, "was": sealed}).rowcount == 1


def _place(name: str) -> Place:
    return Place("line.sealed", Owner.LINE, LINE_ID, name.encode())
