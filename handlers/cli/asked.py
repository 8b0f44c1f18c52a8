"""What was asked with every command: which configuration, and whether a person or a program reads the answer."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.errors import SchemaTooNew
from handlers.cli.front import Code, Stopped
from handlers.cli.house import House

if TYPE_CHECKING:
    from bot.config import Config
    from storage.engine import Store

DEFAULT = Path("config.toml")
INDENT = "    "
NARROWEST = 12
"""Columns in which the last cell of a row can be read; it may go on below."""
MOST_COLUMNS = 240
"""Of a table that a file or another program reads."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that stand anywhere. `config_named`: --config itself was given, no environment, no default."""

    house: House
    config: Path
    config_named: bool
    json: bool

    def settings(self) -> Config:
        """The configuration; SettingsError names the key and the cure."""
        from bot import config

        return config.load(self.config)

    def up_to_date(self, config: Config) -> None:
        """Stopped with the cure unless the database has the tables of this Greenroom."""
        state = self.house.schema_state(config)
        if state == "too new":
            raise SchemaTooNew
        if state != "current":
            what = "is not there yet" if state == "missing" else "is older than this Greenroom"
            raise Stopped(Code.SETTINGS, f"The database {what}. Run: greenroom migrate")

    def opened(self, config: Config) -> Store:
        """The database, open and up to date; whoever asks closes it."""
        self.up_to_date(config)
        return self.house.open_store(config)

    @contextmanager
    def store(self, config: Config) -> Iterator[Store]:
        """The same, closed in the end."""
        store = self.opened(config)
        try:
            yield store
        finally:
            store.close_now()

    def answer(self, plain: object, *lines: str) -> None:
        """The answer: `plain` as JSON for a program, the lines for a person."""
        if self.json:
            typer.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        else:
            for line in lines:
                typer.echo(line)

    def table(
        self, plain: object, heads: Sequence[str], rows: Iterable[Sequence[str]], none: str = ""
    ) -> None:
        """The answer as a table for a person; `none`: what she is told where it has no rows."""
        if self.json:
            self.answer(plain)
            return
        from rich import box
        from rich.cells import cell_len
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        kept = [list(row) for row in rows]
        if not kept and none:
            typer.echo(none)
            return
        widths = [max(map(cell_len, head.split()), default=0) for head in heads]
        for row in kept:
            widths = [max(width, cell_len(cell)) for width, cell in zip(widths, row, strict=True)]
        widths[-1] = min(widths[-1], NARROWEST)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for head, width in zip(heads, widths, strict=True):
            table.add_column(head, min_width=width)
        for row in kept:
            table.add_row(*map(Text, row))
        console = Console(highlight=False, soft_wrap=False)
        if not console.is_terminal and "COLUMNS" not in os.environ:  # a file, or another program
            console.width = max(
                console.width,
                min(
                    console.measure(table, options=console.options.update(width=MOST_COLUMNS)).maximum,
                    MOST_COLUMNS,
                ),
            )
        if sum(widths) + 3 * len(widths) <= console.width:
            console.print(table)
            return
        for line in narrow([heads, *kept], console.width):
            typer.echo(line)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Tells a person at a terminal that it goes on: what may take more than a second."""
        if self.json or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console

        with Console(stderr=True).status(f"{what} ..."):
            yield


def narrow(rows: Iterable[Sequence[str]], width: int) -> Iterator[str]:
    """A row on as many lines as it needs, where the terminal is narrower than the table; cells stay whole that can."""
    for row in rows:
        line = ""
        for whole in filter(None, row):
            for n, cell in enumerate(whole.split("\n")):
                if line and not n and len(line) + 2 + len(cell) <= width:
                    line = f"{line}  {cell}"
                    continue
                indent = INDENT if line else ""
                *full, last = textwrap.wrap(cell, width, initial_indent=indent, subsequent_indent=INDENT) or [
                    ""
                ]
                yield from [line, *full] if line else full
                line = last
        yield line


def of(context: typer.Context) -> Asked:
    """What was asked with this command."""
    asked = context.obj
    assert isinstance(asked, Asked)
    return asked
