"""A line on a stage for every story, on a database of either kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.stage import Stage, staged


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line with the settings of a new one, nobody on it yet."""
    async with staged(tmp_path, database_url) as stage:
        yield stage
