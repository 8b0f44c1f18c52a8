"""`python -m bot.rehearsed CLOCK STEPS …`: the command line of a rehearsal, on a clock that the rehearsal moves.

The same program in every other way. It refuses a configuration whose carriers are not on this machine, so that nobody's
real line is ever an hour ahead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.__main__ import Roof
from bot.errors import SettingsError
from handlers.cli.commands import app
from handlers.cli.front import obey
from handlers.cli.serve import LOOPBACK
from handlers.rehearsal.clock import shared

if TYPE_CHECKING:
    from bot.config import Config
    from storage.engine import Store


class RehearsedRoof(Roof):
    """The roof over a line that reaches nobody."""

    def open_store(self, config: Config) -> Store:
        on_this_machine_only(config)
        return super().open_store(config)

    def serve(self, config: Config) -> int:
        on_this_machine_only(config)
        return super().serve(config)


def on_this_machine_only(config: Config) -> None:
    """Raises SettingsError for a configuration that could reach real people."""
    urls = [config.sms.api_url] if config.sms else []
    if config.telegram is not None:
        urls += [config.telegram.texters.api_url, config.telegram.staff.api_url]
    if not all(urlsplit(url).hostname in LOOPBACK for url in urls):
        raise SettingsError("A rehearsal may reach stand-ins on this machine only.", "Use: greenroom run")


def teller(handle: int) -> Callable[[str], None]:
    """Tells each step to whoever reads the other end; a reader who has left, or is slow, is told nothing."""
    os.set_blocking(handle, False)

    def tell(step: str) -> None:
        with suppress(OSError):
            os.write(handle, f"{step}\n".encode())

    return tell


def main() -> None:
    """Obeys one command line. STEPS is the number of an open file to write the steps to, or "-"."""
    clock, steps, *words = sys.argv[1:]
    tell = None if steps == "-" else teller(int(steps))
    sys.exit(obey(app, RehearsedRoof(shared(Path(clock)), tell), words))


if __name__ == "__main__":
    main()
