"""The table of answers: what OK and CAN'T do to each kind of question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import NotNow
from bot.questions import QuestionKind
from handlers.questions import Answer
from handlers.turn import Turn
from storage.questions import Question


@dataclass(frozen=True, slots=True)
class Answers:
    """What either does. `stays`: after OK she may still say CAN'T, by a button or as long as it is the last thing."""

    ok: Callable[[Turn, Question], None]
    cannot: Callable[[Turn, Question], None]
    stays: bool = False


ANSWERS: dict[QuestionKind, Answers] = {}


def answer(turn: Turn, given: Answer) -> None:
    """Her answer takes effect once, however often it is given."""
    question = given.question
    entry = ANSWERS[question.kind]
    stays = given.agreed and entry.stays
    if not stays and not turn.work.questions.settle(question.id):
        raise NotNow("question.over")
    (entry.ok if given.agreed else entry.cannot)(turn, question)
