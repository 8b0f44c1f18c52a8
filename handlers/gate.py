"""The gate behind the front door: who is not let in, and what still works for her."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot import emergency, flood
from bot.budget import Kind
from bot.conversation import Conversation
from bot.decision import ToStaff
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
    FLOOD = "flood"


def shut(work: Work, line: Line, inbound: Inbound, conversation: Conversation | None) -> Shut | None:
    """Why this inbound of a texter goes no further, counted; None lets it in. DELETE, STOP and START work anyhow."""
    why = _why(work, line, inbound, conversation)
    if why is Shut.ABROAD:
        _tell_of_country(work, line, inbound.sender)
    if why is not None:
        work.counts.add(f"refused {why}")
        # A thought that is run again counts twice here, and once above.
        line.count(why)
    return why


def _why(work: Work, line: Line, inbound: Inbound, conversation: Conversation | None) -> Shut | None:
    if not reachable(line, inbound.sender):
        return Shut.ABROAD
    if work.blocks.until(inbound.sender) is not None:
        return Shut.BLOCKED
    return Shut.FLOOD if is_flooding(work, line, inbound, conversation) else None


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
    """Whether a conversation that begins now begins with the first answer; it counts."""
    if not apply.affordable(line, address.medium, Kind.OUTSIDE, work.now) or is_pumped(work, address):
        return False
    return work.tallies.add("greeting", _who(address), span=Span.DAY) <= flood.GREETINGS


def may_answer(work: Work, address: Address, cause: str, *, most: int = flood.ANSWERS) -> bool:
    """Whether the line itself answers this contact once more for this cause in this hour; it counts."""
    return work.tallies.add(f"answer {cause}", _who(address), span=Span.HOUR) <= most


def may_answer_outside(work: Work, line: Line, address: Address) -> bool:
    """Whether an automatic line may leave to somebody who has no open conversation, as far as money goes."""
    if not reachable(line, address) or is_pumped(work, address):
        return False
    return apply.affordable(line, address.medium, Kind.OUTSIDE, work.now)


def erased_since(work: Work, address: Address, at: datetime) -> bool:
    """Whether this contact has written DELETE in the hour of `at` or later, two days back at most.

    By the hour: of what was written in the same hour nobody can say any more whether it was before, and it is taken to
    be meant as well; the price is a text that was written just after it, and that the carrier could not bring.
    """
    hours = int((work.now - at) / timedelta(hours=1)) + 1
    moments = [work.now, *(at + timedelta(hours=n) for n in range(min(hours, 48)))]
    return any(work.tallies.number("answer erased", _who(address), span=Span.HOUR, at=one) for one in moments)


# ── A prefix whose numbers all write once ──


def came_first(work: Work, line: Line, address: Address) -> None:
    """A contact that we did not know has written."""
    if address.medium is not Medium.SMS:
        return
    prefix = flood.prefix(address.place.reveal())
    first = work.tallies.add("prefix first", prefix, span=Span.HOUR)
    if first <= flood.FIRST_CONTACTS:
        return
    second = work.tallies.number("prefix second", prefix, span=Span.HOUR)
    if flood.is_pumped(first, second):
        work.tallies.add("prefix shut", prefix, span=Span.HOUR)
        if work.tallies.first("prefix told", prefix):
            alarms.tell_admins(work, line, phrase("alarm.prefix", prefix=f"{prefix}…", count=str(first)))


def came_again(work: Work, address: Address) -> None:
    """A new contact has written a second time: somebody is there."""
    if address.medium is Medium.SMS:
        work.tallies.add("prefix second", flood.prefix(address.place.reveal()), span=Span.HOUR)


def is_pumped(work: Work, address: Address) -> bool:
    """Whether this prefix gets no automatic text now: in the hour in which that was noticed, and in the next."""
    if address.medium is not Medium.SMS:
        return False
    prefix = flood.prefix(address.place.reveal())
    moments = (work.now, work.now - timedelta(hours=1))
    return any(work.tallies.number("prefix shut", prefix, span=Span.HOUR, at=at) for at in moments)


def _who(address: Address) -> str:
    return f"{address.medium.value} {address.place.reveal()}"


# ── One contact that does not stop ──


def is_flooding(work: Work, line: Line, inbound: Inbound, conversation: Conversation | None) -> bool:
    """Counts a text of a contact; whether it is more than is kept in an hour. The first time somebody is told."""
    number = work.tallies.add("texts", _who(inbound.sender), span=Span.HOUR)
    if number == flood.KEPT + 1:
        if conversation is not None and conversation.counselor_contact is not None:
            what = phrase("flood.stopped", code=conversation.code, count=str(flood.KEPT))
            apply.post_to_staff(work, line, ToStaff(conversation.counselor_contact, what), conversation)
        alarms.tell_admins(work, line, phrase("alarm.flood", count=str(flood.KEPT)), once="flood")
    return number > flood.KEPT
