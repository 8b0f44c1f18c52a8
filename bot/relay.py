"""The relay: who hears what when somebody writes, takes, passes, ends or leaves. Start reading here.

Every function is pure: it takes the conversation as it is and returns a `Decision`, or raises a `WriterError` with the
phrase to answer with, and then nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from bot import bursts, identifiers
from bot.conversation import Conversation, Offer, OfferState, State, Step, step
from bot.decision import Decision, Said, ToStaff, ToTexter, Words
from bot.errors import NoSuchConversation, NotNow, WhichConversation
from bot.messages import Direction, Priority, Side, Writer
from bot.people import Contact, ContactId, ConversationId, Staff
from bot.phrases import Phrase, phrase
from bot.redact import Secret

RECENT = timedelta(minutes=15)
"""How long another conversation could still be meant by a text without a code (product.md §4, "Never guess")."""


STILL_HERS = timedelta(hours=24)
"""So long after its end a counselor may still have the conversation on her phone, or in mind."""


def changed(conversation: Conversation, **private: object) -> Conversation:
    """The conversation with other private times and answers."""
    return replace(conversation, private=msgspec.structs.replace(conversation.private, **private))


def counselor_hears(
    conversation: Conversation, what: Words, *, coded: bool = False, priority: Priority = Priority.NOTICE
) -> tuple[ToStaff, ...]:
    """A letter to whoever has the conversation; nothing when nobody has it."""
    if conversation.counselor_contact is None:
        return ()
    return (ToStaff(conversation.counselor_contact, what, coded=coded, priority=priority),)


# ── The texter's side ──


def opened(conversation: Conversation, said: Said | None, greeting: Phrase | None) -> Decision:
    """A conversation begins: the first answer goes out at once, before anybody is asked anything. None: not now."""
    first = (said,) if said else ()
    if greeting is None:
        return Decision(changed(conversation, greeted=False), said=first)
    return Decision(
        conversation,
        said=(*first, Said(Direction.LINE, greeting)),
        letters=(ToTexter(greeting, priority=Priority.FIRST),),
    )


def texter_said(conversation: Conversation, text: Secret[str], now: datetime) -> Decision:
    """The texter's words go into the transcript, and to the counselor if there is one; very fast ones go together."""
    after = _heard_from(conversation, now)
    if after.counselor_contact is None:
        return Decision(after, said=(Said(Direction.IN, text),))
    flow, pace = bursts.pour(after.private.flow, now)
    news = bursts.is_news(flow, pace, now)
    flow = msgspec.structs.replace(flow, told_at=now) if news else flow
    heard = counselor_hears(after, text, coded=True, priority=Priority.TALK)
    return Decision(
        changed(after, flow=flow),
        said=(Said(Direction.IN, text),),
        letters=(
            *(replace(letter, pace=pace) for letter in heard),
            *(counselor_hears(after, phrase("flood.together", code=after.code)) if news else ()),
            *((ToTexter(phrase("flood")),) if news else ()),
        ),
    )


def long_ago(before: Conversation, decision: Decision, at: datetime) -> Decision:
    """The same for words that were written at `at` and found late: what may still leave is reckoned from then."""
    written = max(before.private.texter_at, at)
    return replace(decision, conversation=changed(decision.conversation, texter_at=written))


def texter_sent_a_kind(conversation: Conversation, what: str, now: datetime) -> Decision:
    """A kind that we do not carry: kindly refused, the counselor is told, nothing of it is kept."""
    after = _heard_from(conversation, now)
    notice = phrase("refused.kind", what=what)
    return Decision(
        after,
        # A note, so that whoever takes it later reads it as well.
        said=(Said(Direction.NOTE, notice),),
        letters=(
            ToTexter(phrase("words.only")),
            *counselor_hears(after, notice, coded=True, priority=Priority.TALK),
        ),
    )


def _heard_from(conversation: Conversation, now: datetime) -> Conversation:
    """She has written. Her OK to being texted was for a wait; once they talk, each text of hers opens the window."""
    after = changed(step(conversation, Step.TEXT), texter_at=now)
    if conversation.private.unproven and now > conversation.private.texter_at:
        # A second text: somebody is there, and she is offered at the clock's next look.
        after = replace(changed(after, unproven=False), due_at=now)
    return changed(after, agreed=False) if conversation.state is State.TALKING else after


