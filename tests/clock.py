"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Call it for the time; it begins on Monday 2026-03-02 at 12:00 UTC."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        """Goes on: `advance(minutes=5)`; returns the new time."""
        self.now += timedelta(**by)
        return self.now
