"""Work that recurs and is done by one process at a time: when each is due, and who does it now."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, case, or_, select, update

from storage.desk import Desk
from storage.tables import Instant, chores


class Chore(StrEnum):
    """What recurs."""

    ROTATE = "rotate"
    SWEEP = "sweep"
    ROSTER = "roster"


LONGEST_LEASE = timedelta(minutes=10)
"""A lease that seems to last longer was given before the clock was set back: it has ended."""

_THIS = chores.c.name == bindparam("of")
_DUE_AT = select(chores.c.due_at).where(_THIS)
_FREE = or_(
    chores.c.until.is_(None),
    chores.c.until <= bindparam("now"),
    chores.c.until > bindparam("longest"),
    chores.c.holder == bindparam("mine"),
)
_TAKE = update(chores).where(_THIS, _FREE)
_IF_DUE = or_(
    chores.c.due_at <= bindparam("now"),
    chores.c.due_at > bindparam("latest"),
    chores.c.holder.is_not(None),  # and its lease has run out, or it is mine: it was begun and never done
)
_HASTEN = update(chores).where(_THIS, chores.c.due_at > bindparam("at")).values(due_at=bindparam("at"))
_MINE = update(chores).where(_THIS, chores.c.holder == bindparam("mine"))


class Chores:
    """Each chore has one row; a process that dies at it is followed by another when its lease has run out."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def due_at(self, chore: Chore) -> datetime | None:
        """When it is to be done next; None before it was ever due."""
        found: datetime | None = self._desk.conn.execute(_DUE_AT, {"of": chore.value}).scalar()
        return found

    def hasten(self, chore: Chore, at: datetime) -> None:
        """It is due then, or earlier if it was already."""
        row = {"name": chore.value, "due_at": at, "holder": None, "until": None}
        if not self._desk.put_once(chores, row):
            self._desk.conn.execute(_HASTEN, {"of": chore.value, "at": at})

    def take(
        self, chore: Chore, *, holder: bytes, lease: timedelta, every: timedelta, due_only: bool = True
    ) -> bool:
        """Whether it is due, nobody does it, and it is the holder's now. `every`: how long it may rest, so that a due
        time further away, from before the clock was set back, counts as due. Repeated by the holder it renews.

        Meanwhile it is due after `every`: so `done` sees whether it was hastened since it was taken."""
        now = self._desk.now
        row = {"name": chore.value, "due_at": now + every, "holder": None, "until": None}
        self._desk.put_once(chores, row)
        statement = _TAKE.where(_IF_DUE) if due_only else _TAKE
        params = {
            "of": chore.value,
            "now": now,
            "longest": now + LONGEST_LEASE,
            "latest": now + every,
            "mine": holder,
        }
        made = statement.values(holder=holder, until=now + min(lease, LONGEST_LEASE), due_at=now + every)
        return self._desk.conn.execute(made, params).rowcount == 1

    def renew(self, chore: Chore, *, holder: bytes, lease: timedelta) -> bool:
        """The holder goes on; False when it has been taken for dead and another has taken over."""
        made = _MINE.values(until=self._desk.now + min(lease, LONGEST_LEASE))
        return self._desk.conn.execute(made, {"of": chore.value, "mine": holder}).rowcount == 1

    def done(self, chore: Chore, *, holder: bytes, next_at: datetime) -> bool:
        """It has been done and is due again then, or earlier if it was hastened since it was taken; False when another
        has taken over meanwhile."""
        soonest = case(
            (chores.c.due_at < next_at, chores.c.due_at), else_=bindparam("next", next_at, Instant)
        )
        made = _MINE.values(holder=None, until=None, due_at=soonest)
        return self._desk.conn.execute(made, {"of": chore.value, "mine": holder}).rowcount == 1

    def give_back(self, chore: Chore, *, holder: bytes) -> None:
        """It is still due, and anybody may do it."""
        made = _MINE.values(holder=None, until=None, due_at=self._desk.now)
        self._desk.conn.execute(made, {"of": chore.value, "mine": holder})
