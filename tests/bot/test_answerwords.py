"""What is an answer to a question without being OK or CAN'T, and what is a message."""

from __future__ import annotations

import pytest

from bot.answerwords import agreed, polite

YES = [
    "ok thanks",
    "ok, will do",
    "Ready",
    "Ready!",
    "yes",
    "👍",
    "👍🏽",
    "vale",
    "listo",
    "sí",
    "готова",
    "так, добре",
]
NO = [
    "I can't",
    "I can’t",
    "can't, sorry",
    "I can't make it",
    "No",
    "no sorry",
    "not possible",
    "no puedo, lo siento",
    "не можу, вибачте",
    "sorry can't that night",
    "lo siento, esa noche no puedo",
    "тієї ночі не зможу, вибачте",
]
NEITHER = [
    "I can't come to the casting",
    "ok no",
    "yes, but I can't",
    "thanks",
    "ok, tomorrow",
    "yes?",
    "no " * 30,
    "yesterday",
    "",
    "👍 are you safe",
]


@pytest.mark.parametrize(
    ("text", "means"),
    [*((one, True) for one in YES), *((one, False) for one in NO), *((one, None) for one in NEITHER)],
)
def test_an_answer_is_the_whole_text(text: str, means: bool | None) -> None:
    assert agreed(text) is means


def test_thanks_are_no_answer_and_no_riddle() -> None:
    assert all(map(polite, ("thanks!", "Thank you so much", "Muchas gracias", "дякую!")))
    assert not any(map(polite, ("", "thanks, but", "thanks?", "ok thanks")))
