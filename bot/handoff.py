"""A conversation that runs is offered to whoever is on call next. It stays its counselor's until one takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.conversation import Conversation, Offer, OfferState, State, Step, step
from bot.decision import Decision, Said, ToStaff, ToTexter
from bot.errors import NotNow
from bot.ladder import Pace, Watch, invite, next_for, offer_to
from bot.messages import Direction, Side
from bot.people import Contact, Staff, StaffId
from bot.phrases import phrase
from bot.relay import changed, counselor_hears

LIVE = frozenset({OfferState.OPEN, OfferState.LAPSED})


def is_handing(conversation: Conversation) -> bool:
    """Whether it is offered to colleagues while its counselor has it."""
    return conversation.state is State.TALKING and conversation.private.handing_at is not None


def begin(conversation: Conversation, now: datetime) -> Conversation:
    """From now on it is offered: the clock looks at it at once. Offers from before do not count."""
    if conversation.state is not State.TALKING or is_handing(conversation):
        return conversation
    return replace(changed(conversation, handing_at=now), due_at=now)


def climb(conversation: Conversation, offers: tuple[Offer, ...], watch: Watch, pace: Pace) -> Decision:
    """The next of those on call is asked, one by one, in the ladder's order; when nobody is left it stays where it is,
    and its counselor is told."""
    since = conversation.private.handing_at
    if since is None or conversation.state is not State.TALKING:
        return Decision(replace(conversation, due_at=None))
    mine = [o for o in offers if o.at >= since and o.state is not OfferState.ENDED]
    lapsed = [o for o in mine if o.state is OfferState.OPEN and o.due_at <= watch.now]
    waiting = [o for o in mine if o.state is OfferState.OPEN and o.due_at > watch.now]
    gone = tuple(replace(o, state=OfferState.LAPSED) for o in lapsed)
    if waiting:
        return Decision(replace(conversation, due_at=min(o.due_at for o in waiting)), offers=gone)
    asked = {*(o.staff for o in mine), conversation.counselor}
    person = next_for(conversation, watch, pace, asked)
    offer = offer_to(conversation, person, watch, pace) if person is not None else None
    if offer is None:
        return _over(conversation, gone)
    return Decision(
        replace(conversation, due_at=offer.due_at),
        offers=(*gone, offer),
        letters=(invite(conversation, watch, offer),),
    )


def _over(conversation: Conversation, gone: tuple[Offer, ...]) -> Decision:
    """Nobody is left to ask. Whoever was may still take it: else it stays for good with a shift that is over."""
    kept = phrase("handing.nobody", code=conversation.code)
    return Decision(
        replace(changed(conversation, handing_at=None), due_at=None),
        offers=gone,
        letters=counselor_hears(conversation, kept),
    )


def can_take_over(conversation: Conversation, staff: StaffId, offer: Offer) -> bool:
    """Whether it was offered to her while another has it, and nobody has taken it since: that ends all offers."""
    return (
        conversation.state is State.TALKING
        and conversation.counselor != staff
        and offer.state is not OfferState.ENDED
    )


def take_over(
    conversation: Conversation,
    staff: Staff,
    contact: Contact,
    offer: Offer,
    *,
    open_now: int,
    most: int,
    now: datetime,
) -> Decision:
    """It is hers from now on, with all that was said; its counselor before hears that, and not whose it is.

    What the other has written and is on its way leaves all the same; what was on its way to her is in the transcript.
    Of two who take at once the row's version lets one through.
    """
    code = conversation.code
    if conversation.counselor == staff.id:
        raise NotNow("taken.yours", code=code)
    if not can_take_over(conversation, staff.id, offer):
        raise NotNow("taken.already", code=code)
    if open_now >= most:
        raise NotNow("take.full", code=code, count=str(open_now))
    after = changed(step(conversation, Step.HAND), taken_at=now, handing_at=None)
    told = phrase("colleague")
    return Decision(
        replace(after, counselor=staff.id, counselor_contact=contact.id, due_at=None),
        said=(Said(Direction.LINE, told),),
        letters=(ToTexter(told), *counselor_hears(conversation, phrase("handed", code=code))),
        end_offers=True,
        cancel=(Side.STAFF,),
        play=contact.id,
        unsettle=conversation.counselor,
    )


def passed(conversation: Conversation, contact: Contact, offer: Offer, now: datetime) -> Decision:
    """She declines it; no blame, and the next is asked."""
    if offer.state not in LIVE:
        raise NotNow("taken.already", code=conversation.code)
    return Decision(
        replace(conversation, due_at=now if is_handing(conversation) else None),
        offers=(replace(offer, state=OfferState.PASSED, due_at=now),),
        letters=(ToStaff(contact.id, phrase("passed", code=conversation.code)),),
    )


def ends_here(taken_at: datetime | None, end: datetime, now: datetime, late: timedelta) -> bool:
    """Whether a conversation taken then belongs to the shift that ended at `end`, and that is not too long ago."""
    return taken_at is not None and taken_at < end <= now < end + late
