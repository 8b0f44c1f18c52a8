"""Until when the line is closed, as somebody texts it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import closing, grammar
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
        ("until 8", "Thu 26 Nov 20:00"),
        ("until 2", "Fri 27 Nov 02:00"),
        ("until 3", "Thu 26 Nov 15:00"),
        ("until 12", "Fri 27 Nov 00:00"),
        ("until 15", "Thu 26 Nov 15:00"),
        ("until 08", "Fri 27 Nov 08:00"),
        ("until 3:00", "Fri 27 Nov 03:00"),
        ("until 3am", "Fri 27 Nov 03:00"),
        ("until 3 in the morning", "Fri 27 Nov 03:00"),
        ("until today 4", "Thu 26 Nov 16:00"),
        ("until thursday 7", "Thu 26 Nov 19:00"),
        ("until tomorrow 7", "Fri 27 Nov 07:00"),
        ("until 1 dec", "Tue 01 Dec 00:00"),
        ("until noon", "Fri 27 Nov 12:00"),
        ("until midnight", "Fri 27 Nov 00:00"),
        ("until 1505", "Thu 26 Nov 15:05"),
        ("for 2 hours", "Thu 26 Nov 16:06"),
        ("for an hour", "Thu 26 Nov 15:06"),
        ("30 min", "Thu 26 Nov 14:36"),
        ("por 2 horas", "Thu 26 Nov 16:06"),
        ("на 2 години", "Thu 26 Nov 16:06"),
        ("until tomorrow morning", "Fri 27 Nov 08:00"),
        ("until morning", "Fri 27 Nov 08:00"),
        ("until tonight", "Thu 26 Nov 21:00"),
        ("until friday night", "Fri 27 Nov 21:00"),
        ("until tomorrow", "Fri 27 Nov 00:00"),
        ("until next week", "Mon 30 Nov 00:00"),
        ("until fri 11", "Fri 27 Nov 11:00"),
        ("hasta las 8", "Thu 26 Nov 20:00"),
        ("hasta el lunes a las 8", "Mon 30 Nov 08:00"),
        ("hasta mañana por la mañana", "Fri 27 Nov 08:00"),
        ("до 8", "Thu 26 Nov 20:00"),
        ("до 8 ранку", "Fri 27 Nov 08:00"),
        ("for hours", "line.how"),
        ("until friday 21-06", "line.how"),
        ("until", "line.how"),
        ("until 1 jan 2020 08:00", "line.past"),
        ("until 24 dec 2031 08:00", "line.far"),
    ],
)
def test_until(words: str, until: str) -> None:
    """The next such hour by her own clock, without minutes or a half of the day in either; what is no time closes
    nothing."""
    assert meant(words) == until


def test_what_a_texter_could_be_told_is_no_command() -> None:
    """Only until when, or for how long, makes it one."""
    for words in (
        "until 8",
        "UNTIL 8pm!",
        "until Fri 11",
        "for 2 hours",
        "08:00",
        "hasta las 8",
        "до понеділка",
    ):
        assert grammar.staff_said(f"LINE CLOSED {words}") == grammar.Command(
            grammar.Ask.LINE, rest=grammar.bare(f"closed {words}")
        )
    for words in (
        "closed at the office today",
        "closed today",
        "closed until further notice",
        "close",
        "open now",
    ):
        assert grammar.staff_said(f"Line {words}") == grammar.Held("line", f"Line {words}")


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_whatever_she_texts(words: str) -> None:
    """An instant ahead of now, or a refusal; never an error."""
    meant(words)
