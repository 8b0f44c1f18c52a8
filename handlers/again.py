"""A word of hers that can be no answer: the one question of hers that is open is put again, so that it can be one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot import answerwords
from bot.changes import Status
from bot.errors import NotNow
from bot.ownshifts import Service
from bot.people import Came
from bot.phrases import Phrase, phrase
from bot.questions import QuestionKind
from bot.redact import Secret
from bot.reminders import Remind, about_what
from handlers import coverwords, desk, echoes, gapalarm, plans, questions, reminding
from handlers.turn import Turn
from storage.questions import Question

Open = tuple[str, Phrase]
"""What it is about (several questions about the same are one), and how it is put."""
OURS: Final[Came] = (None, None)
"""The last thing that came to her phone, where that was of no conversation and no question."""


def ask(turn: Turn) -> bool:
    """Whether it was put again: nothing is open in which her word could be meant for a texter, and a question is. Of
    several READY? comes first, for somebody waits for that, then what is due soonest."""
    laid_out = desk.laid_out(turn)
    if turn.swiped is not None:
        return False
    if laid_out.talking:
        # Behind the line's own words about a number there is no texter's that OK could answer.
        return turn.last == {OURS} and not turn.astray and echoes.bare(turn)
    open_: dict[str, tuple[Phrase, Question]] = {}
    for question in turn.work.questions.of(turn.staff.id):
        found = KINDS[question.kind](turn, question) if question.kind in KINDS else None
        # READY? stands for the reminders of the same shift.
        if found and (found[0] not in open_ or question.kind is QuestionKind.READY):
            open_[found[0]] = (found[1], question)
    if not open_:
        return echoes.bare(turn)
    if laid_out.closed:
        # Until a moment ago there was a texter whom she could have meant.
        turn.tell("none.open")
    what, question = min(
        open_.values(), key=lambda one: (one[1].kind is not QuestionKind.READY, one[1].due_at, one[1].id)
    )
    questions.repeat(turn, what, question)
    return True


def either(turn: Turn, text: str) -> bool:
    """Whether her text, an answer in her own words, could be for a texter as well: then it is held, and she is asked
    which, by a letter that OK and CAN'T answer as they do the question itself.

    "Yes" behind a reminder may be the answer to what Robin asked a minute before; taken for hers it would be lost to
    him. OK and CAN'T stay the words for questions.
    """
    if turn.asked is not None or answerwords.agreed(text) is None or not desk.laid_out(turn).talking:
        return False
    question = _stands(turn)
    if question is None:
        return False
    desk.hold_or_answer(turn, Secret(text), question.id)
    codes = [one.code for one in turn.work.conversations.talking_with(turn.staff.id)]
    questions.repeat(turn, phrase("question.or.texter", codes=desk.either(turn, codes)), question)
    return True


def unclear(turn: Turn) -> bool:
    """Whether her text stands behind a question, and can be for nobody else: then that is put again.

    It is no OK. After READY? it counts as being there all the same (reminding.heard): whoever writes has her phone in
    her hand, and the question that stands there now is the quickest way to find out what she means.
    """
    if turn.swiped is not None or desk.laid_out(turn).talking:
        return False
    question = _stands(turn)
    if question is None:
        return False
    questions.repeat(turn, _put(turn, question), question)
    return True


def _put(turn: Turn, question: Question) -> Phrase:
    """How it is put again. NotNow, with how it ended, where no answer can count any more."""
    if question.kind in UNCLEAR:
        return UNCLEAR[question.kind](turn, question)
    if question.kind not in KINDS:
        return phrase("question.again")
    known = KINDS[question.kind](turn, question)
    if known is not None:
        return known[1]
    if question.kind is QuestionKind.COVER:
        raise _why_over(turn, question)
    raise NotNow("question.late")


def _serves(turn: Turn, question: Question) -> Phrase:
    polite = answerwords.polite(turn.inbound.text.reveal())
    return phrase("covering.again" if polite else "covering.unclear")


def _why_over(turn: Turn, question: Question) -> NotNow:
    """ "Sorry, that night I am at my sister's", and a colleague has taken it already."""
    number = coverwords.about(question.about).number
    cover = turn.work.covers.get(number)
    taken = cover is not None and cover.status is Status.TAKEN
    return NotNow("cover.already" if taken else "cover.over", number=str(number))


def _stands(turn: Turn) -> Question | None:
    """The question that OK would answer now."""
    try:
        found = questions.meant(turn, agreed=True)
    except NotNow:
        return None
    return found.question if found is not None else None


def once_more(turn: Turn, answer: questions.Answer) -> bool:
    """Whether the question that she may not have read yet was shown to her once more, in place of taking her OK."""
    question = answer.question
    if question.kind not in FOLLOWING or not questions.perhaps_unread(turn, answer):
        return False
    what = FOLLOWING[question.kind](turn, question)
    questions.repeat(turn, what or phrase("question.again"), question)
    return True


def _shift(turn: Turn, question: Question) -> Open | None:
    about = about_what(question.about)
    planned = turn.line.rota(turn.work)
    if about.end <= turn.work.now or not any(reminding.left_of(planned, question, turn.work.now)):
        return None
    what = Remind.READY if question.kind is QuestionKind.READY else Remind.DAY
    service = Service(turn.staff.id, about.schedules, about.start, about.end)
    return f"shift {about.start.isoformat()}", reminding.words(turn.line, turn.staff, what, service)


def _cover(turn: Turn, question: Question) -> Open | None:
    told = coverwords.about(question.about)
    cover = turn.work.covers.get(told.number)
    giver = turn.work.staff.get(cover.giver) if cover is not None else None
    if cover is None or giver is None or cover.status is not Status.OPEN or cover.due_at <= turn.work.now:
        return None
    return f"cover {cover.number}", coverwords.asking(turn.line, cover, giver, turn.staff, told.back)


KINDS: Final[dict[QuestionKind, Callable[[Turn, Question], Open | None]]] = {
    QuestionKind.REMINDER: _shift,
    QuestionKind.READY: _shift,
    QuestionKind.COVER: _cover,
}

UNCLEAR: Final[dict[QuestionKind, Callable[[Turn, Question], Phrase]]] = {
    QuestionKind.ECHO: plans.unclear,
    QuestionKind.COVERING: _serves,
}
"""What OK alone does not answer, and what asks nothing: "thanks!" behind "you serve" is no riddle to anybody."""

FOLLOWING: Final[dict[QuestionKind, Callable[[Turn, Question], Phrase | None]]] = {
    QuestionKind.READ_BACK: plans.again,
    QuestionKind.GAPS: gapalarm.again,
}
"""What can be asked in answer to an OK, and how it is put again. COVERING is not here: OK to it changes nothing."""
