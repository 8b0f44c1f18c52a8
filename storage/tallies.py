"""How often something happened in an hour or a day: a blind label and a number, forgotten after two days.

The label holds who it is about and which hour or day it is, so that nobody sees which contact writes how much.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from functools import cache

from sqlalchemy import Executable, bindparam, func, select

from storage.desk import Desk, insert_into
from storage.tables import day_of, hour_of, tallies
from storage.vault import Label, canon


class Span(Enum):
    """What is counted together: a clock hour or a day, UTC."""

    HOUR = "hour"
    DAY = "day"


_NUMBER = select(func.max(tallies.c.number)).where(tallies.c.label.in_(bindparam("labels", expanding=True)))


@cache
def _add(*, shared: bool) -> Executable:
    new = insert_into(tallies, shared=shared)
    return new.on_conflict_do_update(
        index_elements=["label"], set_={"number": tallies.c.number + new.excluded.number}
    ).returning(tallies.c.number)


class Tallies:
    """Counters by purpose and value. `value`: a number, a prefix, or "" for the whole line."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(self, purpose: str, value: str = "", *, span: Span, by: int = 1) -> int:
        """Counts it; how often it has happened in this span now, this time included."""
        now = self._desk.now
        label = self._desk.vault.label(Label.RATE, "tally", _canon(purpose, value, span, now))
        row = {"label": label, "hour": hour_of(now), "number": by}
        found: int = self._desk.conn.execute(_add(shared=self._desk.shared), row).scalar_one()
        return found

    def number(self, purpose: str, value: str = "", *, span: Span, at: datetime | None = None) -> int:
        """How often it has happened in the span of `at` (now)."""
        said = _canon(purpose, value, span, at or self._desk.now)
        labels = self._desk.vault.labels(Label.RATE, "tally", said)
        found: int | None = self._desk.conn.execute(_NUMBER, {"labels": labels}).scalar()
        return found or 0

    def first(self, purpose: str, value: str = "", *, span: Span = Span.DAY) -> bool:
        """Whether this is the first time in the span; it counts from now on."""
        return self.add(purpose, value, span=span) == 1


def _canon(purpose: str, value: str, span: Span, at: datetime) -> bytes:
    which = hour_of(at) if span is Span.HOUR else day_of(at)
    parts = (purpose, value, span.value, str(which))
    return canon(*(part.encode("utf-8", "surrogatepass") for part in parts))
