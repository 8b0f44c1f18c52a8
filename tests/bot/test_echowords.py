"""A number that was asked for, however somebody sends it back; and what is a message, though a number stands in it."""

from __future__ import annotations

import pytest

from bot.echowords import Echo, read

NUMBERS = [
    *[
        (text, Echo("48213"))
        for text in ("48213", " 48213. ", "#48213", "OK, 48213", "ok 48213", "４８２１３")
    ],
    *[
        (text, Echo("48213"))
        for text in ("48213 please", "48213 48213", "sí, 48213", "ОК 48213", "It's 48213!")
    ],
    *[
        (text, Echo("48213", "REMOVE"))
        for text in ("REMOVE 48213", "REMOVE48213", "remove #48213.", "Remove 48213 please", "48213 REMOVE")
    ],
    ("REMOVE 48213 / OK", Echo("48213", "REMOVE")),
    ("Text REMOVE 48213 to do it.", Echo("48213", "REMOVE")),
    ("LINE97594", Echo("97594", "LINE")),
    ("key lost 97594", Echo("97594", "KEY")),
    ("CAN'T 48213", Echo("48213", refused=True)),
    ("no, sorry, cover 48213", Echo("48213", "COVER", refused=True)),
]

NONE = [
    "call 48213 now",
    "48213 48214",
    "4821",
    "482130",
    "48,213",
    "REMOVE ADD 48213",
    "ok 48213 can't",
    "K7R2 48213",
    "REMOVE Alma 48213",
    "OK",
    "",
    "48213 " + "please " * 20,
]


@pytest.mark.parametrize(("text", "echo"), NUMBERS)
def test_a_number_is_read_however_it_is_written(text: str, echo: Echo) -> None:
    assert read(text) == echo


@pytest.mark.parametrize("text", NONE)
def test_anything_else_is_a_message(text: str) -> None:
    assert read(text) is None
