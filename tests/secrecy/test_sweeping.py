"""A little of what `make secrecy` tries with sealing and erasing."""

from __future__ import annotations

from tests.secrecy import sweeping
from tests.secrecy.trial import Place, assert_nothing_through


async def test_sealing_and_erasing_survive_kills(place: Place) -> None:
    """Three times cut off anywhere: nothing by halves, and the next run completes it."""
    await assert_nothing_through(sweeping.kills(place, 3))
