"""A letter as a row: sealed under its conversation's key, so that erasing that destroys it, or under its own."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, select

from bot.errors import SealBroken
from bot.messages import Address, Button, Letter, Priority, Side, Task
from bot.people import ContactId, ConversationId, Medium, QuestionId
from bot.redact import Secret
from storage import addresses
from storage.addresses import Book
from storage.copies import author_of, reference_labels, writer_of
from storage.desk import AnyRow, Desk
from storage.payloads import Mail, pack, text_of, unpack, written
from storage.tables import Instant, envelopes, outbox, staff_contacts, texter_contacts
from storage.vault import SERVER, Owner, Place


@dataclass(frozen=True, slots=True)
class Claimed:
    """One letter on its way. `letter` None: the row does not open. `address` None: the addressee has none any more.

    `unsure`: an earlier try may have been accepted, so this one may arrive twice. `reference` goes to the carrier.
    """

    id: bytes
    letter: Letter | None
    attempts: int
    unsure: bool
    reference: Secret[str]
    lane: bytes
    address: Address | None


_own = envelopes.alias("own")
_contact = envelopes.alias("contact_key")
LETTERS = (
    select(
        outbox,
        _own.c.kid,
        _own.c.wrapped,
        _contact.c.kid.label("contact_kid"),
        _contact.c.wrapped.label("contact_wrapped"),
        staff_contacts.c.sealed.label("staff_address"),
        texter_contacts.c.sealed.label("texter_address"),
    )
    .outerjoin(
        _own,
        and_(_own.c.owner == outbox.c.owner, _own.c.owner_id == outbox.c.owner_id, _own.c.reader == SERVER),
    )
    .outerjoin(
        _contact,
        and_(
            _contact.c.owner == Owner.CONTACT.value,
            _contact.c.owner_id == outbox.c.contact,
            _contact.c.reader == SERVER,
        ),
    )
    .outerjoin(staff_contacts, staff_contacts.c.id == outbox.c.contact)
    .outerjoin(texter_contacts, texter_contacts.c.id == outbox.c.contact)
)
"""Rows of the outbox with all that is needed to open them."""


def owner_of(letter: Letter, row_id: bytes) -> tuple[Owner, bytes]:
    """Under whose key the letter lies."""
    return (Owner.OUTBOX, row_id) if letter.about is None else (Owner.CONVERSATION, letter.about)


def sealed(desk: Desk, row_id: bytes, letter: Letter) -> dict[str, object]:
    """The columns that hold what the letter says, and the reference it will go out with; its key exists already."""
    reference = desk.chance.token()
    mail = Mail(
        text=written(letter.text.reveal()),
        via=letter.via,
        reference=reference,
        buttons=tuple((button.caption, button.data) for button in letter.buttons),
        author=author_of(letter.writer),
        line=letter.line,
        place=None if letter.address is None else letter.address.place.reveal(),
        offer=letter.offer,
        last_part=letter.last_part,
        together=letter.together is not None,
    )
    owner, owner_id = owner_of(letter, row_id)
    key = desk.key(owner, owner_id)
    bound = _bound(
        letter.medium, letter.to, letter.about, letter.side, letter.task, Instant.micros(letter.deadline)
    )
    place = Place("outbox.sealed", owner, owner_id, row_id, direction=bound)
    return {
        "owner": owner.value,
        "owner_id": owner_id,
        "reference_label": reference_labels(desk, Secret(reference))[0],
        "sealed": desk.vault.seal(key, place, pack(mail), desk.now),
    }


def opened(desk: Desk, row: AnyRow) -> Claimed:
    """A row of LETTERS, opened together with its address; one that does not open has no letter."""
    try:
        mail = _mail(desk, row)
        address = _address(desk, row, mail)
        letter = _letter(row, mail, address)
    except SealBroken as broken:
        desk.notice(broken)
        return _unopened(row)
    except ValueError:  # a word in the clear that none of ours has written
        return _unopened(row)
    return Claimed(row.id, letter, row.attempts, row.unsure, Secret(mail.reference), row.lane or b"", address)


def _unopened(row: AnyRow) -> Claimed:
    return Claimed(row.id, None, row.attempts, row.unsure, Secret(""), row.lane or b"", None)


def _letter(row: AnyRow, mail: Mail, address: Address | None) -> Letter:
    return Letter(
        to=ContactId(row.contact),
        side=Side(row.side),
        medium=Medium(row.medium),
        via=mail.via,
        text=Secret(text_of(mail.text)),
        deadline=row.deadline,
        priority=Priority(row.priority),
        about=None if row.conversation is None else ConversationId(row.conversation),
        task=Task(row.task),
        buttons=tuple(Button(caption, data) for caption, data in mail.buttons),
        writer=writer_of(mail.author),
        line=mail.line,
        address=address if mail.place is not None else None,
        offer=mail.offer,
        question=None if row.question is None else QuestionId(row.question),
        last_part=mail.last_part,
        # Of what waits nobody asks for the words without the code again.
        together="" if mail.together else None,
    )


def _mail(desk: Desk, row: AnyRow) -> Mail:
    owner = Owner(row.owner)
    key = desk.unwrapped(owner, row.owner_id, kid=row.kid, wrapped=row.wrapped)
    deadline = Instant.micros(row.deadline)
    bound = _bound(row.medium, row.contact, row.conversation, row.side, row.task, deadline)
    place = Place("outbox.sealed", owner, row.owner_id, row.id, direction=bound)
    return unpack(Mail, desk.vault.open(key, place, row.sealed).body)


def _address(desk: Desk, row: AnyRow, mail: Mail) -> Address | None:
    """Where it goes: its own address (farewells), else the addressee's; our side of it is always the letter's."""
    medium = Medium(row.medium)
    if mail.place is not None:
        return Address(medium, Secret(mail.place), mail.via)
    book, kept = (
        (Book.STAFF, row.staff_address) if row.side == Side.STAFF else (Book.TEXTER, row.texter_address)
    )
    if not kept:  # gone with its row, or faded (storage/texters)
        return None
    from_row = {"kid": row.contact_kid, "wrapped": row.contact_wrapped}
    key = desk.unwrapped(Owner.CONTACT, row.contact, **from_row)
    found = addresses.opened(desk, book, row.contact, medium=row.medium, sealed=kept, key=key)
    return Address(medium, found.place, mail.via)


def _bound(
    medium: str, contact: bytes, conversation: bytes | None, side: str, task: str, deadline: int
) -> str:
    """The addressee is part of it, what it is about and how long it is good: moved to somebody else's lane, or said to
    come from another conversation, or kept for a worse moment, it does not open."""
    return f"{medium} {contact.hex()} {(conversation or b'').hex()} {side} {task} {deadline}"
