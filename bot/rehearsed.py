"""`python -m bot.rehearsed SOCKET`: the command line of a rehearsal, on a clock that the rehearsal moves.

Everything heavy is imported once; each command that is asked for is a process of its own, forked from here, so that a
stage is set in a second. In every other way it is the same program. A configuration whose carriers are not on this
machine is refused: nobody's real line is ever an hour ahead.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot import app as program
from bot.__main__ import Roof
from bot.errors import SettingsError
from handlers.cli.commands import app
from handlers.cli.front import obey
from handlers.cli.serve import LOOPBACK
from handlers.rehearsal.clock import shared
from handlers.rehearsal.play.nursery import LARGEST

if TYPE_CHECKING:
    from bot.config import Config
    from storage.engine import Store

FILES = 3
"""What comes with a request: the command's stdout and stderr, and where it tells its steps."""


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


def obeyed(request: dict[str, str | list[str]], files: list[int]) -> int:
    """In the new process: one command line, in its own folder, on its own files; its exit code."""
    out, err, steps = files
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in enumerate((nothing, out, err)):
        os.dup2(source, target)
        os.close(source)
    os.setsid()  # Ctrl-C in a terminal is for the rehearsal alone, which ends this process in order
    os.chdir(str(request["folder"]))
    roof = RehearsedRoof(shared(Path(str(request["clock"]))), teller(steps))
    code = obey(app, roof, [str(word) for word in request["words"]])
    sys.stdout.flush()
    return code


def tend(channel: socket.socket) -> None:
    """Begins a process for each request and tells how it ended; ends them all once nobody asks any more."""
    living: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not channel:
                    told = _ended(living, selector, key.fd)
                elif (begun := _begun(channel)) is None:
                    for pid in living.values():
                        os.kill(pid, signal.SIGKILL)
                    return
                else:
                    handle = os.pidfd_open(begun)
                    living[handle] = begun
                    selector.register(handle, selectors.EVENT_READ)
                    told = {"begun": begun}
                with suppress(OSError):  # whoever asked has left: the next look at the channel says so
                    channel.send(json.dumps(told).encode())


def _begun(channel: socket.socket) -> int | None:
    """The new process; None when there was no request any more. Never returns in the new process."""
    message, files, _, _ = socket.recv_fds(channel, LARGEST, FILES)
    if not message:
        return None
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            channel.close()
            code = obeyed(json.loads(message), files)
        finally:
            os._exit(code)
    for handle in files:
        os.close(handle)
    return pid


def _ended(living: dict[int, int], selector: selectors.BaseSelector, handle: int) -> dict[str, int]:
    selector.unregister(handle)
    os.close(handle)
    pid, status = os.waitpid(living.pop(handle), 0)
    return {"ended": pid, "code": os.waitstatus_to_exitcode(status)}


def main() -> None:
    """Everything that `run` needs is here by now: importing `program` was the long part."""
    assert program
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    tend(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
