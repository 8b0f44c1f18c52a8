"""Every sentence that Greenroom says: its place and its braces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from bot import phrases
from bot.phrases import catalogue, phrase
from bot.voice import SPOKEN

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py"))
ENGLISH = catalogue("en")
LANGUAGES = phrases.languages()

ALWAYS = {"emergency", "line"}
"""Filled in by the voice."""

FILLED_LATER = {"not.sent": {"text"}}
"""A refusal of the relay knows no words of hers: handlers/desk gives them back to her."""

BY_PART = {"found.", "why.", "what.", "medium.", "card.told."}
"""Places that are put together, or handed over as an argument: their last part is a word of the code."""

REFUSALS = {"NotNow", "NotAllowed", "NoSuchConversation", "WhichConversation"}
SAY = REFUSALS | {"phrase", "say", "tell", "tell_about", "_tell", "Button"}
"""Whoever is called by these names is given a place."""


def fields(text: str) -> set[str]:
    """The braces of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def calls() -> Iterator[tuple[str, str, set[str] | None]]:
    """Every place that the code names in a call: where, which, and with which arguments (None: not to be seen)."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in SAY:
                continue
            found = [a.value for a in node.args if isinstance(a, ast.Constant)]
            for place in found:
                if isinstance(place, str) and re.fullmatch(r"[a-z][a-z_]*(\.[a-z_]+)*", place):
                    given = {word.arg for word in node.keywords if word.arg}
                    open_ended = any(word.arg is None for word in node.keywords)
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    yield where, place, None if open_ended or name == "Button" else given


def constants() -> set[str]:
    """Every text constant of the code."""
    return {
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


PLACED = [call for call in calls() if call[1] in ENGLISH or "." in call[1]]


def test_the_code_was_read() -> None:
    """The tests below would be content with nothing."""
    assert len(PLACED) > 40


@pytest.mark.parametrize(("where", "place", "given"), PLACED, ids=[f"{w}-{p}" for w, p, _ in PLACED])
def test_every_place_that_the_code_names_has_a_text_whose_braces_it_fills(
    where: str, place: str, given: set[str] | None
) -> None:
    """A forgotten argument would be a KeyError in the middle of a conversation."""
    assert place in ENGLISH, where
    if given is not None:
        later = {"code"} if "tell_about" in _source(where) else FILLED_LATER.get(place, set())
        assert fields(ENGLISH[place]) - given - ALWAYS <= later, where


def _source(where: str) -> str:
    path, _, line = where.partition(":")
    return (ROOT / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]


NOT_YET = {
    "done.delete",  # an SMS counselor is asked to delete the thread when she closes it
    "rota.failed",  # admins, when supervisors have to be asked
    "staff.bad.link",
}
"""Texts that wait for whoever says them; take one out when it is said."""


def test_every_text_is_said_somewhere() -> None:
    """A text that nobody says any more is a text that somebody translates for nothing."""
    known = {text.strip().rstrip("=") for text in constants()}
    unsaid = []
    for place in ENGLISH:
        if place.startswith("page."):
            continue  # tests/page/test_words reads the templates
        part = next((start for start in BY_PART if place.startswith(start)), None)
        last = place.removeprefix(part or "")
        steps = place.startswith("texter.") and place.removeprefix("texter.") in known
        stem, _, end = place.rpartition(".")
        # f"{place}.more", f"reminder.{what}"
        composed = {stem, f".{end}"} <= known or {f"{stem}.", end} <= known
        # f"reminder.{what}.off"
        first, _, middle = stem.rpartition(".")
        composed = composed or {f"{first}.", middle, f".{end}"} <= known
        if place not in known and not (part and last in known) and not steps and not composed:
            unsaid.append(place)
    assert set(unsaid) <= NOT_YET


def test_every_reason_of_a_channel_has_its_words() -> None:
    """Whatever a carrier refuses, the counselor reads a sentence of ours, and not the fallback by mistake."""
    given = set()
    for path in (ROOT / "handlers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.keyword)
                and node.arg == "because"
                and isinstance(node.value, ast.Constant)
            ):
                given.add(str(node.value.value))
    assert given
    assert {f"why.{one}" for one in given} <= set(ENGLISH)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_braces(language: str) -> None:
    """A translation that loses {emergency} loses the one thing that could not wait."""
    texts = catalogue(language)
    assert set(texts) == set(ENGLISH)
    for place, text in texts.items():
        assert fields(text) == fields(ENGLISH[place]), place
        assert text == text.strip() != "", place


# ── The small tools ──


def test_a_language_without_texts_is_spoken_to_in_english() -> None:
    """Better understood in part than not at all; a place that does not exist is an error."""
    assert phrases.say("bye", "xx") == ENGLISH["bye"]
    assert catalogue("xx") == {}
    with pytest.raises(KeyError):
        phrases.say("no.such.place", "en")


def test_what_people_wrote_is_never_read_as_a_pattern() -> None:
    """Braces in a text are braces."""
    assert phrases.render(phrase("edited", text="{code} {0} {x!r}"), "en").endswith("{code} {0} {x!r}")


def test_english_comes_first_and_every_language_has_a_name() -> None:
    """An offer names the language."""
    assert LANGUAGES[0] == "en"
    assert set(LANGUAGES) <= set(phrases.LANGUAGE_NAMES)


def test_every_argument_that_is_said_is_known() -> None:
    """Braces that the voice turns into words of their own."""
    used = set().union(*(fields(text) for text in ENGLISH.values()))
    assert set(SPOKEN) - used == {"notes"}
