"""LINE CLOSED [until], LINE OPEN; by SMS a number is echoed first, because a sender's number can be forged."""

from __future__ import annotations

from datetime import datetime

from bot import closing as rules
from bot import grammar
from bot.errors import NotNow
from bot.foureyes import RULES, RequestKind
from bot.grammar import Command
from bot.people import Medium
from bot.phrases import Phrase, phrase
from bot.redact import Secret
from handlers import closing, echoes, guesses
from handlers.turn import Turn
from storage.requests import Request, RequestState


def line(turn: Turn, command: Command) -> None:
    """Closes or opens the line, from a phone."""
    words = " ".join(grammar.bare(command.rest).split())
    if words.isdigit():
        _act(turn, _echoed(turn, words))
        return
    wish = _wish(turn, words)
    if turn.contact.medium is Medium.SMS:
        _ask_back(turn, wish)
    else:
        _act(turn, wish)


def _wish(turn: Turn, words: str) -> str:
    """What she wants, as it is kept until she has echoed the number: "open", "closed", "closed <instant>"."""
    word, _, rest = words.partition(" ")
    if words in ("open", "closed"):
        return word
    if word != "closed":
        raise NotNow("line.how")
    spoken = (*turn.staff.languages, turn.line.default_language)
    until = rules.until(
        rest, turn.work.now, turn.line.zone_of(turn.staff), spoken, month_first=turn.line.country == "US"
    )
    return f"{word} {until.isoformat()}"


def _act(turn: Turn, wish: str) -> None:
    word, _, until = wish.partition(" ")
    if word == "open":
        closing.reopen(turn)
        return
    end = datetime.fromisoformat(until) if until else None
    if end is not None and end <= turn.work.now:
        raise NotNow("line.past")
    closing.close(turn, end)


def _ask_back(turn: Turn, wish: str) -> None:
    """A number that only whoever holds this phone can repeat; the last wish counts."""
    guesses.stop(turn, "sure.echo.guessed")
    for one in _waiting(turn):
        if turn.work.requests.settle(one, RequestState.LAPSED):
            echoes.replaced(turn, one.number)
    made = turn.work.requests.add(
        RequestKind.LINE,
        turn.staff.id,
        valid=RULES[RequestKind.LINE].valid,
        contact=turn.contact.id,
        reason=Secret(wish),
    )
    echoes.given(turn, "LINE", made.number)
    turn.say([_read_back(turn, wish), phrase("sure.echo", word="LINE", number=made.number)])


def _read_back(turn: Turn, wish: str) -> Phrase:
    """What the number confirms."""
    word, _, until = wish.partition(" ")
    if not until:
        return phrase(f"line.sure.{word}")
    return phrase("line.sure.until", until=turn.line.moment_for(turn.staff, datetime.fromisoformat(until)))


def _echoed(turn: Turn, number: str) -> str:
    """What she wished for, if this is the number; a wrong one ends it."""
    found = ""
    for one in _waiting(turn):
        right = one.number == number
        settled = turn.work.requests.settle(one, RequestState.GRANTED if right else RequestState.LAPSED)
        if right and not settled:
            raise NotNow("question.over")  # the same text twice, in one instant
        found = one.reason.reveal() if right else found
    if not found:
        guesses.wrong(turn)
        raise NotNow("line.echo.wrong")
    echoes.done(turn, number)
    return found


def _waiting(turn: Turn) -> list[Request]:
    return [
        one
        for one in turn.work.requests.waiting()
        if one.kind is RequestKind.LINE and one.contact == turn.contact.id and one.due_at > turn.work.now
    ]
