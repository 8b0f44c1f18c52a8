"""The rota's queries, each beside what it is compared with in the same run: a new rotation, and walking the minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.small import Small, repeated
from bot import rota
from bot.rota import Kind, Layer, Override, Schedule, Status, Swap, Unit, Window
from tests.bot.test_rota_reference import SlowLayer, slow_on_call

NEW_YORK = "America/New_York"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TWO_MONTHS = 60 * DAY
PEOPLE = tuple((name,) for name in ("Alma", "Bo", "Cy", "Di", "Ed"))
TODAY, TEN_YEARS_AGO = datetime(2026, 2, 28, 9), datetime(2016, 2, 28, 9)  # noqa: DTZ001 (wall times)


def layer(start: datetime, unit: Unit = Unit.DAY, **more: object) -> Layer[str]:
    given: dict[str, object] = {"name": "layer", "zone": NEW_YORK, "participants": PEOPLE, **more}
    return Layer(start=start, unit=unit, **given)  # type: ignore[arg-type]


def schedule(
    layers: Iterable[Layer[str]], overrides: Iterable[Override[str]] = (), swaps: Iterable[Swap[str]] = ()
) -> Schedule[str]:
    return Schedule(
        name="on call",
        zone=NEW_YORK,
        layers=tuple(layers),
        overrides=tuple(overrides),
        swaps=tuple(swaps),
    )


def queries(calls: int) -> list[Small]:
    """Who is on call now in rotas of every age and size, and the final calendar of two months."""
    new = repeated("rota: on_call, a rotation of today", calls, asking(schedule([layer(TODAY)])))
    found = [
        new,
        beside(new, repeated("rota: ten years old", calls, asking(schedule([layer(TEN_YEARS_AGO)])))),
        beside(new, repeated("rota: a thousand past covers", calls // 10, asking(covered()))),
        beside(new, repeated("rota: a thousand layers of a day", calls // 10, asking(sheet()))),
        beside(new, repeated("rota: walking the minutes", 10, walking(layer(TEN_YEARS_AGO, Unit.WEEK)))),
    ]
    for unit in (Unit.DAY, Unit.HOUR):
        planned = crowded(unit)
        what = f"rota: two months, ten layers by the {unit}, 50 overrides"
        found.append(
            repeated(what, 20, lambda planned=planned: rota.shifts(planned, NOW, NOW + TWO_MONTHS))  # type: ignore[misc]
        )
    return found


def asking(planned: Schedule[str]) -> Callable[[], object]:
    return lambda: rota.on_call(planned, NOW)


def walking(one: Layer[str]) -> Callable[[], object]:
    """The tests' second implementation, for one instant: a day of minutes, and every handoff since the start."""
    return lambda: slow_on_call(schedule([one]), [SlowLayer(one, NOW, NOW + DAY)], NOW)


def beside(reference: Small, one: Small) -> Small:
    return replace(one, what=f"{one.what} ({one.cpu / reference.cpu:.3g} × that of today)")


def covered() -> Schedule[str]:
    past = ((NOW - n * DAY, NOW - (n - 1) * DAY) for n in range(2, 1002))
    swaps = [Swap(giver="Alma", taker="Bo", start=start, end=end, status=Status.TAKEN) for start, end in past]
    return schedule([layer(TODAY)], swaps=swaps)


def sheet() -> Schedule[str]:
    """What a CSV of three years becomes."""
    return schedule(layer(TODAY + n * DAY, until=TODAY + (n + 1) * DAY) for n in range(-500, 500))


def crowded(unit: Unit) -> Schedule[str]:
    nights = Window((0, 1, 2, 3, 4), 1260, 360)
    layers = [
        layer(TEN_YEARS_AGO + n * timedelta(hours=1), unit, priority=n % 3, window=nights if n % 2 else None)
        for n in range(10)
    ]
    kinds = list(Kind)
    overrides = [
        Override(
            kind=kinds[n % 3],
            start=NOW + n * DAY,
            end=NOW + (n + 3) * DAY,
            remove=None if kinds[n % 3] is Kind.ADD else "Alma",
            add=None if kinds[n % 3] is Kind.REMOVE else "Fay",
        )
        for n in range(50)
    ]
    return schedule(layers, overrides)
