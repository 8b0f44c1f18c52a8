"""`greenroom`, or `python -m bot`: the command line, assembled. What is heavy waits for the command that needs it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handlers.cli.commands import app
from handlers.cli.front import obey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.config import Config
    from bot.facts import Outside
    from handlers.line import Line
    from storage.engine import Store


class Roof:
    """The heavy rooms, as the command line asks for them (handlers/cli/house).

    `now` and `step` are a rehearsal's (bot/rehearsed); the real line has the wall clock, and nobody watches its steps.
    """

    def __init__(
        self, now: Callable[[], datetime] | None = None, step: Callable[[str], None] | None = None
    ) -> None:
        self._more: dict[str, Any] = {} if now is None else {"now": now}
        self._step: dict[str, Any] = {} if step is None else {"step": step}

    def schema_state(self, config: Config) -> str:
        from bot import opening
        from storage import engine

        return engine.schema_state(opening.database_url(config))

    def in_use(self, config: Config) -> bool:
        from bot import opening
        from storage import schema

        return schema.in_use(opening.database_url(config))

    def migrate(self, config: Config) -> None:
        from bot import opening
        from storage import engine

        engine.migrate(opening.database_url(config))

    def make_keyring(self, path: Path, root: bytes) -> None:
        from storage.keyring import Keyring

        Keyring.create(path, root)

    def try_keys(self, config: Config) -> None:
        from bot import opening

        opening.vault(config)

    def open_store(self, config: Config) -> Store:
        from bot import opening

        return opening.open_store(config, **self._more)

    def open_backup(self, config: Config, keyring: Path) -> Store:
        from bot import opening

        return opening.open_backup(config, keyring, **self._more)

    def line(self, config: Config) -> Line:
        from bot import opening

        return opening.line(config)

    def look_outside(self, config: Config) -> Outside:
        import asyncio

        from bot import inspection

        return asyncio.run(inspection.look_outside(config))

    def serve(self, config: Config) -> int:
        import asyncio

        # Until the loop listens itself: whoever stops us while we still start gets the exit code of a clean stop.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        from bot import app

        return asyncio.run(app.serve(config, **self._more, **self._step))


def main() -> None:
    """Obeys one command line and ends the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(obey(app, Roof(), sys.argv[1:]))


if __name__ == "__main__":
    main()
