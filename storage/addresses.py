"""Addresses at rest: each under the key of its one contact, so that forgetting it is forgetting that key."""

from __future__ import annotations

from enum import StrEnum

from bot.errors import SealBroken
from bot.messages import Address
from bot.people import Medium
from bot.redact import Secret
from storage.desk import Desk
from storage.payloads import Whereabouts, pack, unpack
from storage.vault import Key, Owner, Place


class Book(StrEnum):
    """Where an address stands."""

    STAFF = "staff_contacts.sealed"
    TEXTER = "texter_contacts.sealed"


def sealed(desk: Desk, book: Book, contact: bytes, address: Address, *, staff: int | None = None) -> bytes:
    """The address under the contact's key, which exists already; of a staff contact together with whose it is."""
    body = pack(Whereabouts(address.place.reveal(), address.via, staff))
    key = desk.key(Owner.CONTACT, contact)
    return desk.vault.seal(key, _place(book, contact, address.medium), body, desk.now)


def opened(
    desk: Desk,
    book: Book,
    contact: bytes,
    *,
    medium: str,
    sealed: bytes,
    key: Key,
    staff: int | None = None,
) -> Address:
    """The address in the clear: for the moment of sending, or of asking the carrier. SealBroken also when it stands in
    the row of somebody else than `staff`."""
    where = unpack(Whereabouts, desk.vault.open(key, _place(book, contact, medium), sealed).body)
    if staff is not None and where.staff not in (None, staff):
        raise SealBroken("A contact was given to somebody else.").at(book.value, Owner.CONTACT, contact)
    return Address(Medium(medium), Secret(where.place), where.via)


def _place(book: Book, contact: bytes, medium: str) -> Place:
    return Place(book.value, Owner.CONTACT, contact, contact, direction=medium)
