"""The suite's share of the faults; all of them are `make secrecy`."""

from __future__ import annotations

import pytest

from tests.secrecy.faults import faults
from tests.secrecy.trial import Place, assert_nothing_through


@pytest.mark.parametrize(
    ("database_url", "updates", "every"),
    [("sqlite", "polling", 2), ("postgresql", "webhook", 8)],
    indirect=["database_url"],
)
async def test_a_fault_says_nothing_and_loses_nothing(place: Place, updates: str, every: int) -> None:
    """At some of the awaits with a text in hand."""
    await assert_nothing_through(faults(place, every, updates=updates), at_least=20)
