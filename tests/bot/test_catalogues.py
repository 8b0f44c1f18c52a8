"""What people read and write, in every language: how long it is, what it says, and what it must not say."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from bot import casecode, discretion, grammar, phrases, segments
from bot.grammar import Word
from bot.phrases import Phrase, catalogue
from bot.segments import Encoding
from bot.voice import Voice
from handlers import waits
from tests.bot.test_grammar import GREETINGS
from tests.bot.test_phrases import fields

ENGLISH = catalogue("en")
LANGUAGES = phrases.languages()
TRANSLATED = [language for language in LANGUAGES if language != "en"]

TO_TEXTERS = (
    "first.answer",
    "first.answer.telegram",
    "looking",
    "nobody.until",
    "nobody",
    "agreed",
    "news",
    "cut.off",
    "colleague",
    "help",
    "start",
    "bye",
    "erased",
    "kept",
    "closed",
    "flood",
    "words.only",
    "language.switched",
)
"""What the line itself says to texters. `correction` carries a counselor's words: it is as long as those."""

OTHER_LETTERS = {"uk"}
"""Languages whose letters are not in the alphabet of SMS: their texts are shorter, and not in plain letters."""

LINE = Voice("Greenroom", ZoneInfo("Asia/Kathmandu"))
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SOON = [NOW + timedelta(days=days, minutes=15) for days in range(6)]
FAR = [datetime(2026 + (month == 1), month, 23, 12, 15, tzinfo=UTC) for month in range(1, 13)]
TIMES = [phrases.moment(then, NOW) for then in (*SOON, *FAR)]
"""An hour of today, of every other day of a week, and of a day with two digits in every month."""


def longest(place: str, language: str) -> list[str]:
    """The text in each of its kinds, at every hour, with the longest wait. Every emergency number has three digits."""
    minutes = "120" if place == "looking" else str(max(waits.ROUND))
    kinds = [kind for kind in ENGLISH if kind.startswith("wait.")]
    waiting = [{"wait": kind} for kind in kinds] if "wait" in fields(ENGLISH[place]) else [{}]
    return [
        LINE.say(
            Phrase(place, {"minutes": minutes, "time": time, "day": time.partition("/")[2], **wait}),
            language,
            country="US",
        )
        for wait in waiting
        for time in TIMES
    ]


def test_every_text_to_a_texter_is_looked_at() -> None:
    """The catalogue has them in its first part; whoever adds one adds it here."""
    part = list(ENGLISH)[: list(ENGLISH).index("words.help")]
    assert {place for place in part if not place.startswith("wait.")} == {*TO_TEXTERS, "correction"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", TO_TEXTERS)
def test_a_text_to_a_texter_is_two_segments_at_most(place: str, language: str) -> None:
    """With the longest wait, hour and day; each more is money, and a phone that buzzes twice."""
    for text in longest(place, language):
        assert "{" not in text
        assert segments.count(text).number <= 2, text
        assert segments.count(text).encoding is Encoding.GSM7 or segments.utf16_units(text) <= 134, text


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code not in OTHER_LETTERS])
@pytest.mark.parametrize("place", TO_TEXTERS)
def test_texters_read_plain_letters(place: str, language: str) -> None:
    """One curly quote or ú and the text is two or three segments instead of one."""
    for text in longest(place, language):
        assert segments.count(text).encoding is Encoding.GSM7, text


