"""A terminal to type commands on: in this process, or as the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import Roof
from handlers.cli.commands import app
from handlers.cli.front import obey

HOUSE = Path(__file__).parent.parent.parent
NUMBER = "+12025550147"
"""A phone of Alma's."""
OURS = "+12025550100"

ROTA = """
[[schedule]]
name = "on call"
zone = "America/New_York"

[[schedule.layer]]
name = "days"
zone = "America/New_York"
start = 2026-01-05T21:00:00
unit = "day"
participants = ["Alma", "Bo"]
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command left on the screen, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Type = Callable[..., Shown]


@pytest.fixture
def types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Types a command in this process, in an empty folder: quick."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GREENROOM_CONFIG", raising=False)

    def typed(*words: str) -> Shown:
        capsys.readouterr()
        code = obey(app, Roof(), words)
        out, err = capsys.readouterr()
        return Shown(int(code), out, err)

    return typed


@pytest.fixture
def process(tmp_path: Path) -> Type:
    """Runs the real program in an empty folder, in a bare environment: no home, no language."""

    def ran(*words: str, **environment: str) -> Shown:
        bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE), **environment}
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words], cwd=tmp_path, env=bare, capture_output=True, timeout=60
        )
        return Shown(done.returncode, done.stdout.decode(), done.stderr.decode())

    return ran


@pytest.fixture
def rota_file(tmp_path: Path) -> Path:
    path = tmp_path / "rota.toml"
    path.write_text(ROTA)
    return path
