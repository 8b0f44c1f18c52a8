"""The rota file that operators write (TOML, names), and the sealed document that storage keeps (JSON, staff ids)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from bot.changes import EVERYONE, Everyone, Kind, Override, Status, Swap
from bot.errors import RotaError
from bot.layers import Advance, Layer, Order, Unit
from bot.people import StaffId
from bot.rotadifference import difference
from bot.rotanames import quoted
from bot.rotarules import refuse, validate
from bot.rotatable import Table
from bot.schedules import Rota, Schedule
from bot.windows import DAYS, Window, clock

__all__ = ["DAYS", "decode", "difference", "encode", "parse", "write"]

MOST_PARTS = 20
"""Of a key: ours have three at most, and the parser's time grows with the square of them."""
_NO_KEYS = re.compile(
    r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*',
)
"""Texts and remarks, in which a dot parts nothing."""
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)")


def encode(rota: Rota[StaffId]) -> bytes:
    """The document that storage seals."""
    return msgspec.json.encode(rota)


def decode(document: bytes) -> Rota[StaffId]:
    """The rota that `encode` wrote."""
    return msgspec.json.decode(document, type=Rota[StaffId])


def parse(text: str) -> Rota[str]:
    """The rota of a file, validated; names in it need not be staff. `RotaError` names the place that is wrong."""
    schedules = Table("rota file", _tree(text), ("schedule",)).tables("schedule")
    rota = Rota(tuple(_schedule(f"schedule {n}", keys) for n, keys in enumerate(schedules, 1)))
    if not rota.schedules:
        refuse("rota file", "it has no [[schedule]]")
    validate(rota)
    return rota


def _tree(text: str) -> dict[str, object]:
    text = text.removeprefix("\ufeff")  # by which editors of Windows tell themselves that it is UTF-8
    for n, line in enumerate(_NO_KEYS.sub(_lines_of, text).split("\n"), 1):
        if line.count(".") >= MOST_PARTS:
            raise RotaError(f"rota file, line {n}: a key has too many parts.")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise RotaError("The rota file is nested too deeply.") from None
    except tomllib.TOMLDecodeError as error:
        raise RotaError(f"The rota file is not TOML: {str(error).rstrip('.')}.") from None
    except ValueError:  # more digits than Python reads
        raise RotaError("rota file: a number in it has too many digits.") from None


def _lines_of(found: re.Match[str]) -> str:
    """So that the lines keep their numbers."""
    return "\n" * found[0].count("\n")


def _schedule(place: str, keys: dict[str, object]) -> Schedule[str]:
    table = Table(place, keys, ("name", "zone", "layer", "override", "swap", "gap_alarm"))
    name = table.text("name")
    table.place = place = f"schedule {quoted(name)}"
    return Schedule(
        name=name,
        zone=table.text("zone"),
        gap_alarm=table.yes("gap_alarm", True),
        layers=tuple(_layer(place, n, keys) for n, keys in enumerate(table.tables("layer"), 1)),
        overrides=tuple(
            _override(f"{place}, override {n}", keys) for n, keys in enumerate(table.tables("override"), 1)
        ),
        swaps=tuple(_swap(f"{place}, swap {n}", keys) for n, keys in enumerate(table.tables("swap"), 1)),
    )


_LAYER = (
    "name", "priority", "zone", "start", "unit", "count", "participants", "days", "from", "to", "advance", "until",
    "revision",
)  # fmt: skip


def _layer(place: str, n: int, keys: dict[str, object]) -> Layer[str]:
    table = Table(f"{place}, layer {n}", keys, _LAYER)
    name = table.text("name")
    table.place = place = f"{place}, layer {quoted(name)}"
    unit = table.choice("unit", Unit)
    # Else people whose turn falls on days off never serve.
    usual = Advance.ACTIVE if "days" in keys and unit is Unit.DAY else Advance.CALENDAR
    return Layer(
        name=name,
        zone=table.text("zone"),
        start=table.wall("start"),
        unit=unit,
        participants=table.groups("participants"),
        count=table.whole("count", 1),
        priority=table.whole("priority", 0),
        window=_window(table),
        advance=table.choice("advance", Advance, usual),
        until=table.wall("until") if "until" in keys else None,
        revisions=tuple(
            _order(f"{place}, revision {n}", keys) for n, keys in enumerate(table.tables("revision"), 1)
        ),
    )


def _window(table: Table) -> Window | None:
    if not {"days", "from", "to"} & table.keys.keys():
        return None
    days = tuple(range(7))
    if "days" in table.keys:
        days = tuple(sorted(table.of("days", DAYS)))
    if ("from" in table.keys) != ("to" in table.keys):
        refuse(table.place, '"from" and "to" go together')
    if "from" not in table.keys:
        return Window(days)
    return Window(days, _minutes(table, "from"), _minutes(table, "to"))


