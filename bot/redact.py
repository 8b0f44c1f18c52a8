"""`Secret` wraps what may not be shown; `allowed`, `safe_error` and `place` say what a log may show."""

from __future__ import annotations

import hmac
import logging
import math
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Final, Generic, NoReturn, TypeVar, final

T_co = TypeVar("T_co", covariant=True)

HIDDEN: Final = "Secret(…)"


@final
class Secret(Generic[T_co]):
    """A value that never prints: a text, an address, a token, a name. `reveal` is the one way to it."""

    __slots__ = ("__value",)

    def __init__(self, value: T_co) -> None:
        self.__value = value

    def reveal(self) -> T_co:
        """The value. Whoever calls this answers for where it goes."""
        return self.__value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        """Equal values are equal secrets; texts and bytes are compared in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = self.__value, other.reveal()
        if isinstance(mine, str) and isinstance(theirs, str):
            return hmac.compare_digest(
                mine.encode("utf-8", "surrogatepass"), theirs.encode("utf-8", "surrogatepass")
            )
        if isinstance(mine, bytes) and isinstance(theirs, bytes):
            return hmac.compare_digest(mine, theirs)
        return bool(mine == theirs)

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> Secret[T_co]:
        return self

    def __deepcopy__(self, memo: object) -> Secret[T_co]:
        """Itself: it cannot change, and `dataclasses.asdict` copies deeply."""
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


class Shape(Enum):
    """What a field of a log line may look like. No shape holds seven digits in a row: a phone number does."""

    NUMBER = "a number under a million"
    WORD = "one of our own words, lower case, 40 characters at most"
    ID = "16 random bytes, or the same in hexadecimal"
    ERROR = "class names and codes"
    PLACE = "a file of ours and a line"
    VERSION = "digits and dots"


_LOOKS: Final[Mapping[Shape, re.Pattern[str]]] = {
    Shape.WORD: re.compile(r"[a-z](?!.*\d{7})[a-z0-9 _.-]{0,39}"),
    Shape.ID: re.compile(r"[0-9a-f]{32}"),
    Shape.ERROR: re.compile(r"[A-Za-z_](?!.*\d{7})[A-Za-z0-9_ <,()]{0,399}"),
    Shape.PLACE: re.compile(r"[a-z0-9_/]{1,80}\.py:\d{1,6}"),
    Shape.VERSION: re.compile(r"\d{1,4}(\.[0-9a-z+]{1,12}){0,4}"),
}

FIELDS: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(("conversation", "contact", "message", "row", "reference"), Shape.ID),
    **dict.fromkeys(("length", "segments", "size", "count", "rows", "waiting", "dropped"), Shape.NUMBER),
    **dict.fromkeys(("staff", "attempt", "status", "code", "line", "port"), Shape.NUMBER),
    **dict.fromkeys(("seconds", "milliseconds"), Shape.NUMBER),
    **dict.fromkeys(("bot", "channel", "medium", "kind", "state", "step", "role", "language"), Shape.WORD),
    **dict.fromkeys(("because", "database", "key", "logger", "route", "task"), Shape.WORD),
    "version": Shape.VERSION,
    "error": Shape.ERROR,
    "place": Shape.PLACE,
}
"""Every field a log line may carry. A new one is a line here, and a thought about what could get into it."""

EVENT: Final = re.compile(r"[a-z][a-z' ,-]{0,59}")
"""An event is a fixed phrase of ours ("offer sent"): no digits, no capitals, no foreign letters."""

UNNAMED: Final = "unnamed event"
OWN_PACKAGES: Final = frozenset({"bot", "handlers", "storage", "migrations"})
_ROOT: Final = Path(__file__).resolve().parent.parent

Shown = str | int | float | bool | None


def event_name(event: object) -> str:
    """The event if it looks like a fixed phrase of ours, else `UNNAMED`."""
    return event if isinstance(event, str) and EVENT.fullmatch(event) else UNNAMED


def allowed(fields: Mapping[str, object]) -> dict[str, Shown]:
    """The fields that may be shown; `left_out` counts the others, so that a developer notices."""
    shown: dict[str, Shown] = {}
    left_out = 0
    for name, value in fields.items():
        shape = FIELDS.get(name) if isinstance(name, str) else None
        ok, safe = _fitted(shape, value) if shape is not None else (False, None)
        if ok:
            shown[name] = safe
        else:
            left_out += 1
    if left_out:
        shown["left_out"] = left_out
    return shown


def _fitted(shape: Shape, value: object) -> tuple[bool, Shown]:
    if value is None or isinstance(value, bool):
        return True, value
    if shape is Shape.NUMBER:
        return _small(value)
    if shape is Shape.ID and isinstance(value, bytes):
        return len(value) == 16, value.hex()
    if isinstance(value, str):
        plain = str.__str__(value)
        return _LOOKS[shape].fullmatch(plain) is not None, plain
    return False, None


def _small(value: object) -> tuple[bool, Shown]:
    """A number of at most six digits: a chat id or a phone number written as an integer is larger."""
    if isinstance(value, float) and not isinstance(value, int):
        return math.isfinite(value) and abs(value) < 1_000_000, round(value, 3) if math.isfinite(
            value
        ) else None
    if isinstance(value, int):
        return abs(value) < 1_000_000, int(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value):
        return True, int(value)
    return False, None


def safe_error(error: BaseException) -> str:
    """Class and code of an error and of its causes, never its text: "DBAPIError < UniqueViolation 23505"."""
    return " < ".join(_class_and_code(one) for one in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen and len(seen) < 5:
        seen.add(id(one))
        yield one
        one = one.__cause__ if one.__cause__ is not None or one.__suppress_context__ else one.__context__


def _class_and_code(error: BaseException) -> str:
    name = _class_name(type(error))
    if isinstance(error, BaseExceptionGroup):
        name += "(" + ", ".join(_class_name(type(one)) for one in error.exceptions[:3]) + ")"
    code = _code(error)
    return f"{name} {code}" if code else name


def _class_name(kind: type) -> str:
    name = kind.__name__
    return name if re.fullmatch(r"[A-Za-z_](?!.*\d{7})[A-Za-z0-9_]{0,49}", name) else "Exception"


def _code(error: BaseException) -> str:
    """A carrier's, database's or system's error number, if the exception carries one."""
    for attribute in ("sqlstate", "code", "status", "errno"):
        try:
            value = getattr(error, attribute, None)
        except Exception:  # noqa: S112 - a property of a foreign class may do anything; its error is not ours to tell
            continue
        if isinstance(value, bool) or not isinstance(value, int | str):
            continue
        pattern = r"[0-9A-Z]{5}" if attribute == "sqlstate" else r"[0-9]{1,6}"
        plain = str(int(value)) if isinstance(value, int) else str.__str__(value)
        if re.fullmatch(pattern, plain) and plain != "0":
            return plain
    return ""


