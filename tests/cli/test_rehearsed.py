"""The program of a rehearsal: the real one on another clock, which reaches nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.rehearsal.clock import Clock
from tests.cli.conftest import CONFIG, HOUSE, Shown


def rehearsed(folder: Path, *words: str) -> Shown:
    """Types a command in a rehearsal whose clock is ten days ahead."""
    Clock(datetime.now(UTC) + timedelta(days=10)).share(folder / "clock")
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE)}
    command = [sys.executable, "-m", "bot.rehearsed", str(folder / "clock"), "-", *words]
    done = subprocess.run(command, cwd=folder, env=bare, capture_output=True, timeout=60)
    return Shown(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("command", [("run",), ("staff", "list")])
def test_a_real_line_is_never_rehearsed(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A configuration whose carriers are the real ones is refused, whatever it was called for: exit 3, one sentence."""
    (tmp_path / "config.toml").write_text(CONFIG.format(url="sqlite:///data/greenroom.db"))
    assert rehearsed(tmp_path, "init").code == 0
    shown = rehearsed(tmp_path, *command)
    assert (shown.code, shown.out) == (3, "")
    assert "stand-ins on this machine only" in shown.err
    assert shown.err.count("\n") == 1
