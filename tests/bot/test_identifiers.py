"""What could tell a texter who the counselor is, in whatever spelling; and what must pass without a question."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import emergency, identifiers, phrases
from bot.identifiers import Identifier

NUMBERS = (
    "2025550142", "202-555-0142", "(202) 555-0142", "+1 202 555 0142", "202.555.0142", "202 / 555 / 0142",
    "555-0142", "call me: 555 0142 ok?", "2 0 2 5 5 5 0 1 4 2", "2-0-2-5-5-5-0-1-4-2", "202 555\n0142",
    "+44 7700 900123", "07700900123", "06.12.05.19.84", "501 555 014", "tel 2O2 555 Ol42", "202_555_0142",
    "٢٠٢ ٥٥٥ ٠١٤٢", "２０２５５５０１４２", "2️⃣0️⃣2️⃣5️⃣5️⃣5️⃣0️⃣1️⃣4️⃣2️⃣", "२०२५५५०१४२", "②⓪②⑤⑤⑤⓪①④②", "202\u200b555\u200b0142",
    "two zero two, five five five, oh one four two", "cero uno dos tres cuatro cinco seis",
    "нуль дев'ять сім п’ять п’ять п’ять один", "202, 555, 0142", "I am free at 18:00, 202 555 0142",
    "2026-03-02 or 555 01 42", "call 305, 555, 1234", "$20 to 202 555 0142",
    "777777 - 7-7-77", "5555 – 5.5.55",
)  # fmt: skip
MAILS = (
    "alma@example.org", "Alma.K+x@mail.example.co.uk", "alma @ example.org", "alma(at)example(dot)org",
    "alma at gmail dot com", "alma at gmail.com", "alma [at] example [dot] org", "ＡＬＭＡ＠ｅｘａｍｐｌｅ．ｏｒｇ",
    "mailto:alma", "alma@gmail", "alma at gmail",
)  # fmt: skip
NAMES = (
    "@alma_k",
    "find me: @alma.model",
    "insta: alma.k",
    "IG = alma",
    "телеграм: alma",
    "my insta is almakay",
    "find me on telegram as almakay",
    "my Signal is alma.42",
    "alma_k on instagram",
    "telegram alma_k",
    "＠alma_k",
    "@ alma_k",
)
LINKS = (
    "t.me/alma", "https://t.me/alma", "wa.me/12", "instagram.com/alma", "WWW.Instagram.com/alma", "t . me / alma",
    "t dot me/alma", "tg://user?id=1", "m.me/alma", "m.facebook.com/alma", "viber://chat",
)  # fmt: skip

FOUND = [
    *((text, Identifier.PHONE) for text in NUMBERS),
    *((text, Identifier.MAIL) for text in MAILS),
    *((text, Identifier.NAME) for text in NAMES),
    *((text, Identifier.LINK) for text in LINKS),
]


@pytest.mark.parametrize(("text", "what"), FOUND)
def test_what_could_tell_who_she_is_is_found(text: str, what: Identifier) -> None:
    """However it is written, alone and in a sentence."""
    assert identifiers.found(text) is what
    assert identifiers.found(f"Hello, {text}, yes") is not None


@pytest.mark.parametrize(
    "text",
    [
        "are you safe?", "Call 911.", "911, 112 or 999", "911 112 999", "116 123", "116 123, 116 111", "1 2 3",
        "on 2026-03-02 at 18:00", "02.03.2026", "3/2/2026, 18:00-19:30", "02.03.-05.03.2026", "10.00-18.30",
        "2019-2024", "in 2024, 2025 and 2026", "from 18:00 to 19:30 or 20:00", "24/7, 365 days", "K7R2", "@K7R2",
        "K7R2 M3XA 9QW4", "$1,500.00", "1,250,000", "1 250 000 грн", "€ 20000", "2.500,00 EUR", "100000 dollars",
        "12, 14, 16, 18", "24, 36, 48, 112", "room 1204, floor 12", "see you @ 5pm", "@ 17:30", "no. 12345",
        "https://www.gov.uk/report", "www.example.org/help", "it is me", "t. me too", "I am at home. Come soon",
        "look at hotel.Then", "Telegram is fine", "one two three", "at one or two", "5-10 min", "+/- 3",
        "Signal: use it", "telegram: that is safer", "whatsapp: turn it off", "4-7-8, 4-7-8, 4-7-8", "1200-1500 euros",
        "10, 9, 8, 7, 6, 5, 4, 3, 2, 1", "26.11.2026-28.11.2026", "Signal is better", "on facebook as well", "x" * 4096,
    ],
)  # fmt: skip
def test_what_tells_nothing_passes(text: str) -> None:
    """Emergency numbers, dates, times, sums, codes, lists, and pages that belong to nobody."""
    assert identifiers.found(text) is None


SCRIPTS = st.sampled_from([0x30, 0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE])
"""The zero of ASCII, Arabic, Persian, Devanagari, full width and mathematical digits."""
BETWEEN = st.sampled_from(
    ["", " ", "-", ".", " - ", "\u00a0", "–", "(", ") ", "/", "\u200b", "_", "·", "…", "❤", "\n"]
)


@given(
    digits=st.lists(st.integers(0, 9), min_size=identifiers.FEWEST, max_size=15),
    zero=SCRIPTS,
    between=st.lists(BETWEEN, min_size=15, max_size=15),
    around=st.sampled_from(["{}", "my number {} ok", "+{}", "call:{}", "«{}»"]),
)
def test_a_number_in_any_spelling_is_found(
    digits: list[int], zero: int, between: list[str], around: str
) -> None:
    """Seven digits or more, any script, anything but letters between them; only real dates and the like are let off."""
    # 5 and 7: no year, hour or list is made of these, and but for 5-7-77, 7.7-7.7. and their like no date.
    fives = [(5 if digit % 2 else 7, sign) for digit, sign in zip(digits, between, strict=False)]
    plain = "".join(f"{digit}{sign}" for digit, sign in fives).replace("…", "...").replace("\u200b", "")
    assume(not re.search(r"(?<!\d)\d([-.–/])\d\1\d\d(?!\d)|\d\.\d\.?\s?[-–]\s?\d\.\d\.", plain))
    written = "".join(chr(zero + digit) + sign for digit, sign in fives)
    assert identifiers.found(around.format(written)) is Identifier.PHONE


@given(hours=st.lists(st.tuples(st.integers(0, 23), st.integers(0, 59)), min_size=1, max_size=6))
def test_times_are_never_a_number(hours: list[tuple[int, int]]) -> None:
    """A day's plan is full of digits."""
    assert identifiers.found("; ".join(f"{hour:02}:{minute:02}" for hour, minute in hours)) is None


@given(text=st.text(max_size=300))
def test_it_answers_for_any_text(text: str) -> None:
    """Whatever is typed, no error."""
    identifiers.found(text)


def test_the_lines_own_words_pass() -> None:
    """No text that the line sends to texters would be asked about, whatever the country."""
    for language in phrases.languages():
        for place in ("first.answer", "help", "nobody", "closed"):
            for country in (*emergency.NUMBERS, "DE"):
                said = phrases.say(
                    place, language, wait="", minutes="15", emergency=emergency.number(country), time="08:00"
                )
                assert identifiers.found(said) is None


@pytest.mark.parametrize(
    "hard", ["0" * 4096 + "x", "a." * 2000, "@a" * 2000, "1 " * 2000 + "x", "$1," * 1300]
)
def test_a_long_text_costs_no_more_than_a_long_text(hard: str) -> None:
    """No pattern is quadratic: the front door waits for it."""
    begun = time.process_time()
    identifiers.found(hard)
    assert time.process_time() - begun < 0.2
