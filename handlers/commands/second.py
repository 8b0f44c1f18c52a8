"""Commands that need a second person, or end a key: APPROVE, REFUSE, REVEAL, KEY LOST."""

from __future__ import annotations

from bot.errors import NotNow
from bot.foureyes import RULES, RequestKind
from bot.grammar import Command
from bot.people import Medium
from handlers import echoes, foureyes, guesses, newkey
from handlers import reveal as breakglass
from handlers.turn import Turn
from storage.requests import RequestState


def approve(turn: Turn, command: Command) -> None:
    """The second yes, by the number that she was shown."""
    foureyes.approve(turn, _number(command))


def refuse(turn: Turn, command: Command) -> None:
    """No."""
    foureyes.refuse(turn, _number(command))


def reveal(turn: Turn, command: Command) -> None:
    """Asks for a texter's address."""
    breakglass.ask(turn, command.code, command.rest)


def key(turn: Turn, command: Command) -> None:
    """KEY LOST: her own keys end. By SMS a number is echoed first, because a sender's number can be forged."""
    word, _, number = command.rest.partition(" ")
    if word != "lost":
        raise NotNow("key.how")
    keys = turn.work.archive_keys.of(turn.staff.id)
    if not keys:
        raise NotNow("key.none")
    if turn.contact.medium is Medium.SMS and not _echoed(turn, number):
        return
    for one in keys:
        newkey.end(turn.work, turn.line, one, by=turn.staff.id, why="lost")


def _echoed(turn: Turn, number: str) -> bool:
    """Whether she repeats the number that this phone was sent; it is sent when she has none, a new one when wrong."""
    guesses.stop(turn, "sure.echo.guessed")
    requests = turn.work.requests
    waiting = [
        one
        for one in requests.waiting()
        if one.kind is RequestKind.LOST and one.contact == turn.contact.id and one.due_at > turn.work.now
    ]
    for one in waiting:
        if one.number == number:
            echoes.done(turn, number)
            return requests.settle(one, RequestState.GRANTED)
        if number and requests.settle(one, RequestState.LAPSED):
            echoes.replaced(turn, one.number)
    if number:
        guesses.wrong(turn)
        guesses.stop(turn, "sure.echo.guessed")
    if number or not waiting:
        rule = RULES[RequestKind.LOST]
        waiting = [requests.add(RequestKind.LOST, turn.staff.id, valid=rule.valid, contact=turn.contact.id)]
        echoes.given(turn, "KEY", waiting[0].number)
    turn.tell("key.lost.echo", number=waiting[0].number)
    return False


def _number(command: Command) -> str:
    if not command.rest.isdigit():
        raise NotNow("foureyes.how", word=command.ask.upper())
    return command.rest
