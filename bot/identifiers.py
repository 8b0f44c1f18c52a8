"""What in a counselor's own words could tell the texter who she is: a number, an address, a user name, a link.

A rule against accidents, not against somebody who means to: what it finds is held and asked about, never refused.
Dates, times, sums of money, case codes and emergency numbers are none of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from bot import casecode, emergency, phrases


class Identifier(StrEnum):
    """What was found; each has a phrase `found.*`."""

    PHONE = "phone"
    MAIL = "mail"
    NAME = "name"
    LINK = "link"


FEWEST: Final = 7
"""Digits of the shortest number that reaches one person (a local one, without its area); emergency numbers have six at
most. 1500000 without a currency beside it is held as well: that costs one SEND, the other way round it costs a name."""


def found(text: str) -> Identifier | None:
    """The first kind of identifier in the text, whatever script or spacing it is written in; None without one."""
    folded = _folded(text)
    return next((what for what, has in RULES.items() if has(folded)), None)


def _folded(text: str) -> str:
    """NFKC, lower case, without what is not seen; every digit of every script, and ten words a language, as 0-9."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    seen = "".join(_digit(c) for c in plain if unicodedata.category(c) != "Cf" and c not in _KEYCAP)
    return _WORD.sub(lambda word: _DIGITS.get(word[0].replace("’", "'"), word[0]), seen)


def _digit(character: str) -> str:
    value = unicodedata.numeric(character, -1)
    return str(int(value)) if value in _TEN else character


_TEN: Final = frozenset(range(10))
_KEYCAP: Final = frozenset("\ufe0e\ufe0f\u20e3")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_DIGITS: Final = {
    word.casefold(): str(value)
    for language in phrases.languages()
    for value, word in enumerate(phrases.listed("words.digits", language))
} | {"oh": "0"}
"""Digits that somebody dictates; a sentence has seven of them in a row by no accident."""


# ── Numbers ──

_HOUR: Final = r"(?:[01]?\d|2[0-4])"
_MINUTE: Final = r"[0-5]\d"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_YEAR: Final = r"(?:19|20)\d\d"
_SUM: Final = r"(?:\d{1,3}(?:[ ,.'’]\d{3}){1,2}|\d{1,9})(?:[.,]\d{1,2})?"
_MONEY: Final = (
    r"(?:[$€£₴₽¥₹]|(?:usd|eur|gbp|uah|pln|chf|cad|aud|mxn|zł|zl|грн|dollars?|euros?|pounds?|bucks|d[oó]lares"
    r"|pesos|гривень|гривні|доларів|долари|євро|злотих)(?![^\W\d_]))"
)
_ALONE: Final = r"(?<![\d])(?<!\d[-./ :+])(?<!\d [-–—./] )(?:{})(?!\d)(?![-./:]\d)"
"""Not a piece of something longer: 06.12.05 is a date, 06.12.05.19.84 is a telephone in Paris."""

NO_NUMBER: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\d)(?<!\d[-. ])\d{{1,6}}\s?[-–—]\s?\d{{1,6}}\s?{_MONEY}",  # 1200-1500 euros
        r"(?<![-\d])4-7-8(?![-\d])",  # how to breathe
        rf"(?<!\d)(?<!\d[-./ ]){_DAY}\.{_MONTH}\.{_YEAR}\s?[-–—]\s?{_DAY}\.{_MONTH}\.{_YEAR}(?!\d)",
        rf"{_MONEY}\s?{_SUM}(?!\d)",
        rf"(?<!\d)(?<!\d[-. ]){_SUM}\s?{_MONEY}",
        _ALONE.format(r"\d{1,3}(?:,\d{3})+(?:\.\d\d)?"),  # 1,250,000
        _ALONE.format(rf"{_YEAR}([-./]){_MONTH}\1{_DAY}"),
        _ALONE.format(rf"{_DAY}([-./]){_MONTH}\1(?:{_YEAR}|\d\d)"),
        _ALONE.format(rf"{_MONTH}([-./]){_DAY}\1(?:{_YEAR}|\d\d)"),
        _ALONE.format(rf"{_DAY}\.{_MONTH}\.?\s?[-–—]\s?{_DAY}\.{_MONTH}\.(?:{_YEAR})?"),
        _ALONE.format(rf"{_YEAR}\s?[-–—/]\s?{_YEAR}"),
        _ALONE.format(rf"{_HOUR}[:.]{_MINUTE}\s?[-–—]\s?{_HOUR}[:.]{_MINUTE}"),
        _ALONE.format(rf"{_HOUR}:{_MINUTE}(?::{_MINUTE})?"),
        _ALONE.format(r"24\s?/\s?7"),
        _ALONE.format(r"116[ -]?\d{3}"),  # the European Union's harmonised lines
    )
)
"""What looks like a number and is none. Taken out first; what is left of the text still counts."""

