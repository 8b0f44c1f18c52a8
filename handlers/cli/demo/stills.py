"""What stays in the terminal after the film: the disk, and how it ended."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from handlers.cli.demo import words
from handlers.rehearsal.play.events import Ended, OnDisk


def disk(found: OnDisk, *, width: int) -> RenderableType:
    """One message's rows beside its words, what DELETE left, and the search."""
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    rows.add_column("on the disk", style="bold", no_wrap=False, ratio=2)
    rows.add_column("as a thief finds it", style="cyan", ratio=3)
    for row in found.rows:
        rows.add_row(
            Text.assemble((row.column, "bold"), "\n", (row.meaning, "not bold dim")), words.hexed(row.content)
        )
    bad = "bold red"
    left_bad = any(count for _, count in found.left)
    content = Group(
        Text.assemble(
            f"{found.writer} wrote, and with the keys the program reads:\n  ", (found.words, "bold green")
        ),
        "",
        rows,
        "",
        *((Text(words.left(found), style=bad if left_bad else "none"), "") if found.erased else ()),
        Text(words.searched(found.search), style=bad if found.search.found else "none"),
    )
    title = "[bold]What is on the disk[/]"
    return Panel(Padding(content, (1, 2)), title=title, box=box.ROUNDED, border_style="dim", width=width)


def ending(ended: Ended) -> RenderableType:
    """The last line."""
    return Text.assemble(("✔ ", "bold green"), words.ending(ended))
