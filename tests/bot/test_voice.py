"""How the line says a phrase: its arguments become words, hours and numbers in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import phrases
from bot.people import Medium
from bot.phrases import moment, phrase
from bot.redact import Secret
from bot.voice import Voice

LINE = Voice("Greenroom", ZoneInfo("America/New_York"))
MONDAY_NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
"""12:00 in New York."""


def said(place: str, /, **arguments: str) -> str:
    return LINE.say(phrase(place, **arguments), "en", country="US")


def test_a_persons_words_are_said_as_they_are() -> None:
    """Braces, names of places, languages: nothing in them is ours to read."""
    for words in ("{code}", "bye", "100 % {", "%s"):
        assert LINE.say(Secret(words), "uk") == words


def test_the_emergency_number_is_her_countrys() -> None:
    """Without a known country it is the one that works nearly everywhere."""
    assert "Emergency: 999." in LINE.say(phrase("nobody"), "en", country="GB")
    assert "Emergency: 112." in LINE.say(phrase("nobody"), "en")


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        (0.5, "From 12:30 someone"),
        (19.5, "From 07:30 someone"),
        (20.5, "From Tue 08:30 someone"),
        (92, "From Fri 08:00 someone"),
        (24 * 7, "From 9 Mar 13:00 someone"),  # the clocks have gone forward in between
        (24 * 14, "From 16 Mar 13:00 someone"),
    ],
)
def test_the_hour_is_the_lines_and_the_day_is_named_where_it_could_mislead(hours: float, shown: str) -> None:
    """ "From 08:00 someone can" on a Monday, when it is Friday's eight o'clock, would be a lie."""
    then = moment(MONDAY_NOON + timedelta(hours=hours), MONDAY_NOON)
    assert shown in said("nobody.until", time=then)


def test_how_long_it_takes_is_part_of_the_first_answer() -> None:
    """With its own minutes and hour."""
    assert "answer, usually within 15 min. They" in said("first.answer", wait="wait.soon", minutes="15")
    at_eight = moment(MONDAY_NOON + timedelta(hours=8), MONDAY_NOON)
    assert "nobody can before 20:00. They" in said("first.answer", wait="wait.until", time=at_eight)
    assert "{" not in said("first.answer", wait="wait.none")


def test_the_line_has_a_name_for_staff() -> None:
    """They joined it by that name."""
    assert said("staff.welcome").startswith("Welcome to Greenroom.")


def test_an_offer_names_channel_language_and_what_to_know() -> None:
    """In words, whatever the codes inside."""
    offer = {"code": "K7R2", "medium": Medium.SMS.value, "language": "uk", "minutes": "1"}
    assert said("offer", **offer, notes="") == "New conversation K7R2 · SMS · Ukrainian · waiting 1 min"
    assert said("offer", **offer, notes="offer.no.speaker=uk offer.opted.out").endswith(
        " · no Ukrainian speaker · opted out, cannot be reached"
    )


def test_a_language_is_named_in_the_readers_own() -> None:
    """Where nobody has a name for it, its code is better than nothing; a reader without texts reads English."""
    offer = phrase(
        "offer", code="K7R2", medium="sms", language="uk", minutes="1", notes="offer.no.speaker=uk"
    )
    assert " · українська · " in LINE.say(offer, "uk")
    assert LINE.say(offer, "es").endswith(" · espera 1 min · nadie habla ucraniano")
    assert " · Ukrainian · " in LINE.say(offer, "pl")
    assert "asked for xx." in LINE.say(phrase("texter.language", code="K7R2", language="xx"), "en")


def test_a_spanish_day_is_written_in_plain_letters() -> None:
    """ "sáb" alone would turn the text into UCS-2: three segments and a refusal to be short."""
    saturday = moment(MONDAY_NOON + timedelta(days=5), MONDAY_NOON)
    assert "desde: sab 12:00. " in LINE.say(phrase("nobody.until", time=saturday), "es")


def test_the_card_says_what_she_was_told() -> None:
    """One sentence after the other."""
    card = said(
        "card.code",
        code="K7R2",
        medium="telegram",
        language="en",
        minutes="3",
        told="card.told.nobody card.told.agreed",
    )
    assert "Telegram, English" in card
    assert "nobody could answer then. They said OK to being texted." in card


@pytest.mark.parametrize(
    ("place", "name", "value", "shown"),
    [
        ("refused.kind", "what", "voice", "voice message"),
        ("refused.kind", "what", "dice", "message of a kind that cannot be passed on"),
        ("not.delivered", "why", "content", "Please rephrase"),
        ("not.delivered", "why", "30099", "the network refused it"),
    ],
)
def test_an_unknown_kind_or_reason_gets_a_general_word(place: str, name: str, value: str, shown: str) -> None:
    """Never a carrier's own word or number."""
    assert shown in said(place, code="K7R2", **{name: value})


@pytest.mark.parametrize("language", phrases.LANGUAGE_NAMES)
def test_every_hour_can_be_said_in_every_language(language: str) -> None:
    """Also where the texts are still in English."""
    for hours in (1, 30, 300):
        then = moment(MONDAY_NOON + timedelta(hours=hours), MONDAY_NOON)
        assert ":00" in LINE.say(phrase("nobody.until", time=then), language)
