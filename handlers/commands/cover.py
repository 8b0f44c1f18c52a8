"""COVER and SWAP: asking colleagues to serve, taking what they ask for, giving it back; all by a date or a number."""

from __future__ import annotations

from typing import Final

from bot import covering as rules
from bot import planwords
from bot.changes import Status
from bot.covering import Span
from bot.covers import Cover, Deal
from bot.errors import NotNow
from bot.grammar import Command
from bot.people import Role, Staff
from bot.phrases import phrase
from handlers import assigning, covering, dates, naming, plans, serving
from handlers.coverwords import books, when
from handlers.turn import Turn

SURE: Final = {
    (True, True): "cover.sure",
    (True, False): "cover.sure.nobody",
    (False, True): "cover.sure.for",
    (False, False): "cover.sure.for.nobody",
}
"""How it is read back: for herself or another, with colleagues to ask or without."""


def cover(turn: Turn, command: Command) -> None:
    """Alone it lists what is open; with a number it takes that one; with a time it asks for cover, once read back."""
    number = planwords.numbered(command.rest)
    asked = naming.for_whom(turn, command.rest)
    if not command.rest or command.code is not None:
        listed(turn)
    elif number is not None and _is_echo(turn, command.rest, number.number):
        plans.echoed(turn, "COVER", planwords.echo(command.rest))
    elif number is not None:
        _by_number(turn, number)
    elif asked is not None:
        _for(turn, asked)
    else:
        _read_back(turn, turn.staff, *dates.shift(turn, command.rest, turn.staff, word="cover"))


def _is_echo(turn: Turn, rest: str, number: int) -> bool:
    """Whether an admin sends back the number that she was asked for; five digits, and no request has come so far."""
    digits = planwords.echo(rest)
    return Role.ADMIN in turn.staff.roles and digits != "" and turn.work.covers.get(number) is None


def swap(turn: Turn, command: Command) -> None:
    """She gives her shift and takes a colleague's: that of a time she names, or the nearest of each."""
    number = planwords.numbered(command.rest)
    asked = naming.for_whom(turn, command.rest)
    if not command.rest or command.code is not None:
        listed(turn)
        return
    if number is not None:
        _by_number(turn, number)
        return
    time = asked.time if asked is not None else command.rest
    schedules, span = dates.shift(turn, time, turn.staff, word="swap")
    schedule = schedules[0]
    wanted = None
    if asked is not None:
        wanted = dates.span_of(turn, dates.read(turn, asked.whom, word="swap"), "swap")
    known = books(turn.work, turn.line)
    partners = rules.partners(known, schedule, turn.staff.id, *span, wanted)
    if not partners:
        others = wanted is not None and rules.partners(known, schedule, turn.staff.id, *span, None)
        place = "swap.nobody.then" if others else "swap.nobody"
        raise NotNow(place, span=turn.line.span_for(turn.staff, *span))
    said = {"span": dates.naming(turn, span, [schedule], turn.staff), "colleagues": str(len(partners))}
    place = "swap.sure"
    if wanted is not None:
        back = sorted({turn.line.span_for(turn.staff, *one) for _, one in partners})
        place, said["back"] = "swap.sure.for", ", ".join(back[:2])
    plan = plans.Request(*span, giver=turn.staff.id, schedule=schedule, deal=Deal.SWAP.value, wanted=wanted)
    plans.read_back(turn, phrase(place, **said), plan)


def listed(turn: Turn) -> None:
    """What is open, by number."""
    names = {one.id: one.name for one in turn.work.staff.everyone()}
    standing = [one for one in turn.work.covers.standing() if one.status is Status.OPEN]
    if not standing:
        turn.tell("cover.none")
        return
    lines = [_line(turn, one, names.get(one.giver, "-")) for one in standing]
    number = str(standing[0].number)
    turn.say([turn.line.listing(turn.staff, "cover.list", "requests", lines, separator="; ", number=number)])


def _line(turn: Turn, one: Cover, name: str) -> str:
    what = "SWAP " if one.deal is Deal.SWAP else ""
    return f"{one.number}: {what}{name}, {when(turn.line, turn.staff, one)}"


def _by_number(turn: Turn, asked: planwords.Numbered) -> None:
    if not asked.word:
        if not turn.staff.takes_conversations:
            raise NotNow("for.answering", word="COVER")
        if not covering.propose(turn.work, turn.line, asked.number, turn.staff):
            serving.accept(turn.work, turn.line, asked.number, turn.staff)
    elif asked.word == "drop" and Role.ADMIN in turn.staff.roles:
        _dropped_by_admin(turn, asked.number)
    else:
        serving.give_back(turn.work, turn.line, asked.number, turn.staff)


def _dropped_by_admin(turn: Turn, number: int) -> None:
    """An admin ends any open request, another's once it is read back to her; what she has taken herself she gives
    back."""
    found = turn.work.covers.get(number)
    if found is None or found.status is not Status.OPEN or turn.staff.id in (found.giver, found.by):
        serving.give_back(turn.work, turn.line, number, turn.staff)
        return
    giver = turn.work.staff.get(found.giver)
    span = when(turn.line, turn.staff, found)
    name = giver.name if giver else turn.line.say_to(turn.staff, phrase("staff.gone"))
    what = phrase("cover.sure.drop", number=str(number), name=name, span=span)
    plan = plans.Dropped(found.start, found.end, number=number)
    plans.read_back_to_admin(turn, what, plan, "COVER")


def _for(turn: Turn, asked: planwords.For) -> None:
    """An admin plans for others: a request, or at once who serves."""
    if Role.ADMIN not in turn.staff.roles:
        raise NotNow("for.admins", word="COVER FOR")
    giver = naming.somebody(turn, asked.whom)
    taker = naming.somebody(turn, asked.by) if asked.by else None
    schedules, span = dates.shift(turn, asked.time, giver, word="cover")
    if taker is None:
        _read_back(turn, giver, schedules, span)
        return
    first, *also = assigning.replaceable(turn, giver, taker, schedules, *span)
    said = {"name": giver.name, "taker": taker.name, "span": dates.naming(turn, span, [first, *also], giver)}
    plan = plans.Direct(*span, giver=giver.id, taker=taker.id, schedule=first, also=tuple(also))
    place = "cover.sure.by.away" if assigning.is_away(turn, taker, *span) else "cover.sure.by"
    plans.read_back_to_admin(turn, phrase(place, **said), plan, "COVER")


def _read_back(turn: Turn, giver: Staff, schedules: list[str], span: Span) -> None:
    known = books(turn.work, turn.line)
    able = (rules.candidates(known, schedule, giver.id, *span) for schedule in schedules)
    count = len({one.id for some in able for one in some})
    place = SURE[giver.id == turn.staff.id, count > 0]
    said = {"span": dates.naming(turn, span, schedules, giver), "name": giver.name, "colleagues": str(count)}
    plan = plans.Request(*span, giver=giver.id, schedule=schedules[0], also=tuple(schedules[1:]))
    if giver.id == turn.staff.id:
        plans.read_back(turn, phrase(place, **said), plan)
    else:
        plans.read_back_to_admin(turn, phrase(place, **said), plan, "COVER")
