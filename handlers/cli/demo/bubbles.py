"""One phone's face in a terminal: bubbles in lines, the newest at the bottom, as many as there is room for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.panel import Panel
from rich.text import Text

from handlers.rehearsal.play.cast import Part, Person
from handlers.rehearsal.play.events import Mark, Marked, Message

ACCENTS = {Part.TEXTER: "medium_purple1", Part.COUNSELOR: "turquoise2", Part.SUPERVISOR: "gold1"}
OWN = {
    Part.TEXTER: "grey93 on purple4",
    Part.COUNSELOR: "grey93 on deep_sky_blue4",
    Part.SUPERVISOR: "grey0 on gold3",
}
RECEIVED = "grey93 on grey23"
REACTIONS = {
    Mark.WAITS: ("… not taken yet", "bold orange1"),
    Mark.SEEN: ("👀 sent", "dim"),
    Mark.DELIVERED: ("👌 delivered", "dim"),
    Mark.FAILED: ("💔 not sent", "bold red"),
    Mark.DELETED: ("deleted", "dim"),
}
CODE = re.compile(r"\b(?=[A-Z]*[2-9])[2-9A-Z]{4}\b")
NARROWEST = 12
"""Cells of a bubble, however thin the phone."""
FREE = 5
"""Cells beside a bubble: they show whose side it is on. On a thin phone there are fewer."""
THIN = 28


@dataclass(slots=True)
class Phone:
    """What one phone shows by now. `busy`: it had the newest event; `pressed`: the button under a thumb."""

    person: Person
    messages: list[Message] = field(default_factory=list)
    marks: dict[int, Marked] = field(default_factory=dict)
    busy: bool = False
    pressed: str = ""
    unread: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or console.height
        lines = self._lines(console, options.max_width - 4)
        room = height - 2
        if len(lines) > room:
            lines = [Text("⋮", style="dim", justify="center"), *lines[1 - room :]]
        accent = ACCENTS[self.person.part]
        yield Panel(
            Text("\n").join(lines),
            title=f"[bold]{self.person.name}[/]",
            subtitle=f"{self.person.part.value} · {self.person.channel}",
            border_style=f"bold {accent}" if self.busy else f"dim {accent}",
            height=height,
        )

    def _lines(self, console: Console, width: int) -> list[Text]:
        lines: list[Text] = []
        before = None
        for message in self.messages:
            if before is not None and before.own == message.own:
                lines.append(Text())  # the side does not part them
            lines += self._bubble(console, message, width)
            before = message
        return lines

    def _bubble(self, console: Console, message: Message, width: int) -> Iterator[Text]:
        changed = self.marks.get(message.bubble)
        mark, buttons = (changed.mark, changed.buttons) if changed else (message.mark, message.buttons)
        widest = max(NARROWEST, width - (FREE if width > THIN else FREE // 2))
        body = Text(message.text, style=OWN[self.person.part] if message.own else RECEIVED)
        body.highlight_regex(CODE, "bold")
        wrapped = list(body.wrap(console, widest - 2))
        if message.quoted:
            quoted = Text(f"↪ {message.quoted}", style=f"italic {OWN[self.person.part]}", no_wrap=True)
            quoted.truncate(widest - 2, overflow="ellipsis")
            wrapped.insert(0, quoted)
        block = max(cell_len(line.plain.rstrip()) for line in wrapped)
        for line in wrapped:
            yield self._side(line, block, width, own=message.own)
        if buttons:
            yield self._keys(message, buttons)
        if mark in REACTIONS:
            words, style = REACTIONS[mark]
            yield Text(" " * max(0, width - cell_len(words)) + words, style=style)

    def _side(self, line: Text, block: int, width: int, *, own: bool) -> Text:
        """One line of a bubble, at the left where it was received, at the right where its owner wrote it."""
        line.rstrip()
        line.append(" " * (block - cell_len(line.plain)))
        accent = ACCENTS[self.person.part]
        # The bars stay where a terminal has no colours.
        if own:
            padded = Text(" ", style=line.style) + line + Text(" ", style=line.style)
            return Text(" " * max(0, width - block - 3)) + padded + Text("▐", style=accent)
        return Text("▌", style="grey50") + Text(" ", style=line.style) + line + Text(" ", style=line.style)

    def _keys(self, message: Message, buttons: tuple[str, ...]) -> Text:
        keys = Text("▌", style="grey50")
        newest = next((m for m in reversed(self.messages) if m.buttons), None)
        for label in buttons:
            down = label == self.pressed and message is newest
            keys.append(" ")
            keys.append(f"[ {label} ]", style="bold reverse" if down else "bold bright_blue")
        return keys