def _minutes(table: Table, key: str) -> int:
    found = _CLOCK.fullmatch(table.text(key))
    if found is None:
        refuse(table.place, f'"{key}" must be a time of day from "00:00" to "24:00"')
    hour, minute = (part for part in found.groups() if part is not None)
    return int(hour) * 60 + int(minute)


def _order(place: str, keys: dict[str, object]) -> Order[str]:
    table = Table(place, keys, ("at", "participants", "current"))
    return Order(table.instant("at"), table.groups("participants"), table.group("current"))


def _override(place: str, keys: dict[str, object]) -> Override[str]:
    table = Table(place, keys, ("kind", "start", "end", "remove", "add", "by", "why", "cancelled"))
    whom = table.person("remove") if "remove" in keys else None
    return Override(
        kind=table.choice("kind", Kind),
        start=table.instant("start"),
        end=table.instant("end"),
        remove=EVERYONE if whom == EVERYONE.value else whom,
        add=table.person("add") if "add" in keys else None,
        by=table.person("by") if "by" in keys else None,
        why=table.text("why", ""),
        cancelled=table.instant("cancelled") if "cancelled" in keys else None,
    )


def _swap(place: str, keys: dict[str, object]) -> Swap[str]:
    table = Table(place, keys, ("start", "end", "from", "to", "status", "note", "decided"))
    return Swap(
        giver=table.person("from"),
        start=table.instant("start"),
        end=table.instant("end"),
        status=table.choice("status", Status),
        taker=table.person("to") if "to" in keys else None,
        note=table.text("note", ""),
        decided=table.instant("decided") if "decided" in keys else None,
    )


def write(rota: Rota[str]) -> str:
    """The file of a rota; `parse(write(rota)) == rota` for every valid one."""
    return "\n".join(line for schedule in rota.schedules for line in _schedule_lines(schedule))


def _schedule_lines(schedule: Schedule[str]) -> Iterator[str]:
    yield from ("[[schedule]]", f"name = {_text(schedule.name)}", f"zone = {_text(schedule.zone)}")
    if not schedule.gap_alarm:
        yield "gap_alarm = false"
    yield ""
    for layer in schedule.layers:
        yield from _layer_lines(layer)
    for override in schedule.overrides:
        yield "[[schedule.override]]"
        yield f"kind = {_text(override.kind)}"
        yield f"start = {_instant(override.start)}"
        yield f"end = {_instant(override.end)}"
        whom = override.remove.value if isinstance(override.remove, Everyone) else override.remove
        yield from _given(remove=whom, add=override.add, by=override.by, why=override.why or None)
        yield from ([f"cancelled = {_instant(override.cancelled)}"] if override.cancelled else [])
        yield ""
    for swap in schedule.swaps:
        yield "[[schedule.swap]]"
        yield f"start = {_instant(swap.start)}"
        yield f"end = {_instant(swap.end)}"
        yield f"from = {_text(swap.giver)}"
        yield from _given(to=swap.taker, status=swap.status, note=swap.note or None)
        yield from ([f"decided = {_instant(swap.decided)}"] if swap.decided else [])
        yield ""


def _layer_lines(layer: Layer[str]) -> Iterator[str]:
    yield "[[schedule.layer]]"
    yield f"name = {_text(layer.name)}"
    yield f"priority = {layer.priority}"
    yield f"zone = {_text(layer.zone)}"
    yield f"start = {layer.start.isoformat()}"
    yield f"unit = {_text(layer.unit)}"
    yield f"count = {layer.count}"
    yield f"participants = {_groups(layer.participants)}"
    if layer.window is not None:
        yield f"days = [{', '.join(_text(DAYS[day]) for day in layer.window.days)}]"
        yield f"from = {_text(clock(layer.window.opens))}"
        yield f"to = {_text(clock(layer.window.closes))}"
    yield f"advance = {_text(layer.advance)}"
    if layer.until is not None:
        yield f"until = {layer.until.isoformat()}"
    yield ""
    for order in layer.revisions:
        yield "[[schedule.layer.revision]]"
        yield f"at = {_instant(order.at)}"
        yield f"participants = {_groups(order.participants)}"
        yield f"current = {_group(order.current)}"
        yield ""


def _given(**texts: str | None) -> Iterator[str]:
    return (f"{key} = {_text(text)}" for key, text in texts.items() if text is not None)


def _text(text: str) -> str:
    # JSON's escapes are TOML's too; only DEL, which TOML wants escaped, JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _group(group: tuple[str, ...]) -> str:
    return _text(group[0]) if len(group) == 1 else f"[{', '.join(map(_text, group))}]"


def _groups(groups: tuple[tuple[str, ...], ...]) -> str:
    return f"[{', '.join(map(_group, groups))}]"
