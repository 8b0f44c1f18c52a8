"""Times as staff read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import moments, segments

FRIDAY = datetime(2026, 11, 27, 20, tzinfo=UTC)
KYIV, NEW_YORK = ZoneInfo("Europe/Kyiv"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("hours", "zone", "language", "said"),
    [
        (9, KYIV, "en", "Fri 27 Nov 22:00-07:00"),
        (9, NEW_YORK, "en", "Fri 27 Nov 15:00-00:00"),
        (1, NEW_YORK, "en", "Fri 27 Nov 15:00-16:00"),
        (24, KYIV, "en", "Fri 27 Nov 22:00 - Sat 28 Nov 22:00"),
        (9, KYIV, "es", "vie 27 nov 22:00-07:00"),
        (9, KYIV, "uk", "пт 27 лист 22:00-07:00"),
    ],
)
def test_a_shift_is_said_by_ones_own_clock(hours: int, zone: ZoneInfo, language: str, said: str) -> None:
    """The second day is named where "06:00" could be another morning than the next."""
    assert moments.span(FRIDAY, FRIDAY + timedelta(hours=hours), zone, language) == said


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_time_costs_no_dear_letters(language: str) -> None:
    """No letter of it turns an SMS into UCS-2, in any month."""
    for month in range(12):
        at = FRIDAY + timedelta(days=30 * month)
        assert segments.count(moments.moment(at, KYIV, language)).encoding == "GSM-7"
