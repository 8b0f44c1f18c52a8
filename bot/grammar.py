"""What a text says and what it asks: one grammar for texters' bare words, one for staff, on every channel alike.

A texter's word is a command only when it stands alone: "stop it, he is here" is a message. A staff text that begins
with a command word is never relayed as it stands: it is obeyed when it is complete, and else held and asked about.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from bot import casecode, closing, letters, phrases, planwords


class Word(StrEnum):
    """A texter's bare word."""

    HELP = "help"
    DELETE = "delete"
    BYE = "bye"
    STOP = "stop"
    START = "start"
    YES = "yes"
    OK = "ok"


CARRIER_WORDS: dict[str, Word] = {
    # https://help.twilio.com/articles/223134027
    "stop": Word.STOP,
    "stopall": Word.STOP,
    "unsubscribe": Word.STOP,
    "cancel": Word.STOP,
    "end": Word.STOP,
    "quit": Word.STOP,
    "revoke": Word.STOP,
    "optout": Word.STOP,
    "start": Word.START,
    "unstop": Word.START,
    "yes": Word.YES,
}
"""The carrier acts on them before we see them, in English only: they stay as they are in every language."""

PLACES = {
    Word.HELP: "words.help",
    Word.DELETE: "words.delete",
    Word.BYE: "words.bye",
    Word.OK: "words.ok",
}
"""Where each language's catalogue lists our own words."""


class Ask(StrEnum):
    """A staff command."""

    TAKE = "take"
    PASS = "pass"
    DONE = "done"
    NOTE = "note"
    HISTORY = "history"
    HELP = "help"
    ON = "on"
    OFF = "off"
    WHO = "who"
    SEND = "send"
    DROP = "drop"
    HAND = "hand"
    DANGER = "danger"
    SAY = "say"
    WRONG = "wrong"
    BLOCK = "block"
    UNBLOCK = "unblock"
    NEXT = "next"
    COVER = "cover"
    SWAP = "swap"
    AWAY = "away"
    LIST = "list"
    WATCH = "watch"
    JOIN = "join"
    REASSIGN = "reassign"
    OUT = "out"
    LINE = "line"
    GONE = "gone"
    PURGE = "purge"
    APPROVE = "approve"
    REFUSE = "refuse"
    REVEAL = "reveal"
    KEY = "key"
    ADD = "add"
    REMOVE = "remove"
    GAPS = "gaps"


ABBREVIATIONS = {"t": Ask.TAKE, "p": Ask.PASS, "d": Ask.DONE, "h": Ask.HISTORY, "n": Ask.NOTE}
"""Understood only behind `#` or `/`, or beside a code: a lone "p" is a text."""

ALONE = frozenset({
    Ask.HELP, Ask.ON, Ask.OFF, Ask.WHO, Ask.NEXT, Ask.SEND, Ask.DROP, Ask.LIST, Ask.COVER, Ask.SWAP, Ask.AWAY, Ask.GAPS
})  # fmt: skip
"""Complete without a code."""

CODE_OPTIONAL = frozenset({Ask.TAKE, Ask.PASS, Ask.DONE, Ask.HISTORY, Ask.SEND, Ask.DROP})
"""Complete alone and with a code; whose code is meant is then for `relay` to find, or to ask."""

TAIL: dict[Ask, frozenset[str]] = {Ask.PASS: frozenset({"know"})}
"""Words that may follow the code."""


ARGUMENT: dict[Ask, re.Pattern[str]] = {
    Ask.APPROVE: re.compile(r"#? ?([0-9]{4,6})"),
    Ask.REFUSE: re.compile(r"#? ?([0-9]{4,6})"),
    Ask.KEY: re.compile(r"(lost(?: [0-9]{4,6})?)"),
    Ask.LINE: re.compile(r"(open|closed(?: .{1,60})?|[0-9]{5})"),
    Ask.HELP: re.compile(r"(rota)"),
}
"""What completes these, in place of a code: the number of a request, LOST, OPEN, ROTA."""

PLANNING = frozenset(map(Ask, planwords.COMPLETE))
"""Commands that a date, a number or a name completes (bot/planwords)."""


@dataclass(frozen=True, slots=True)
class Command:
    """A complete command. `rest`: what follows the code (a note's text, KNOW)."""

    ask: Ask
    code: str | None = None
    rest: str = ""


