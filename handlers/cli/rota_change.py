"""`greenroom rota cover` and `swap`: one serves for another, agreed between them and put down by an admin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot import rota, rotadifference, rotafile
from bot.changes import Status, Swap
from bot.covers import Cover, Deal
from bot.layers import P
from bot.people import StaffId
from bot.rota import Rota, Schedule, validate
from handlers.cli import asked
from handlers.cli.front import answer_is_no, wrong_use
from handlers.cli.known import admin, person
from handlers.cli.rota_apply import out_of_reach
from handlers.cli.rota_look import mentioned
from handlers.cli.rota_read import By, Zone, gone_name, instant, names, read, shown, zone_named

if TYPE_CHECKING:
    from handlers.line import Line
    from storage.work import Work

LONGEST: Final = timedelta(days=62)
"""Of a shift whose end is looked for, and of a cover: two months away is an edit of the rota."""
ONE_SHIFT: Final = timedelta(hours=48)
"""What is longer was hardly meant by who names no end: turns back to back are one shift."""

In = Annotated[str, typer.Option("--schedule", metavar="NAME", help='Of which schedule; or "backup".')]
Dry = Annotated[bool, typer.Option("--dry-run", help="Show what would change; save nothing.")]
Change = Annotated[
    Path | None,
    typer.Option(
        "--file", metavar="FILE", help="Print this file as changed, and save nothing: needs no configuration."
    ),
]
Start = Annotated[
    str,
    typer.Option("--from", metavar="INSTANT", help="Within her shift; later than now unless for a --file."),
]
End = Annotated[
    str | None,
    typer.Option("--to", metavar="INSTANT", help="Default: the end of the shift, within 48 hours."),
]


@dataclass(frozen=True, slots=True)
class Agreed:
    """`giver` is served for by `taker` from `start` on, until `end` or the end of the shift; places in the words of the
    options."""

    giver: str
    taker: str
    start: datetime
    end: datetime | None
    place: str = "--from"


def cover(
    context: typer.Context,
    taker: Annotated[str, typer.Argument(metavar="TAKER", help="Who serves.")],
    giver: Annotated[
        str, typer.Option("--for", metavar="NAME", help="For whom; who has been removed: as show prints her.")
    ],
    start: Start,
    end: End = None,
    schedule: In = "on call",
    zone: Zone = None,
    dry_run: Dry = False,
    file: Change = None,
    by: By = None,
) -> None:
    """One serves for another: greenroom rota cover Bo --for Alma --from 2026-02-01T21:00 --zone Europe/Kyiv"""
    deal = _agreement(giver, taker, start, end, zone)
    _agree(asked.of(context), [deal], schedule, zone, file, by, dry_run=dry_run, what="cover planned")


def swap(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="NAME", help="Whose shift it is.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Who serves it, and gets one back.")],
    start: Start,
    back: Annotated[
        str,
        typer.Option("--back-from", metavar="INSTANT", help="Within the shift of OTHER that NAME serves."),
    ],
    end: End = None,
    back_end: Annotated[
        str | None,
        typer.Option("--back-to", metavar="INSTANT", help="Default: its end, within 48 hours."),
    ] = None,
    schedule: In = "on call",
    zone: Zone = None,
    dry_run: Dry = False,
    file: Change = None,
    by: By = None,
) -> None:
    """Two change shifts: OTHER serves --from … --to for NAME, and NAME --back-from … --back-to for OTHER."""
    there = _agreement(one, other, start, end, zone)
    returned = _agreement(other, one, back, back_end, zone, "--back-from")
    _agree(
        asked.of(context), [there, returned], schedule, zone, file, by, dry_run=dry_run, what="swap planned"
    )


def _agreement(
    giver: str, taker: str, start: str, end: str | None, zone: str | None, place: str = "--from"
) -> Agreed:
    """What the options say. `place`: which of them says from when."""
    clock = zone_named(zone)
    until = None if end is None else instant(end, _until(place), clock)
    return Agreed(giver, taker, instant(start, place, clock), until, place)


def _until(place: str) -> str:
    return place.replace("from", "to")


def _agree(
    here: asked.Asked,
    deals: list[Agreed],
    schedule: str,
    zone: str | None,
    file: Path | None,
    by: str | None,
    *,
    dry_run: bool,
    what: str,
) -> None:
    if file is not None:
        planned = read(here, file, zone)
        spelled = {name.casefold(): name for name in mentioned(planned)}
        if not all(deal.giver.casefold() in spelled for deal in deals):
            raise answer_is_no("Who gives a shift away is not in the file. See: greenroom rota show --file")
        # Whoever comes new into a file is spelled as she was typed.
        after, _ = _agreed(planned, deals, schedule, lambda name: spelled.get(name.casefold(), name))
        validate(after)
        text = rotafile.write(after)
        here.answer({"toml": text}, text.rstrip("\n"))
        return
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> tuple[list[str], list[str], int]:
        from handlers import planning

        who = admin(work, by).id if by is not None else None
        before = line.rota(work)
        known = names(work.staff.everyone(), before)
        # Who has left keeps her turns, so one of hers is given by what stands in her name's place.
        left = {gone_name(one): one for one in known if work.staff.get(one) is None}
        if any(deal.taker.strip() in left for deal in deals):
            raise answer_is_no(
                "Who has been removed from the staff serves no shift. See: greenroom staff list"
            )

        def called(name: str) -> StaffId:
            gone = left.get(name.strip())
            return person(work, name).id if gone is None else gone

        after, made = _agreed(before, deals, schedule, called, work.now)
        validate(after, known=known)
        changes = rotadifference.difference(before, after, known, local=True)
        if not dry_run:
            planning.change(work, line, lambda _: after, by=who, what=what)
            _tell(work, line, schedule, made, who)
        serving = [work.staff.get(deal.taker) for deal in made if deal.taker is not None]
        unreachable = [one.name for one in serving if one is not None and not one.can_answer]
        return changes, sorted(unreachable), work.rota.version()

    with here.store(config) as store:
        changes, unreachable, version = store.do_now(thought)
    end = "Nothing was saved." if dry_run else f"Saved as version {version}."
    here.answer(
        {"saved": not dry_run, "version": version, "changes": changes, "unreachable": unreachable},
        *changes,
        *out_of_reach(unreachable),
        end,
    )


def _tell(work: Work, line: Line, schedule: str, made: list[Swap[StaffId]], by: StaffId | None) -> None:
    """Both hear of it on their phones, and who serves can still give it back there: it is written down as a request
    that has been taken."""
    from handlers import serving

    first, *back = made
    taker = work.staff.get(first.taker) if first.taker is not None else None
    assert taker is not None
    cover = work.covers.add(
        Cover(
            number=0,
            deal=Deal.SWAP if back else Deal.COVER,
            giver=first.giver,
            schedule=schedule,
            start=first.start,
            end=first.end,
            status=Status.TAKEN,
            due_at=first.start if first.start > work.now else first.end,
            returned=(back[0].start, back[0].end) if back else None,
            by=by,
            taker=taker.id,
            decided=first.decided,
            note=first.note,
        )
    )
    serving.confirm(work, line, cover, taker)
    serving.tell_taken(work, line, cover, taker)


def _agreed(
    planned: Rota[P],
    deals: list[Agreed],
    schedule: str,
    called: Callable[[str], P],
    now: datetime | None = None,
) -> tuple[Rota[P], list[Swap[P]]]:
    """The rota with what they have agreed, and that alone; the answer is no when the giver is not on call all of that
    time, or the taker is already."""
    mine = planned.named(schedule)
    if mine is None:
        raise answer_is_no("--schedule: the rota has no schedule of that name. See: greenroom rota show")
    swaps = [_swap(mine, deal, called(deal.giver), called(deal.taker), now) for deal in deals]
    changed = replace(mine, swaps=(*mine.swaps, *swaps))
    return Rota(tuple(changed if one is mine else one for one in planned.schedules)), swaps


def _swap(mine: Schedule[P], deal: Agreed, giver: P, taker: P, now: datetime | None) -> Swap[P]:
    if giver == taker:
        raise wrong_use("Somebody cannot serve for herself. Name two people.")
    end = deal.end or _end_of_shift(mine, giver, deal.start, deal.place)
    if end <= deal.start:
        raise wrong_use(f"{_until(deal.place)}: must be later than {deal.place}.")
    if end - deal.start > LONGEST:
        raise wrong_use(f"{_until(deal.place)}: choose one within {LONGEST.days} days; or edit the rota.")
    start = deal.start if now is None else max(deal.start, now.replace(microsecond=0))
    if end <= start:
        raise answer_is_no(f"{deal.place}: that is over; the rota changes the future only.")
    if rota.shifts_of(mine, giver, start, end) != [(start, end)]:
        raise answer_is_no(
            f"{deal.place}: she is not on call all of that time. See: greenroom rota show --person"
        )
    if rota.shifts_of(mine, taker, start, end):
        raise answer_is_no(f"{deal.place}: who would serve is on call herself then.")
    return Swap(
        giver=giver,
        taker=taker,
        start=start,
        end=end,
        status=Status.TAKEN,
        note="by an admin",
        decided=None if now is None else now.astimezone(UTC).replace(microsecond=0),
    )


def _end_of_shift(mine: Schedule[P], giver: P, start: datetime, place: str) -> datetime:
    running = rota.shifts_of(mine, giver, start, start + LONGEST)
    if not running or running[0][0] != start:
        raise answer_is_no(
            f"{place}: she is not on call at {shown(start)}. See: greenroom rota show --person"
        )
    end = running[0][1]
    if end - start > ONE_SHIFT:
        until = f"until {shown(end)}" if end < start + LONGEST else f"for more than {LONGEST.days} days"
        raise wrong_use(f"{_until(place)}: say until when, for she is on call {until} without a break.")
    return end
