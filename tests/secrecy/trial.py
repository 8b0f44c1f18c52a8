"""What a trial is: somewhere to try it, what came of it, and its row in the table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import postgres

Outcomes = Iterator["Outcome"] | AsyncIterator["Outcome"]
BOTH = ("sqlite", "postgresql")
NEITHER = ("",)
"""For what needs no database."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`tried` attempts, of which `through` succeeded for the attacker; `what`: in our words what got through, no value.

    A control (the same attempt where it must succeed) is an outcome too: through when the trial could not see it.
    """

    tried: int = 1
    through: int = 0
    what: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trial runs: a fresh migrated database ("" without one), an empty folder, chance. `server`: PostgreSQL."""

    url: str
    folder: Path
    seed: int
    server: postgres.Server | None = None

    @property
    def database(self) -> str:
        """ "sqlite", "postgresql" or ""."""
        return self.url.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Trial:
    """One row of the table; `run` goes through the whole of it, on each of `databases`."""

    name: str
    run: Callable[[Place], Outcomes]
    databases: tuple[str, ...] = BOTH


@dataclass(slots=True)
class Sum:
    """What has come of a trial so far."""

    tried: int = 0
    through: int = 0
    what: tuple[str, ...] = ()

    def add(self, one: Outcome) -> None:
        self.tried += one.tried
        self.through += one.through
        if one.through and one.what not in self.what:
            self.what = (*self.what, one.what)


async def carried_out(
    outcomes: Outcomes, seen: Callable[[Sum], None] = lambda so_far: None, total: Sum | None = None
) -> Sum:
    """Goes through all outcomes; `seen` is shown the sum after each. `total`: counts on there, whatever is raised."""
    total = Sum() if total is None else total
    if isinstance(outcomes, AsyncIterator):
        async for one in outcomes:
            total.add(one)
            seen(total)
    else:
        for one in outcomes:
            total.add(one)
            seen(total)
    return total


async def assert_nothing_through(outcomes: Outcomes, *, at_least: int = 1) -> None:
    """For tests: something was tried, and nothing of it got through."""
    total = await carried_out(outcomes)
    assert total.tried >= at_least, total
    assert not total.through, total