@dataclass(frozen=True, slots=True)
class CodeText:
    """A code and words for that texter."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class CodeAlone:
    """A code and nothing else: it answers "Which conversation?"."""

    code: str


@dataclass(frozen=True, slots=True)
class WrongCode:
    """Something that was meant as a code and is none."""

    written: str


@dataclass(frozen=True, slots=True)
class Held:
    """Begins with a command word, or with "/", and is no complete command; `text` is what SEND would send."""

    ask: str
    text: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """Words without a code."""

    text: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """OK: an answer if a question was the last thing sent, else words."""

    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """CAN'T: an answer if a question was the last thing sent, else words."""

    text: str


Said = Command | CodeText | CodeAlone | WrongCode | Held | Plain | Agreement | Refusal


def bare(text: str) -> str:
    """A text as a bare word is compared: NFKC, case folded, without format characters, surrounding space, a leading
    "/", trailing punctuation, symbols and emoji, and without accents on Latin letters only.

    The whole text counts: "stop", two hundred spaces and "that" is no opt-out.
    """
    kept = letters.folded(text)
    end = len(kept)
    while end and _is_trailing(kept[end - 1]):
        end -= 1
    start = 0
    while start < end and (kept[start].isspace() or kept[start] == "/"):
        start += 1
    return kept[start:end]


def _is_trailing(character: str) -> bool:
    # U+FE0F and U+20E3 belong to emoji; other marks belong to letters and stay.
    return unicodedata.category(character)[0] in "PSZC" or character in "\ufe0f\ufe0e\u20e3"


def _words_of_all_languages() -> dict[str, Word]:
    listed = {
        bare(word): what
        for language in phrases.languages()
        for what, place in PLACES.items()
        for word in phrases.listed(place, language)
    }
    return listed | CARRIER_WORDS


TEXTER_WORDS = _words_of_all_languages()
"""Every word of every language, as `bare` leaves it: understood at any time, whatever is spoken."""

LANGUAGES = {
    bare(word): language
    for language in phrases.languages()
    for word in phrases.listed("words.language", language)
}
"""The languages' own names, each of which asks for its language."""


def texter_word(text: str) -> Word | None:
    """The command that a texter's bare word is, or None for a message."""
    return TEXTER_WORDS.get(bare(text))


def is_leaving(text: str) -> bool:
    """Whether a texter's bare word ends what there is: what came with it, a picture say, begins nothing new."""
    return texter_word(text) in (Word.DELETE, Word.STOP, Word.BYE)


def asked_language(text: str) -> str | None:
    """The language whose own name stands alone here ("Українська", "espanol"), or None."""
    return LANGUAGES.get(bare(text))


def is_slash_start(text: str) -> bool:
    """Telegram's own `/start`, alone or with a link's payload: what a button sends. Words behind it are a person's."""
    return SLASH_START.fullmatch(text) is not None


SLASH_START = re.compile(r"\s*/start(\s+[A-Za-z0-9_-]{1,64})?\s*", re.IGNORECASE)
"""https://core.telegram.org/bots/features#deep-linking"""


AGREED = frozenset({"ok", "okay", "ок"}) | {word for word, what in TEXTER_WORDS.items() if what is Word.OK}
"""OK in every language; the last one is Cyrillic: two keys of a Ukrainian keyboard."""
CANNOT = frozenset(
    bare(word) for language in phrases.languages() for word in phrases.listed("words.cannot", language)
)
"""CAN'T in every language, with every apostrophe that phones put there (`letters.straight`)."""


def staff_said(text: str, *, only_slash: bool = False, admin: bool = False) -> Said:
    """What a staff text is. `only_slash`: inside a topic, where only `/…` is a command and the rest goes through.
    `admin`: an admin wrote it, so what only admins plan is a command too."""
    words = text.strip()
    if only_slash and not words.startswith("/"):
        return Plain(words)
    if bare(words) in AGREED:
        return Agreement(words)
    if bare(letters.straight(words)) in CANNOT:
        return Refusal(words)
    led = casecode.leading(words)
    if led is None:
        return _without_code(words, admin=admin)
    code, rest = led
    if isinstance(code, casecode.Mistyped):
        return WrongCode(code.written)
    return _with_code(code, rest, admin=admin)


def _without_code(words: str, *, admin: bool) -> Said:
    mark, first, rest = _parted(words)
    ask = _asked(first, abbreviated="#" in mark or "/" in mark, admin=admin)
    if ask is None:
        return _unmarked(words, mark, first)
    if not bare(rest):
        return Command(ask) if ask in ALONE | CODE_OPTIONAL else Held(ask, words)
    if ask in PLANNING and planwords.COMPLETE[ask](rest, admin=admin):
        return Command(ask, rest=rest.strip())
    if (argument := _argument(ask, rest)) is not None:
        return Command(ask, rest=argument)
    led = casecode.leading(rest)
    if led is None:
        return Held(ask, words)
    code, tail = led
    if isinstance(code, casecode.Mistyped):
        return WrongCode(code.written)
    return _command(ask, code, tail.strip(), words)


