"""Who is not let in for a while: blind labels and an end, so that a block outlives every address."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Final

import msgspec
from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.messages import Address
from storage.desk import Desk, insert_into
from storage.line import LineRoom
from storage.tables import blocks
from storage.vault import Label

NAME: Final = "blocks"
"""Under this name the line remembers, sealed, which case code each block was made by: a supervisor lifts it by the
code, also when the address has long been forgotten."""

_ANY = blocks.c.label.in_(bindparam("labels", expanding=True))
_UNTIL = select(func.max(blocks.c.until)).where(_ANY, blocks.c.until > bindparam("now"))
_LIFT = delete(blocks).where(_ANY)


@cache
def _block(*, shared: bool) -> postgresql.Insert | sqlite.Insert:
    """Inserts the block; a later wish about the same contact replaces the earlier one."""
    new = insert_into(blocks, shared=shared)
    return new.on_conflict_do_update(index_elements=["label"], set_={"until": new.excluded.until})


class _Made(msgspec.Struct, frozen=True, array_like=True):
    """One block as the line remembers it."""

    code: str
    label: bytes
    until: datetime


class Blocks:
    """Blocks by contact. Whoever adds or lifts one writes into the audit trail before it, in the same transaction:
    that keeps two at once apart."""

    def __init__(self, desk: Desk, line: LineRoom) -> None:
        self._desk = desk
        self._line = line

    def add(self, address: Address, *, code: str, until: datetime) -> None:
        """Nobody is let in from this address until then; `code` lifts it."""
        label = self._desk.vault.label(Label.BLOCK, address.medium, address.place.reveal())
        row = {"label": label, "until": until}
        self._desk.conn.execute(_block(shared=self._desk.shared), row)
        kept = [one for one in self._made() if label != one.label and one.code != code]
        self._keep([*kept, _Made(code, label, until)])

    def made_by(self, code: str) -> bool:
        """Whether there is a block that this code lifts."""
        return any(one.code == code for one in self._made())

    def lift(self, code: str) -> bool:
        """The block that this code made is over; False when there is none."""
        made = self._made()
        labels = [one.label for one in made if one.code == code]
        if not labels:
            return False
        self._keep([one for one in made if one.code != code])
        return self._desk.conn.execute(_LIFT, {"labels": labels}).rowcount > 0

    def until(self, address: Address) -> datetime | None:
        """When the block of this address ends; None without one, and once it has ended."""
        labels = self._desk.vault.labels(Label.BLOCK, address.medium, address.place.reveal())
        params = {"labels": labels, "now": self._desk.now}
        found: datetime | None = self._desk.conn.execute(_UNTIL, params).scalar()
        return found

    def _made(self) -> list[_Made]:
        value = self._line.get(NAME)
        found = msgspec.json.decode(value, type=list[_Made]) if value else []
        return [one for one in found if one.until > self._desk.now]

    def _keep(self, made: list[_Made]) -> None:
        self._line.set(NAME, msgspec.json.encode(made).decode())
