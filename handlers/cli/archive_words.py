"""A conversation as a supervisor reads it on her screen, and as a program does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from bot import fingerprint
from bot.harmless import harmless
from bot.messages import Direction, Line
from bot.phrases import language_name

if TYPE_CHECKING:
    from storage.archive_reading import Talk
    from storage.sealed import SealedTalk

FORM: Final = "%Y-%m-%d %H:%M"
ENDED: Final = {
    "done": "closed by the counselor",
    "bye": "ended by the texter",
    "stop": "ended: the texter opted out",
}


def day(number: int) -> str:
    """A day counted since 1970, as a date."""
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def plain_of_sealed(talk: SealedTalk, whose: Mapping[str, str]) -> dict[str, object]:
    """What can be told of a sealed conversation, for a program."""
    return {
        "code": talk.code,
        "id": talk.id.hex(),
        "began": day(talk.day),
        "lines": talk.lines,
        "readers": [
            {"name": whose.get(reader), "fingerprint": fingerprint.spoken(reader)} for reader in talk.readers
        ],
    }


def lines(talk: Talk, zone: tzinfo) -> Iterator[str]:
    """The conversation for a person: who, when, what; nothing in it can act on her terminal."""
    yield f"Conversation {harmless(talk.code)} · {harmless(talk.medium)} · {_language(talk.language)}"
    ended = talk.private.closed_at
    how = ENDED.get(talk.private.ended_by, "ended")
    yield f"Began {_at(talk.private.opened_at, zone)}" + (f" · {how} {_at(ended, zone)}" if ended else "")
    yield ""
    for line in talk.lines:
        head = f"{_at(line.at, zone)}  {who(line, talk.names)}: "
        first, *more = harmless(line.text.reveal()).split("\n")
        yield head + first
        yield from (f"{'':18}  {further}" for further in more)
    yield ""
    yield f"{len(talk.lines)} lines, whole and unchanged since they were written. Times: {zone}."


def plain(talk: Talk) -> dict[str, object]:
    """The same for a program."""
    ended = talk.private.closed_at
    return {
        "code": talk.code,
        "channel": talk.medium,
        "language": talk.language,
        "began": _instant(talk.private.opened_at),
        "ended": None if ended is None else _instant(ended),
        "exported": _instant(talk.exported_at),
        "lines": [
            {
                "number": line.sequence,
                "at": _instant(line.at),
                "kind": line.direction.value,
                "who": who(line, talk.names),
                "text": line.text.reveal(),
            }
            for line in talk.lines
        ],
    }


def who(line: Line, names: Mapping[int, str]) -> str:
    """Who wrote a line."""
    if line.direction is Direction.IN:
        return "Texter"
    if line.direction is Direction.LINE:
        return "The line"
    name = "A counselor" if line.staff is None else harmless(names.get(line.staff, f"Counselor {line.staff}"))
    name = " ".join(name.split())
    return f"{name}, note" if line.direction is Direction.NOTE else name


def _language(code: str) -> str:
    return language_name(code, "en") if code.isalpha() and len(code) == 2 else "?"


def _at(instant: datetime, zone: tzinfo) -> str:
    try:
        return instant.astimezone(zone).strftime(FORM)
    except (OverflowError, ValueError):  # a file may claim any year
        return "????-??-?? ??:??"


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
