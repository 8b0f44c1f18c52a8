"""A terminal to type commands on: in this process, or as the real one."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from bot import app as app_of_the_roof
from bot.__main__ import Roof
from bot.config import load
from handlers.cli.commands import app
from handlers.cli.front import obey
from storage.keyring import Keyring
from storage.work import Work

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
T = TypeVar("T")


class Think(Protocol):
    """Runs one unit of work on the line's database."""

    def __call__(self, what: Callable[[Work], T]) -> T: ...


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


CONFIG = """
[line]
name = "Atelier"
country = "US"
time_zone = "America/New_York"

[database]
url = "{url}"

[web]
public_url = "https://line.example.org"

[sms]
account_sid = "AC00000000000000000000000000000000"
auth_token = "env:NEVER_SET"
numbers = ["+12025550100", "+12025550101"]

[telegram.texters]
token = "env:NEVER_SET_EITHER"
[telegram.staff]
token = "env:NOR_THIS_ONE"
"""


@pytest.fixture
def line(tmp_path: Path, database_url: str, types: Type) -> Type:
    """A line in the present folder, with keys and a migrated database of either kind; commands are typed on it."""
    root = secrets.token_bytes(32)
    for name, key in (("root", root), ("pepper", secrets.token_bytes(32))):
        path = tmp_path / "keys" / f"{name}.key"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(key.hex())
        path.chmod(0o400)
    Keyring.create(tmp_path / "keys" / "keyring", root)
    (tmp_path / "config.toml").write_text(CONFIG.format(url=database_url))
    return types


@pytest.fixture
def think(line: Type, tmp_path: Path) -> Think:
    """Runs one unit of work on that line's database: what a counselor's phone would lead to."""

    def thought(what: Callable[[Work], T]) -> T:
        store = app_of_the_roof.open_store(load(tmp_path / "config.toml"))
        try:
            return store.do_now(what)
        finally:
            store.close_now()

    return thought
