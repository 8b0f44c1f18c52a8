"""IANA zones by name: how one is written, and which was probably meant."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import resources

ENOUGH = 0.6
"""How alike two names must be for the one to be offered for the other."""
SURELY = 0.8
"""The same for a cure, which somebody copies without a look at the map."""
LONGEST = 60
"""Characters; for a longer name nothing like it is looked for."""
_NO_PLACE = {"Factory"}


@cache
def known() -> frozenset[str]:
    """Every zone that there is data for, wherever the line runs: that of the `tzdata` package. A host may have more
    ("localtime", "right/…"), which elsewhere mean something else or nothing."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(listed) - _NO_PLACE


def nearest_to(written: str) -> str | None:
    """The zone that was meant by a name that is none: however it is capitalised, else what is like it."""
    return (named(written) or nearest(written, SURELY)) if 0 < len(written) <= LONGEST else None


@cache
def _current() -> tuple[str, ...]:
    """Those that people live in today, by their present names: Europe/Kyiv, not Europe/Kiev."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    return tuple(line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#"))


def named(written: str) -> str | None:
    """The zone of this name, however it is capitalised; None where there is none."""
    wanted = written.strip().replace(" ", "_").casefold()
    return next((zone for zone in known() if zone.casefold() == wanted), None)


def nearest(written: str, enough: float = ENOUGH) -> str | None:
    """The zone that was probably meant: by its whole name, or by its city alone; None where none is like it."""
    wanted = written.strip().replace(" ", "_").casefold()
    names = {zone.casefold(): zone for zone in _current()}
    cities = {zone.casefold().rpartition("/")[2]: zone for zone in _current()}
    for table, words in ((cities, (wanted, wanted.rpartition("/")[2])), (names, (wanted,))):
        for word in words:
            found = get_close_matches(word, table, n=1, cutoff=enough)
            if found:
                return table[found[0]]
    return None
