"""The table of answers: what OK and CAN'T do to each kind of question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import NotNow
from bot.questions import QuestionKind
from handlers import coverwords, gapalarm, plans, questions, serving, shiftanswers
from handlers.questions import Answer
from handlers.turn import Turn
from storage.questions import Question


@dataclass(frozen=True, slots=True)
class Answers:
    """What either does. `stays`: after OK she may still say CAN'T, by a button or as long as it is the last thing."""

    ok: Callable[[Turn, Question], None]
    cannot: Callable[[Turn, Question], None]
    stays: bool = False


def _take(turn: Turn, question: Question) -> None:
    """She serves for the colleague who asks."""
    told = coverwords.about(question.about)
    serving.accept(turn.work, turn.line, told.number, turn.staff, told.back)


def _cover_refused(turn: Turn, question: Question) -> None:
    """She does not; or she gives back what she took by this very question."""
    serving.give_back(turn.work, turn.line, coverwords.about(question.about).number, turn.staff)


def _covering_confirmed(turn: Turn, question: Question) -> None:
    """OK to "you serve": it is said again, and she may still give it back."""
    serving.accept(turn.work, turn.line, coverwords.about(question.about).number, turn.staff)


ANSWERS: dict[QuestionKind, Answers] = {
    QuestionKind.READ_BACK: Answers(plans.agreed, plans.dropped),
    QuestionKind.COVER: Answers(_take, _cover_refused, stays=True),
    QuestionKind.COVERING: Answers(_covering_confirmed, _cover_refused, stays=True),
    QuestionKind.REMINDER: Answers(shiftanswers.comes, shiftanswers.cannot_come, stays=True),
    QuestionKind.GAPS: Answers(gapalarm.acknowledge, gapalarm.keep_open),
    QuestionKind.ECHO: Answers(plans.not_echoed, plans.dropped, stays=True),
    QuestionKind.READY: Answers(shiftanswers.is_here, shiftanswers.cannot_now, stays=True),
}


def answer(turn: Turn, given: Answer) -> None:
    """Her answer takes effect once, however often it is given."""
    question = given.question
    entry = ANSWERS[question.kind]
    stays = given.agreed and entry.stays
    if not stays and not turn.work.questions.settle(question.id):
        raise NotNow("question.over")
    (entry.ok if given.agreed else entry.cannot)(turn, question)
    if given.agreed:
        questions.follow(turn)
