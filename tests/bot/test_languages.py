"""Which language somebody is spoken to in, and what happens when she asks for another."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bot import emergency, grammar, languages, phrases
from bot.conversation import OfferState
from bot.decision import Decision, ToStaff, ToTexter
from bot.languages import choose, read_by, switched
from bot.people import Staff
from bot.phrases import Phrase
from bot.redact import Secret
from tests.bot.cast import ALMA, BO, at, offer, talk, watch

SERVED = ("en", "es", "uk")
WORD = Secret("Українська")


def phone(country: str) -> str:
    """Some mobile number of that country, as the numbering plan's own example."""
    example = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    return str(phonenumbers.format_number(example, PhoneNumberFormat.E164))


# ── The first guess ──


@pytest.mark.parametrize(
    ("telegram", "country", "chosen"),
    [
        ("uk", "", "uk"),
        ("uk-UA", "ES", "uk"),
        ("ES-419", "", "es"),
        ("pl", "UA", "uk"),
        ("pl", "", "en"),
        (None, "UA", "uk"),
        (None, "ES", "es"),
        (None, "PL", "en"),
        (None, "", "en"),
        ("", "", "en"),
        ("english", "", "en"),
    ],
)
def test_telegrams_code_comes_before_the_country_and_the_default(
    telegram: str | None, country: str, chosen: str
) -> None:
    """Each only as far as the line serves it."""
    assert choose(telegram=telegram, country=country, served=SERVED, default="en") == chosen


def test_a_line_speaks_no_language_that_it_does_not_serve() -> None:
    """There are texts for it, and nobody who could answer in it."""
    for telegram, country in (("uk", ""), (None, "UA")):
        assert choose(telegram=telegram, country=country, served=("en", "es"), default="es") == "es"


@pytest.mark.parametrize(
    ("country", "chosen"), [("UA", "uk"), ("ES", "es"), ("MX", "es"), ("US", "en"), ("GB", "en")]
)
def test_the_country_is_that_of_her_number(country: str, chosen: str) -> None:
    """As the numbering plan knows it."""
    found = emergency.country_of(phone(country))
    assert found == country
    assert choose(telegram=None, country=found, served=SERVED, default="es") == chosen


def test_every_country_of_the_table_exists_and_stands_once() -> None:
    """A country in two languages would be the last one's by chance."""
    regions = " ".join(languages._SPOKEN.values()).split()
    assert len(regions) == len(set(regions)) == len(languages.OF_COUNTRY)
    assert set(regions) <= set(phonenumbers.SUPPORTED_REGIONS)
    assert set(languages._SPOKEN) == set(phrases.LANGUAGE_NAMES)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Українська", "uk"),
        ("українською!", "uk"),
        ("УКРАЇНСЬКА МОВА", "uk"),
        ("украінська", None),
        ("espanol", "es"),
        ("Español", "es"),
        ("CASTELLANO.", "es"),
        ("english", "en"),
        ("/English 🙏", "en"),
        ("polski", None),
        ("english please", None),
        ("Ukrainian", None),
        ("", None),
    ],
)
def test_a_language_is_asked_for_by_its_own_name(text: str, language: str | None) -> None:
    """Accents are ignored in Latin letters only: й and ї are letters of their own. With other words it is a message."""
    assert grammar.asked_language(text) == language


# ── What staff read ──


@pytest.mark.parametrize(
    ("spoken", "default", "read"),
    [
        (("en",), "en", "en"),
        (("uk", "en"), "en", "en"),
        (("uk",), "en", "uk"),
        (("pl", "uk"), "en", "uk"),
        (("en", "uk"), "uk", "uk"),
        (("pl",), "uk", "uk"),
        ((), "es", "es"),
    ],
)
def test_staff_read_the_lines_language_if_it_is_theirs(
    spoken: tuple[str, ...], default: str, read: str
) -> None:
    """What colleagues show each other is then the same on every phone; else the first of hers that has texts."""
    assert read_by(spoken, default=default) == read


# ── Another language, please ──


def told(decision: Decision, kind: type[ToTexter] | type[ToStaff]) -> list[str]:
    """The places of what one side hears from the line."""
    letters = [one.what for one in decision.letters if isinstance(one, kind)]
    return [what.place for what in letters if isinstance(what, Phrase)]


def test_who_asks_is_answered_in_it_and_her_counselor_is_told() -> None:
    """Her word is relayed as well, and nobody else is asked."""
    robin = talk(counselor=ALMA)
    decision = switched(robin, "uk", WORD, offers=(), watch=watch(at(1), on=(ALMA, BO)))
    assert decision.conversation.language == "uk"
    assert decision.conversation.due_at is None
    assert told(decision, ToTexter) == ["language.switched"]
    assert told(decision, ToStaff) == ["texter.language"]
    assert WORD in [one.what for one in decision.letters if isinstance(one, ToStaff)]
    assert decision.offers == ()


def test_while_she_waits_whoever_speaks_it_is_asked_at_once() -> None:
    """Alma's open offer does not count any more, so that the next step of the ladder is Bo's."""
    robin = talk()
    alma = offer(robin, ALMA)
    decision = switched(robin, "uk", WORD, offers=(alma,), watch=watch(at(1), on=(ALMA, BO)))
    assert [(one.staff, one.state) for one in decision.offers] == [(ALMA.id, OfferState.LAPSED)]
    assert decision.conversation.due_at == at(1)
    assert told(decision, ToStaff) == []


@pytest.mark.parametrize(("there", "asked"), [((ALMA, BO), BO), ((ALMA,), ALMA)])
def test_an_offer_stands_if_she_speaks_it_or_nobody_does(there: tuple[Staff, ...], asked: Staff) -> None:
    """Bo is asked already; or only Alma is there, and better asked than nobody."""
    robin = talk()
    decision = switched(robin, "uk", WORD, offers=(offer(robin, asked),), watch=watch(at(1), on=there))
    assert decision.offers == ()
