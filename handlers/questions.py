"""Asking staff, and finding out which question an OK or a CAN'T is meant for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot import answerwords
from bot.decision import ToStaff, Words
from bot.errors import NotNow
from bot.messages import Button, Priority
from bot.people import Contact, QuestionId, Staff
from bot.phrases import Phrase
from bot.questions import QuestionKind
from handlers import apply
from handlers.line import Line
from handlers.turn import Turn
from storage.questions import Question
from storage.work import Work


@dataclass(frozen=True, slots=True)
class Answer:
    """OK (`agreed`) or CAN'T to a question of hers that still waits for it."""

    question: Question
    agreed: bool


def ask(
    work: Work,
    line: Line,
    person: Staff,
    what: Words,
    kind: QuestionKind,
    *,
    due_at: datetime,
    about: bytes = b"",
    to: Contact | None = None,
    buttons: tuple[Button, ...] | None = None,
    within: timedelta | None = None,
) -> QuestionId | None:
    """Asks her, at `to` or at the contact she is written to; None when she cannot be reached.

    `about` comes back with the answer, up to `due_at`. `buttons`: their captions (places), in place of OK and CAN'T,
    with "ok" or "cannot" as data. `within`: a letter that could not leave by then does not any more.
    """
    contact = to or person.contact
    if contact is None:
        return None
    question = work.questions.add(kind, person.id, contact.id, about=about, due_at=due_at)
    shown = buttons if buttons is not None else OK_OR_CANNOT
    apply.post_to_staff(work, line, _letter(contact, what, question, shown, within), None)
    return question


def repeat(turn: Turn, what: Phrase, question: Question) -> None:
    """The same question once more, at the phone that she writes from: OK and CAN'T answer it now."""
    letter = _letter(turn.contact, what, question.id, OK_OR_CANNOT, None)
    apply.post_to_staff(turn.work, turn.line, letter, None)


def replaced(turn: Turn, question: Question) -> None:
    """She was asked something else in its place: whoever answers it hears so."""
    turn.work.told.first("replaced", question.id.hex(), until=question.due_at)


def _letter(
    contact: Contact, what: Words, question: QuestionId, shown: tuple[Button, ...], within: timedelta | None
) -> ToStaff:
    return ToStaff(
        contact.id,
        what,
        priority=Priority.NOTICE,
        buttons=tuple(Button(one.caption, f"{one.data}:{question.hex()}") for one in shown),
        question=question,
        within=within,
    )


OK_OR_CANNOT = (Button("button.ok", "ok"), Button("button.cannot", "cannot"))
OK_ALONE = OK_OR_CANNOT[:1]
CANNOT_ALONE = OK_OR_CANNOT[1:]


def meant(turn: Turn, *, agreed: bool) -> Answer | None:
    """The answer that her word is: to the question that she swiped, or, without a swipe, if a question was the last
    thing that the line sent to this phone; else None.

    What is on its way to her at this moment may be the last thing she saw: then only one that is certain counts.
    Raises NotNow where that question is over.
    """
    if turn.asked is not None:
        return _answer(turn, turn.asked, agreed=agreed)
    if turn.swiped is not None or turn.astray:
        return None
    last = {question for _, question in turn.last}
    if len(last) != 1:
        return None
    (question,) = last
    return None if question is None else _answer(turn, question, agreed=agreed)


def natural(turn: Turn, text: str) -> Answer | None:
    """The answer that "can't, sorry" or "ok, will do" is, by the same rule as OK; None when it is none.

    Raises NotNow where the question is over, unless a texter is there whom her words could be for.
    """
    agreed = answerwords.agreed(text)
    if agreed is None:
        return None
    try:
        return meant(turn, agreed=agreed)
    except NotNow:
        if turn.work.conversations.talking_with(turn.staff.id):
            return None
        raise


def pressed(turn: Turn, data: str) -> Answer | None:
    """The answer that a button is; None when it is no such button. Raises NotNow where the question is over."""
    word, _, handle = data.partition(":")
    if word not in WORDS:
        return None
    try:
        question = QuestionId(bytes.fromhex(handle))
    except ValueError:
        raise NotNow("not_now") from None
    return _answer(turn, question, agreed=WORDS[word])


WORDS = {"ok": True, "cannot": False}


# ── Asked in answer to an OK ──

UNREAD: Final = timedelta(seconds=15)
"""So long after the carrier has it, such a question may be unread. OK that was texted twice (the first seemed to do
nothing) would else ask for cover of five shifts, or acknowledge gaps that nobody has seen. The price: whoever reads
and answers within 15 to 20 seconds is asked once more."""
STEP: Final = timedelta(seconds=5)


def follow(turn: Turn) -> None:
    """What she has been asked in this transaction, she was asked in answer to her OK."""
    for staff, question in turn.work.questions.asked:
        if staff == turn.staff.id:
            turn.work.told.first("follows", question.hex(), until=turn.work.now)


def shown(work: Work, question: QuestionId | None) -> None:
    """The carrier has a letter with this question: from now on she may read it."""
    if question is not None and work.told.known("follows", question.hex()):
        work.told.first("shown", question.hex(), until=work.now)
        work.told.first("shown", question.hex(), _step(work.now), until=work.now)


def perhaps_unread(turn: Turn, answer: Answer) -> bool:
    """Whether her OK is the word alone, and came so soon behind a question that was asked in answer to her OK before,
    that it may be that one said twice. Of each question once: a button and a swipe name it, and so does her next OK."""
    if not answer.agreed or turn.asked is not None:
        return False
    told, question = turn.work.told, answer.question.id.hex()
    if not told.known("follows", question):
        return False
    lately = [_step(turn.work.now - STEP * n) for n in range(UNREAD // STEP + 1)]
    # One that the carrier has not got yet cannot have been read.
    if told.known("shown", question) and not any(told.known("shown", question, one) for one in lately):
        return False
    return told.first("shown once more", question, until=turn.work.now)


def _step(at: datetime) -> str:
    return str(at.timestamp() // STEP.total_seconds())


def _answer(turn: Turn, question_id: QuestionId, *, agreed: bool) -> Answer:
    question = turn.work.questions.get(question_id)
    if question is None and turn.work.told.known("replaced", question_id.hex()):
        raise NotNow("question.replaced")
    if question is None or question.staff != turn.staff.id:
        raise NotNow("question.over")
    if question.due_at <= turn.work.now:
        raise NotNow("question.late")
    return Answer(question, agreed)