def texter_left(conversation: Conversation, how: Step, now: datetime) -> Decision:
    """BYE or STOP: what is queued for the texter is cancelled and the counselor is told."""
    after = changed(step(conversation, how), closed_at=now, ended_by=how, agreed=False)
    told = phrase(f"texter.{how.value}", code=conversation.code)
    bye = how is Step.BYE
    return Decision(
        replace(after, due_at=None),
        said=(Said(Direction.LINE, told),),
        letters=(
            *((ToTexter(phrase("bye"), farewell=True),) if bye else ()),
            *counselor_hears(conversation, told),
        ),
        end_offers=True,
        # A text of hers that is still on its way to the counselor arrives; an offer that nobody read need not.
        cancel=(Side.TEXTER,) if conversation.state is State.TALKING else (Side.TEXTER, Side.STAFF),
        unsettle=conversation.counselor,
        ended=how,
    )


def texter_erased(conversation: Conversation, now: datetime) -> Decision:
    """DELETE: content and address are gone; the counselor is told, in a letter that holds nothing of it.

    One who closed it long ago is not: it would only tell her when somebody has thought of it again.
    """
    told = phrase("texter.erased", code=conversation.code)
    return Decision(
        replace(step(conversation, Step.ERASE), due_at=None),
        letters=_told_of_erasing(conversation, told, now),
        end_offers=True,
        cancel=(Side.TEXTER, Side.STAFF),
        erase=True,
        unsettle=conversation.counselor if conversation.is_open else None,
        ended=Step.ERASE,
    )


def texter_erases_later(conversation: Conversation, until: datetime, now: datetime) -> Decision:
    """DELETE while the law demands our copy: it ends for everybody who talks in it, and its counselor hears until when
    it is kept."""
    told = phrase("texter.kept", code=conversation.code, day=until.isoformat())
    after = conversation
    if conversation.is_open:
        after = changed(step(conversation, Step.BYE), closed_at=now, ended_by=Step.ERASE, agreed=False)
    return Decision(
        replace(after, due_at=None),
        letters=_told_of_erasing(conversation, told, now),
        end_offers=True,
        cancel=(Side.TEXTER, Side.STAFF),
        unsettle=conversation.counselor if conversation.is_open else None,
        ended=Step.ERASE,
    )


def lately_hers(conversation: Conversation, now: datetime) -> bool:
    """Whether its counselor has it, or may still have it on her phone."""
    closed_at = conversation.private.closed_at
    return conversation.is_open or (closed_at is not None and closed_at > now - STILL_HERS)


def _told_of_erasing(conversation: Conversation, what: Phrase, now: datetime) -> tuple[ToStaff, ...]:
    """A letter that holds nothing of it, and outlives it."""
    if not lately_hers(conversation, now):
        return ()
    return tuple(replace(letter, about=False) for letter in counselor_hears(conversation, what))


def fell_silent(conversation: Conversation, now: datetime) -> Decision:
    """Nobody has heard from the texter for so long that her number may be another's: closed, and not a word to it."""
    after = changed(step(conversation, Step.SILENCE), closed_at=now, ended_by=Step.SILENCE, agreed=False)
    told = phrase("texter.silent", code=conversation.code)
    return Decision(
        replace(after, due_at=None),
        said=(Said(Direction.LINE, told),),
        letters=counselor_hears(conversation, told),
        end_offers=True,
        cancel=(Side.TEXTER,) if conversation.state is State.TALKING else (Side.TEXTER, Side.STAFF),
        unsettle=conversation.counselor,
        ended=Step.SILENCE,
    )


def texter_barred(conversation: Conversation, by: Staff, now: datetime) -> Decision:
    """BLOCK: the conversation ends without a word to the texter, and nothing that waits is sent any more."""
    after = changed(step(conversation, Step.BLOCK), closed_at=now, ended_by=Step.BLOCK, agreed=False)
    told = phrase("texter.barred", code=conversation.code)
    another = conversation.counselor if conversation.counselor != by.id else None
    return Decision(
        replace(after, due_at=None),
        said=(Said(Direction.LINE, told),),
        letters=counselor_hears(conversation, told) if another is not None else (),
        end_offers=True,
        cancel=(Side.TEXTER, Side.STAFF),
        unsettle=another,
        ended=Step.BLOCK,
    )


