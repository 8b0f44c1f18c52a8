"""Case codes are said on the telephone and typed on a bus: a slip is noticed, a word is never a code."""

import random
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import casecode
from bot.casecode import ALPHABET, Mistyped

CODES = list(casecode.every())
KNOWN = frozenset(CODES)
codes = st.sampled_from(CODES)


def test_about_twenty_thousand_codes_exist() -> None:
    """Enough for thirty days of rest: 31³ less those without a digit."""
    assert len(CODES) == len(KNOWN)
    assert 20_000 < len(CODES) < 21_000
    assert {"".join(four) for four in product(ALPHABET, repeat=4) if casecode.check("".join(four))} == KNOWN
    assert {"K7R2", "M3XA"} <= KNOWN


def test_every_single_wrong_character_is_noticed() -> None:
    """All codes, all places, all wrong symbols: no slip turns one code into another."""
    for code in CODES:
        for at, right in enumerate(code):
            for wrong in ALPHABET:
                assert wrong == right or code[:at] + wrong + code[at + 1 :] not in KNOWN


def test_every_swap_of_neighbours_is_noticed() -> None:
    """Two neighbours typed the wrong way round are no other code."""
    for code in CODES:
        for at in range(3):
            swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
            assert swapped == code or swapped not in KNOWN


def test_codes_have_a_digit_and_none_of_the_confusing_symbols() -> None:
    """No code is a word, and nobody has to ask whether that is a zero."""
    for code in CODES:
        assert any(symbol.isdigit() for symbol in code)
        assert not set(code) & set("0O1IL")


@pytest.mark.parametrize("symbols", ["", "K7", "K7R2", "K0R", "k7r", "К7R", "ABC"])
def test_make_refuses_what_is_no_beginning_of_a_code(symbols: str) -> None:
    """Wrong length, wrong symbols, or a code that would be a word."""
    assert casecode.make(symbols) is None or symbols == "ABC"


def test_make_completes_three_symbols() -> None:
    """The check symbol is computed, not chosen."""
    assert casecode.make("K7R") == "K7R2"


@given(st.integers(0, 2**32), st.sets(codes, max_size=50))
def test_pick_gives_a_code_that_is_not_taken(seed: int, taken: set[str]) -> None:
    """Two equal codes are never alive at once."""
    code = casecode.pick(random.Random(seed).randrange, taken.__contains__)

    assert code in KNOWN - taken


def test_pick_finds_the_last_free_code_and_says_when_there_is_none() -> None:
    """With one code left it is found; with none left the caller hears it."""
    assert casecode.pick(random.Random(1).randrange, lambda code: code != "M3XA") == "M3XA"
    with pytest.raises(LookupError):
        casecode.pick(random.Random(1).randrange, lambda code: True)


def test_pick_uses_all_codes_alike() -> None:
    """20,000 picks meet more than half of all codes: nobody guesses which comes next."""
    chance = random.Random(7)
    met = {casecode.pick(chance.randrange, lambda code: False) for _ in range(20_000)}

    assert len(met) > len(CODES) / 2


@pytest.mark.parametrize(
    "text",
    [
        "K7R2",
        "k7r2",
        " K7R2 ",
        "#K7R2",
        "@k7r2",
        "# k7r2",
        "K7 R2",
        "k 7 r 2",
        "К7R2",  # Cyrillic Ka
        "к7R2",
        "Κ7R2",  # Greek Kappa
        "κ7r2",
        "Ｋ７Ｒ２",
        "\u200fK7R2\u200b",
        "K7\u00a0R2\n",
    ],
)
def test_a_code_is_read_as_people_type_it(text: str) -> None:
    """Lower case, spaces, marks, full width, invisible characters and look-alikes are forgiven."""
    assert casecode.read(text) == "K7R2"
    assert casecode.leading(text) == ("K7R2", "")
    assert not casecode.looks_like(text)


@pytest.mark.parametrize(
    "text", ["", "K7R", "K7R22", "K7RZ", "K7R2 hello", "7KR2", "K7R2.", "привіт", "take", "\ud800"]
)
def test_what_is_no_code_is_not_read_as_one(text: str) -> None:
    """Nothing is guessed: 2 and Z, length and order matter."""
    assert casecode.read(text) is None


def test_zero_and_one_are_not_guessed() -> None:
    """Who writes O for Q or I for J gets no conversation: none of 0 O 1 I L is read as anything."""
    for code in CODES[::97]:
        for wrong in "0O1IL":
            assert casecode.read(code[:3] + wrong) is None


