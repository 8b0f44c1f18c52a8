"""What every test may ask for: a database of either kind, a vault, a store, and a clock that stands still."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from storage.engine import Store, migrate, open_store
from storage.keyring import Keyring
from storage.vault import Vault
from tests import postgres
from tests.clock import FakeClock

# Hypothesis' own deadline, 200 ms an example, is a bet on an idle machine: beside other workers it is often lost.
settings.register_profile("beside others", deadline=timedelta(seconds=5))
settings.load_profile("beside others")

MEMORY, PLENTY = Path("/dev/shm"), 2 * 1024**3


def pytest_configure() -> None:
    """What the tests write, they write to memory where there is plenty: a copy of a database takes 30 ms there, and
    from 200 ms to a second and a half on a disk that is busy. TMPDIR, when it is set, says otherwise."""
    roomy = os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free > PLENTY
    if roomy and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgres.Server]:
    """One server for the whole run, started when the first test needs it."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, and nothing in them."""
    path = tmp_path_factory.mktemp("sqlite") / "house.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database: each test that asks runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "data" / "greenroom.db"
        path.parent.mkdir(mode=0o700)
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        path.chmod(0o600)
        yield f"sqlite:///{path}"
        return
    with request.getfixturevalue("postgresql_server").migrated() as url:
        yield url


@pytest.fixture
def clock() -> FakeClock:
    """Monday 2026-03-02, 12:00 UTC, until it is told to go on."""
    return FakeClock()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Fresh keys."""
    root = secrets.token_bytes(32)
    keyring = Keyring.create(tmp_path / "keyring", root)
    return Vault(roots=(root,), peppers=(secrets.token_bytes(32),), keyring=keyring)


@pytest.fixture
async def store(database_url: str, vault: Vault, clock: FakeClock) -> AsyncIterator[Store]:
    """An open store on a fresh database."""
    opened = open_store(database_url, vault, clock=clock)
    yield opened
    await opened.close()