def place(error: BaseException) -> str | None:
    """The innermost line of our own code where it happened ("handlers/outbox.py:41"), or None."""
    found: str | None = None
    step = error.__traceback__
    while step is not None:
        found = _ours(step.tb_frame.f_code.co_filename, step.tb_lineno) or found
        step = step.tb_next
    return found


def _ours(filename: str, line: int) -> str | None:
    try:
        inside = Path(filename).relative_to(_ROOT)
    except ValueError:
        return None
    return f"{inside.as_posix()}:{line}" if inside.parts and inside.parts[0] in OWN_PACKAGES else None


def is_own(logger: str) -> bool:
    """Whether a standard logger's name is one of our rooms'."""
    return logger.partition(".")[0] in OWN_PACKAGES or logger.partition(".")[0] == "greenroom"


def reduce(record: logging.LogRecord) -> logging.LogRecord:
    """Empty a standard log record, in place, of all that may quote: text, arguments, traceback, stack.

    Foreign loggers do quote: httpx prints the bot's token at INFO, telegram whole messages at CRITICAL. What
    stays: logger, level, exception class and code, our own place; of our own loggers the phrase too.
    """
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    quoted = record.msg if error is None and isinstance(record.msg, BaseException) else None
    error = error or quoted
    said = event_name(record.msg) if is_own(record.name) else "foreign logger"
    record.msg = said if error is None else f"{said}: {safe_error(error)}"
    record.greenroom_event = said
    record.greenroom_error = safe_error(error) if error is not None else None
    record.greenroom_place = place(error) if error is not None else None
    record.args = None
    record.exc_info = record.exc_text = record.stack_info = None
    if hasattr(record, "taskName"):
        record.taskName = None
    return record


class ForeignFilter(logging.Filter):
    """Reduces every record that passes; put it on each handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "greenroom_event"):
            reduce(record)
        return True
