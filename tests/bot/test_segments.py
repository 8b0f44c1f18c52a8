"""A long text arrives whole, in order, with no letter broken, and costs what we say it costs."""

import re

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import segments
from bot.segments import Encoding, Segments, characters, utf16_units

FAMILY = "👨‍👩‍👧‍👦"
STACKED = "e" + "\u0301" * 30
HEBREW = "שלום לכולם "
ARABIC = "مرحبا بالعالم "
HARD = st.text(
    st.one_of(
        st.sampled_from(
            [" ", "\n", "\t", "\r", "\u00a0", "\u200d", "\ufe0f", "\u0301", "👩", "🏽", "🇺", "🇦"]
        ),
        st.sampled_from("אعकषก"),
        st.characters(),
    ),
    max_size=120,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments(0, Encoding.GSM7, 0)),
        ("a" * 160, Segments(1, Encoding.GSM7, 160)),
        ("a" * 161, Segments(2, Encoding.GSM7, 161)),
        ("a" * 306, Segments(2, Encoding.GSM7, 306)),
        ("a" * 307, Segments(3, Encoding.GSM7, 307)),
        ("€" * 80, Segments(1, Encoding.GSM7, 160)),
        ("€" * 81, Segments(2, Encoding.GSM7, 162)),
        ("€" * 152, Segments(2, Encoding.GSM7, 304)),
        ("€" * 153, Segments(3, Encoding.GSM7, 306)),
        ("a" * 152 + "€" + "a" * 152, Segments(3, Encoding.GSM7, 306)),
        ("ñÇ@£Δ\n", Segments(1, Encoding.GSM7, 6)),
        ("it’s", Segments(1, Encoding.UCS2, 4)),
        ("ж" * 70, Segments(1, Encoding.UCS2, 70)),
        ("ж" * 71, Segments(2, Encoding.UCS2, 71)),
        ("ж" * 134, Segments(2, Encoding.UCS2, 134)),
        ("ж" * 135, Segments(3, Encoding.UCS2, 135)),
        ("😀" * 35, Segments(1, Encoding.UCS2, 70)),
        ("😀" * 66, Segments(2, Encoding.UCS2, 132)),
        ("😀" * 67, Segments(3, Encoding.UCS2, 134)),
        ("\x1b", Segments(1, Encoding.UCS2, 1)),
    ],
)
def test_count_follows_the_standard(text: str, expected: Segments) -> None:
    """160 or 153 septets, 70 or 67 units, extension characters twice, pairs together."""
    assert segments.count(text) == expected


def test_the_first_answers_take_two_parts_at_most() -> None:
    """The starting points of the first minute fit: the English one in GSM-7, the Ukrainian one in UCS-2."""
    ukrainian = (
        "Вітаємо! Людина відповість за ~5 хв, номера не бачить. Біда: 911. Видалити в нас: СТЕРТИ. Далі: ІНФО"
    )

    assert segments.count(ukrainian) == Segments(2, Encoding.UCS2, len(ukrainian))


@given(st.text(st.sampled_from("abc €[]{}~^|\\@")))
def test_counting_agrees_with_packing_septet_by_septet(text: str) -> None:
    """Whatever mix of plain and extended characters: as many parts as a phone would fill."""
    parts, part = [], ""
    for letter in text:
        if sum(2 if one in "€[]{}~^|\\" else 1 for one in part + letter) > 153:
            parts, part = [*parts, part], ""
        part += letter
    counted = segments.count(text)

    assert counted.encoding is Encoding.GSM7
    assert counted.number == (len([*parts, part]) if counted.units > 160 else min(counted.units, 1))


@given(HARD)
def test_utf16_units_are_what_the_encoder_gives(text: str) -> None:
    """Telegram counts as UTF-16 does."""
    assert utf16_units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(HARD, st.integers(8, 60), st.sampled_from(["", "K7R2 "]), st.sampled_from([characters, utf16_units]))
@settings(max_examples=300)
@example(" " * 100, 8, "K7R2 ", characters)
@example("\u0301" * 100, 8, "", characters)
def test_nothing_is_lost_and_no_part_is_too_long(text, limit, prefix, measure) -> None:
    """Every part fits and begins with the code; together they are the text, white space at the cuts aside."""
    parts = segments.split(text, limit, prefix, measure=measure)

    assert all(measure(part) <= limit and part.startswith(prefix) for part in parts)
    assert bool(parts) == bool(text)
    assert bare("".join(part.removeprefix(prefix) for part in parts)) == bare(text)
    if measure(prefix + text) <= limit and text:
        assert parts == [prefix + text]


