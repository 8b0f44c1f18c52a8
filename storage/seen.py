"""Which messages of a carrier have come in before: blind labels only."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from bot.people import Medium
from bot.redact import Secret
from storage.desk import Desk
from storage.tables import day_of, seen
from storage.vault import Label, canon

_KNOWN = select(seen.c.label).where(seen.c.label.in_(bindparam("those", expanding=True)))


class Seen:
    """A repeated webhook or update is harmless: the second time is told from the first, also when both come at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def knows(self, medium: Medium, via: str, provider_ids: Iterable[Secret[str]]) -> bool:
        """Whether any of these has come in before."""
        labels = [label for one in provider_ids for label in self._labels(medium, via, one)]
        return self._desk.conn.execute(_KNOWN, {"those": labels}).first() is not None

    def first(self, medium: Medium, via: str, provider_id: Secret[str]) -> bool:
        """Whether this is the first time; it is remembered together with what the transaction makes of it."""
        label, *before = self._labels(medium, via, provider_id)
        if before and self._desk.conn.execute(_KNOWN, {"those": before}).first() is not None:
            return False
        return self._desk.put_once(seen, {"label": label, "day": day_of(self._desk.now)})

    def _labels(self, medium: Medium, via: str, provider_id: Secret[str]) -> tuple[bytes, ...]:
        value = canon(via.encode(), provider_id.reveal().encode("utf-8", "surrogatepass"))
        return self._desk.vault.labels(Label.SEEN, medium, value)
