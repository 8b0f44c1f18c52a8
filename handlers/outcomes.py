"""What became of a letter, and what follows: a mark for its writer, the next counselor, the truth about what failed."""

from __future__ import annotations

from dataclasses import replace

from bot import relay
from bot.conversation import Conversation, State
from bot.messages import Copy, Letter, Priority, Side, Task
from bot.people import ContactId, Standing
from bot.phrases import phrase
from handlers import alarms, apply, desk, questions
from handlers.line import Line
from storage.outbox import Claimed
from storage.work import Work

GONE: dict[str, Standing] = {
    "opted_out": Standing.OPTED_OUT,
    "blocked": Standing.DEAD,
    "no_such_number": Standing.DEAD,
    "landline": Standing.DEAD,
    "country": Standing.DEAD,
}
"""Why a staff contact cannot be written to any more, by the channel's word for it."""

OUT_OF_REACH = frozenset({"opted_out", "blocked"})
"""Why a texter gets nothing more until she comes back."""


def sent(work: Work, line: Line, claimed: Claimed, copy: Copy | None) -> None:
    """The carrier has it."""
    if taken(work, claimed, copy) and claimed.letter is not None:
        accepted(work, line, claimed.letter)


def taken(work: Work, claimed: Claimed, copy: Copy | None) -> bool:
    """The least that must be written down of a letter that the carrier has; whether nobody had done so.

    Both in one transaction. Under PostgreSQL's READ COMMITTED every statement of a reader sees a snapshot of its own:
    whoever looks at what is on its way first and at the contact second finds the letter in one of them, or in both,
    wherever this commit falls. The other way round it may be in neither, and her OK goes to a texter.
    """
    # What a receipt has settled before came then, not now: meanwhile something else may have come.
    if not (claimed.reference.reveal() and work.copies.by_reference(claimed.reference)):
        reached(work, claimed)
    return work.outbox.sent(claimed, copy) is not None


def reached(work: Work, claimed: Claimed) -> None:
    """A staff phone has it: the last thing that came there. Before the letter is touched, as everywhere people come
    before lanes; the other way round two transactions wait for each other until PostgreSQL ends one, a second later.

    Where another letter was on its way there at the same time (of another lane, or one whose answer was lost), nobody
    knows which of the two her screen shows last. If one of them asks something, none counts as the last then: her OK
    is held, and not taken for an answer because that was written down a little later. The price: two looks more.
    """
    letter = claimed.letter
    if letter is None or letter.side is not Side.STAFF or letter.task is not Task.SAY:
        return
    work.staff.set_last(letter.to, letter.about, letter.question)
    if work.told.known("crossed", claimed.id.hex()):
        work.staff.set_last(letter.to, None, None)
    for other, asks in work.outbox.beside(claimed, letter.to):
        if asks or letter.question is not None:
            work.told.first("crossed", other.hex(), until=work.now)
    questions.shown(work, letter.question)


def accepted(work: Work, line: Line, letter: Letter) -> None:
    """Her own message is marked: her words are on their way."""
    if letter.task is not Task.SAY or letter.side is Side.STAFF:
        return
    if letter.writer is not None and letter.last_part:
        apply.mark(work, line, letter.writer, apply.SENT)


def refused(work: Work, line: Line, claimed: Claimed, because: str) -> None:
    """The carrier will never take it."""
    if not work.outbox.drop(claimed.id) or claimed.letter is None or claimed.letter.task is not Task.SAY:
        return
    letter = claimed.letter
    conversation = work.conversations.get(letter.about) if letter.about else None
    if letter.side is Side.STAFF:
        staff_missed(work, line, letter.to, conversation, because, offer=letter.offer)
    elif conversation is not None:
        apply.not_sent(work, line, conversation.code, letter, because)
        texter_gone(work, line, conversation, because)


def expired(work: Work, line: Line, claimed: Claimed) -> None:
    """Nothing arrives late: it goes back to its writer. An automatic text that is too late is simply not said."""
    letter = claimed.letter
    if letter is None:
        buried(work, line, claimed)
        return
    if not work.outbox.drop(claimed.id) or letter.task is not Task.SAY:
        return
    conversation = work.conversations.get(letter.about) if letter.about else None
    if conversation is None:
        return
    if letter.side is Side.TEXTER:
        apply.not_sent(work, line, conversation.code, letter, "late")
    else:
        staff_missed(work, line, letter.to, conversation, "unreachable", offer=letter.offer)


def unaffordable(work: Work, claimed: Claimed) -> None:
    """The day's budget was used up while it waited: it is not said, and whoever takes the conversation is told so."""
    letter = claimed.letter
    if not work.outbox.drop(claimed.id) or letter is None or letter.priority is not Priority.FIRST:
        return
    conversation = work.conversations.get(letter.about) if letter.about else None
    if conversation is not None and conversation.is_open:
        work.conversations.save(relay.changed(conversation, greeted=False))


def staff_missed(
    work: Work, line: Line, to: ContactId, conversation: Conversation | None, because: str, *, offer: bool
) -> None:
    """Something did not reach a staff phone: somebody else is asked at once, whatever it was."""
    found = work.staff.contact(to)
    if found is None:
        return
    contact, _ = found
    if because in GONE:
        desk.cut_off(work, line, contact, GONE[because])
    elif conversation is None:
        return
    elif offer:
        for one in work.offers.of(conversation.id):
            if one.contact == to:
                desk.offer_failed(work, one)
    elif conversation.state is State.TALKING and conversation.counselor_contact == to:
        if because == "unreachable":
            decision = relay.put_back(conversation, to, by_herself=False, now=work.now)
            apply.apply(work, line, conversation, decision)
        else:
            apply.tell(work, line, contact, phrase("unseen", code=conversation.code), conversation)


def texter_gone(work: Work, line: Line, conversation: Conversation, because: str) -> None:
    """The carrier says that she has opted out or blocked us: nothing more is tried."""
    if because not in OUT_OF_REACH:
        return
    if because == "opted_out" and conversation.texter is not None:
        work.optouts.add(work.conversations.address(conversation))
    current = work.conversations.get(conversation.id)
    if current is not None and current.is_open and not current.private.muted:
        decision = relay.texter_out_of_reach(current, muted=True)
        apply.apply(work, line, current, replace(decision, letters=()))


def buried(work: Work, line: Line, claimed: Claimed) -> bool:
    """A letter that cannot be sent whatever is tried is put aside, and the admins are told once."""
    if work.outbox.drop_of_erased(claimed.id) or not work.outbox.bury(claimed.id):
        return False
    alarms.tell_admins(work, line, phrase("alarm.buried"), but=_to(claimed))
    return True


def _to(claimed: Claimed) -> ContactId | None:
    return claimed.letter.to if claimed.letter else None