TWINS = str.maketrans("ABEKMHPCTYX", "АВЕКМНРСТУХ")
GREEK = str.maketrans("ABEZHKMNPTYX", "ΑΒΕΖΗΚΜΝΡΤΥΧ")


@given(
    codes,
    st.sampled_from([str, str.lower, str.swapcase]),
    st.sampled_from([{}, TWINS, GREEK]),
    st.text(" #@\u200b", max_size=3),
)
def test_every_code_is_read_in_every_spelling(code, case, twins, before) -> None:
    """The forgiveness holds for all codes, alone and in front of a text."""
    typed = before + case(code).translate(twins) if not twins else before + case(code.translate(twins))

    assert casecode.read(typed) == code
    assert casecode.leading(f"{typed} are you safe?") == (code, "are you safe?")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("K7R2 text", "text"),
        ("K7R2: text", "text"),
        ("K7R2:text", "text"),
        ("K7R2, text", "text"),
        ("K7R2 - text", "text"),
        ("K7R2 – text", "text"),
        ("K7R2. text", "text"),
        ("K7R2\ntext", "text"),
        ("#k7r2 text", "text"),
        ("@K7R2 text", "text"),
        ("K7 R2 text", "text"),
        ("k7 r2, text", "text"),
        ("К7R2 текст", "текст"),
        ("K7R2 ... well", "... well"),
        ("K7R2 -5 degrees", "-5 degrees"),
        ("K7R2 K7R2", "K7R2"),
        ("K7R2?", "?"),
        ("K7R2:", ""),
        ("K7R2 😀", "😀"),
        ("K7R2 text  \n two ", "text  \n two "),
    ],
)
def test_the_code_in_front_is_split_off(text: str, rest: str) -> None:
    """What stands after the code and its separator goes to the texter, as it was written."""
    assert casecode.leading(text) == ("K7R2", rest)


@pytest.mark.parametrize(
    ("text", "typed", "rest"),
    [
        ("K7R3 text", "K7R3", "text"),
        ("k7r3", "K7R3", ""),
        ("K7 R3 text", "K7R3", "text"),
        ("7KR2: text", "7KR2", "text"),
        ("К7R3 text", "K7R3", "text"),
        ("#K7RO text", "K7RO", "text"),
        ("@K7R0", "K7R0", ""),
    ],
)
def test_a_mistyped_code_is_noticed(text: str, typed: str, rest: str) -> None:
    """A slip is told to its writer, and the words after it are not sent to somebody else."""
    assert casecode.leading(text) == (Mistyped(typed), rest)
    assert casecode.looks_like(text) == (rest == "")


ORDINARY = """take pass done help safe that this what when here hurt hand next away call stay text they them
where are you ok TAKE DONE NEXT by 25 people came | at 5 pm | 7 pm is fine | 24/7 we are here | 100 times
бути вона дуже тебе мене привіт сестра вам там так СЕСТРА МАМА ХАТА РЕКА тут. | зараз 3 години | на 24 дні
""".replace("|", "\n")


@pytest.mark.parametrize(
    "text", [word for line in ORDINARY.splitlines() for word in (line, *line.split()) if word.strip()]
)
def test_an_ordinary_text_is_no_code(text: str) -> None:
    """English and Ukrainian words, alone or in front of a sentence, are just words."""
    assert casecode.leading(text) is None
    assert casecode.leading(f"{text} and more") is None


@given(st.text(st.characters(exclude_categories=["Nd", "No", "Nl"])))
@example("#help me")
@example("TAKE")
def test_a_text_without_a_digit_never_begins_with_a_code(text: str) -> None:
    """Whatever the alphabet: no digit, no code, mistyped or not."""
    assert casecode.read(text) is None
    assert casecode.leading(text) is None


@given(st.text())
def test_any_text_is_taken_apart_without_loss_or_complaint(text: str) -> None:
    """What follows a code is the end of the text, unchanged."""
    found = casecode.leading(text)

    assert found is None or text.endswith(found[1])


@given(codes, st.text())
def test_a_code_in_front_of_any_text_is_found(code: str, text: str) -> None:
    """Whatever the counselor writes after a code and a space, the code is seen."""
    found = casecode.leading(f"{code} {text}")

    assert found is not None
    assert found[0] == code
