"""A place for the suite's share of the trials: a database of either kind, and a seed that a failure can be told by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.secrecy.trial import Place


@pytest.fixture
def place(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """A fresh, migrated database of either kind."""
    server = request.getfixturevalue("postgresql_server") if "postgresql" in database_url else None
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(database_url, folder, 20261126, server)
