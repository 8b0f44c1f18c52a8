"""Who has been asked to take which conversation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Final

from sqlalchemy import bindparam, select, union, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversation import Offer, OfferState, State
from bot.people import ContactId, ConversationId, StaffId
from storage.desk import AnyRow, Desk, insert_into
from storage.tables import conversations, offers
from storage.vault import Owner, Place

LATELY: Final = timedelta(minutes=15)
"""So long an offer stands in the way of guessing whom a bare text is for (product.md §4)."""

_OF = select(offers).where(offers.c.conversation == bindparam("of"))
_TO_WAITING = (
    select(offers)
    .join_from(conversations, offers, offers.c.conversation == conversations.c.id)
    .where(conversations.c.state == State.WAITING.value, offers.c.staff == bindparam("of"))
)
_TO_HANDED_ON = (
    select(offers)
    .join_from(conversations, offers, offers.c.conversation == conversations.c.id)
    .where(
        conversations.c.state == State.TALKING.value,
        offers.c.staff == bindparam("of"),
        offers.c.state.in_([OfferState.OPEN.value, OfferState.LAPSED.value, OfferState.PASSED.value]),
    )
)
"""A take ends all offers: these are of hand-offs that nobody has taken since."""
_TO_LATELY = select(offers).where(offers.c.staff == bindparam("of"), offers.c.due_at > bindparam("lately"))
_TO = union(_TO_WAITING, _TO_HANDED_ON, _TO_LATELY)  # with OR, all offers ever made to her would be read
_LATELY_ASKED = select(offers.c.staff).where(
    offers.c.conversation == bindparam("of"), offers.c.due_at > bindparam("lately")
)
_END = update(offers).where(offers.c.conversation == bindparam("of")).values(state=bindparam("to"))


@cache
def _put(*, shared: bool) -> postgresql.Insert | sqlite.Insert:
    new = insert_into(offers, shared=shared)
    return new.on_conflict_do_update(
        index_elements=["conversation", "staff"],
        set_={name: new.excluded[name] for name in ("contact", "state", "due_at", "sealed")},
    )


class Offers:
    """The offers made; a staff member has one for a conversation, the newest."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def of(self, conversation_id: ConversationId) -> list[Offer]:
        """All for this conversation, oldest first."""
        return self._opened(self._desk.conn.execute(_OF, {"of": conversation_id}))

    def to(self, staff_id: StaffId) -> list[Offer]:
        """Hers for conversations that wait or are handed on, and those that ran until a quarter of an hour ago; oldest
        first."""
        lately = self._desk.now - LATELY
        return self._opened(self._desk.conn.execute(_TO, {"of": staff_id, "lately": lately}))

    def lately_asked(self, conversation_id: ConversationId) -> list[StaffId]:
        """To whom this conversation was offered so lately that she may still have it in mind."""
        params = {"of": conversation_id, "lately": self._desk.now - LATELY}
        return [StaffId(one) for one in self._desk.conn.execute(_LATELY_ASKED, params).scalars()]

    def put(self, offer: Offer) -> None:
        """Makes or changes the offer of this conversation to this staff member."""
        key = self._desk.key(Owner.CONVERSATION, offer.conversation)
        row = {
            "conversation": offer.conversation,
            "staff": offer.staff,
            "contact": offer.contact,
            "state": offer.state.value,
            "due_at": offer.due_at,
            "sealed": self._desk.vault.seal(
                key, _place(offer.conversation, offer.staff, offer.contact), b"", offer.at
            ),
        }
        self._desk.conn.execute(_put(shared=self._desk.shared), row)

    def set_all(self, conversation_id: ConversationId, state: OfferState) -> None:
        """All offers of this conversation at once."""
        self._desk.conn.execute(_END, {"of": conversation_id, "to": state.value})

    def _opened(self, rows: Iterable[AnyRow]) -> list[Offer]:
        found = []
        for row in rows:
            key = self._desk.key(Owner.CONVERSATION, row.conversation)
            opened = self._desk.vault.open(key, _place(row.conversation, row.staff, row.contact), row.sealed)
            found.append(
                Offer(
                    conversation=ConversationId(row.conversation),
                    staff=StaffId(row.staff),
                    contact=ContactId(row.contact),
                    state=OfferState(row.state),
                    at=opened.at,
                    due_at=row.due_at,
                )
            )
        return sorted(found, key=lambda offer: offer.at)


def _place(conversation: bytes, staff_id: int, contact: bytes) -> Place:
    row_id = staff_id.to_bytes(16, "big")
    return Place("offers.sealed", Owner.CONVERSATION, conversation, row_id, direction=contact.hex())
