"""A number that the line asked this phone to send back: however it is written it is the answer, and no texter's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec

from bot import answerwords, echowords
from bot.echowords import Echo
from bot.errors import NotNow
from bot.foureyes import RequestKind
from bot.grammar import Ask, Command
from bot.people import Medium, Role
from bot.phrases import phrase
from bot.questions import QuestionKind
from bot.redact import Secret
from handlers import desk, guesses, questions
from handlers.turn import Turn
from storage.questions import Question
from storage.requests import Request, RequestState

LATELY: Final = timedelta(days=1)
"""So long it is known that a number was hers, and what became of it."""
_FIRST: Final = 10_000
_NUMBERS: Final = 90_000
"""Five digits: a forger has one guess in 90,000 for each text that the admin sees."""
FOR: Final = {
    "ADD": {Role.ADMIN},
    "REMOVE": {Role.ADMIN},
    "COVER": {Role.ADMIN},
    "LINE": {Role.SUPERVISOR, Role.ADMIN},
    "KEY": {Role.SUPERVISOR},
}
"""Who is asked for a number with this word. To anybody else it is a word like others."""
LED: Final = {RequestKind.LINE: "LINE", RequestKind.LOST: "KEY"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a question of the kind ECHO asks for."""

    word: str
    number: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A number that would count now, and what asked for it."""

    word: str
    number: str
    by: Question | Request


_ASKED: Final = msgspec.msgpack.Decoder(Asked)


# ── What becomes of a number ──


def draw(turn: Turn, word: str) -> str:
    """A new number for this phone: none that it was asked for lately, and of no request."""
    while True:
        number = _FIRST + turn.work.chance.below(_NUMBERS)
        if turn.work.covers.get(number) is None and given(turn, word, str(number)):
            return str(number)


def given(turn: Turn, word: str, number: str) -> bool:
    """This phone is asked for it; False where it was lately."""
    return _mark(turn, "number", number, word)


def done(turn: Turn, number: str) -> None:
    """It has come back, and did what it was for."""
    _mark(turn, "number done", number)


def replaced(turn: Turn, number: str) -> None:
    """Another was asked for in its place."""
    _mark(turn, "number replaced", number)


def _mark(turn: Turn, what: str, *about: str) -> bool:
    return turn.work.told.first(what, turn.contact.id.hex(), *about, until=turn.work.now + LATELY)


def _known(turn: Turn, what: str, *about: str) -> bool:
    return turn.work.told.known(what, turn.contact.id.hex(), *about)


def bare(turn: Turn) -> bool:
    """Whether OK or CAN'T alone stands behind a number that LINE or KEY LOST waits for, which is no question: OK does
    nothing there, CAN'T drops it."""
    refused = answerwords.agreed(turn.inbound.text.reveal()) is False
    waiting = [(one.word, one.by) for one in _waiting(turn) if isinstance(one.by, Request)]
    for word, request in waiting[:1]:
        if refused:
            desk.was_answer(turn, request.id)
            turn.work.requests.settle(request, RequestState.REFUSED)
            turn.tell("plan.dropped")
        else:
            turn.tell("sure.echo.ok", word=_spoken(word))
    return bool(waiting)


# ── A text that may be one ──


def heard(turn: Turn, text: str, obey: Callable[[Turn, Command | questions.Answer], None]) -> bool:
    """Whether her text is a number of hers, or was meant as one: then that is all it is. NotNow, with what to answer,
    where it does not count any more.

    A number that never was hers, without a command beside it, is words. While another is waited for it may be that one
    mistyped: where a texter is there, it is held and asked about. It counts as a wrong one all the same: a forger would
    else have as many guesses as he likes at who counsels and plans.
    """
    said = echowords.read(text)
    if said is None or turn.contact.medium is not Medium.SMS:
        return False
    waiting = _waiting(turn)
    meant = [one for one in waiting if one.number == said.number]
    for one in waiting:
        if one in meant or one.word == said.word:
            # Digits that were held before were this number, mistyped.
            desk.was_answer(turn, one.by.id)
    if meant:
        guesses.stop(turn, "sure.echo.guessed")
        _came(turn, meant, said, obey)
        return True
    for word in FOR:
        if _known(turn, "number", said.number, word):
            return _over(turn, word, said.number, waiting)
    if said.word and FOR[said.word] & turn.staff.roles:
        guesses.stop(turn, "sure.echo.guessed")
        obey(turn, _command(said.word, said.number))
        return True
    if not waiting:
        return False
    codes = [one.code for one in desk.laid_out(turn).talking]
    if codes:
        guesses.wrong(turn)
        desk.hold_or_answer(turn, Secret(text), waiting[0].by.id)
        said_so = {"number": said.number, "codes": desk.either(turn, codes)}
        _once_more(turn, "sure.echo.or.texter", waiting[0], **said_so)
        return True
    guesses.stop(turn, "sure.echo.guessed")
    obey(turn, _command(waiting[0].word, said.number))
    return True


def _came(
    turn: Turn, meant: list[_Waiting], said: Echo, obey: Callable[[Turn, Command | questions.Answer], None]
) -> None:
    """A number that waits: it is done, unless she says CAN'T to it, or another word than it was asked for with."""
    one = next((one for one in meant if one.word == said.word), meant[0])
    if said.refused:
        if isinstance(one.by, Question):
            obey(turn, questions.Answer(one.by, agreed=False))
        else:
            turn.work.requests.settle(one.by, RequestState.REFUSED)
            turn.tell("plan.dropped")
    elif said.word not in ("", one.word):
        _once_more(turn, "sure.echo.word", one, number=one.number, word=_spoken(one.word))
    else:
        obey(turn, _command(one.word, one.number))


def _over(turn: Turn, word: str, number: str, waiting: list[_Waiting]) -> bool:
    """It was hers lately: what has become of it. A newer one waits on."""
    if _known(turn, "number done", number):
        raise NotNow("question.over")
    newer = next(
        (one for one in waiting if one.word == word or not {one.word, word} & set(LED.values())), None
    )
    if newer is not None and _known(turn, "number replaced", number):
        _once_more(turn, "sure.echo.replaced", newer, number=number, word=_spoken(newer.word))
        return True
    if word == "LINE":
        raise NotNow("line.echo.wrong")
    raise NotNow("sure.echo.wrong", word=_spoken(word))


def _once_more(turn: Turn, place: str, one: _Waiting, **said: str) -> None:
    """CAN'T behind it is still the answer to what waits."""
    if isinstance(one.by, Question):
        questions.repeat(turn, phrase(place, **said), one.by)
    else:
        turn.tell(place, **said)


def _spoken(word: str) -> str:
    return "KEY LOST" if word == "KEY" else word


def _command(word: str, number: str) -> Command:
    return Command(Ask(word.lower()), rest=f"lost {number}" if word == "KEY" else number)


def _waiting(turn: Turn) -> list[_Waiting]:
    """What this phone is asked for now."""
    found = []
    for question in turn.work.questions.of(turn.staff.id):
        ours = question.kind is QuestionKind.ECHO and question.contact == turn.contact.id
        if ours and question.due_at > turn.work.now:
            asked = _ASKED.decode(question.about)
            found.append(_Waiting(asked.word, asked.number, question))
    for request in turn.work.requests.waiting():
        ours = request.kind in LED and request.contact == turn.contact.id
        if ours and request.due_at > turn.work.now:
            found.append(_Waiting(LED[request.kind], request.number, request))
    return found
