"""After a change of the pepper: labels are made anew where what they stand for can be opened."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select, update

from bot.errors import SealBroken
from bot.people import ContactId
from storage.desk import Desk
from storage.staff import StaffRoom
from storage.tables import conversations, texter_contacts
from storage.texters import Texters

BATCH: Final = 200
"""Addresses opened in one transaction."""

_TEXTERS = (
    select(
        texter_contacts.c.id,
        texter_contacts.c.route_label,
        texter_contacts.c.erase_label,
        conversations.c.medium,
    )
    .join_from(texter_contacts, conversations, conversations.c.id == texter_contacts.c.conversation)
    .where(texter_contacts.c.id > bindparam("after"), texter_contacts.c.sealed != b"")
    .order_by(texter_contacts.c.id)
    .limit(BATCH)
)
_ANEW = update(texter_contacts).where(
    texter_contacts.c.id == bindparam("of"), texter_contacts.c.erase_label == bindparam("was")
)


class Relabel:
    """Texters' routes and staff. What stands for somebody whose address is gone cannot be made anew: opt-outs, blocks,
    the labels by which a sealed conversation is erased. They are found while the previous pepper is there."""

    def __init__(self, desk: Desk, staff: StaffRoom) -> None:
        self._desk = desk
        self._staff = staff
        self._texters = Texters(desk)

    def texters(self, after: bytes) -> bytes | None:
        """The next contacts after this id; the last of them, None when there was none."""
        rows = self._desk.conn.execute(_TEXTERS, {"after": after}).all()
        for row in rows:
            try:
                address = self._texters.address(ContactId(row.id), row.medium)
            except SealBroken:
                continue
            erase, route = self._texters.erasers(address)[0], self._texters.routes(address)[0]
            if row.erase_label != erase:
                values = {"erase_label": erase, "route_label": None if row.route_label is None else route}
                self._desk.conn.execute(_ANEW.values(**values), {"of": row.id, "was": row.erase_label})
        return rows[-1].id if rows else None

    def staff(self) -> None:
        """Everybody on the line: her name and her addresses."""
        for person in self._staff.everyone():
            self._staff.relabel(person)
