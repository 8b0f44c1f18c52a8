"""What texters read: how long it is, what it says, and what it must not say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot import phrases, segments
from bot.phrases import Phrase, catalogue
from bot.segments import Encoding
from bot.voice import Voice
from handlers import waits
from tests.bot.test_phrases import fields

ENGLISH = catalogue("en")
LANGUAGES = phrases.languages()

TO_TEXTERS = (
    "first.answer",
    "first.answer.telegram",
    "looking",
    "nobody.until",
    "nobody",
    "agreed",
    "news",
    "cut.off",
    "help",
    "start",
    "bye",
    "erased",
    "closed",
    "words.only",
)
"""What the line itself says to texters. `correction` carries a counselor's words: it is as long as those."""

LINE = Voice("Greenroom", ZoneInfo("Asia/Kathmandu"))
NOW = datetime(2026, 9, 7, 12, 0, tzinfo=UTC)
FAR = datetime(2026, 9, 23, 12, 15, tzinfo=UTC)
LONGEST = {"minutes": str(max(waits.ROUND)), "time": phrases.moment(FAR, NOW)}


def longest(place: str, language: str) -> list[str]:
    """The text with its longest values, in each of its kinds."""
    if "wait" not in fields(ENGLISH[place]):
        return [LINE.say(Phrase(place, LONGEST), language, country="US")]
    kinds = [kind for kind in ENGLISH if kind.startswith("wait.")]
    return [LINE.say(Phrase(place, {**LONGEST, "wait": kind}), language, country="US") for kind in kinds]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", TO_TEXTERS)
def test_a_text_to_a_texter_is_two_segments_at_most(place: str, language: str) -> None:
    """With the longest wait, hour and day; each more is money, and a phone that buzzes twice."""
    for text in longest(place, language):
        assert "{" not in text
        assert segments.count(text).number <= 2, text


@pytest.mark.parametrize("place", TO_TEXTERS)
def test_english_texters_read_plain_letters(place: str) -> None:
    """One curly quote and the text is two or three segments instead of one."""
    for text in longest(place, "en"):
        assert segments.count(text).encoding is Encoding.GSM7, text


TOPICS = re.compile(
    "greenroom|model|fashion|agency|agent|casting|counsel|therap|hotline|helpline|support|harass|abuse|assault|violence"
    "|rape|sex|wage|unpaid|confiden|anonym|charity|foundation|crisis|suicide|police|report|victim",
    re.IGNORECASE,
)


@pytest.mark.parametrize("place", TO_TEXTERS)
def test_a_lock_screen_tells_nobody_what_it_is_about(place: str) -> None:
    """No organisation, no topic, no link: somebody else may be holding the phone."""
    for text in longest(place, "en"):
        assert not TOPICS.search(text)
        assert "http" not in text
        assert LINE.name.casefold() not in text.casefold()


@pytest.mark.parametrize("place", ["first.answer", "first.answer.telegram"])
def test_the_first_answer_says_all_that_it_must(place: str) -> None:
    """A person, how long, what they see, the emergency number, how to erase, how to end, where to learn more."""
    for text in longest(place, "en"):
        assert "person" in text
        assert "can't see your" in text
        assert " 911" in text
        assert re.search(r"\bDELETE\b.*\bBYE\b.*\bHELP\b", text)
        assert text.startswith("Hi, thanks for writing.")
