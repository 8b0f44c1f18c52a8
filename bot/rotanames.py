"""Who is named where in a rota, and the change from one word for a person to another: names, staff ids."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar

from bot.changes import Everyone, Override, Swap
from bot.errors import RotaError
from bot.layers import Layer, Order, P
from bot.schedules import Rota, Schedule

Q = TypeVar("Q", bound=Hashable)
_A_NUMBER = 5
"""Digits: so many might be a phone's."""

_LONGEST = 80
"""Letters of a name in a sentence: longer ones are there to be a nuisance."""


def quoted(name: str) -> str:
    """A name out of the operator's own file, on one line whatever is in it, and however long."""
    return json.dumps(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…", ensure_ascii=False)


def stranger(name: str) -> str:
    """What is said of somebody who is not staff; one who was written as a number is not named."""
    return (
        f"nobody on this line is called {quoted(name) if sum(map(str.isdigit, name)) < _A_NUMBER else 'that'}"
    )


def schedule_place(schedule: Schedule[P]) -> str:
    return f"schedule {quoted(schedule.name)}"


def layer_place(schedule: Schedule[P], layer: Layer[P]) -> str:
    return f"{schedule_place(schedule)}, layer {quoted(layer.name)}"


def named(schedule: Schedule[P]) -> Iterator[tuple[str, P]]:
    """Every mention of a person, with its place in words. A place never contains the person's name."""
    for layer in schedule.layers:
        place = layer_place(schedule, layer)
        yield from _listed(place, layer.participants)
        for n, order in enumerate(layer.revisions, 1):
            yield from _listed(f"{place}, revision {n}", order.participants)
            for person in order.current:
                yield f"{place}, revision {n}, current", person
    for n, override in enumerate(schedule.overrides, 1):
        place = f"{schedule_place(schedule)}, override {n}"
        for key, whom in (("remove", override.remove), ("add", override.add), ("by", override.by)):
            if whom is not None and not isinstance(whom, Everyone):
                yield f"{place}, {key}", whom
    for n, swap in enumerate(schedule.swaps, 1):
        place = f"{schedule_place(schedule)}, swap {n}"
        yield f"{place}, from", swap.giver
        if swap.taker is not None:
            yield f"{place}, to", swap.taker


def _listed(place: str, participants: tuple[tuple[P, ...], ...]) -> Iterator[tuple[str, P]]:
    for n, group in enumerate(participants, 1):
        for person in group:
            yield f"{place}, participant {n}", person


def rename(schedule: Schedule[P], people: Mapping[P, Q]) -> Schedule[Q]:
    """The same schedule with other words for the people. `RotaError` names the place of one who is not in `people`."""
    for place, person in named(schedule):
        if person not in people:
            raise RotaError(f"{place}: unknown person.")
    return Schedule(
        name=schedule.name,
        zone=schedule.zone,
        layers=tuple(_layer(layer, people) for layer in schedule.layers),
        overrides=tuple(_override(override, people) for override in schedule.overrides),
        swaps=tuple(_swap(swap, people) for swap in schedule.swaps),
        gap_alarm=schedule.gap_alarm,
    )


def rename_all(rota: Rota[P], people: Mapping[P, Q]) -> Rota[Q]:
    """`rename` for every schedule."""
    return Rota(tuple(rename(schedule, people) for schedule in rota.schedules))


def _groups(groups: tuple[tuple[P, ...], ...], people: Mapping[P, Q]) -> tuple[tuple[Q, ...], ...]:
    return tuple(tuple(people[person] for person in group) for group in groups)


def _layer(layer: Layer[P], people: Mapping[P, Q]) -> Layer[Q]:
    return Layer(
        name=layer.name,
        zone=layer.zone,
        start=layer.start,
        unit=layer.unit,
        participants=_groups(layer.participants, people),
        count=layer.count,
        priority=layer.priority,
        window=layer.window,
        advance=layer.advance,
        until=layer.until,
        revisions=tuple(
            Order(order.at, _groups(order.participants, people), _groups((order.current,), people)[0])
            for order in layer.revisions
        ),
    )


def _override(override: Override[P], people: Mapping[P, Q]) -> Override[Q]:
    whom = override.remove
    return Override(
        kind=override.kind,
        start=override.start,
        end=override.end,
        remove=whom if whom is None or isinstance(whom, Everyone) else people[whom],
        add=None if override.add is None else people[override.add],
        by=None if override.by is None else people[override.by],
        why=override.why,
        cancelled=override.cancelled,
    )


def _swap(swap: Swap[P], people: Mapping[P, Q]) -> Swap[Q]:
    return Swap(
        giver=people[swap.giver],
        start=swap.start,
        end=swap.end,
        status=swap.status,
        taker=None if swap.taker is None else people[swap.taker],
        note=swap.note,
        decided=swap.decided,
    )
