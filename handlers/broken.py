"""A row that does not open: what stands on it is put aside, so that it silences neither its owner nor her neighbours.

The audit trail gets its entry from the store (storage/breaches); here is what people notice of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from bot import relay
from bot.decision import ToStaff
from bot.errors import SealBroken
from bot.messages import Address, Inbound, Side
from bot.people import ContactId, ConversationId, StaffId, Standing
from bot.phrases import phrase
from handlers import alarms, apply, desk
from handlers.line import Line
from storage.engine import Store
from storage.vault import Owner
from storage.work import Work

T = TypeVar("T")
Cure = Callable[[Work, Line, bytes], bool]

MOST: Final = 100
"""Rows that one thought may meet: a batch of Telegram brings as many texts, each from somebody else."""


async def around(store: Store, line: Line, thought: Callable[[Work], T]) -> T:
    """Carries out the thought; what stands on a row that does not open is put aside, and it is carried out again.

    SealBroken where nothing can be put aside that would help.
    """
    for _ in range(MOST):
        try:
            return await store.do(thought)
        except SealBroken as broken:
            if not await _cured(store, line, broken):
                raise
    return await store.do(thought)


async def _cured(store: Store, line: Line, broken: SealBroken) -> bool:
    try:
        return await store.do(partial(put_aside, line=line, broken=broken))
    except SealBroken as deeper:  # of her two conversations the other one is broken as well
        if (deeper.column, deeper.owner_id) == (broken.column, broken.owner_id):
            return False
        return await store.do(partial(put_aside, line=line, broken=deeper))


def put_aside(work: Work, line: Line, broken: SealBroken) -> bool:
    """Whether something was done about it, so that the thought is worth another try."""
    cure = BY_COLUMN.get(broken.column) or BY_OWNER.get(broken.owner)
    return cure is not None and cure(work, line, broken.owner_id)


def tell_admins(work: Work, line: Line) -> None:
    """Once a day: a phone that buzzes for every row would be switched off."""
    alarms.tell_admins(work, line, phrase("alarm.broken"), once="alarm.broken")


def excuse(work: Work, line: Line, inbound: Inbound) -> bool:
    """The honest sentence to a staff phone for what could not be done; False when it is nobody's of ours."""
    if inbound.side is Side.TEXTER or not (inbound.side is Side.STAFF or work.staff.knows(inbound.sender)):
        return False
    if work.seen.first(inbound.medium, inbound.sender.via, inbound.provider_id):
        _say(work, line, inbound.sender)
    return True


def _say(work: Work, line: Line, to: Address) -> None:
    text = line.say(phrase("broken.not.done"), line.default_language)
    apply.post_outside(work, to, Side.STAFF, text, within=line.rested)


def _conversation(work: Work, line: Line, conversation_id: bytes) -> bool:
    """Closed; whoever had it is told. What its texter writes next begins a new one."""
    aside = work.asides.put(ConversationId(conversation_id))
    if aside is None:
        return False
    if aside.was_open and aside.counselor is not None:
        work.staff.set_unsettled(aside.counselor, True)
        if aside.counselor_contact is not None:
            told = phrase("broken.closed", code=aside.code)
            apply.post_to_staff(work, line, ToStaff(aside.counselor_contact, told, about=False))
    return True


def _contact(work: Work, line: Line, contact_id: bytes) -> bool:
    """A texter's: her conversation. A staff phone whose number does not open cannot be written to."""
    conversation = work.asides.of_texter(contact_id)
    if conversation is not None:
        return _conversation(work, line, conversation)
    found = work.staff.contact(ContactId(contact_id))
    if found is None or found[0].standing is Standing.DEAD:
        return False
    desk.cut_off(work, line, found[0], Standing.DEAD)
    return True


def _staff(work: Work, line: Line, owner_id: bytes) -> bool:
    """Nobody knows any more what she may do: what she had goes back to the ladder."""
    hers = work.conversations.talking_with(StaffId(int.from_bytes(owner_id, "big")))
    for conversation in hers:
        if conversation.counselor_contact is not None:
            back = relay.put_back(
                conversation, conversation.counselor_contact, by_herself=False, now=work.now
            )
            apply.apply(work, line, conversation, back)
    return bool(hers)


def _held(work: Work, line: Line, owner_id: bytes) -> bool:
    """What was held for her is gone, and she is told so."""
    staff = StaffId(int.from_bytes(owner_id, "big"))
    if not work.asides.drop_held(staff):
        return False
    person = work.staff.get(staff)
    if person is not None and person.contact is not None:
        apply.tell(work, line, person.contact, phrase("broken.held"))
    return True


def _offers(work: Work, line: Line, conversation_id: bytes) -> bool:
    """The ladder asks anew. Whoever had been asked may have meant this one: her next bare text is asked about."""
    asked = work.asides.drop_offers(ConversationId(conversation_id))
    for staff in asked:
        work.staff.set_unsettled(staff, True)
    return bool(asked)


def _nothing(work: Work, line: Line, owner_id: bytes) -> bool:
    return False


BY_COLUMN: Final[dict[str, Cure]] = {
    "offers.sealed": _offers,
    "held.sealed": _held,
    # Whose room reads it says so there; the conversation itself is whole.
    "transcript.sealed": _nothing,
    "transcript.link": _nothing,
    # Found by a label that is somebody else's: to cut off whom it was found for would hit the wrong one.
    "staff_contacts.address_label": _nothing,
    "staff.name_label": _nothing,
}
BY_OWNER: Final[dict[str, Cure]] = {
    Owner.CONVERSATION: _conversation,
    Owner.CONTACT: _contact,
    Owner.STAFF: _staff,
}
