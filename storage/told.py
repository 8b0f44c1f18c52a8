"""What was said once about one shift, one gap, one week: blind labels, so that a second process, or the same one after
a crash, does not say it again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select

from storage.desk import Desk
from storage.tables import day_of, told
from storage.vault import Label, canon

_KNOWN = select(told.c.label).where(told.c.label.in_(bindparam("those", expanding=True)))
SPARE: Final = timedelta(days=2)
"""Kept longer than it matters, whatever clocks do meanwhile."""


class Told:
    """Marks. Each is forgotten two days after `until`: by then what it is about is over."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def first(self, what: str, *about: str, until: datetime) -> bool:
        """Whether this has not been said yet; from now on it has. Also when two processes ask at once."""
        label, *before = self._labels(what, about)
        if before and self._desk.conn.execute(_KNOWN, {"those": before}).first() is not None:
            return False
        return self._desk.put_once(told, {"label": label, "day": day_of(until + SPARE)})

    def known(self, what: str, *about: str) -> bool:
        """Whether it has been said."""
        return self._desk.conn.execute(_KNOWN, {"those": self._labels(what, about)}).first() is not None

    def _labels(self, what: str, about: tuple[str, ...]) -> tuple[bytes, ...]:
        value = canon(what.encode(), *(one.encode("utf-8", "surrogatepass") for one in about))
        return self._desk.vault.labels(Label.TOLD, "", value)
