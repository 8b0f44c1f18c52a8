"""The words on the page: every one has its place in the catalogues, and every place is said."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

from bot import phrases
from handlers.rehearsal.page import hand, state, way
from handlers.rehearsal.play.cast import Part
from handlers.rehearsal.play.events import Mark, State
from handlers.rehearsal.play.script import OWN

ROOMS = Path(hand.__file__).parent
ENGLISH = {place: text for place, text in phrases.catalogue("en").items() if place.startswith("page.")}
PUT_TOGETHER = {
    "page.part.": {part.value for part in Part},
    "page.program.": {state.value for state in State},
    "page.trouble.": {trouble.value for trouble in state.Trouble},
    "page.turn.": {str(step.__struct_config__.tag).replace(" ", "_") for step in OWN},
    "page.way.": {f"{name}{more}" for name in way.ROOMS for more in ("", ".room")},
    "page.mark.": {mark.name.lower() for mark in Mark} - {"none"},
    "page.kind.": {"photo"},
}
"""Places whose last part is a word of the code: all words that it can be."""
SAID = re.compile(r"""(?:say\(|Refused\(|else |= )['"](page\.[a-z_.]+)['"]( ~ )?(?=([^)\n]*))""")


def said() -> list[tuple[str, bool, str]]:
    """Every place that templates and code name: the place, whether something is put behind it, what is filled in."""
    sources = [*ROOMS.glob("templates/*.html"), *ROOMS.glob("*.py")]
    return [
        (place, bool(more), rest)
        for path in sources
        for place, more, rest in SAID.findall(path.read_text(encoding="utf-8"))
    ]


def test_every_place_has_its_words_and_every_word_its_place() -> None:
    """Nothing on the page is missing in the catalogue, and nothing in it is translated for nobody."""
    wholes = {place for place, more, _ in said() if not more}
    starts = {place for place, more, _ in said() if more}
    assert len(wholes) > 60
    assert starts == set(PUT_TOGETHER)
    known = wholes | {start + last for start, lasts in PUT_TOGETHER.items() for last in lasts}
    assert known == set(ENGLISH)


def test_every_brace_is_filled() -> None:
    """A forgotten argument would be a page that does not load."""
    for place, more, rest in said():
        if not more:
            wanted = {name for _, name, _, _ in Formatter().parse(ENGLISH[place]) if name}
            given = set(re.findall(r"(\w+)=", rest))
            assert wanted <= given, place