_TWIN: Final = re.compile(r"(?<![^\W_])[0-9oоli|]++(?![^\W_])")
_TWINS: Final = str.maketrans("oоli|", "00111")
"""O and l among digits: how an old typewriter, or a hasty thumb, writes 0 and 1. The second o is Cyrillic."""

_RUN: Final = re.compile(r"\d(?:[^\w\n]{0,4}\n?[^\w\n]{0,2}_{0,2}\d)*")
"""Digits with up to a few signs, spaces or one new line between two of them, but no letter."""

KNOWN: Final = frozenset(
    {*emergency.NUMBERS.values(), emergency.DEFAULT}
    | {
        "101",
        "102",
        "103",
        "104",
        "988",
        "811",
        "211",
        "016",
        "017",
        "061",
        "091",
        "088",
        "119",
        "118",
        "117",
        "15",
    }
)
"""Numbers of help that stand in lists: "911, 112 or 999" reaches nobody in person."""


def _has_number(text: str) -> bool:
    for pattern in NO_NUMBER:
        text = pattern.sub(" x ", text)
    text = _TWIN.sub(_as_digits, text)
    return any(_is_number(run[0]) for run in _RUN.finditer(text))


def _as_digits(token: re.Match[str]) -> str:
    return token[0].translate(_TWINS) if any(map(str.isdigit, token[0])) else token[0]


def _is_number(run: str) -> bool:
    groups = re.findall(r"\d+", run)
    if sum(map(len, groups)) < FEWEST:
        return False
    if all(group in KNOWN or re.fullmatch(_YEAR, group) for group in groups):
        return False
    if [len(group) for group in groups] == [3, 3, 4]:
        return True
    return not (_is_list(run, groups) and _climbs(groups))


def _is_list(run: str, groups: list[str]) -> bool:
    return len(re.findall(r"\d, ?(?=\d)", run)) == len(groups) - 1 > 1


def _climbs(groups: list[str]) -> bool:
    """12, 14, 16, 18, or 10, 9, 8 …: whoever counts goes one way, and no number in a list begins with 0."""
    numbers = [int(group) for group in groups if not group.startswith("0")]
    return numbers in (sorted(set(numbers)), sorted(set(numbers))[::-1]) and len(numbers) == len(groups)


# ── Words ──

