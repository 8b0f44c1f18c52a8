"""Commands about one's own shift: ON, OFF, WHO, NEXT, HELP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot import ladder, rota
from bot.conversation import OfferState
from bot.grammar import Command
from bot.ladder import Watch
from bot.people import Staff, StaffId
from bot.phrases import Phrase, phrase
from handlers import alarms, apply, gapalarm, handoff, unreachable
from handlers.coverwords import next_spans
from handlers.line import LOOK_AHEAD
from handlers.turn import Turn

SHOWN: Final = 3
MOST: Final = 10
"""Shifts that NEXT names without a number, and with one."""


def on(turn: Turn, command: Command) -> None:
    """Available: whoever waits and was told that nobody is there is offered to her at once."""
    work, line = turn.work, turn.line
    work.staff.set_available(turn.staff.id, True)
    turn.tell("on")
    watch = line.watch(work)
    staff = watch.people[turn.staff.id]
    if watch.loads.get(staff.id, 0) >= line.pace.most:
        return
    offered = {o.conversation for o in work.offers.to(staff.id) if o.state is OfferState.OPEN}
    for conversation in work.conversations.waiting():
        hers = staff.is_supervisor or not conversation.private.muted
        if conversation.private.nobody_told and hers and conversation.id not in offered:
            apply.apply(work, line, conversation, ladder.ask(conversation, watch, line.pace, staff))


def off(turn: Turn, command: Command) -> None:
    """On a break: no new offers; what she has open is offered to the others, and stays hers until one takes it. She
    hears who is left on call; where nobody is, the admins are told."""
    work, line, was = turn.work, turn.line, turn.staff.available
    work.staff.set_available(turn.staff.id, False)
    mine = work.conversations.talking_with(turn.staff.id)
    said = [phrase("off")]
    if mine:
        handoff.hand_on(work, line, turn.staff, mine, "off.open")
        said = []
    running = unreachable.off_is_told(work, line, turn.staff.id)
    for schedule in running:
        gapalarm.mark_running(work, line, schedule)
    watch = line.watch(work)
    if turn.staff.id in watch.on_call:
        left = [one.name for one in _people(watch, watch.on_call) if _serves(one)]
        said.append(phrase("off.left", names=", ".join(left)) if left else phrase("off.nobody"))
        if not left and was:
            alarms.tell_admins(work, line, phrase("alarm.off", name=turn.staff.name), but=turn.contact.id)
    if said:
        turn.say(said)


def _serves(person: Staff) -> bool:
    return person.available and person.can_answer and not person.silent


def who(turn: Turn, command: Command) -> None:
    """Who is on call and backup now, until when, who of them does not answer, and who comes next; of many as many as
    two segments hold."""
    watch = turn.line.watch(turn.work)
    now = turn.work.now
    names = _named(turn, watch, watch.on_call)
    said: list[Phrase] = []
    if backup := _named(turn, watch, watch.backup):
        said.append(phrase("who.backup", names=", ".join(backup)))
    planned = turn.line.rota(turn.work).named("on call")
    following = rota.shifts(planned, now, now + LOOK_AHEAD)[1:2] if planned else []
    for shift in following:
        then = ", ".join(_named(turn, watch, shift.people, now=False))
        at = turn.line.moment_for(turn.staff, shift.start)
        said.append(phrase("who.next", at=at, names=then) if then else phrase("who.until", at=at))
    closed = [phrase("line.closed.now")] if watch.closed else []
    behind = " ".join(turn.line.say_to(turn.staff, one) for one in (*closed, *said))
    first = (
        turn.line.listing(turn.staff, "who", "names", names, behind=behind) if names else phrase("who.nobody")
    )
    turn.say([*closed, first, *said])


def _people(watch: Watch, ids: Iterable[StaffId]) -> list[Staff]:
    return sorted((watch.people[i] for i in ids if i in watch.people), key=lambda one: one.name)


def _named(turn: Turn, watch: Watch, ids: Iterable[StaffId], *, now: bool = True) -> list[str]:
    """The names; behind each why nothing can be offered to her now."""
    return [one.name + _state(turn, one, now=now) for one in _people(watch, ids)]


def _state(turn: Turn, one: Staff, *, now: bool) -> str:
    states = (
        (not one.can_answer, "who.unreachable"),
        (now and not one.available, "who.off"),
        (now and one.silent, "who.quiet"),
    )
    place = next((place for holds, place in states if holds), None)
    return "" if place is None else f" ({turn.line.say_to(turn.staff, phrase(place))})"


def next_(turn: Turn, command: Command) -> None:
    """Her next shifts by her own clock: three, or as many as she asks for."""
    count = min(max(int(command.rest), 1), MOST) if command.rest.isdigit() else SHOWN
    shifts = next_spans(turn.work, turn.line, turn.staff, count)
    if shifts:
        turn.say([turn.line.listing(turn.staff, "next", "shifts", shifts)])
    else:
        turn.tell("next.none")


def help_(turn: Turn, command: Command) -> None:
    """The commands in one text, those about the rota in another."""
    turn.tell("staff.help.rota" if command.rest else "staff.help")
