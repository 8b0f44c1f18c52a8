"""Staff and their contacts: names, roles and addresses sealed, found by blind labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby

from sqlalchemy import bindparam, delete, func, select, update

from bot.errors import SealBroken
from bot.messages import Address
from bot.people import Contact, ContactId, ConversationId, Medium, QuestionId, Role, Staff, StaffId, Standing
from bot.redact import Secret
from storage import addresses
from storage.addresses import Book
from storage.desk import AnyRow, Desk, key_of, once
from storage.outbox import Outbox
from storage.payloads import Profile, pack, unpack
from storage.tables import aways, envelopes, feeds, held, offers, questions, staff, staff_contacts
from storage.vault import Key, Label, Owner, Place

_PEOPLE = (
    select(
        staff.c.id,
        staff.c.available,
        staff.c.unsettled,
        staff.c.silent,
        staff.c.sealed,
        staff_contacts.c.id.label("contact"),
        staff_contacts.c.medium,
        staff_contacts.c.standing,
        staff_contacts.c.last_from,
        staff_contacts.c.last_question,
    )
    .select_from(staff.outerjoin(staff_contacts, staff_contacts.c.staff == staff.c.id))
    .where(staff.c.removed.is_(False))
    .order_by(staff.c.id, staff_contacts.c.position)
)
_ONE = _PEOPLE.where(staff.c.id == bindparam("of"))
_BY_NAME = select(staff.c.id).where(staff.c.name_label.in_(bindparam("labels", expanding=True)))
_BY_ADDRESS = (
    select(
        staff_contacts.c.id,
        staff_contacts.c.staff,
        staff_contacts.c.medium,
        staff_contacts.c.sealed,
        envelopes.c.kid,
        envelopes.c.wrapped,
    )
    .select_from(staff_contacts.outerjoin(envelopes, key_of(Owner.CONTACT, staff_contacts.c.id)))
    .where(staff_contacts.c.address_label.in_(bindparam("labels", expanding=True)))
)
_BY_TOKEN = select(staff_contacts.c.id, staff_contacts.c.staff).where(
    staff_contacts.c.token_label.in_(bindparam("labels", expanding=True)),
    staff_contacts.c.token_until > bindparam("now"),
)
_WHOSE = select(staff_contacts.c.id, staff_contacts.c.staff).where(staff_contacts.c.id == bindparam("of"))
_CONTACTS = select(staff_contacts.c.id).where(staff_contacts.c.staff == bindparam("of"))
_COUNT = select(func.count()).select_from(staff_contacts).where(staff_contacts.c.staff == bindparam("of"))
_PLACE = select(staff_contacts.c.staff, staff_contacts.c.medium, staff_contacts.c.sealed).where(
    staff_contacts.c.id == bindparam("of")
)
_HELD = select(staff.c.id).where(staff.c.id == bindparam("of")).with_for_update(key_share=True)
_THIS = update(staff).where(staff.c.id == bindparam("of"))
_THIS_CONTACT = update(staff_contacts).where(staff_contacts.c.id == bindparam("of"))


class StaffRoom:
    """Everybody who works on the line. When one leaves her row stays, nameless, so that nobody's turn moves."""

    def __init__(self, desk: Desk, outbox: Outbox) -> None:
        self._desk = desk
        self._outbox = outbox

    def everyone(self) -> list[Staff]:
        """All who have not been removed, in the order of their ids; without those whose row does not open."""
        found = []
        for _, rows in groupby(self._desk.conn.execute(_PEOPLE).all(), key=lambda row: row.id):
            mine = list(rows)
            try:
                found.append(self._person(mine))
            except SealBroken as broken:
                # Nobody else's shift ends with hers. If she was removed a moment ago nothing is broken.
                if self._desk.conn.execute(_ONE, {"of": mine[0].id}).first() is not None:
                    self._desk.notice(broken)
        return found

    def get(self, staff_id: StaffId) -> Staff | None:
        """One who has not been removed."""
        rows = self._desk.conn.execute(_ONE, {"of": staff_id}).all()
        return self._person(rows) if rows else None

    def hold(self, staff_id: StaffId) -> None:
        """Whoever else holds her waits until this transaction is over, and sees then what it has written."""
        self._desk.conn.execute(_HELD, {"of": staff_id})

    def by_name(self, name: str) -> Staff | None:
        """The one of this name, however it is capitalised."""
        labels = self._desk.vault.labels(Label.NAME, "", _folded(name))
        found = self._desk.conn.execute(_BY_NAME, {"labels": labels}).scalar()
        person = None if found is None else self.get(StaffId(found))
        if person is not None and _folded(person.name) != _folded(name):
            raise SealBroken("A name leads to somebody else.").at(
                "staff.name_label", Owner.STAFF, _owner_id(person.id)
            )
        return person

    def by_address(self, address: Address) -> tuple[Staff, Contact] | None:
        """Who is reached there, and by which of her contacts."""
        row = self._desk.conn.execute(_BY_ADDRESS, {"labels": self._labels(address)}).first()
        if row is None:
            return None
        key = self._desk.unwrapped(Owner.CONTACT, row.id, kid=row.kid, wrapped=row.wrapped)
        found = addresses.opened(
            self._desk, Book.STAFF, row.id, medium=row.medium, sealed=row.sealed, key=key, staff=row.staff
        )
        if found.place != address.place:
            # Whoever changes labels would otherwise write with somebody else's hand.
            raise SealBroken("An address leads to somebody else.").at(
                "staff_contacts.address_label", Owner.CONTACT, row.id
            )
        return self._with_contact(row)

    def knows(self, address: Address) -> bool:
        """Whether it is anybody's, however little of her still opens."""
        return self._desk.conn.execute(_BY_ADDRESS, {"labels": self._labels(address)}).first() is not None

    def add(
        self, name: str, *, roles: frozenset[Role], languages: tuple[str, ...], zone: str = ""
    ) -> Staff | None:
        """A new staff member, without contacts; None when the name is taken, however it is capitalised."""
        if self.by_name(name) is not None:
            return None
        row = {
            "name_label": self._desk.vault.label(Label.NAME, "", _folded(name)),
            "available": True,
            "unsettled": False,
            "removed": False,
        }
        statement = once(staff, shared=self._desk.shared).returning(staff.c.id)
        new: int | None = self._desk.conn.execute(statement, row).scalar()
        if new is None:
            return None
        key = self._desk.new_key(Owner.STAFF, _owner_id(new))
        profile = Profile(name, tuple(sorted(role.value for role in roles)), languages, zone)
        self._describe(StaffId(new), key, profile)
        return self.get(StaffId(new))

    def set_zone(self, person: Staff, zone: str) -> None:
        """By whose clock she plans: an IANA zone, "" for the line's."""
        roles = tuple(sorted(role.value for role in person.roles))
        profile = Profile(person.name, roles, person.languages, zone)
        self._describe(person.id, self.key(person.id), profile)

    def _describe(self, staff_id: StaffId, key: Key, profile: Profile) -> None:
        sealed = self._desk.vault.seal(key, _place(staff_id), pack(profile), self._desk.now)
        self._change(staff_id, sealed=sealed)

    def add_contact(
        self, staff_id: StaffId, medium: Medium, address: Address | None, *, token_until: datetime | None
    ) -> tuple[Contact, Secret[str] | None] | None:
        """A further, invited contact. Without an address, with the one-time token that will bring it; only a label of
        the token is stored. None when the address is already somebody's."""
        if address is not None and self.by_address(address) is not None:
            return None
        contact = Contact(ContactId(self._desk.chance.id()), staff_id, medium, Standing.INVITED)
        token = self._desk.chance.token() if address is None else None
        row: dict[str, object] = {
            "id": contact.id,
            "staff": staff_id,
            "position": self._desk.conn.execute(_COUNT, {"of": staff_id}).scalar_one(),
            "medium": medium.value,
            "standing": Standing.INVITED.value,
            "token_until": token_until if token else None,
        }
        self._desk.new_key(Owner.CONTACT, contact.id)
        if token is not None:
            row["token_label"] = self._desk.vault.label(Label.TOKEN, "", token)
        if address is not None:
            row["address_label"] = self._labels(address)[0]
            row["sealed"] = addresses.sealed(self._desk, Book.STAFF, contact.id, address, staff=staff_id)
        if not self._desk.put_once(staff_contacts, row):
            self._desk.forget_keys(Owner.CONTACT, [contact.id])
            return None
        return contact, Secret(token) if token is not None else None

    def redeem(self, token: Secret[str], address: Address) -> tuple[Staff, Contact] | None:
        """The contact whose one-time token this is, joined now under this address; None when the token is unknown, used
        or too old, and when the address is already somebody's (the token then stays good)."""
        desk = self._desk
        labels = desk.vault.labels(Label.TOKEN, "", token.reveal().encode("utf-8", "surrogatepass"))
        row = desk.conn.execute(_BY_TOKEN, {"labels": labels, "now": desk.now}).first()
        if row is None or self.by_address(address) is not None:
            return None
        used = _THIS_CONTACT.where(staff_contacts.c.token_label.is_not(None)).values(
            token_label=None,
            token_until=None,
            address_label=self._labels(address)[0],
            sealed=addresses.sealed(desk, Book.STAFF, row.id, address, staff=row.staff),
            standing=Standing.JOINED.value,
        )
        if desk.conn.execute(used, {"of": row.id}).rowcount == 0:
            return None
        return self._with_contact(row)

    def contact(self, contact_id: ContactId) -> tuple[Contact, Staff] | None:
        """A contact and whose it is; None when it is nobody's any more."""
        row = self._desk.conn.execute(_WHOSE, {"of": contact_id}).first()
        found = None if row is None else self._with_contact(row)
        return None if found is None else (found[1], found[0])

    def address(self, contact_id: ContactId) -> Address:
        """The contact's address, opened; SealBroken when there is none."""
        row = self._desk.conn.execute(_PLACE, {"of": contact_id}).first()
        if row is None or row.sealed is None:
            raise SealBroken("A contact has no address.").at(Book.STAFF.value, Owner.CONTACT, contact_id)
        key = self._desk.key(Owner.CONTACT, contact_id)
        return addresses.opened(
            self._desk, Book.STAFF, contact_id, medium=row.medium, sealed=row.sealed, key=key, staff=row.staff
        )

    def set_standing(self, contact_id: ContactId, standing: Standing) -> None:
        """Whether the contact can be written to."""
        self._change_contact(contact_id, standing=standing.value)

    def set_last(
        self, contact_id: ContactId, conversation: ConversationId | None, question: QuestionId | None = None
    ) -> None:
        """Which conversation the last message there came from, that the carrier accepted, and what it asked."""
        self._change_contact(contact_id, last_from=conversation, last_question=question)

    def relabel(self, person: Staff) -> None:
        """Her name and her addresses are found under the current pepper."""
        self._change(person.id, name_label=self._desk.vault.label(Label.NAME, "", _folded(person.name)))
        for contact in person.contacts:
            with suppress(SealBroken):  # she has not joined yet
                self._change_contact(contact.id, address_label=self._labels(self.address(contact.id))[0])

    def set_available(self, staff_id: StaffId, available: bool) -> None:
        """ON or OFF."""
        self._change(staff_id, available=available)

    def set_unsettled(self, staff_id: StaffId, unsettled: bool) -> None:
        """Whether somebody else ended or moved a conversation of hers since her last relayed text."""
        self._change(staff_id, unsettled=unsettled)

    def set_silent(self, staff_id: StaffId, silent: bool) -> None:
        """Whether she was asked READY? and has not been heard of since."""
        self._change(staff_id, silent=silent)

    def remove(self, staff_id: StaffId) -> None:
        """Her name, addresses, keys, calendars and all that waits for her or was asked of her are gone; her id is never
        given again."""
        conn = self._desk.conn
        contacts = [ContactId(one) for one in conn.execute(_CONTACTS, {"of": staff_id}).scalars()]
        for contact in contacts:
            self._outbox.cancel_contact(contact)
        conn.execute(delete(held).where(held.c.staff == staff_id))
        conn.execute(delete(questions).where(questions.c.staff == staff_id))
        conn.execute(delete(aways).where(aways.c.staff == staff_id))
        conn.execute(delete(feeds).where(feeds.c.staff == staff_id))
        conn.execute(delete(offers).where(offers.c.staff == staff_id))
        conn.execute(delete(staff_contacts).where(staff_contacts.c.staff == staff_id))
        self._desk.forget_keys(Owner.CONTACT, contacts)
        self._desk.forget_keys(Owner.STAFF, [_owner_id(staff_id)])
        for sealed in [sealed for sealed, (whose, _) in self._desk.known.items() if whose == staff_id]:
            del self._desk.known[sealed]
        self._change(staff_id, name_label=None, sealed=None, removed=True, available=False)

    def key(self, staff_id: StaffId) -> Key:
        """Her own key: for what is held for her."""
        return self._desk.key(Owner.STAFF, _owner_id(staff_id))

    def _change(self, staff_id: StaffId, **values: object) -> None:
        self._desk.conn.execute(_THIS.values(**values), {"of": staff_id})

    def _change_contact(self, contact_id: ContactId, **values: object) -> None:
        self._desk.conn.execute(_THIS_CONTACT.values(**values), {"of": contact_id})

    def _labels(self, address: Address) -> tuple[bytes, ...]:
        return self._desk.vault.labels(Label.STAFF, address.medium, address.place.reveal())

    def _with_contact(self, row: AnyRow) -> tuple[Staff, Contact] | None:
        one = self.get(StaffId(row.staff))
        return None if one is None else (one, next(c for c in one.contacts if c.id == row.id))

    def _person(self, rows: Sequence[AnyRow]) -> Staff:
        first = rows[0]
        staff_id = StaffId(first.id)
        profile = self._profile(staff_id, first.sealed)
        return Staff(
            staff_id,
            profile.name,
            frozenset(Role(role) for role in profile.roles),
            profile.languages,
            tuple(
                Contact(
                    ContactId(row.contact),
                    staff_id,
                    Medium(row.medium),
                    Standing(row.standing),
                    None if row.last_from is None else ConversationId(row.last_from),
                    None if row.last_question is None else QuestionId(row.last_question),
                )
                for row in rows
                if row.contact is not None
            ),
            available=first.available,
            unsettled=first.unsettled,
            silent=first.silent,
            zone=profile.zone,
        )

    def _profile(self, staff_id: StaffId, sealed: bytes) -> Profile:
        known = self._desk.known.get(sealed)
        if known is not None and known[0] == staff_id:
            return known[1]
        opened = self._desk.vault.open(self.key(staff_id), _place(staff_id), sealed)
        profile = unpack(Profile, opened.body)
        self._desk.known[sealed] = (staff_id, profile)
        return profile


def _owner_id(staff_id: int) -> bytes:
    return staff_id.to_bytes(16, "big")


def _place(staff_id: int) -> Place:
    return Place("staff.sealed", Owner.STAFF, _owner_id(staff_id), _owner_id(staff_id))


def _folded(name: str) -> bytes:
    """The name as it is compared: composed, caseless, spaces joined."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(plain.split()).encode("utf-8", "surrogatepass")
