"""The front door: seen before? whose phone is it? Then the texter's or the staff's room, in the same transaction."""

from __future__ import annotations

from bot.messages import Inbound, Side
from bot.people import Standing
from handlers import commands, missed, staff, texter
from handlers.line import Line
from storage.work import Work


def receive(work: Work, line: Line, inbound: Inbound) -> bool:
    """Writes down one inbound and what follows from it; False if it was here before. Nothing is sent here."""
    if not work.seen.first(inbound.medium, inbound.sender.via, inbound.provider_id):
        return False
    _lead(work, line, inbound)
    if inbound.copy is not None:
        # Whatever became of it, the carrier holds it: a room that knows more has kept it already.
        side = inbound.side or Side.TEXTER
        work.copies.keep(inbound.copy, side=side, conversation=None, contact=None, line=None)
    return True


def _lead(work: Work, line: Line, inbound: Inbound) -> None:
    """To the room that is hers."""
    if inbound.side is Side.TEXTER:
        texter.wrote(work, line, inbound)
        return
    person = work.staff.by_address(inbound.sender)
    if person is None:
        _unknown(work, line, inbound)
    elif inbound.missed and person[1].reachable:
        missed.of_staff(work, line, inbound, person[1])
    elif person[1].standing is not Standing.INVITED:
        # By SMS a joined staff phone is always staff, whatever it texts.
        staff.wrote(work, line, inbound, person, commands.obey)
    elif not staff.joins_by_sms(work, line, inbound, person):
        texter.wrote(work, line, inbound)


def _unknown(work: Work, line: Line, inbound: Inbound) -> None:
    if inbound.side is Side.STAFF:
        staff.stranger(work, line, inbound)
    else:
        texter.wrote(work, line, inbound)
