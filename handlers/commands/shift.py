"""Commands about one's own shift: ON, OFF, WHO, HELP."""

from __future__ import annotations

from bot import ladder
from bot.conversation import OfferState
from bot.grammar import Command
from bot.people import Staff
from bot.phrases import phrase
from handlers import apply, handoff
from handlers.turn import Turn


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
    """On a break: no new offers; what she has open is offered to the others, and stays hers until one takes it."""
    turn.work.staff.set_available(turn.staff.id, False)
    mine = turn.work.conversations.talking_with(turn.staff.id)
    if mine:
        handoff.hand_on(turn.work, turn.line, turn.staff, mine, "off.open")
    else:
        turn.tell("off")


def who(turn: Turn, command: Command) -> None:
    """Who is on call now, by alias."""
    watch = turn.line.watch(turn.work)
    there = sorted((watch.people[i] for i in watch.on_call if i in watch.people), key=lambda one: one.name)
    names = [_as_seen(turn, one) for one in there]
    if watch.closed:
        turn.tell("line.closed.now")
    if names:
        turn.tell("who", names=", ".join(names))
    else:
        turn.tell("who.nobody")


def _as_seen(turn: Turn, person: Staff) -> str:
    """Her name, and whether she has said nothing since READY?."""
    if not person.silent:
        return person.name
    return turn.line.say_to(turn.staff, phrase("who.silent", name=person.name))


def help_(turn: Turn, command: Command) -> None:
    """The commands in one text."""
    turn.tell("staff.help")
