"""What changes between two rotas, in lines for the operator who is about to apply one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from bot.changes import Everyone, Kind, Override, Swap
from bot.layers import Layer, Order, P
from bot.rotanames import layer_place, schedule_place
from bot.schedules import Rota, Schedule
from bot.windows import DAYS, Window, clock

T = TypeVar("T")


def difference(old: Rota[P], new: Rota[P], names: Mapping[P, str]) -> list[str]:
    """One line a change, empty if the rotas are equal; somebody without a name in `names` is "a removed person"."""
    if old == new:
        return []
    lines: list[str] = []
    words = _Words(names)
    for place, before, after in _paired(old.schedules, new.schedules, schedule_place):
        if before is None or after is None:
            lines.append(f"{place}: {'new' if before is None else 'removed'}")
        lines.extend(words.schedule(place, before, after))
    return lines or ["the order of entries changed"]


def _paired(
    old: Iterable[T], new: Iterable[T], place: Callable[[T], str]
) -> Iterator[tuple[str, T | None, T | None]]:
    """Each place with what stood there and what stands there now; the second of one name is another place."""
    before, after = _placed(old, place), _placed(new, place)
    for key in [*before, *(key for key in after if key not in before)]:
        yield key, before.get(key), after.get(key)


def _placed(things: Iterable[T], place: Callable[[T], str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for thing in things:
        name = key = place(thing)
        n = 1
        while key in found:
            n += 1
            key = f"{name} ({n})"
        found[key] = thing
    return found


@dataclass(frozen=True, slots=True)
class _Words(Generic[P]):
    """Says a rota's entries with the people's names."""

    names: Mapping[P, str]

    def schedule(self, place: str, old: Schedule[P] | None, new: Schedule[P] | None) -> Iterator[str]:
        if old is not None and new is not None:
            yield from _turned(place, "zone", old.zone, new.zone)
            yield from _turned(place, "gap alarm", _yes(old.gap_alarm), _yes(new.gap_alarm))
        owner = old or new
        assert owner is not None
        pairs = _paired(
            old.layers if old else (), new.layers if new else (), lambda layer: layer_place(owner, layer)
        )
        for where, before, after in pairs:
            yield from self.layer(where, before, after)
        yield from _listed(
            place,
            map(self.override, old.overrides if old else ()),
            map(self.override, new.overrides if new else ()),
        )
        yield from _listed(
            place, map(self.swap, old.swaps if old else ()), map(self.swap, new.swaps if new else ())
        )

    def layer(self, place: str, old: Layer[P] | None, new: Layer[P] | None) -> Iterator[str]:
        if new is None:
            yield f"{place}: removed"
            return
        if old is None:
            yield f"{place}: new, " + ", ".join(f"{key} {value}" for key, value in self.facts(new).items())
        else:
            before, after = self.facts(old), self.facts(new)
            for key in before:
                yield from _turned(place, key, before[key], after[key])
            if before["participants"] != after["participants"]:
                yield f"{place}: the list changes from the first turn on, so turns may move; a revision keeps them"
        yield from _listed(
            place, map(self.order, old.revisions if old else ()), map(self.order, new.revisions)
        )

    def facts(self, layer: Layer[P]) -> dict[str, str]:
        return {
            "priority": str(layer.priority),
            "zone": layer.zone,
            "start": _wall(layer.start),
            "turn": f"{layer.count} {layer.unit}",
            "participants": self.groups(layer.participants),
            "window": _window(layer.window),
            "advance": layer.advance,
            "until": _wall(layer.until) if layer.until else "for ever",
        }

    def person(self, person: P | Everyone | None) -> str:
        if isinstance(person, Everyone):
            return "everybody"
        return "nobody" if person is None else self.names.get(person, "a removed person")

    def groups(self, groups: tuple[tuple[P, ...], ...]) -> str:
        return ", ".join(" + ".join(map(self.person, group)) for group in groups)

    def order(self, order: Order[P]) -> str:
        current = self.groups((order.current,))
        return (
            f"revision at {_instant(order.at)}: {self.groups(order.participants)}; {current} holds the turn"
        )

    def override(self, override: Override[P]) -> str:
        who = {
            Kind.ADD: f"add {self.person(override.add)}",
            Kind.REMOVE: f"remove {self.person(override.remove)}",
            Kind.REPLACE: f"replace {self.person(override.remove)} by {self.person(override.add)}",
        }[override.kind]
        ended = f", cancelled {_instant(override.cancelled)}" if override.cancelled else ""
        return f"override: {who}, {_instant(override.start)} to {_instant(override.end)}{ended}"

    def swap(self, swap: Swap[P]) -> str:
        span = f"{_instant(swap.start)} to {_instant(swap.end)}"
        return f"swap: {self.person(swap.giver)} to {self.person(swap.taker)}, {span}, {swap.status}"


def _turned(place: str, what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{place}: {what} {old} → {new}"


def _listed(place: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    """Entries that came and went; the same entry twice counts twice."""
    gone, come = list(old), []
    for entry in new:
        if entry in gone:
            gone.remove(entry)
        else:
            come.append(entry)
    yield from (f"{place}: − {entry}" for entry in gone)
    yield from (f"{place}: + {entry}" for entry in come)


def _window(window: Window | None) -> str:
    if window is None:
        return "always"
    return f"{' '.join(DAYS[day] for day in window.days)} {clock(window.opens)}–{clock(window.closes)}"


def _wall(wall: datetime) -> str:
    return wall.isoformat(" ", "minutes")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


def _yes(on: bool) -> str:
    return "on" if on else "off"