@given(HARD, st.integers(12, 60))
@settings(max_examples=300)
def test_a_grapheme_is_never_cut_while_it_fits(text: str, limit: int) -> None:
    """An emoji with its skin tone, a letter with its accents: in one part, always."""
    whole = regex.findall(r"\X", text)
    parts = segments.split(text, limit)
    places, at = set(), 0
    for grapheme in whole:
        places.add(at)
        if len(grapheme) > limit:
            places |= set(range(at, at + len(grapheme)))
        at += len(grapheme)

    at = 0
    for part in parts:
        at = text.index(part, at)
        assert at in places
        assert at + len(part) in places | {len(text)}
        at += len(part)


@pytest.mark.parametrize("measure", [characters, utf16_units])
def test_4096_families_arrive_as_families(measure) -> None:
    """Nobody's family is torn apart, in SMS or on Telegram."""
    parts = segments.split(FAMILY * 4096, 1600, "K7R2 ", measure=measure)

    assert all(set(regex.findall(r"\X", part.removeprefix("K7R2 "))) == {FAMILY} for part in parts)
    assert sum(part.count(FAMILY) for part in parts) == 4096


@pytest.mark.parametrize("text", [HEBREW * 300, ARABIC * 300, (STACKED + " ") * 100, "слово " * 800])
def test_words_of_any_script_stay_whole(text: str) -> None:
    """Right to left or with stacked accents: cut between words only, in order."""
    parts = segments.split(text, 160, "K7R2 ")

    assert [word for part in parts for word in part.split(" ")[1:] if word] == text.split()


def test_a_long_text_is_cut_at_the_last_space() -> None:
    """The space at the cut goes; the others stay."""
    assert segments.split("are  you safe now", 10) == ["are  you", "safe now"]
    assert segments.split("are you\n\nsafe", 8) == ["are you", "safe"]
    assert segments.split("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert segments.split("at 5\u00a0pm or so", 6) == ["at", "5\u00a0pm", "or so"]


def test_a_grapheme_longer_than_a_part_is_cut_as_a_last_resort() -> None:
    """A letter with five thousand accents still goes out."""
    text = "a" + "\u0301" * 5000
    parts = segments.split(text, 1600)

    assert "".join(parts) == text
    assert len(parts) == 4


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("sáb 12:00", "sab 12:00"),
        ("señor, él, ¿qué?", "señor, él, ¿qué?"),
        ("сьогодні", "сьогодні"),
        ("…", "…"),
    ],
)
def test_only_accents_that_sms_lacks_go(text: str, plain: str) -> None:
    """What the alphabet of SMS has stays, and so does what no accent is to blame for."""
    assert segments.plain(text) == plain


def test_an_accent_goes_only_where_that_is_cheaper() -> None:
    """One "·" more and it is UCS-2 all the same."""
    assert segments.cheapest("¿Cuándo? María") == "¿Cuando? Maria"
    assert segments.cheapest("conversación · María") == "conversación · María"
    assert segments.cheapest("сьогодні, María") == "сьогодні, María"
    assert segments.staff("María " * 26) == 1


def test_a_prefix_without_room_is_a_mistake() -> None:
    """Nobody waits for parts that can never be made."""
    with pytest.raises(ValueError, match="no room"):
        segments.split("text", 5, "K7R2 ")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("hello\tthere\n", "hello\tthere\n"),
        ("a\x00b\x07c\x1bd\x7fe\x9ff", "abcdef"),
        ("one\r\ntwo\rthree\x85four", "one\ntwo\nthree\nfour"),
        ("\ud800", "\ufffd"),
        ("a\udc00b\ud800", "a\ufffdb\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("\u202eK7R2\u202c \u2067x", "K7R2 x"),
        ("\u200fשלום\u200e", "\u200fשלום\u200e"),
        (FAMILY, FAMILY),
        ("zero\u200bwidth", "zero\u200bwidth"),
        ("", ""),
    ],
)
def test_clean_removes_only_what_cannot_be_stored_or_sent(text: str, cleaned: str) -> None:
    """Control characters, halves of letters and direction tricks go; the words stay as they were written."""
    assert segments.clean(text) == cleaned


@given(st.text(st.characters(exclude_categories=[])))
def test_a_clean_text_is_storable_and_stays_as_it_is(text: str) -> None:
    """PostgreSQL and a carrier take it, and cleaning twice changes nothing."""
    cleaned = segments.clean(text)

    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert segments.clean(cleaned) == cleaned


@given(
    st.text(
        st.characters(
            exclude_categories=["Cc", "Cs"], exclude_characters=[chr(n) for n in range(0x202A, 0x2070)]
        )
    )
)
def test_clean_touches_nothing_else(text: str) -> None:
    """Ordinary letters of any script come out unchanged."""
    assert segments.clean(text) == text
