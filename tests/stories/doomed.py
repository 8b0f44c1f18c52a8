"""Lines that end themselves by `kill -9` at a named step, so that a story can see what a crash there costs.

    python -m tests.stories.doomed CONFIG STEP N     serves, and is gone at the N-th STEP
    python -m tests.stories.doomed                   a nursery: starts lines that are asked for on its stdin

The nursery has imported everything before it is asked, so that a line costs a fork instead of one and a half seconds.
A line without a step is the real command, `greenroom run`, from its first argument on.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot import __main__ as greenroom
from bot import app, config
from storage.engine import migrate

PR_GET_DUMPABLE = 3
"""From linux/prctl.h."""


def hook(step: str, count: int) -> app.Step:
    """Ends this process, without any goodbye, at the n-th time that the step is told; says before whether it can be
    dumped, which nobody else can ask."""
    left = count

    def told(name: str) -> None:
        nonlocal left
        left -= name == step
        if left == 0 and name == step:
            dumpable = ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)
            print(json.dumps({"dumpable": dumpable}), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    return told


def doom(path: str, step: str, count: int) -> None:
    """Serves until that step."""
    sys.exit(asyncio.run(app.serve(config.load(Path(path)), step=hook(step, count))))


def _live(asked: dict[str, Any]) -> None:
    """The child's whole life."""
    for name in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(asked["log"], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), 1)
    os.dup2(1, 2)
    if asked["step"] is not None:
        doom(asked["config"], asked["step"], asked["count"])
    sys.argv = ["greenroom", "run", "--config", asked["config"]]
    greenroom.main()


def _warm_up() -> None:
    """What a line loads at its first need only."""
    importlib.import_module("twilio.rest.api.v2010.account")
    with tempfile.TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/data/warm.db")


def nursery() -> None:
    """One line on stdin, `{"config", "step", "count", "log", "ended"}`, begins a life; its process id is the answer.

    When it ends, its exit code (minus the signal) is written to the file `ended`. All lives end with stdin.
    """
    lives: dict[int, str] = {}
    _warm_up()

    def reap(*_: object) -> None:
        for pid in list(lives):
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                Path(lives.pop(pid)).write_text(str(os.waitstatus_to_exitcode(status)))

    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        asked = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            code = 1
            try:
                _live(asked)
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        lives[pid] = asked["ended"]
        print(pid, flush=True)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    for pid in lives:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        doom(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        nursery()
