"""What was asked with every command: which configuration, and whether a person or a program reads the answer."""

from __future__ import annotations

import json
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

    def table(self, plain: object, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """The answer as a table for a person."""
        if self.json:
            self.answer(plain)
            return
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
        for row in rows:
            table.add_row(*map(Text, row))
        Console(highlight=False, soft_wrap=False).print(table)


def of(context: typer.Context) -> Asked:
    """What was asked with this command."""
    asked = context.obj
    assert isinstance(asked, Asked)
    return asked
