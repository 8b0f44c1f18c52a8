"""The emergency number that a texter reads."""

from __future__ import annotations

import pytest

from bot.emergency import DEFAULT, NUMBERS, country_of, number


@pytest.mark.parametrize(
    ("country", "to_call"),
    [
        ("US", "911"),
        ("CA", "911"),
        ("GB", "999"),
        ("UA", "112"),
        ("PL", "112"),
        ("IT", "112"),
        ("AU", "000"),
        ("BR", "190"),
        ("", "112"),
    ],
)
def test_each_country_has_its_number(country: str, to_call: str) -> None:
    """The one that a mobile phone reaches there."""
    assert number(country) == to_call


def test_every_number_can_be_dialled() -> None:
    """Three digits, and no country spelled in a way that would never be found."""
    for country, to_call in (*NUMBERS.items(), ("XX", DEFAULT)):
        assert len(country) == 2
        assert country.isupper()
        assert len(to_call) == 3
        assert to_call.isdigit()


@pytest.mark.parametrize(
    ("phone", "country"),
    [
        ("+12025550123", "US"),
        ("+447700900123", "GB"),
        ("+999123456", ""),
        ("+1", ""),
        ("12025550123", ""),
        ("", ""),
        ("Robin", ""),
    ],
)
def test_a_number_tells_its_country_or_nothing(phone: str, country: str) -> None:
    """Whatever is written there, nothing is raised: it only chooses a number to show."""
    assert country_of(phone) == country
