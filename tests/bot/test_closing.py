"""Until when the line is closed, as somebody texts it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import closing
from bot.errors import NotNow

HOME = ZoneInfo("America/New_York")
THURSDAY = datetime(2026, 11, 26, 19, 6, tzinfo=UTC)
"""14:06 at home."""


def meant(words: str) -> str:
    """By her clock, or the place of the refusal."""
    try:
        found = closing.until(words, THURSDAY, HOME, ("en", "es", "uk"), month_first=True)
    except NotNow as refusal:
        return refusal.phrase
    return f"{found.astimezone(HOME):%a %d %b %H:%M}"


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("until 08:00", "Fri 27 Nov 08:00"),
        ("until 14:05", "Fri 27 Nov 14:05"),
        ("14:07", "Thu 26 Nov 14:07"),
        ("until 8pm", "Thu 26 Nov 20:00"),
        ("until 24:00", "Fri 27 Nov 00:00"),
        ("until monday 08:00", "Mon 30 Nov 08:00"),
        ("until thursday 09:00", "Thu 03 Dec 09:00"),
        ("hasta lunes 08:00", "Mon 30 Nov 08:00"),
        ("до понеділка 08:00", "Mon 30 Nov 08:00"),
        ("until the cows come home", "line.how"),
        ("until 25:00", "line.how"),
        ("until friday night", "line.how"),
        ("until", "line.how"),
        ("until 1 jan 2020 08:00", "line.past"),
        ("until 24 dec 2031 08:00", "line.far"),
    ],
)
def test_until(words: str, until: str) -> None:
    """The next such hour by her own clock; what is no time closes nothing."""
    assert meant(words) == until


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_whatever_she_texts(words: str) -> None:
    """An instant ahead of now, or a refusal; never an error."""
    meant(words)