_AT: Final = r"(?:\s?@\s?|\s?[(\[{]\s?(?:at|arroba|собака)\s?[)\]}]\s?)"
_DOT: Final = r"(?:\.|\s?[(\[{]\s?(?:dot|punto|крапка)\s?[)\]}]\s?|\s(?:dot|punto|крапка)\s)"
_MAILS: Final = (
    r"(?:gmail|googlemail|hotmail|outlook|yahoo|icloud|proton(?:mail)?|live|gmx|aol|ukr|meta|mail|i)"
)
_MAIL: Final = re.compile(
    rf"[\w.+-]{_AT}[\w-]+(?:{_DOT}[\w-]+)*{_DOT}[^\W\d_]{{2,}}"
    rf"|[\w.+-]\s(?:at|arroba|собака)\s(?:{_MAILS}{_DOT}[^\W\d_]{{2,}}|[\w-]+\s(?:dot|punto|крапка)\s[^\W\d_]{{2,}})"
    r"|[\w.+-](?:\s?@\s?|\sat\s)(?:gmail|googlemail|hotmail|icloud|protonmail)(?![^\W_])"
    r"|mailto:"
)
_SITES: Final = (
    r"(?:t|wa|m|fb|telegram|instagr|signal|line|join\.skype)\s?DOT\s?(?:me|am|com)\s?/"
    r"|(?:instagram|facebook|whatsapp|telegram|snapchat|tiktok|linkedin|twitter|threads|onlyfans|messenger|wechat"
    r"|viber|vk|skype|linktr|discord)\s?DOT\s?(?:com|net|org|me|dog|ee|gg|ru)(?![^\W_])"
    r"|(?:x)\s?DOT\s?com\s?/"
).replace("DOT", r"(?:\.|[(\[]?dot[)\]]?|[(\[]?punto[)\]]?|[(\[]?крапка[)\]]?)\s?")
_LINK: Final = re.compile(
    rf"(?<![\w.-])(?:www\.|[a-z]{{1,3}}\.)?(?:{_SITES})|(?<!\w)(?:tg|viber|whatsapp|skype|tel|sms|sgnl|weixin|line):/*[\w+]"
)
_HANDLE: Final = re.compile(r"(?<![\w.@])@\s?([\w.]{3,32})")
_SERVICE: Final = (
    r"(?<![^\W_])(?:insta(?:gram)?|ig|snap(?:chat)?|telegram|tg|whats\s?app|viber|wechat|tiktok|facebook|fb|skype|signal"
    r"|discord|інста(?:грам)?|телеграм|тг)"
)
_MADE_UP: Final = r"(?=[^\W\d]*[\d_]|[^\W\d]+\.[^\W_])[\w.]{3,32}"
"""A word with a digit, "_" or dot in it: no language has such words, user names do."""
_NO_NAME: Final = r"(?:well|soon|long|much|fine|off|not|okay|safe|broken|gone|hacked|blocked|private)(?!\w)"
_SAID: Final = (
    re.compile(rf"{_SERVICE}\s?[:=]\s?([\w.]{{3,}})(?!\s[^\W\d_]|[\w.])"),
    re.compile(rf"{_SERVICE}(?:\s?[:=]\s?|\s(?:is|as|es|name|id)\s|\s)({_MADE_UP})"),
    re.compile(rf"(?<!\w)(?:my\s{_SERVICE}\sis|on\s{_SERVICE}\sas)\s(?!{_NO_NAME})([\w.]{{3,32}})"),
    re.compile(rf"(?<![\w.])({_MADE_UP})\son\s{_SERVICE}(?![^\W_])"),
)
"""Behind a colon a plain word is a name if no other follows: "Signal: use it" is advice."""


def _has_name(text: str) -> bool:
    """A user name behind "@" or "insta:"; not a case code, and not "@ 5pm"."""
    named = [*_HANDLE.finditer(text), *(one for said in _SAID for one in said.finditer(text))]
    return any(
        re.search(r"[^\W\d_]", one[1]) is not None
        and casecode.read(one[1].rstrip(".")) is None
        and not re.fullmatch(r"\d{1,2}(?:am|pm|h|:?\d\d)?", one[1])
        for one in named
    )


RULES: Final[Mapping[Identifier, Callable[[str], bool]]] = {
    Identifier.MAIL: lambda text: _MAIL.search(text) is not None,
    Identifier.LINK: lambda text: _LINK.search(text) is not None,
    Identifier.PHONE: _has_number,
    Identifier.NAME: _has_name,
}
"""In the order in which they are asked: an address holds an "@" as well."""
