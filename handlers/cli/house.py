"""What the command line asks of the roof, handed in at start: a door may not know the house above it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.config import Config
    from bot.facts import Outside
    from handlers.line import Line
    from storage.engine import Store


class House(Protocol):
    """The heavy rooms, opened only by the command that needs them: `--help` must not wait for a database driver."""

    def schema_state(self, config: Config) -> str:
        """ "missing", "old", "current" or "too new"; DatabaseAway when the database does not answer."""
        ...

    def in_use(self, config: Config) -> bool:
        """Whether the database was ever opened with keys."""
        ...

    def migrate(self, config: Config) -> None:
        """Brings the database up to date, one process at a time; SchemaTooNew."""
        ...

    def make_keyring(self, path: Path, root: bytes) -> None:
        """A new keyring file with one epoch; SettingsError when something is there."""
        ...

    def try_keys(self, config: Config) -> None:
        """Opens root, pepper and keyring, no database; SettingsError names what cannot be used."""
        ...

    def open_store(self, config: Config) -> Store:
        """The database behind its keys."""
        ...

    def open_backup(self, config: Config, keyring: Path) -> Store:
        """The database behind this keyring; nothing in it is read, nor written. SettingsError: another root's."""
        ...

    def line(self, config: Config) -> Line:
        """The line as the handlers know it."""
        ...

    def look_outside(self, config: Config) -> Outside:
        """What the network tells about this line; nothing is changed, nobody is written to."""
        ...

    def serve(self, config: Config) -> int:
        """Serves until SIGTERM; the exit code."""
        ...