def _unmarked(words: str, mark: str, first: str) -> Said:
    """Words that begin with no command: a "/" in front says that one was meant, and "//" that it was a note."""
    if mark.startswith("//"):
        return Held(Ask.NOTE, words)
    if mark.startswith("/") and first:
        return Held(f"/{first[:LONGEST]}", words)
    return Plain(words)


LONGEST = 20
"""So much of an unknown word behind "/" is repeated in the question."""
SEPARATORS = " \t\r\n:,;.=/–—-"
"""What may stand between a command word and the code: "DONE:K7R2" is not a text for the texter."""


def _parted(words: str) -> tuple[str, str, str]:
    """What stands before the first word (spaces, punctuation), the word, and what follows its separator."""
    start = 0
    while start < len(words) and unicodedata.category(words[start])[0] in "PZC":
        start += 1
    end = start
    while end < len(words) and _goes_on(words, end):
        end += 1
    return words[:start].strip(), words[start:end], words[end:].lstrip(SEPARATORS)


def _goes_on(words: str, at: int) -> bool:
    """Whether the first word still goes on: "who's" is one word, "take-care" begins with "take"."""
    if words[at] in "'’":
        return words[at + 1 : at + 2].isalnum()
    category = unicodedata.category(words[at])
    return category[0] in "LNM" or category == "Cf"


def after_word(words: str) -> str:
    """What follows the command word of a text that begins with one."""
    return _parted(words)[2].strip()


def _with_code(code: str, rest: str, *, admin: bool) -> Said:
    rest = rest.strip()
    if not rest:
        return CodeAlone(code)
    _, first, tail = _parted(rest)
    ask = _asked(first, abbreviated=True, admin=admin)
    if ask is Ask.BLOCK and DAYS.fullmatch(bare(tail)):
        return _command(ask, code, tail, rest)
    if ask in NOT_FOR_HER and bare(tail):
        # "K7R2 note he lies" may be meant for colleagues: asking costs a text, guessing could hurt the texter.
        return Held(ask, rest, code)
    if ask is not None and (argument := _argument(ask, tail)) is not None:
        return Command(ask, rest=argument)
    if ask is None or not _is_complete(ask, tail):
        return CodeText(code, rest)
    return _command(ask, code, tail, rest)


def _argument(ask: Ask, rest: str) -> str | None:
    """What completes the command in place of a code, as it is compared; None when something else follows it."""
    found = ARGUMENT[ask].fullmatch(" ".join(bare(rest).split())) if ask in ARGUMENT else None
    if found is None:
        return None
    _, _, time = found[1].partition(" ")
    # "Line closed at the office today" is meant for a texter.
    return found[1] if ask is not Ask.LINE or not time or closing.understood(time) else None


def _is_complete(ask: Ask, tail: str) -> bool:
    """Whether nothing stands behind the command but what belongs to it; a smile is nothing."""
    return not bare(tail) or bare(tail) in TAIL.get(ask, frozenset())


def _command(ask: Ask, code: str, tail: str, words: str) -> Said:
    if ask is Ask.NOTE:
        return Command(ask, code, tail) if bare(tail) else Held(ask, words, code)
    if ask in CODE_OPTIONAL and _is_complete(ask, tail):
        return Command(ask, code, bare(tail))
    if ask in RESERVED:
        return Command(ask, code, tail)
    return Held(ask, words, code)


NOT_FOR_HER = frozenset({Ask.NOTE, Ask.BLOCK, Ask.UNBLOCK, Ask.REVEAL})
"""Commands whose words no texter should read by mistake."""
DAYS = re.compile(r"\d{1,6}")

RESERVED = frozenset(Ask) - ALONE - CODE_OPTIONAL - {Ask.NOTE}
"""Commands that need a code, or are not built yet: recognised, so that they are never relayed by mistake."""


def _asked(first: str, *, abbreviated: bool, admin: bool) -> Ask | None:
    token = bare(first)
    if token in planwords.FOR_ADMINS and not admin:
        return None
    if abbreviated and token in ABBREVIATIONS:
        return ABBREVIATIONS[token]
    try:
        return Ask(token)
    except ValueError:
        return None
