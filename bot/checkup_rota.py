"""Check-up of people and rota: is somebody there, who can be reached, and in the line's languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from bot import rota
from bot.coverage import Holes, Span, holes, opened
from bot.errors import RotaError
from bot.facts import Facts
from bot.findings import Finding, fail, ok, warning
from bot.people import Medium, Staff, StaffId, Standing
from bot.phrases import LANGUAGE_NAMES
from bot.rota import Schedule
from bot.settings import Config

AHEAD: Final = timedelta(days=14)
"""How far we look: product.md's gap alarm does the same."""
ON_CALL: Final = "on call"
INVITE: Final = "Invite with: greenroom staff add"
SEE_WHO: Final = "See who: greenroom staff list"
SEE_WHEN: Final = "See when: greenroom rota gaps"

STANDINGS: Final = {
    Standing.INVITED: "not joined yet",
    Standing.OPTED_OUT: "opted out",
    Standing.DEAD: "blocked the line or gone",
}


def reached(person: Staff, config: Config) -> bool:
    """Whether an offer can reach her: joined, by a channel that this line still has."""
    open_ways = {Medium.SMS: config.sms is not None, Medium.TELEGRAM: config.telegram is not None}
    return any(contact.reachable and open_ways[contact.medium] for contact in person.contacts)


def somebody_works_here(facts: Facts) -> Iterator[Finding]:
    """Somebody who takes conversations has joined."""
    if facts.line is None:
        return
    takers = [person for person in facts.line.people if person.takes_conversations]
    joined = sum(reached(person, facts.config) for person in takers)
    if not takers:
        yield fail("people", "Nobody here takes conversations.", f"{INVITE} NAME --languages en --sms +1…")
    elif not joined:
        yield fail(
            "people",
            f"None of the {_people(len(takers))} who take conversations can be reached.",
            f"Let them answer their invitations; {SEE_WHO[0].lower()}{SEE_WHO[1:]}",
        )
    else:
        yield ok("people", f"{joined} of {_people(len(takers))} who take conversations can be reached.")


def somebody_supervises(facts: Facts) -> Iterator[Finding]:
    """When on call is exhausted, supervisors are asked: there should be one who can be."""
    if facts.line is None:
        return
    supervisors = [person for person in facts.line.people if person.is_supervisor]
    if not supervisors:
        yield warning(
            "people",
            "There is no supervisor: when nobody on call answers, nobody else is asked.",
            f"{INVITE} NAME --role supervisor",
        )
    elif not any(reached(person, facts.config) for person in supervisors):
        yield warning(
            "people",
            "No supervisor can be reached: when nobody on call answers, nobody else is asked.",
            f"Let her answer her invitation, or write START from her phone. {SEE_WHO}",
        )


def a_rota_is_applied(facts: Facts) -> Iterator[Finding]:
    """Without a rota nobody is ever asked."""
    if facts.line is not None and _on_call(facts) is None:
        what = (
            "No rota has been applied"
            if facts.line.rota is None
            else 'The rota has no schedule named "on call"'
        )
        yield fail("rota", f"{what}: every texter hears that nobody can answer.", _apply())


def gaps(facts: Facts) -> Iterator[Finding]:
    """When nobody who works here is on call at all."""
    if facts.line is None or (schedule := _on_call(facts)) is None:
        return
    found = rota.gaps(schedule, facts.now, facts.now + AHEAD, _takers(facts).__contains__)
    if found == [(facts.now, facts.now + AHEAD)]:
        yield fail("rota", f"Nobody is on call for the next {AHEAD.days} days.", _apply())
    elif found:
        yield warning("rota", f"Nobody is on call {_when(facts, found)}.", SEE_WHEN)
    else:
        yield ok("rota", f"Somebody is on call at every hour of the next {AHEAD.days} days.")


def on_call_and_unreachable(facts: Facts) -> Iterator[Finding]:
    """Who is on call and cannot be reached counts as nobody."""
    if facts.line is None or (schedule := _on_call(facts)) is None:
        return
    people = _takers(facts)
    on = {number for shift in _shifts(facts, schedule) for number in shift.people if number in people}
    lost = [people[number] for number in sorted(on) if not reached(people[number], facts.config)]
    if not lost:
        return
    said = f"{_people(len(lost))} on call within {AHEAD.days} days cannot be reached ({_why(lost)})"
    nobody = rota.gaps(schedule, facts.now, facts.now + AHEAD, people.__contains__)
    alone = opened(nobody, _holes(facts, schedule).unreachable)
    cure = f"Let them join, or write START from their phones. {SEE_WHO}"
    if alone:
        yield fail("rota", f"{said}; nobody else is on call {_when(facts, alone)}.", cure)
    else:
        yield warning("rota", f"{said}; somebody else is on call with them.", cure)


def languages(facts: Facts) -> Iterator[Finding]:
    """Somebody is there, and nobody of them speaks one of the line's languages."""
    if facts.line is None or (schedule := _on_call(facts)) is None:
        return
    for code, found in _holes(facts, schedule, facts.config.line.languages).languages.items():
        name = LANGUAGE_NAMES.get(code, code)
        cure = f"Add a speaker to the rota, or take {code} out of line.languages."
        yield warning("rota", f"Nobody on call speaks {name} {_when(facts, found)}.", cure)


def _apply() -> str:
    return "Write one (README, step 6), then: greenroom rota apply rota.toml"


def _on_call(facts: Facts) -> Schedule[StaffId] | None:
    planned = facts.line.rota if facts.line else None
    return planned.named(ON_CALL) if planned else None


def _shifts(facts: Facts, schedule: Schedule[StaffId]) -> list[rota.Shift[StaffId]]:
    try:
        return rota.shifts(schedule, facts.now, facts.now + AHEAD)
    except RotaError:
        return []


def _takers(facts: Facts) -> dict[StaffId, Staff]:
    people = facts.line.people if facts.line else ()
    return {person.id: person for person in people if person.takes_conversations}


def _holes(facts: Facts, schedule: Schedule[StaffId], languages: Iterable[str] = ()) -> Holes:
    """The holes of the days ahead, for a line that has just these channels."""
    able = partial(reached, config=facts.config)
    return holes(schedule, _takers(facts), languages, facts.now, facts.now + AHEAD, able)


def _when(facts: Facts, spans: list[Span]) -> str:
    """The first of these times by the line's clock, and how much there is in all."""
    start, end = spans[0]
    zone = ZoneInfo(facts.config.line.time_zone)
    if spans == [(facts.now, facts.now + AHEAD)]:
        return f"for the next {AHEAD.days} days"
    first = f"from {_clock(start, zone)} to {_clock(end, zone)}" if start > facts.now else _till(end, zone)
    if len(spans) == 1:
        return first
    hours = sum((end - start for start, end in spans), timedelta()) / timedelta(hours=1)
    return f"{first}, and {len(spans) - 1} more times within {AHEAD.days} days ({hours:.0f} hours in all)"


def _till(end: datetime, zone: ZoneInfo) -> str:
    return f"now, until {_clock(end, zone)}"


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M}"


def _why(people: list[Staff]) -> str:
    """Counts by reason: never a name."""
    reasons = Counter(_reason(person) for person in people)
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items())


def _reason(person: Staff) -> str:
    if not person.contacts:
        return "without a phone"
    if person.contact is not None:
        return "by a channel that is not in the configuration"
    return STANDINGS[person.contacts[-1].standing]


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
