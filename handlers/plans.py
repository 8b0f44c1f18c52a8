"""What somebody plans by a text is read back to her, and counts once she says OK."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from bot.covering import Span
from bot.covers import Deal
from bot.decision import Words
from bot.errors import NotNow
from bot.people import Medium, StaffId
from bot.phrases import Phrase, phrase
from bot.questions import QuestionKind
from handlers import absences, assigning, covering, echoes, guesses, questions
from handlers.coverwords import next_shifts
from handlers.turn import Turn
from storage.questions import Question

VALID: Final = timedelta(minutes=15)
"""So long a read-back waits for its OK."""


class Plan(msgspec.Struct, frozen=True, tag=True, tag_field="is"):
    """[start, end) of something."""

    start: datetime
    end: datetime


class Request(Plan, frozen=True, tag="request"):
    """Colleagues are asked to serve for `giver`."""

    giver: int
    schedule: str
    deal: str = Deal.COVER.value
    wanted: tuple[datetime, datetime] | None = None
    also: tuple[str, ...] = ()


class Direct(Plan, frozen=True, tag="direct"):
    """`taker` serves for `giver`, because an admin says so."""

    giver: int
    taker: int
    schedule: str
    also: tuple[str, ...] = ()


class Put(Plan, frozen=True, tag="put"):
    """`person` is put on call, or taken off."""

    person: int
    schedule: str
    off: bool = False
    also: tuple[str, ...] = ()


class Dropped(Plan, frozen=True, tag="dropped"):
    """A colleague's request is taken back."""

    number: int


class Absent(Plan, frozen=True, tag="absent"):
    """She is away."""


class Several(Plan, frozen=True, tag="several"):
    """Cover is asked for these of her shifts within it, by schedule: those that she has read."""

    shifts: tuple[tuple[str, tuple[datetime, datetime]], ...] = ()


ForOthers = Request | Direct | Put | Dropped
Plans = ForOthers | Absent | Several


class Echoed(echoes.Asked, frozen=True, kw_only=True):
    """What is done once `word` comes back with `number`."""

    plan: ForOthers


_PLAN: Final = msgspec.msgpack.Decoder(Plans)
_ECHOED: Final = msgspec.msgpack.Decoder(Echoed)


def read_back(turn: Turn, what: Phrase, plan: Plans) -> None:
    """Asks her whether this is what she means; whatever was read back to her before no longer counts."""
    _ask(turn, what, QuestionKind.READ_BACK, plan)


def read_back_to_admin(turn: Turn, what: Phrase, plan: ForOthers, word: str) -> None:
    """The same of what is done in others' names: by SMS it takes `word` and a number that only her phone shows, for
    whoever forges her number could text the command and a blind OK, and empty a night. Telegram's senders cannot be
    forged."""
    if turn.contact.medium is not Medium.SMS:
        _ask(turn, turn.joined([what, phrase("sure.ok")]), QuestionKind.READ_BACK, plan)
        return
    guesses.stop(turn, "sure.echo.guessed")
    number = echoes.draw(turn, word)
    sure = turn.joined([what, phrase("sure.echo", word=word, number=number)])
    _ask(turn, sure, QuestionKind.ECHO, Echoed(word=word, number=number, plan=plan))


def _ask(turn: Turn, what: Words, kind: QuestionKind, about: Plans | Echoed) -> None:
    for one in turn.work.questions.of(turn.staff.id):
        if one.kind in (QuestionKind.READ_BACK, QuestionKind.ECHO):
            _replace(turn, one)
    questions.ask(
        turn.work,
        turn.line,
        turn.staff,
        what,
        kind,
        due_at=turn.work.now + VALID,
        about=msgspec.msgpack.encode(about),
        to=turn.contact,
    )


def _replace(turn: Turn, before: Question) -> None:
    """It no longer counts, and whoever answers it hears why."""
    if turn.work.questions.settle(before.id) and before.due_at > turn.work.now:
        questions.replaced(turn, before)
        if before.kind is QuestionKind.ECHO:
            echoes.replaced(turn, _ECHOED.decode(before.about).number)


def echoed(turn: Turn, word: str, number: str) -> None:
    """The number that she was asked for: it is done. Another one does nothing, and what waited for it waits no longer:
    each guess costs whoever guesses a text that she sees."""
    found = None
    for one in turn.work.questions.of(turn.staff.id):
        if one.kind is not QuestionKind.ECHO or one.contact != turn.contact.id:
            continue
        asked = _ECHOED.decode(one.about)
        right = (asked.word, asked.number) == (word, number) and turn.work.now < one.due_at
        settled = turn.work.questions.settle(one.id)
        if right and not settled:
            raise NotNow("question.over")  # the same text twice, in one instant
        found = asked.plan if right else found
    if found is None:
        guesses.wrong(turn)
        raise NotNow("sure.echo.wrong", word=word)
    echoes.done(turn, number)
    DONE[type(found)](turn, found)


