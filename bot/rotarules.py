"""What a rota must be before it is saved. Every refusal is one sentence that names the place."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from itertools import accumulate
from typing import NoReturn
from unicodedata import category

from bot import zones
from bot.changes import EVERYONE, Kind, Override, Status, Swap
from bot.errors import RotaError
from bot.layers import Advance, Layer, Order, P, Unit
from bot.rotanames import layer_place, named, quoted, schedule_place
from bot.schedules import Rota
from bot.wallclock import LATEST_WALL
from bot.windows import DAY, Window

LARGEST = 1_000_000
"""Of a count, and of a priority either way: more than 100 years of hours, and small enough for every store."""

MOST_AT_ONCE = 100
"""Of a schedule's layers, and of its changes, at one instant. What a calendar costs grows with these, not with how many
there are in all: a hundred layers of hours take a second for two weeks, a thousand seven."""
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
_NO_WIDTH = frozenset("\u200b\u2060\ufeff")
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def validate(rota: Rota[P], known: Container[P] | None = None) -> None:
    """Raises `RotaError` if the rota cannot be accepted. `known`: the people there are; None lets everybody pass."""
    names: set[str] = set()
    for schedule in rota.schedules:
        place = schedule_place(schedule)
        if schedule.name in names:
            refuse(place, "there are two schedules of this name")
        names.add(schedule.name)
        _name(place, schedule.name)
        _zone(place, schedule.zone)
        if not schedule.layers:
            refuse(place, "a schedule needs at least one layer")
        for layer in schedule.layers:
            _layer(layer_place(schedule, layer), layer)
        for n, override in enumerate(schedule.overrides, 1):
            _override(f"{place}, override {n}", override)
        for n, swap in enumerate(schedule.swaps, 1):
            _swap(f"{place}, swap {n}", swap)
        _crowd(place, "layers", [(one.start, one.until or LATEST_WALL) for one in schedule.layers])
        acting = [(one.start, one.over) for one in schedule.overrides]
        taken = [(one.start, one.end) for one in schedule.swaps if one.status is Status.TAKEN]
        _crowd(place, "overrides and swaps", acting + taken)
        for whose, person in named(schedule):
            if not person or (isinstance(person, str) and person.strip() in {"", "*"}):
                refuse(whose, 'a person needs a name, which cannot be "*"')
            if isinstance(person, str):
                _name(whose, person)
            if known is not None and person not in known:
                refuse(whose, "unknown person")


def refuse(place: str, what: str) -> NoReturn:
    """Raises the error for a place in the rota."""
    raise RotaError(f"{place}: {what}.")


def _zone(place: str, zone: str) -> None:
    if zone not in zones.known():
        near = zones.nearest_to(zone)
        cure = f', the nearest known one is "{near}"' if near else ""
        refuse(place, f"unknown zone {quoted(zone)}{cure}")


def printable(name: str) -> bool:
    """Whether it is what it seems: no ESC, NUL, line break, turn of direction, or mark without any width."""
    return not any(category(mark) in _UNSEEN or mark in _TURNS or mark in _NO_WIDTH for mark in name)


def _crowd(place: str, what: str, spans: list[tuple[datetime, datetime]]) -> None:
    if len(spans) <= MOST_AT_ONCE:
        return
    # An end counts before a beginning at the same instant.
    steps = sorted(step for start, end in spans if start < end for step in ((start, 1), (end, -1)))
    if max(accumulate((by for _, by in steps), initial=0)) > MOST_AT_ONCE:
        refuse(place, f"more than {MOST_AT_ONCE} {what} stand over one another; take out those that are over")


def _wall(place: str, key: str, time: datetime | None) -> None:
    if time is not None and time.tzinfo is not None:
        refuse(place, f'"{key}" is a wall time of the layer\'s zone and takes no offset')


def _instant(place: str, key: str, time: datetime | None) -> None:
    if time is not None and time.utcoffset() is None:
        refuse(place, f'"{key}" is an instant and needs an offset, such as Z at its end')


def _interval(place: str, start: datetime, end: datetime) -> None:
    _instant(place, "start", start)
    _instant(place, "end", end)
    if end <= start:
        refuse(place, '"end" must come after "start"')


def _name(place: str, name: str) -> None:
    if not printable(name):
        refuse(place, "the name has a character in it that cannot be seen, such as a line break")


def _layer(place: str, layer: Layer[P]) -> None:
    _name(place, layer.name)
    _zone(place, layer.zone)
    _wall(place, "start", layer.start)
    _wall(place, "until", layer.until)
    if layer.until is not None and layer.until <= layer.start:
        refuse(place, '"until" must come after "start"')
    if not 1 <= layer.count <= LARGEST:
        refuse(place, f'"count" must be 1 or more (at most {LARGEST})')
    if abs(layer.priority) > LARGEST:
        refuse(place, f'"priority" must lie between -{LARGEST} and {LARGEST}')
    if layer.advance is Advance.ACTIVE and layer.unit is not Unit.DAY:
        refuse(place, '"active" goes with the unit "day" only')
    _participants(place, layer.participants)
    if layer.window is not None:
        _window(place, layer.window)
    before: datetime | None = None
    for n, order in enumerate(layer.revisions, 1):
        _order(f"{place}, revision {n}", order, before)
        before = order.at


def _participants(place: str, participants: tuple[tuple[P, ...], ...]) -> None:
    if not participants:
        refuse(place, '"participants" is empty')
    for n, group in enumerate(participants, 1):
        if not group:
            refuse(f"{place}, participant {n}", "the group is empty")
        if len(set(group)) < len(group):
            refuse(f"{place}, participant {n}", "the group names somebody twice")


def _window(place: str, window: Window) -> None:
    if not window.days:
        refuse(place, '"days" is empty')
    if any(day not in range(7) for day in window.days):
        refuse(place, '"days" names a day that is not in the week')
    if len(set(window.days)) < len(window.days):
        refuse(place, '"days" names a day twice')
    if not (0 <= window.opens <= DAY and 0 <= window.closes <= DAY):
        refuse(place, '"from" and "to" must lie between 00:00 and 24:00')


def _order(place: str, order: Order[P], before: datetime | None) -> None:
    _instant(place, "at", order.at)
    if before is not None and order.at < before:
        refuse(place, "revisions stand in the order of their times, and this one comes before the last")
    _participants(place, order.participants)
    if order.position is None:
        refuse(place, '"current" must be one of "participants"')


def _override(place: str, override: Override[P]) -> None:
    _interval(place, override.start, override.end)
    _instant(place, "cancelled", override.cancelled)
    removes, adds = override.kind is not Kind.ADD, override.kind is not Kind.REMOVE
    for key, wanted, given in (("remove", removes, override.remove), ("add", adds, override.add)):
        if wanted and given is None:
            refuse(place, f'"{key}" is missing')
        if given is not None and not wanted:
            refuse(place, f'the kind "{override.kind}" takes no "{key}"')
    if override.add is not None and override.add == override.remove:
        refuse(place, "it replaces somebody with themselves")
    if override.add is EVERYONE:
        refuse(place, '"add" needs one person')


def _swap(place: str, swap: Swap[P]) -> None:
    _interval(place, swap.start, swap.end)
    _instant(place, "decided", swap.decided)
    if swap.status is Status.TAKEN and swap.taker is None:
        refuse(place, 'it is taken, so "to" must name by whom')
    if swap.taker is not None and swap.taker == swap.giver:
        refuse(place, "it swaps somebody with themselves")
