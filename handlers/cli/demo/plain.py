"""Two shows without a screen: lines for a log or a pipe, and JSON, one event a line."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict

from handlers.cli.demo.words import MARKS, STATES, disk_lines, ending, noted
from handlers.rehearsal.play import events
from handlers.rehearsal.play.cast import Person
from handlers.rehearsal.play.events import Event, Mark
from handlers.rehearsal.play.script import SOURCE

WIDTH = 100
INDENT = " " * 20

Print = Callable[[str], None]


class Lines:
    """Each message once, in order, as `from → to: words`; no control codes."""

    def __init__(self, write: Print) -> None:
        self._write = write
        self._channels: dict[str, str] = {}

    def open(self, cast: tuple[Person, ...]) -> None:
        self._channels = {person.name: person.channel for person in cast}
        for person in cast:
            self._write(f"{person.name}: {person.part.value}, by {person.channel}")

    def tell(self, event: Event) -> None:
        for line in self._lines(event):
            self._write(line)

    def close(self) -> None:
        pass

    def _lines(self, event: Event) -> Iterator[str]:
        match event:
            case events.SceneBegan(number, of, scene):
                told = scene.told(SOURCE)
                yield from ("", f"{number}/{of}  {told.title}", *_indented(told.why))
                if told.good:
                    yield from _indented(f"A good answer: {told.good}")
            case events.Message():
                yield from self._message(event)
            case events.Marked(_, phone, mark):
                if mark in MARKS and mark is not Mark.NONE:
                    yield f"{'':6}{phone + ':':<13} {MARKS[mark]}"
            case events.Pressed(phone, button):
                yield f"{phone:>8} presses   [{button}]"
            case events.Program(state, pid):
                yield f"{'':6}-- {STATES[state]}{f', process {pid}' if pid else ''}"
            case events.Typed(command):
                yield f"      $ {command}"
            case events.CarrierBusy() | events.TimePassed():
                yield f"      -- {noted(event)}"
            case events.OnDisk():
                yield from disk_lines(event, WIDTH)
            case events.Ended():
                yield from ("", ending(event))

    def _message(self, message: events.Message) -> Iterator[str]:
        way = f"{message.phone:>8} → line    " if message.own else f"    line → {message.phone:<8}"
        buttons = "".join(f" [{label}]" for label in message.buttons)
        waits = f" ({MARKS[Mark.WAITS]})" if message.mark is Mark.WAITS else ""
        words = " / ".join(message.text.splitlines())
        yield from textwrap.wrap(
            f"{way} {words}{buttons}{waits}", WIDTH, subsequent_indent=INDENT, drop_whitespace=True
        )


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="     ", subsequent_indent="     ")


class JsonLines:
    """Each event as one JSON object with its kind under "event"."""

    def __init__(self, write: Print) -> None:
        self._write = write

    def open(self, cast: tuple[Person, ...]) -> None:
        phones = [{"name": p.name, "part": p.part.value, "channel": p.channel.lower()} for p in cast]
        self._line({"event": "cast", "phones": phones})

    def tell(self, event: Event) -> None:
        match event:
            case events.SceneBegan(number, of, scene):
                told = scene.told(SOURCE)
                words = {"title": told.title, "why": told.why, "good": told.good}
                self._line({"event": "scene", "number": number, "of": of} | words)
            case events.Program(state, pid):
                self._line({"event": "program", "state": state.value, "pid": pid})
            case events.OnDisk():
                self._line({"event": "disk"} | _disk(event))
            case _:
                self._line({"event": type(event).__name__.lower()} | asdict(event))

    def close(self) -> None:
        pass

    def _line(self, plain: dict[str, object]) -> None:
        self._write(json.dumps(plain, ensure_ascii=False))


def _disk(disk: events.OnDisk) -> dict[str, object]:
    return {
        "writer": disk.writer,
        "words": disk.words,
        "rows": [
            {"column": r.column, "meaning": r.meaning, "bytes": len(r.content), "hex": r.content.hex()}
            for r in disk.rows
        ],
        "erased": disk.erased,
        "left": dict(disk.left),
        "search": asdict(disk.search),
    }
