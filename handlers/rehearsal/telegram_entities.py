"""The entities that Telegram finds by itself in a plain text: commands, links, mentions."""

from __future__ import annotations

import re
from typing import Any

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("bot_command", re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(@\w+)?(?!\S)")),
    ("url", re.compile(r"(?:https?://|(?<![\w@.])(?=[\w-]+\.(?:com|org|net|example)\b))[^\s<>\"]+")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z]\w{3,31}")),
)


def entities(text: str) -> list[dict[str, Any]]:
    """MessageEntity objects in order; offset and length in UTF-16 units."""
    found = [(match.start(), kind, match.group()) for kind, form in _KINDS for match in form.finditer(text)]
    return [
        {"offset": _units(text[:start]), "length": _units(part), "type": kind}
        for start, kind, part in sorted(found)
    ]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
