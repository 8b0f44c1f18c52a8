"""Times in which nobody is there who can answer, or who speaks a language of the line; and which of them are known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from bot import rota
from bot.people import Staff, StaffId
from bot.rota import Rota, Shift
from bot.schedules import Schedule
from bot.wallclock import FOREVER, LONG_AGO

AHEAD: Final = timedelta(days=14)
BACK: Final = timedelta(days=1)
FURTHER: Final = timedelta(days=60)
"""So far on the end of a gap is looked for that is still open in a fortnight; beyond that it has none."""
SPOKEN_TO: Final = "on call"
"""Languages are asked of whom the ladder asks first: backup may need an interpreter."""


There = Callable[[Shift[StaffId]], list[Staff]]
"""Who of those on call can answer."""


class Gap(msgspec.Struct, frozen=True, array_like=True):
    """Nobody in `schedule` within [start, end); with a `language`, nobody who speaks it. Without a schedule: nobody on
    the whole staff speaks it, or there is no rota at all. An `end` of FOREVER is not in sight."""

    schedule: str
    language: str
    start: datetime
    end: datetime


def found(
    planned: Rota[StaffId],
    people: Mapping[StaffId, Staff],
    languages: Collection[str],
    first: datetime,
    end: datetime,
    *,
    off_at: datetime | None = None,
) -> list[Gap]:
    """All within [first, end), those of whom the ladder asks first before the others, by their starts; of schedules
    that are told of. `off_at`: in what runs then, whoever is
    OFF is not there; of later shifts nobody knows that yet."""
    if not planned.schedules:
        return [Gap("", "", LONG_AGO, FOREVER)]
    able = {person: one for person, one in people.items() if one.can_answer}

    def there(piece: Shift[StaffId]) -> list[Staff]:
        runs = off_at is not None and piece.start <= off_at < piece.end
        return [able[one] for one in piece.people if one in able and (able[one].available or not runs)]

    spoken = {language for one in able.values() for language in one.languages}
    gaps = [Gap("", language, LONG_AGO, FOREVER) for language in languages if language not in spoken]
    for schedule in planned.schedules:
        if schedule.gap_alarm:
            asked = [one for one in languages if one in spoken] if schedule.name == SPOKEN_TO else []
            gaps += _of(schedule, there, ("", *asked), first, end)
    return sorted(
        gaps, key=lambda gap: (gap.schedule not in ("", SPOKEN_TO), gap.start, gap.schedule, gap.language)
    )


def together(gaps: Iterable[Gap]) -> list[tuple[Gap, tuple[str, ...]]]:
    """Each time once, in the same order, with the schedules in which nobody is there then: the one of the ladder's
    first."""
    found: dict[tuple[str, datetime, datetime], list[Gap]] = {}
    for gap in gaps:
        found.setdefault((gap.language, gap.start, gap.end), []).append(gap)
    return [(same[0], tuple(one.schedule for one in same)) for same in found.values()]


def _of(
    schedule: Schedule[StaffId],
    there: There,
    languages: Iterable[str],
    first: datetime,
    end: datetime,
) -> list[Gap]:
    runs = _runs(schedule, there, languages, first, end)
    if not any(gap.end == end for gap in runs):
        return runs
    reach = end + FURTHER
    longer = {
        (gap.language, gap.start): FOREVER if gap.end == reach else gap.end
        for gap in _runs(schedule, there, languages, first, reach)
    }
    return [msgspec.structs.replace(gap, end=longer[gap.language, gap.start]) for gap in runs]


def _runs(
    schedule: Schedule[StaffId],
    there: There,
    languages: Iterable[str],
    first: datetime,
    end: datetime,
) -> list[Gap]:
    pieces = rota.shifts(schedule, first, end)
    gaps: list[Gap] = []
    for language in languages:
        last: Gap | None = None
        for piece in pieces:
            able = there(piece)
            missing = (
                not any(language in one.languages for one in able) and bool(able) if language else not able
            )
            if not missing:
                last = None
                continue
            if last is not None:
                gaps.remove(last)
            last = Gap(schedule.name, language, last.start if last else piece.start, piece.end)
            gaps.append(last)
    return gaps


def is_known(gap: Gap, known: Iterable[Gap]) -> bool:
    """Whether it was acknowledged: all of it lies within one that was. One that grew, or another, is news."""
    return any(
        (one.schedule, one.language) == (gap.schedule, gap.language)
        and one.start <= gap.start
        and gap.end <= one.end
        for one in known
    )


def still(known: Iterable[Gap], present: Collection[Gap]) -> list[Gap]:
    """Those acknowledged that are still there, at least in part: the others are forgotten."""
    return [
        one
        for one in known
        if any(
            (one.schedule, one.language) == (gap.schedule, gap.language)
            and gap.start < one.end
            and one.start < gap.end
            for gap in present
        )
    ]


def written(gaps: Iterable[Gap]) -> bytes:
    """As they are remembered."""
    return msgspec.json.encode(list(gaps))


def read(remembered: bytes) -> list[Gap]:
    """The same, read again."""
    return msgspec.json.decode(remembered, type=list[Gap]) if remembered else []
