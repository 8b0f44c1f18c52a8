"""Who has asked never to be written to: blind labels only, so that it outlives every address."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select

from bot.messages import Address
from storage.desk import Desk
from storage.tables import optouts
from storage.vault import Label

_ANY = optouts.c.label.in_(bindparam("labels", expanding=True))
_HAS = select(optouts.c.label).where(_ANY).limit(1)
_REMOVE = delete(optouts).where(_ANY)


class OptOuts:
    """Those who said STOP, whichever of our numbers or bots they said it to."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(self, address: Address) -> None:
        """Nothing is sent to this address any more; harmless when repeated."""
        label = self._desk.vault.label(Label.OPTOUT, address.medium, address.place.reveal())
        self._desk.put_once(optouts, {"label": label})

    def remove(self, address: Address) -> bool:
        """She may be written to again; False if she was never out."""
        return self._desk.conn.execute(_REMOVE, {"labels": self._labels(address)}).rowcount > 0

    def has(self, address: Address) -> bool:
        """Whether she is out."""
        return self._desk.conn.execute(_HAS, {"labels": self._labels(address)}).first() is not None

    def _labels(self, address: Address) -> tuple[bytes, ...]:
        return self._desk.vault.labels(Label.OPTOUT, address.medium, address.place.reveal())
