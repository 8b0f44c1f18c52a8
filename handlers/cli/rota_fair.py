"""`greenroom rota fair`: who carries how much, and who should be asked next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from bot import fairness, rota
from bot.coverage import Span, length
from bot.fairness import NOTHING, Burden, Served
from bot.rota import Rota, Shift
from handlers.cli import asked
from handlers.cli.rota_look import Calendar, before_the_first, calendar, mentioned
from handlers.cli.rota_read import Given, Zone, read, shown, span, zone_named

if TYPE_CHECKING:
    from storage.work import Work

FOUR_WEEKS: Final = timedelta(days=28)
LONGEST: Final = timedelta(days=1100)
ASKED_NEXT: Final = 3
WHEN: Final = {"past": "the past", "planned": "what is planned, counting whom an offer reaches"}
HEADS: Final = ("hours", "nights", "weekend days", "holidays")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is counted: the calendar by names, whom one could ask, by whose clock and holidays, where the past
    ends, and when there first was a rota."""

    found: Calendar
    candidates: list[str]
    everybody: list[str]
    zone: ZoneInfo
    country: str
    now: datetime
    begun: datetime | None = None


def fair(
    context: typer.Context,
    file: Given = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="INSTANT", help="Default: four weeks ago.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="INSTANT", help="Default: eight weeks after --from.")
    ] = None,
    zone: Zone = None,
    country: Annotated[
        str | None,
        typer.Option(
            "--country",
            metavar="CODE",
            help="Whose public holidays, like US or US-NY; default: the line's country.",
        ),
    ] = None,
) -> None:
    """Coverage and balance: hours, nights, weekend days and public holidays of each, past (as it was) and planned, and
    who should be asked next.

    A night (22:00 to 06:00), a Saturday or Sunday, and a holiday count once each, when any part of it is served. Asked
    next is who carries least: hours, and 4 more for each night, 4 for each weekend day, 8 for each holiday. Before
    the line's first rota was saved nobody served, and nothing is counted.
    """
    here = asked.of(context)
    clock = zone_named(zone)
    now = datetime.now(UTC).replace(microsecond=0)
    first, last = span(start or shown(now - FOUR_WEEKS), end, 2 * FOUR_WEEKS, clock, most=LONGEST)
    if file:
        planned = read(here, file, zone)
        with here.busy("Counting"):
            facts = _of_file(planned, zone, first, last, country, now)
    else:
        facts = _of_line(here, clock, first, last, country, now)
    # Before there was a rota nobody served, and nothing was left uncovered.
    asked_from, first = first, min(max(first, facts.begun), last) if facts.begun else first
    middle = min(max(facts.now, first), last)
    _say(here, facts, (first, middle, last))
    if facts.begun and asked_from < facts.begun and not here.json:
        typer.echo(before_the_first(facts.begun, facts.zone, "nothing is known, and nothing is counted"))


def _of_file(
    planned: Rota[str],
    zone: str | None,
    first: datetime,
    last: datetime,
    country: str | None,
    now: datetime,
) -> Facts:
    people = mentioned(planned)
    clock = zone or planned.schedules[0].zone
    return Facts(
        {one.name: rota.shifts(one, first, last) for one in planned.schedules},
        people,
        people,
        ZoneInfo(clock),
        country or "",
        now,
    )


def _of_line(
    here: asked.Asked,
    clock: ZoneInfo | None,
    first: datetime,
    last: datetime,
    country: str | None,
    now: datetime,
) -> Facts:
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> Facts:
        people = work.staff.everyone()
        return Facts(
            calendar(work, line, first, last),
            [one.name for one in people if one.can_answer],
            [one.name for one in people if one.takes_conversations],
            clock or line.voice.zone,
            country or line.country,
            now,
            work.rota.begun(),
        )

    with here.busy("Counting"), here.store(config) as store:
        return store.do_now(thought)


def _say(here: asked.Asked, facts: Facts, edges: tuple[datetime, datetime, datetime]) -> None:
    first, middle, last = edges
    days = _holidays(facts, first, last)
    past, planned, whole = (
        fairness.burdens(_served(facts.found, (a, b)), facts.zone, days or frozenset())
        for a, b in ((first, middle), (middle, last), (first, last))
    )
    names = sorted(
        {*facts.everybody, *whole}, key=lambda name: (-whole.get(name, NOTHING).weight, name.casefold())
    )
    following = fairness.fairest(facts.candidates, whole)[:ASKED_NEXT]
    covered = {
        name: {
            "past": _covered(facts.found[name], (first, middle)),
            "planned": _covered(_reached(facts, name), (middle, last)),
        }
        for name in facts.found
    }
    plain = {
        "from": shown(first),
        "now": shown(facts.now),
        "to": shown(last),
        "zone": facts.zone.key,
        "country": facts.country or None,
        "begun": shown(facts.begun.replace(microsecond=0)) if facts.begun else None,
        "units": {"coverage": "percent", "hours": "hours"},
        "coverage": covered,
        "people": [
            {"name": name, "past": _plain(past.get(name)), "planned": _plain(planned.get(name))}
            for name in names
        ],
        "next": following,
    }
    here.table(
        plain,
        ("who", *(f"{what}, past / planned" for what in HEADS)),
        [(name, *_cells(past.get(name, NOTHING), planned.get(name, NOTHING))) for name in names],
    )
    if not here.json:
        _say_around(covered, following, holidays=days is not None, country=facts.country)


def _say_around(
    covered: dict[str, dict[str, float | None]], following: list[str], *, holidays: bool, country: str
) -> None:
    for name, shares in covered.items():
        said = " and ".join(
            f"{share:.4g} % of {WHEN[when]}" for when, share in shares.items() if share is not None
        )
        typer.echo(f'Somebody is there as "{name}" for {said}.')
    if not holidays:
        typer.echo(f"No public holidays are known for {country}." if country else "Holidays: say --country.")
    typer.echo(f"To be asked next: {', '.join(following) or 'nobody, for nobody can be reached'}.")


def _holidays(facts: Facts, first: datetime, last: datetime) -> frozenset[date] | None:
    if not facts.country:
        return None
    return fairness.public_holidays(
        facts.country, first.astimezone(facts.zone).date(), last.astimezone(facts.zone).date()
    )


def _served(found: Calendar, within: Span) -> list[Served[str]]:
    first, last = within
    return [
        (person, max(shift.start, first), min(shift.end, last))
        for shifts in found.values()
        for shift in shifts
        if shift.start < last and first < shift.end
        for person in shift.people
    ]


def _reached(facts: Facts, name: str) -> list[Shift[str]]:
    """The shifts without those whom no offer reaches: who has been removed, or has not joined."""
    reached = frozenset(facts.candidates)
    return [Shift(one.start, one.end, one.people & reached) for one in facts.found[name]]


def _covered(shifts: list[Shift[str]], within: Span) -> float | None:
    """Percent of the span in which somebody is on; None of an empty one."""
    first, last = within
    if first >= last:
        return None
    spans = [
        (max(shift.start, first), min(shift.end, last))
        for shift in shifts
        if shift.people and shift.start < last and first < shift.end
    ]
    return round(100 * (length(spans) / (last - first)), 2)


def _plain(burden: Burden | None) -> dict[str, object]:
    return asdict(burden or NOTHING)


def _cells(past: Burden, planned: Burden) -> list[str]:
    return [
        f"{past.hours:.1f} / {planned.hours:.1f}",
        f"{past.nights} / {planned.nights}",
        f"{past.weekends} / {planned.weekends}",
        f"{past.holidays} / {planned.holidays}",
    ]
