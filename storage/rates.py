"""What happens at most once a day to one address: blind labels and a day."""

from __future__ import annotations

from functools import cache

from sqlalchemy.dialects import postgresql, sqlite

from bot.messages import Address
from storage.desk import Desk, insert_into
from storage.tables import day_of, rates
from storage.vault import Label, canon


@cache
def _mark(*, shared: bool) -> postgresql.Insert | sqlite.Insert:
    """Inserts the day, or moves it on; no row is touched when it is today's already."""
    new = insert_into(rates, shared=shared)
    return new.on_conflict_do_update(
        index_elements=["label"], set_={"day": new.excluded.day}, where=rates.c.day < new.excluded.day
    )


class Rates:
    """Limits on what the line says by itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def first_today(self, purpose: str, address: Address) -> bool:
        """Whether this is the first time today (UTC) for this purpose; it counts from now on."""
        value = canon(purpose.encode(), address.place.reveal().encode("utf-8", "surrogatepass"))
        return self._first(address.medium, value)

    def first_today_of_all(self, purpose: str) -> bool:
        """The same for what is said once a day whomever it is about."""
        return self._first("", canon(purpose.encode()))

    def _first(self, medium: str, value: bytes) -> bool:
        label = self._desk.vault.label(Label.RATE, medium, value)
        row = {"label": label, "day": day_of(self._desk.now)}
        return self._desk.conn.execute(_mark(shared=self._desk.shared), row).rowcount == 1
