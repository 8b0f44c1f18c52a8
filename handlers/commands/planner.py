"""What only admins plan from their phones: ADD, REMOVE, GAPS."""

from __future__ import annotations

from typing import Final

from bot import gaps as rules
from bot import planwords
from bot.errors import NotNow
from bot.gaps import Gap
from bot.grammar import Command
from bot.phrases import phrase
from handlers import absences, assigning, dates, gapalarm, naming, plans
from handlers.coverwords import BACKUP
from handlers.turn import Turn

ON_CALL: Final = "on call"


def add(turn: Turn, command: Command) -> None:
    """Somebody is put on call beside the others, once read back; its hours must be said. Or the number of that."""
    if number := planwords.echo(command.rest):
        plans.echoed(turn, "ADD", number)
        return
    asked = _asked(turn, command)
    person = naming.somebody(turn, asked.name)
    said, (start, end) = dates.stretch(turn, asked.time, word="add")
    if not said.exact:
        raise NotNow("plan.hours", word="ADD", name=person.name)
    start = max(start, min(turn.work.now, end))  # what is read back is what is left of it
    if end - start > absences.LONGEST or start - turn.work.now > absences.FARTHEST:
        raise NotNow("away.long", days=str(absences.LONGEST.days))
    schedule = _first(turn)
    assigning.may_add(turn, person, schedule, start, end)
    place = "plan.add.sure.away" if assigning.is_away(turn, person, start, end) else "plan.add.sure"
    what = phrase(place, name=person.name, span=turn.line.span_for(turn.staff, start, end))
    plan = plans.Put(start, end, person=person.id, schedule=schedule)
    plans.read_back_to_admin(turn, what, plan, "ADD")


def remove(turn: Turn, command: Command) -> None:
    """Somebody is taken off; whether that leaves nobody is said before it counts. Or the number of that."""
    if number := planwords.echo(command.rest):
        plans.echoed(turn, "REMOVE", number)
        return
    asked = _asked(turn, command)
    person = naming.somebody(turn, asked.name)
    schedules, span = dates.shift(turn, asked.time, person, word="remove")
    gap = any(assigning.leaves_a_gap(turn, person.id, one, *span) for one in schedules)
    place = "plan.remove.sure.gap" if gap else "plan.remove.sure"
    what = phrase(place, name=person.name, span=dates.naming(turn, span, schedules, person))
    plan = plans.Put(*span, person=person.id, schedule=schedules[0], off=True, also=tuple(schedules[1:]))
    plans.read_back_to_admin(turn, what, plan, "REMOVE")


def gaps(turn: Turn, command: Command) -> None:
    """When nobody who can answer is on call, or in another schedule, within 14 days, as many as two segments hold."""
    work, line = turn.work, turn.line
    people = {one.id: one for one in work.staff.everyone()}
    planned = line.rota(work)
    found = rules.found(planned, people, (), work.now, work.now + rules.AHEAD)
    if not planned.schedules:
        turn.tell("gaps.no.rota")
    elif not found:
        turn.tell("gaps.none", days=str(rules.AHEAD.days))
    else:
        _list(turn, found)


def _list(turn: Turn, found: list[Gap]) -> None:
    """Who is missing stands before the first of several times."""
    items, before = [], ""
    for gap, schedules in rules.together(found):
        said = gapalarm.hours(turn.line, turn.staff, gap, turn.work.now)
        missing = ", ".join(_missing(turn, one) for one in schedules)
        items.append(said if missing == before else f"{missing[:1].upper()}{missing[1:]}: {said}")
        before = missing
    days = str(rules.AHEAD.days)
    turn.say([turn.line.listing(turn.staff, "gaps.list", "missing", items, separator="; ", days=days)])


def _missing(turn: Turn, schedule: str) -> str:
    place = MISSING.get(schedule, "gaps.of")
    return turn.line.say_to(turn.staff, phrase(place, schedule=schedule))


MISSING: Final = {ON_CALL: "gaps.of.on.call", BACKUP: "gaps.of.backup"}
"""How it is said that nobody is there; of another schedule with its name."""


def _asked(turn: Turn, command: Command) -> planwords.Named:
    asked = naming.named(turn, command.rest)
    if asked is None:
        raise NotNow("plan.how", word=command.ask.upper())
    return asked


def _first(turn: Turn) -> str:
    """The schedule that the ladder asks first."""
    schedules = turn.line.rota(turn.work).schedules
    if not schedules:
        raise NotNow("gaps.no.rota")
    names = [one.name for one in schedules]
    return ON_CALL if ON_CALL in names else names[0]