def texter_agreed(conversation: Conversation) -> Decision | None:
    """OK to "may we text you then?"; None when nothing was asked."""
    asked = conversation.private.asked_at is not None and not conversation.private.agreed
    if conversation.state is not State.WAITING or not asked:
        return None
    answer = phrase("agreed")
    return Decision(
        changed(conversation, agreed=True), said=(Said(Direction.LINE, answer),), letters=(ToTexter(answer),)
    )


def texter_opted_in(conversation: Conversation, greeting: Phrase | None, now: datetime) -> Decision:
    """START after STOP: what she wrote meanwhile goes up the ladder again, from the first rung."""
    if conversation.state is State.TALKING:
        return texter_out_of_reach(conversation, muted=False)
    again = changed(
        conversation,
        muted=False,
        texter_at=now,
        round_at=now,
        nobody_told=False,
        looking_told=False,
        asked_at=None,
        agreed=False,
    )
    return opened(replace(again, due_at=now), None, greeting)


def texter_out_of_reach(conversation: Conversation, *, muted: bool) -> Decision:
    """The texter blocked the line, or came back: the counselor is told, the conversation stays."""
    told = phrase("texter.blocked" if muted else "texter.back", code=conversation.code)
    return Decision(
        changed(conversation, muted=muted),
        said=(Said(Direction.LINE, told),),
        letters=counselor_hears(conversation, told),
    )


# ── The counselor's side ──


def take(
    conversation: Conversation,
    staff: Staff,
    contact: Contact,
    *,
    open_now: int,
    most: int,
    now: datetime,
    window: timedelta,
) -> Decision:
    """She has it: the transcript comes to her. Of any number who take at once the row's version lets one through."""
    code = conversation.code
    if conversation.state is State.TALKING:
        raise NotNow("taken.yours" if conversation.counselor == staff.id else "taken.already", code=code)
    if open_now >= most:
        raise NotNow("take.full", code=code, count=str(open_now))
    after = changed(step(conversation, Step.TAKE), taken_at=now, looking_told=False)
    late = now > conversation.private.texter_at + window
    agreed = conversation.private.agreed and not conversation.private.muted
    return Decision(
        replace(after, counselor=staff.id, counselor_contact=contact.id, due_at=None),
        letters=(ToTexter(phrase("news"), sure=True),) if late and agreed else (),
        said=(Said(Direction.LINE, phrase("news")),) if late and agreed else (),
        end_offers=True,
        cancel=(Side.STAFF,),
        play=contact.id,
    )


def passed(
    conversation: Conversation, staff: Staff, contact: Contact, offer: Offer | None, now: datetime
) -> Decision:
    """She declines an offer, or puts back what she has; no blame."""
    if conversation.state is State.TALKING and conversation.counselor == staff.id:
        return put_back(conversation, contact.id, by_herself=True, now=now)
    if conversation.state is not State.WAITING or offer is None:
        raise NoSuchConversation("no.such", code=conversation.code)
    declined = replace(offer, state=OfferState.PASSED, due_at=now)
    return Decision(
        replace(conversation, due_at=now),
        offers=(declined,),
        letters=(ToStaff(contact.id, phrase("passed", code=conversation.code)),),
    )


def put_back(conversation: Conversation, contact: ContactId, *, by_herself: bool, now: datetime) -> Decision:
    """The conversation goes back to the ladder; the texter is told that somebody else is coming."""
    counselor = conversation.counselor
    if counselor is None:
        raise NotNow("not_now")
    after = changed(
        step(conversation, Step.PUT_BACK),
        round_at=now,
        looking_told=False,
        nobody_told=False,
        asked_at=None,
        handing_at=None,
    )
    state = OfferState.PASSED if by_herself else OfferState.FAILED
    told = phrase("cut.off")
    return Decision(
        replace(after, counselor=None, counselor_contact=None, due_at=now),
        said=(Said(Direction.LINE, told),),
        offers=(Offer(conversation.id, counselor, contact, state, at=now, due_at=now),),
        letters=(
            ToTexter(told),
            *((ToStaff(contact, phrase("put.back", code=conversation.code)),) if by_herself else ()),
        ),
        end_offers=True,
        cancel=(Side.STAFF,),
        unsettle=None if by_herself else counselor,
    )


