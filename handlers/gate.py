"""The gate behind the front door: who is not let in, and what still works for her."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot import emergency
from bot.budget import Kind
from bot.messages import Address, Inbound
from bot.people import Medium
from bot.phrases import phrase
from handlers import alarms, apply
from handlers.line import Line
from storage.tallies import Span
from storage.work import Work

COUNTRIES: Final = 5
"""Countries that the admins hear of in one day: somebody who tries all of them is no news five times."""


class Shut(StrEnum):
    """Why somebody is not let in. Each is a count a day, and a meter's label."""

    BLOCKED = "blocked"
    ABROAD = "abroad"


def shut(work: Work, line: Line, inbound: Inbound) -> Shut | None:
    """Why this inbound of a texter goes no further, counted; None lets it in. DELETE, STOP and START work anyhow."""
    why = _why(work, line, inbound)
    if why is Shut.ABROAD:
        _tell_of_country(work, line, inbound.sender)
    if why is not None:
        work.counts.add(f"refused {why}")
        # A thought that is run again counts twice here, and once above.
        line.count(why)
    return why


def _why(work: Work, line: Line, inbound: Inbound) -> Shut | None:
    if not reachable(line, inbound.sender):
        return Shut.ABROAD
    if work.blocks.until(inbound.sender) is not None:
        return Shut.BLOCKED
    return None


def reachable(line: Line, address: Address) -> bool:
    """Whether we send to the country of this address; Telegram has none."""
    if address.medium is not Medium.SMS or line.countries is None:
        return True
    return emergency.country_of(address.place.reveal()) in line.countries


def _tell_of_country(work: Work, line: Line, address: Address) -> None:
    """The admins hear once a day from which country somebody texted in vain: it may be one that they forgot."""
    country = emergency.country_of(address.place.reveal()) or "??"
    told = work.tallies.number("countries told", span=Span.DAY)
    if told < COUNTRIES and work.tallies.first("country told", country):
        work.tallies.add("countries told", span=Span.DAY)
        alarms.tell_admins(work, line, phrase("alarm.country", country=country))


def may_greet(work: Work, line: Line, address: Address) -> bool:
    """Whether a conversation that begins now begins with the first answer."""
    return apply.affordable(line, address.medium, Kind.OUTSIDE, work.now)
