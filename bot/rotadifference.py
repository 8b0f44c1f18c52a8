"""What changes between two rotas, in lines for the operator who is about to apply one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from bot.changes import Everyone, Kind, Override, Status, Swap
from bot.layers import Layer, Order, P, Unit
from bot.rotanames import layer_place, schedule_place
from bot.schedules import Rota, Schedule
from bot.windows import DAYS, Window, clock

T = TypeVar("T")
_ONE_SHIFT = timedelta(days=1)


def difference(old: Rota[P], new: Rota[P], names: Mapping[P, str], *, local: bool = False) -> list[str]:
    """One line a change, empty if the rotas are equal; somebody without a name in `names` is "a removed person".

    Instants are in UTC; with `local`, by the clock of the schedule, which is what people read.
    """
    if old == new:
        return []
    lines: list[str] = []
    words = _Words(names, local)
    for place, before, after in _paired(old.schedules, new.schedules, schedule_place):
        if before is None or after is None:
            lines.append(f"{place}: {'new' if before is None else 'removed'}")
        lines.extend(words.schedule(place, before, after))
    return lines or ["the order of entries changed"]


def dropped(old: Rota[P], new: Rota[P], names: Mapping[P, str], after: datetime) -> list[str]:
    """The overrides and taken swaps of `old` that would act after an instant and that `new` does not have, one line
    each, by the clock of their schedule: what people have agreed, and a new file forgets."""
    words, lines = _Words(names, True), []
    for schedule in old.schedules:
        kept = new.named(schedule.name)
        at = words.clock(schedule)
        lines += [
            f"{schedule_place(schedule)}: {words.override(override, at)}"
            for override in schedule.overrides
            if override.over > after and (kept is None or override not in kept.overrides)
        ]
        lines += [
            f"{schedule_place(schedule)}: {words.swap(swap, at)}"
            for swap in schedule.swaps
            if swap.status is Status.TAKEN and swap.end > after and (kept is None or swap not in kept.swaps)
        ]
    return lines


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
    local: bool = False

    def clock(self, schedule: Schedule[P]) -> Callable[[datetime], str]:
        """How instants of this schedule are written."""
        zone = ZoneInfo(schedule.zone)
        return (lambda at: shown(at, zone)) if self.local else _instant

    def schedule(self, place: str, old: Schedule[P] | None, new: Schedule[P] | None) -> Iterator[str]:
        if old is not None and new is not None:
            yield from _turned(place, "zone", old.zone, new.zone)
            yield from _turned(place, "gap alarm", _yes(old.gap_alarm), _yes(new.gap_alarm))
        owner = old or new
        assert owner is not None
        at = self.clock(new or owner)
        olds, news = old.layers if old else (), new.layers if new else ()
        pairs = _paired(
            (one for one in olds if not _is_row(one)),
            (one for one in news if not _is_row(one)),
            lambda layer: layer_place(owner, layer),
        )
        for where, before, after in pairs:
            yield from self.layer(where, before, after, at)
        yield from _listed(place, map(self.row, filter(_is_row, olds)), map(self.row, filter(_is_row, news)))
        yield from _listed(
            place,
            (self.override(one, at) for one in (old.overrides if old else ())),
            (self.override(one, at) for one in (new.overrides if new else ())),
        )
        yield from _listed(
            place,
            (self.swap(one, at) for one in (old.swaps if old else ())),
            (self.swap(one, at) for one in (new.swaps if new else ())),
        )

    def layer(
        self, place: str, old: Layer[P] | None, new: Layer[P] | None, at: Callable[[datetime], str]
    ) -> Iterator[str]:
        if new is None:
            yield f"{place}: removed"
            return
        if old is None:
            yield f"{place}: new, {', '.join(f'{key} {value}' for key, value in self.facts(new).items())}"
        else:
            before, after = self.facts(old), self.facts(new)
            for key in before:
                yield from _turned(place, key, before[key], after[key])
            if before["participants"] != after["participants"] and not _once(new):
                yield f"{place}: the list changes from the first turn on, so turns may move; a revision keeps them"
        yield from _listed(
            place,
            (self.order(one, at) for one in (old.revisions if old else ())),
            (self.order(one, at) for one in new.revisions),
        )

    def row(self, layer: Layer[P]) -> str:
        """A shift out of a spreadsheet, of which there are hundreds, as one says it."""
        assert layer.until is not None
        day = f"{layer.start:%a} {layer.start.day} {layer.start:%b %Y}"
        hours = f"{layer.start:%H:%M}-{layer.until:%H:%M}"
        return f"{day} {hours} {layer.zone}: {self.groups(layer.participants)}"

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

    def order(self, order: Order[P], at: Callable[[datetime], str]) -> str:
        current = self.groups((order.current,))
        return f"revision at {at(order.at)}: {self.groups(order.participants)}; {current} holds the turn"

    def override(self, override: Override[P], at: Callable[[datetime], str]) -> str:
        who = {
            Kind.ADD: f"add {self.person(override.add)}",
            Kind.REMOVE: f"remove {self.person(override.remove)}",
            Kind.REPLACE: f"replace {self.person(override.remove)} by {self.person(override.add)}",
        }[override.kind]
        ended = f", cancelled {at(override.cancelled)}" if override.cancelled else ""
        return f"override: {who}, {at(override.start)} to {at(override.end)}{ended}"

    def swap(self, swap: Swap[P], at: Callable[[datetime], str]) -> str:
        span = f"{at(swap.start)} to {at(swap.end)}"
        return f"swap: {self.person(swap.giver)} to {self.person(swap.taker)}, {span}, {swap.status}"


def _once(layer: Layer[P]) -> bool:
    """Whether it is a single shift."""
    return layer.until is not None and layer.until - layer.start <= _ONE_SHIFT and layer.window is None


def _is_row(layer: Layer[P]) -> bool:
    """Whether it is as a row of a spreadsheet makes it, so that its words are all of it."""
    plain = (layer.unit, layer.count, layer.priority, layer.revisions) == (Unit.DAY, 1, 0, ())
    by_the_minute = not (layer.start.second or layer.start.microsecond)
    return _once(layer) and plain and by_the_minute and layer.name == f"{layer.start:%Y-%m-%d %H:%M}"


def _turned(place: str, what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{place}: {what} {old} → {new}"


def _listed(place: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    """Entries that came and went; the same entry twice counts twice."""
    before, after = Counter(old), Counter(new)
    yield from (f"{place}: − {entry}" for entry in (before - after).elements())
    yield from (f"{place}: + {entry}" for entry in (after - before).elements())


def _window(window: Window | None) -> str:
    if window is None:
        return "always"
    return f"{' '.join(DAYS[day] for day in window.days)} {clock(window.opens)}–{clock(window.closes)}"


def _wall(wall: datetime) -> str:
    return wall.isoformat(" ", "minutes")


def shown(at: datetime, zone: ZoneInfo) -> str:
    """ "Fri 2026-02-06 21:00 EST": by a zone's clock, for people."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


def _yes(on: bool) -> str:
    return "on" if on else "off"