def done(conversation: Conversation, staff: Staff, contact: Contact, now: datetime) -> Decision:
    """The counselor closes; the texter hears one line, and may write again at any time."""
    _hers(conversation, staff)
    after = changed(step(conversation, Step.DONE), closed_at=now, ended_by=Step.DONE, agreed=False)
    return Decision(
        replace(after, due_at=None),
        said=(Said(Direction.LINE, phrase("closed")),),
        letters=(
            ToTexter(phrase("closed"), farewell=True),
            ToStaff(contact.id, phrase("done", code=conversation.code)),
        ),
        end_offers=True,
        ended=Step.DONE,
    )


def counselor_said(
    conversation: Conversation,
    staff: Staff,
    text: Secret[str],
    writer: Writer,
    *,
    now: datetime,
    window: timedelta,
    sure: bool = False,
    shown: bool = False,
) -> Decision:
    """Her words go to the texter and nothing around them.

    Raises NotNow("ask.identifier") when they hold what could tell who she is, unless `shown`: she has seen the
    question. Then NotNow("ask.late") after the window, unless `sure`.
    """
    _hers(conversation, staff)
    private = conversation.private
    if private.muted:
        raise NotNow("not.sent", code=conversation.code, why="muted")
    telling = None if shown else identifiers.found(text.reveal())
    if telling is not None:
        raise NotNow("ask.identifier", code=conversation.code, found=telling.value)
    late = now > private.texter_at + window
    if late and not (private.agreed or sure):
        minutes = int((now - private.texter_at) / timedelta(minutes=1))
        raise NotNow("ask.late", code=conversation.code, minutes=str(minutes))
    return Decision(
        changed(step(conversation, Step.ANSWER), counselor_at=now),
        said=(Said(Direction.OUT, text, staff.id),),
        letters=(ToTexter(text, writer=writer, sure=sure or late),),
        settle=staff.id,
    )


def noted(conversation: Conversation, staff: Staff, contact: Contact, text: Secret[str]) -> Decision:
    """A note for colleagues; it never reaches the texter."""
    _hers(conversation, staff)
    return Decision(
        conversation,
        said=(Said(Direction.NOTE, text, staff.id),),
        letters=(ToStaff(contact.id, phrase("note.kept", code=conversation.code)),),
    )


def _hers(conversation: Conversation, staff: Staff) -> None:
    """Raises the same error for "not yours", "not open" and "does not exist"."""
    if conversation.state is not State.TALKING or conversation.counselor != staff.id:
        raise NoSuchConversation("no.such", code=conversation.code)


# ── Never guess ──


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies on a counselor's desk. `last_from`: where the last things that the line sent to this contact came from
    (accepted, or on their way just now); None among them stands for the line itself."""

    staff: Staff
    talking: tuple[Conversation, ...]
    offers: tuple[Offer, ...]
    closed: tuple[Conversation, ...]
    last_from: frozenset[ConversationId | None]


def whose(desk: Desk, now: datetime) -> Conversation:
    """The one conversation that a text without a code can only belong to; raises WhichConversation otherwise."""
    if not desk.talking:
        raise NotNow("none.open")
    only = desk.talking[0]
    if (
        len(desk.talking) == 1
        and desk.last_from == {only.id}
        and not desk.staff.unsettled
        and not any(_recent_others(desk, only, now))
    ):
        return only
    raise WhichConversation("ask.which", codes=" ".join(c.code for c in desk.talking))


def _recent_others(desk: Desk, only: Conversation, now: datetime) -> Iterable[bool]:
    for offer in desk.offers:
        still = offer.state is OfferState.OPEN
        yield offer.conversation != only.id and (still or offer.at > now - RECENT)
    for conversation in desk.closed:
        closed_at = conversation.private.closed_at
        yield conversation.id != only.id and closed_at is not None and closed_at > now - RECENT
