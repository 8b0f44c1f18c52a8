"""The show for a terminal: every phone side by side, and below them, as under a film, what happens and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.align import Align
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.layout import Layout
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from handlers.cli.demo.bubbles import Phone
from handlers.cli.demo.stills import disk, ending
from handlers.cli.demo.words import noted
from handlers.rehearsal.play import events
from handlers.rehearsal.play.cast import Person
from handlers.rehearsal.play.events import Event, State
from handlers.rehearsal.play.script import SOURCE

IN_A_ROW = (165, 26)
"""Columns and lines from which all five phones stand in one row."""
IN_TWO_ROWS = (96, 34)
"""Columns and lines from which they stand in two, with the words in the sixth place."""
WIDEST = 116
"""Columns in which running text is still read with ease."""
THINNEST = 26
"""Columns of a phone that can be read."""
PROGRAM = {
    State.STARTS: ("◌ the program starts", "bold yellow"),
    State.RUNS: ("● the program serves, process {pid}", "green"),
    State.KILLED: ("✖ kill -9: the program is dead", "bold white on red"),
    State.STOPPED: ("○ the program has ended in order", "dim"),
}
BEFORE = "Before the curtain"
OPERATOR = (
    "What an operator types, and nothing else. Only the carriers are played: by stand-ins, on this machine."
)


@dataclass(slots=True)
class Caption:
    """The words below the picture."""

    title: str = BEFORE
    why: str = OPERATOR
    number: int = 0
    of: int = 0
    now: str = ""
    alarm: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        head = Text()
        if self.of:
            head.append(f"{self.number}/{self.of}  ", style="bold gold1")
        head.append(self.title, style="bold")
        yield head
        yield Text(self.why)
        if self.now:
            yield Text(self.now, style="bold red" if self.alarm else "italic orange1")


class Board:
    """Draws itself anew after each event and whenever the terminal changes its size."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phones: dict[str, Phone] = {}
        self._caption = Caption()
        self._program = (State.STOPPED, 0)
        self._watch: tuple[str, ...] = ()
        self._live = Live(self, console=console, screen=True, refresh_per_second=5)

    def open(self, cast: tuple[Person, ...]) -> None:
        self._phones = {person.name: Phone(person) for person in cast}
        self._watch = tuple(self._phones)[:2]
        self._live.start()

    def close(self) -> None:
        self._live.stop()

    def tell(self, event: Event) -> None:
        match event:
            case events.SceneBegan(number, of, scene):
                told = scene.told(SOURCE)
                good = f" A good answer: {told.good}" if told.good else ""
                self._caption = Caption(told.title, told.why + good, number, of)
                self._watch = scene.watch
                for name in scene.watch:
                    self._phones[name].unread = 0
            case events.Message(_, name):
                self._touch(name).messages.append(event)
                self._phones[name].unread += name not in self._watch
            case events.Marked(bubble, name):
                self._touch(name).marks[bubble] = event
            case events.Pressed(name, button):
                self._touch(name).pressed = button
            case events.Program(state, pid):
                self._program = (state, pid)
                self._caption.now = "" if state is State.RUNS else PROGRAM[state][0]
                self._caption.alarm = state is State.KILLED
            case events.Typed(command):
                self._caption.now, self._caption.alarm = f"$ {command}", False
            case events.CarrierBusy() | events.TimePassed():
                self._caption.now, self._caption.alarm = noted(event), False
            case events.OnDisk():
                self._end_of_the_film()
                self._console.print(disk(event, width=min(self._console.width, WIDEST)))
            case events.Ended():
                self._console.print(ending(event))
        if self._live.is_started:
            self._live.refresh()

    def _touch(self, name: str) -> Phone:
        for phone in self._phones.values():
            phone.busy, phone.pressed = phone.person.name == name, ""
        return self._phones[name]

    def _end_of_the_film(self) -> None:
        """Back to the terminal as it was, with the last picture in it where that shows every phone."""
        self._live.stop()
        if len(self._shown()) == len(self._phones):
            self._console.print(self._phone_rows(self._console.width), height=self._console.height - 8)

    # --- the picture

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = console.width
        shown = self._shown()
        whole = Layout()
        rows: list[Layout] = [Layout(self._head(shown), size=1)]
        if len(shown) == len(self._phones) and not self._in_a_row():
            rows += self._two_rows(shown)
        else:
            row = Layout()
            row.split_row(*(Layout(phone) for phone in shown))
            rows += [row, Layout(Padding(self._caption, (0, 1)), size=self._caption_lines(width))]
        whole.split_column(*rows)
        yield whole

    def _two_rows(self, shown: list[Phone]) -> Iterator[Layout]:
        words = Align(Padding(self._caption, (0, 3)), vertical="middle")
        places: list[RenderableType] = [*shown, words]
        for begin in (0, 3):
            row = Layout()
            row.split_row(*(Layout(place) for place in places[begin : begin + 3]))
            yield row

    def _phone_rows(self, width: int) -> RenderableType:
        shown = list(self._phones.values())
        rows = Layout()
        if self._in_a_row():
            rows.split_row(*(Layout(phone) for phone in shown))
        else:
            rows.split_column(*self._two_rows(shown))
        return rows

    def _caption_lines(self, width: int) -> int:
        return 3 if width >= 2 * THINNEST + len(self._caption.why) else 4

    def _in_a_row(self) -> bool:
        return self._console.width >= IN_A_ROW[0] and self._console.height >= IN_A_ROW[1]

    def _shown(self) -> list[Phone]:
        """All phones where there is room, else those of the scene."""
        width, height = self._console.size
        if self._in_a_row() or (width >= IN_TWO_ROWS[0] and height >= IN_TWO_ROWS[1]):
            return list(self._phones.values())
        room = max(1, width // THINNEST)
        return [phone for name, phone in self._phones.items() if name in self._watch][:room]

    def _head(self, shown: list[Phone]) -> RenderableType:
        state, pid = self._program
        words, style = PROGRAM[state]
        head = Table.grid(expand=True)
        head.add_column(no_wrap=True)
        head.add_column(no_wrap=True, justify="right")
        left = Text(" Greenroom", style="bold")
        left.append(" · rehearsal", style="dim")
        for phone in self._phones.values():
            if phone not in shown:
                left.append(f" · {phone.person.name}", style="dim")
                left.append(f" +{phone.unread}" if phone.unread else "", style="bold gold1")
        head.add_row(left, Text(f" {words.format(pid=pid)} ", style=style))
        return head