TOPICS = re.compile(
    "greenroom|model|fashion|agency|agent|casting|counsel|therap|hotline|helpline|support|harass|abuse|assault|violence"
    "|rape|sex|wage|unpaid|confiden|anonym|charity|foundation|crisis|suicide|police|report|victim"
    "|moda|agencia|anónim|anonim|polic|apoyo|salario|sueldo|denunci"
    "|модел|модел|агенц|аноні|поліц|підтрим|зарплат|скарг|консульт",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", TO_TEXTERS)
def test_a_lock_screen_tells_nobody_what_it_is_about(place: str, language: str) -> None:
    """No organisation, no topic, no link: somebody else may be holding the phone."""
    for text in longest(place, language):
        assert not TOPICS.search(text)
        assert discretion.telling(text) is None
        assert not discretion.names(text, LINE.name)
        assert "http" not in text


FIRST = {
    "en": ("Hi, thanks for writing.", "person", "can't see your", ("DELETE", "BYE", "HELP")),
    "es": ("Hola, gracias por escribir.", "persona", "No ve tu", ("BORRAR", "ADIOS", "AYUDA")),
    "uk": ("Вітаємо!", "Людина", "не бачить", ("СТЕРТИ", "ІНФО")),
}
"""How the first answer begins, what it calls a person, how it says that they do not see her, and the words it names."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", ["first.answer", "first.answer.telegram"])
def test_the_first_answer_says_all_that_it_must(place: str, language: str) -> None:
    """A person, how long, what they see, the emergency number, how to erase, where to learn more."""
    begins, person, unseen, words = FIRST[language]
    for text in longest(place, language):
        assert text.startswith(begins)
        assert person in text
        assert unseen in text
        assert " 911" in text
        found = [text.index(word) for word in words]
        assert found == sorted(found)
    soon = LINE.say(Phrase(place, {"minutes": "15", "wait": "wait.soon"}), language, country="US")
    assert "15" in soon


# ── What texters write ──

NAMED = re.compile(r"\b[^\W\d_a-zа-яіїєґ]{2,}\b")
"""A word in capitals."""


def named(text: str) -> set[Word | None]:
    """What the words that a text names mean to the line."""
    return {grammar.texter_word(word) for word in NAMED.findall(text)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", TO_TEXTERS)
def test_a_word_that_a_text_names_is_understood(place: str, language: str) -> None:
    """Whoever writes what she was told to write is obeyed; erasing and help are named wherever English names them."""
    english, theirs = named(catalogue("en")[place]), named(catalogue(language)[place])
    assert None not in theirs
    assert theirs <= english
    assert english & {Word.DELETE, Word.HELP} <= theirs
    if "Text OK" in ENGLISH[place]:
        assert Word.OK in theirs


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_words_are_words_of_that_language(language: str) -> None:
    """Not only the English ones: STOP alone stays the carrier's."""
    texts = {place: catalogue(language)[place] for place in TO_TEXTERS}
    for place, text in texts.items():
        for word in set(NAMED.findall(text)) - {"STOP"}:
            places = [grammar.PLACES[what] for what in grammar.PLACES if what is grammar.texter_word(word)]
            assert grammar.bare(word) in {grammar.bare(one) for one in phrases.listed(places[0], language)}, (
                place
            )


def listed() -> list[tuple[str, str]]:
    """Every word of every language as it is compared, with what it means: a command's place or a language."""
    commands = [
        (grammar.bare(word), place)
        for language in LANGUAGES
        for place in grammar.PLACES.values()
        for word in phrases.listed(place, language)
    ]
    names = [
        (grammar.bare(word), language)
        for language in LANGUAGES
        for word in phrases.listed("words.language", language)
    ]
    return commands + names


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words_for_everything(language: str) -> None:
    """Who cannot write DELETE in her own words cannot erase."""
    for place in (*grammar.PLACES.values(), "words.language"):
        assert phrases.listed(place, language)


def test_a_word_means_one_thing_in_all_languages() -> None:
    """All are understood at any time, so that none may mean something else next door."""
    meanings = defaultdict(set)
    for word, what in listed():
        meanings[word].add(what)
    assert {word: what for word, what in meanings.items() if len(what) > 1} == {}


def test_no_word_is_a_greeting_or_the_carriers() -> None:
    """A first "ciao" opens a conversation; the carrier acts on its own words before we see them."""
    taken = {grammar.bare(greeting) for greeting in GREETINGS} | set(grammar.CARRIER_WORDS)
    assert not {word for word, _ in listed()} & taken


@pytest.mark.parametrize(
    ("language", "name"),
    [(code, name) for code in LANGUAGES for name in phrases.listed("words.language", code)],
)
def test_a_languages_own_name_asks_for_it(language: str, name: str) -> None:
    """However it is dressed; with other words it is a message."""
    for text in (name, name.upper(), f" {name}! ", f"/{name.lower()}"):
        assert grammar.asked_language(text) == language
        assert grammar.texter_word(text) is None
    assert grammar.asked_language(f"{name} or not") is None


# ── What staff read ──


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_looks_like_a_code_stands_before_the_code(language: str) -> None:
    """The first code in a message is the conversation's (contract), whatever words stand before it."""
    for place, text in catalogue(language).items():
        before, code, _ = text.partition("{code}")
        for start in [word.start() for word in re.finditer(r"\S+", before)] if code else ():
            assert casecode.leading(before[start:]) is None, place


@pytest.mark.parametrize("language", TRANSLATED)
def test_commands_stay_english(language: str) -> None:
    """They are the same on every phone, so that one counselor can tell another what to text. OK is understood in both
    alphabets."""
    commands = re.compile(r"\b[A-Z]{2,}\b")
    for place in list(ENGLISH)[list(ENGLISH).index("staff.invitation") :]:
        wanted = set(commands.findall(ENGLISH[place])) - {"OK"}
        assert wanted <= set(commands.findall(catalogue(language)[place])), place


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_others_count_on_stays_english(language: str) -> None:
    """The contract's buttons and its "Reply OK"."""
    texts = catalogue(language)
    assert (texts["button.take"], texts["button.pass"]) == ("Take", "Pass")
    assert "Reply OK" in texts["staff.invitation"]


# ── The files ──


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_from_the_present_english(language: str) -> None:
    """An empty one would be said in English; one whose English has changed says what is no longer true."""
    with (phrases.CATALOGUES / f"{language}.po").open("rb") as file:
        entries = [message for message in read_po(file, locale=language) if message.context]
    for message in entries:
        assert message.string, message.context
        assert message.id == ENGLISH[str(message.context)]
        assert not message.fuzzy
