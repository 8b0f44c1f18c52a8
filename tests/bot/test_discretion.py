"""What a watched phone may show: bland words, in every language of the line."""

from __future__ import annotations

import pytest

from bot import discretion


@pytest.mark.parametrize(
    "text",
    [
        "Models' Hotline",
        "We help against sexual harassment.",
        "HELP-LINE for models",
        "Línea de ayuda",
        "Contra el ACOSO",
        "Ligne d'écoute",
        "Non au viol",
        "Beratung für Models",
        "Übergriffe melden",
        "Гаряча лінія для моделей",
        "Телефон доверия",
        "Stop насильству",
        "Psycholożka",
        "Przemoc w modzie",
        "Linka důvěry",
        "Segélyvonal",
        "ＨＯＴＬＩＮＥ",
    ],
)
def test_words_that_tell_are_found(text: str) -> None:
    """Accents, capitals, hyphens and wide letters hide nothing."""
    assert discretion.telling(text) is not None


@pytest.mark.parametrize(
    "text",
    ["", "Alma & friends", "Violet's violin lessons", "Write to us.", "Green room", "Модний чат", "Obiady"],
)
def test_bland_words_pass(text: str) -> None:
    """A word that only begins alike is no reason to alarm anybody."""
    assert discretion.telling(text) is None


@pytest.mark.parametrize("name", ["modelhotline_bot", "ModelsHelpLine", "stop_abuse_bot", "HarassmentBot"])
def test_user_names_are_read_without_spaces(name: str) -> None:
    """People write the words of a user name together."""
    assert discretion.telling_inside(name) is not None


def test_a_bland_user_name_passes() -> None:
    """Nothing of the kind is in it."""
    assert discretion.telling_inside("rosegarden_chat_bot") is None


@pytest.mark.parametrize(
    ("text", "organisation", "named"),
    [
        ("Atelier Union says hello", "Atelier Union", True),
        ("atelierunion_bot", "Atelier Union", True),
        ("ÁTELIER union", "Atelier Union", True),
        ("Chat with us", "Us", True),
        ("Bus stop", "Us", False),
        ("The atelier", "Atelier Union", False),
        ("anything", "•", False),
    ],
)
def test_the_organisation_is_recognised(text: str, organisation: str, named: bool) -> None:
    """By its whole name, together or apart; a short one only as a word of its own."""
    assert discretion.names(text, organisation) is named
