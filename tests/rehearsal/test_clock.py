"""A clock that a trainer moves, in this process and in another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.rehearsal.clock import Clock, shared

A_MOMENT = timedelta(seconds=5)


@pytest.mark.parametrize("distance", [timedelta(hours=3), timedelta(days=-400), timedelta(microseconds=-1)])
def test_whoever_shares_a_clock_sees_it_move(tmp_path: Path, distance: timedelta) -> None:
    """Ahead or back, and without opening the file anew."""
    clock = Clock()
    clock.share(tmp_path / "clock")
    theirs = shared(tmp_path / "clock")
    assert abs(theirs() - datetime.now(UTC)) < A_MOMENT
    clock.move(distance)
    assert abs(theirs() - clock.now()) < A_MOMENT
    assert theirs().tzinfo is UTC


def test_a_clock_that_begins_elsewhere_is_shared_as_it_is(tmp_path: Path) -> None:
    """A script begins in the evening, whatever time it is here."""
    evening = datetime(2026, 3, 2, 23, 40, tzinfo=UTC)
    Clock(evening).share(tmp_path / "clock")
    assert timedelta() <= shared(tmp_path / "clock")() - evening < A_MOMENT


def test_without_a_file_there_is_no_clock(tmp_path: Path) -> None:
    """Better no program than one that lives at another time than its carriers."""
    with pytest.raises(FileNotFoundError):
        shared(tmp_path / "clock")
