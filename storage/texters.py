"""Where texters are reached: one contact a conversation, the route to the newest, and all of one address's."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select, update

from bot.conversation import State
from bot.errors import SealBroken, Stale
from bot.messages import Address
from bot.people import ContactId, ConversationId
from storage import addresses
from storage.addresses import Book
from storage.desk import AnyRow, Desk
from storage.tables import conversations, texter_contacts
from storage.vault import Label, Owner

_ROUTE = texter_contacts.c.route_label.in_(bindparam("labels", expanding=True))
_HOLDER = (
    select(texter_contacts.c.id, conversations.c.state)
    .join_from(texter_contacts, conversations, conversations.c.id == texter_contacts.c.conversation)
    .where(_ROUTE)
)
_LEAVE = update(texter_contacts).where(_ROUTE).values(route_label=None)
_SEALED = select(texter_contacts.c.sealed).where(texter_contacts.c.id == bindparam("of"))
_FADE = (
    update(texter_contacts)
    .where(texter_contacts.c.conversation == bindparam("of"))
    .values(route_label=None, sealed=b"")
)
_UNROUTE = (
    update(texter_contacts).where(texter_contacts.c.conversation == bindparam("of")).values(route_label=None)
)
_FORGET = delete(texter_contacts).where(texter_contacts.c.conversation == bindparam("of"))
_OPEN = frozenset({State.WAITING.value, State.TALKING.value})


class Texters:
    """Addresses of texters. Only `address` opens one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def clear_route(self, address: Address) -> None:
        """The route leaves an older, ended conversation; Stale when an open one has it: somebody was quicker."""
        labels = {"labels": self.routes(address)}
        holders = self._desk.conn.execute(_HOLDER, labels).all()
        if any(row.state in _OPEN for row in holders):
            raise Stale("This address has an open conversation.")
        if holders:
            self._desk.conn.execute(_LEAVE, labels)

    def add(self, contact: ContactId, conversation: ConversationId, address: Address) -> None:
        """The conversation's contact, with the route to it; Stale when somebody else laid one at this moment."""
        self._desk.new_key(Owner.CONTACT, contact)
        row = {
            "id": contact,
            "conversation": conversation,
            "route_label": self.routes(address)[0],
            "erase_label": self.erasers(address)[0],
            "sealed": addresses.sealed(self._desk, Book.TEXTER, contact, address),
        }
        if not self._desk.put_once(texter_contacts, row):
            raise Stale("This address has a conversation since a moment ago.")

    def address(self, contact: ContactId, medium: str) -> Address:
        """The address, opened; SealBroken when it has been forgotten."""
        sealed: bytes | None = self._desk.conn.execute(_SEALED, {"of": contact}).scalar()
        if not sealed:
            raise SealBroken("An address is gone.").at("texter_contacts.sealed", Owner.CONTACT, contact)
        key = self._desk.key(Owner.CONTACT, contact)
        return addresses.opened(self._desk, Book.TEXTER, contact, medium=medium, sealed=sealed, key=key)

    def verify(self, row: AnyRow, address: Address) -> None:
        """That the route leads to a conversation of this address: whoever changes labels would otherwise have one
        texter's words answered to another. SealBroken when it does not, or the address does not open."""
        if self._of(row).place != address.place or row.texter not in (None, row.contact):
            raise SealBroken("A route leads to somebody else.").at(
                "texter_contacts.route_label", Owner.CONTACT, row.contact
            )

    def erasable(self, row: AnyRow, address: Address) -> bool:
        """Whether DELETE from this address may reach it: not when the address that it has is another's. One that was
        forgotten, or does not open, is known by its label alone."""
        try:
            if not row.contact_sealed or self._of(row).place == address.place:
                return True
        except SealBroken as broken:
            self._desk.notice(broken)
            return True
        where = ("texter_contacts.erase_label", Owner.CONTACT, row.contact)
        self._desk.notice(SealBroken("A label leads to somebody else's conversation.").at(*where))
        return False

    def _of(self, row: AnyRow) -> Address:
        """The address that a look-up by label brought along."""
        key = self._desk.unwrapped(
            Owner.CONTACT, row.contact, kid=row.contact_kid, wrapped=row.contact_wrapped
        )
        return addresses.opened(
            self._desk, Book.TEXTER, row.contact, medium=row.medium, sealed=row.contact_sealed, key=key
        )

    def unroute(self, conversation: ConversationId) -> None:
        """Nothing that she writes leads to it any more."""
        self._desk.conn.execute(_UNROUTE, {"of": conversation})

    def fade(self, conversation: ConversationId, contact: ContactId) -> None:
        """Address and route are gone, and the key with them. The label by which she can erase the conversation stays as
        long as there is anything to erase."""
        self._desk.conn.execute(_FADE, {"of": conversation})
        self._desk.forget_keys(Owner.CONTACT, [contact])

    def forget(self, conversation: ConversationId, contact: ContactId | None) -> None:
        """Address, route and label of this conversation are gone, and the key with them."""
        self._desk.conn.execute(_FORGET, {"of": conversation})
        if contact is not None:
            self._desk.forget_keys(Owner.CONTACT, [contact])

    def routes(self, address: Address) -> tuple[bytes, ...]:
        """The labels by which the newest conversation of an address is found."""
        return self._desk.vault.labels(Label.ROUTE, address.medium, address.place.reveal())

    def erasers(self, address: Address) -> tuple[bytes, ...]:
        """The labels by which all conversations of an address are found."""
        return self._desk.vault.labels(Label.ERASE, address.medium, address.place.reveal())