def not_echoed(turn: Turn, question: Question) -> None:
    """OK without the number, which anybody could have texted in her name."""
    questions.repeat(turn, phrase("sure.echo.ok", word=_ECHOED.decode(question.about).word), question)


def unclear(turn: Turn, question: Question) -> Phrase:
    """How it is put once more to somebody whose text was no answer."""
    return phrase("sure.echo.again", word=_ECHOED.decode(question.about).word)


def agreed(turn: Turn, question: Question) -> None:
    """It is done, if it still can be."""
    plan = _PLAN.decode(question.about)
    DONE[type(plan)](turn, plan)


def dropped(turn: Turn, question: Question) -> None:
    """Nothing is done."""
    turn.tell("plan.dropped")


def again(turn: Turn, question: Question) -> Phrase | None:
    """How what was asked in answer to an OK is put once more: the shifts that an absence leaves hers."""
    plan = _PLAN.decode(question.about)
    shifts = _read_and_new(turn, plan)[0] if isinstance(plan, Several) else []
    return absences.offer(turn, shifts) if shifts else None


def _in_each(turn: Turn, plan: Request | Direct, do: Callable[[str], None]) -> None:
    """In each schedule in which it still can be done; she hears why it cannot in another."""
    refused = []
    for schedule in (plan.schedule, *plan.also):
        try:
            do(schedule)
        except NotNow as refusal:
            refused.append(refusal)
    if len(refused) > len(plan.also):
        raise refused[0]
    for one in refused:
        turn.tell(one.phrase, **one.arguments)


def _request(turn: Turn, plan: Request) -> None:
    giver = turn.work.staff.get(StaffId(plan.giver))
    if giver is None:
        raise NotNow("not_now")

    def ask(schedule: str) -> None:
        covering.open_request(
            turn.work,
            turn.line,
            giver=giver,
            schedule=schedule,
            start=plan.start,
            end=plan.end,
            by=turn.staff,
            deal=Deal(plan.deal),
            wanted=plan.wanted,
        )

    _in_each(turn, plan, ask)


def _direct(turn: Turn, plan: Direct) -> None:
    giver, taker = (turn.work.staff.get(StaffId(one)) for one in (plan.giver, plan.taker))
    if giver is None or taker is None:
        raise NotNow("not_now")

    def put(schedule: str) -> None:
        assigning.direct(turn, giver, taker, schedule, plan.start, plan.end)

    _in_each(turn, plan, put)


def _dropped(turn: Turn, plan: Dropped) -> None:
    covering.withdraw(turn.work, turn.line, plan.number, turn.staff)


def _put(turn: Turn, plan: Put) -> None:
    person = turn.work.staff.get(StaffId(plan.person))
    if person is None:
        raise NotNow("not_now")
    if plan.off:
        assigning.remove(turn, person, (plan.schedule, *plan.also), plan.start, plan.end)
    else:
        assigning.add(turn, person, plan.schedule, plan.start, plan.end)


def _absent(turn: Turn, plan: Absent) -> None:
    _offer(turn, plan, absences.note(turn, plan.start, plan.end))


def _offer(turn: Turn, plan: Absent | Several, shifts: list[tuple[str, Span]]) -> None:
    if shifts:
        several = Several(plan.start, plan.end, shifts=tuple(shifts))
        read_back(turn, absences.offer(turn, shifts), several)


def _several(turn: Turn, plan: Several) -> None:
    """For what she has read; what has become hers since, because an admin put her there, is read back to her first."""
    if not absences.stands(turn, plan.start, plan.end):
        raise NotNow("away.off")
    read, new = _read_and_new(turn, plan)
    if not read and not new:
        raise NotNow("cover.not.on", shifts=next_shifts(turn.work, turn.line, turn.staff))
    absences.ask_for_all(turn, read)
    _offer(turn, plan, new)


def _read_and_new(turn: Turn, plan: Several) -> tuple[list[tuple[str, Span]], list[tuple[str, Span]]]:
    """Her shifts within it: those that she has read, or what is left of them, and the others."""
    shifts = absences.shifts_within(turn, plan.start, plan.end)
    read = [
        (schedule, span)
        for schedule, span in shifts
        if any(name == schedule and a <= span[0] and span[1] <= b for name, (a, b) in plan.shifts)
    ]
    return read, [one for one in shifts if one not in read]


DONE: Final[dict[type, Callable[[Turn, Any], None]]] = {
    Request: _request,
    Direct: _direct,
    Put: _put,
    Dropped: _dropped,
    Absent: _absent,
    Several: _several,
}
