"""The command table: each word of staff, the roles that may say it, and the function that obeys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import NotNow
from bot.grammar import Ask, Command
from bot.people import Role
from handlers.commands import answers, away, closing, conversation, cover, nuisance, planner, second, shift
from handlers.questions import Answer
from handlers.turn import Turn

ANSWERING = frozenset({Role.COUNSELOR, Role.SUPERVISOR})
EVERYONE = frozenset(Role)
SUPERVISING = frozenset({Role.SUPERVISOR})
LEADING = frozenset({Role.SUPERVISOR, Role.ADMIN})
SECOND = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.WITNESS})
"""Who may be the second person, for one request or another."""

ADMINS = frozenset({Role.ADMIN})
PLANNING = ANSWERING | ADMINS

FOR = {
    ANSWERING: "for.answering",
    SUPERVISING: "for.supervisors",
    SECOND: "for.second",
    LEADING: "for.leading",
    ADMINS: "for.admins",
    PLANNING: "for.planning",
}
"""Whom a command is for, in words to somebody for whom it is not; nothing else is said to her."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: who may say it, and what it does."""

    roles: frozenset[Role]
    obey: Callable[[Turn, Command], None]


COMMANDS: dict[Ask, Entry] = {
    Ask.TAKE: Entry(ANSWERING, conversation.take),
    Ask.PASS: Entry(ANSWERING, conversation.pass_on),
    Ask.DONE: Entry(ANSWERING, conversation.done),
    Ask.NOTE: Entry(ANSWERING, conversation.note),
    Ask.HISTORY: Entry(ANSWERING, conversation.history),
    Ask.SEND: Entry(ANSWERING, conversation.send),
    Ask.DROP: Entry(ANSWERING, conversation.drop),
    Ask.BLOCK: Entry(ANSWERING, nuisance.block),
    Ask.UNBLOCK: Entry(SUPERVISING, nuisance.unblock),
    Ask.ON: Entry(ANSWERING, shift.on),
    Ask.OFF: Entry(ANSWERING, shift.off),
    Ask.WHO: Entry(EVERYONE, shift.who),
    Ask.NEXT: Entry(EVERYONE, shift.next_),
    Ask.COVER: Entry(PLANNING, cover.cover),
    Ask.SWAP: Entry(ANSWERING, cover.swap),
    Ask.AWAY: Entry(ANSWERING, away.away),
    Ask.ADD: Entry(ADMINS, planner.add),
    Ask.REMOVE: Entry(ADMINS, planner.remove),
    Ask.GAPS: Entry(ADMINS, planner.gaps),
    Ask.HELP: Entry(EVERYONE, shift.help_),
    Ask.APPROVE: Entry(SECOND, second.approve),
    Ask.REFUSE: Entry(SECOND, second.refuse),
    Ask.REVEAL: Entry(SUPERVISING, second.reveal),
    Ask.KEY: Entry(SUPERVISING, second.key),
    Ask.LINE: Entry(LEADING, closing.line),
}


def obey(turn: Turn, command: Command | Answer) -> None:
    """Obeys a complete command, or an answer to a question; a command that is not built yet, or not hers, says so and
    does nothing."""
    if isinstance(command, Answer):
        answers.answer(turn, command)
        return
    entry = COMMANDS.get(command.ask)
    if entry is None:
        raise NotNow("not.yet", word=command.ask.upper())
    if not entry.roles & turn.staff.roles:
        raise NotNow(FOR[entry.roles], word=command.ask.upper())
    entry.obey(turn, command)
