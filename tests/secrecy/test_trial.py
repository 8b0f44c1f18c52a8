"""The table tells the truth: what got through is counted, also when the trial itself falls over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from rich.progress import Progress

from tests.secrecy import __main__ as secrecy
from tests.secrecy.trial import NEITHER, Outcome, Place, Trial, assert_nothing_through


def leaky(place: Place) -> Iterator[Outcome]:
    yield Outcome(10)
    yield Outcome(5, 2, "two of five")


async def safe(place: Place) -> AsyncIterator[Outcome]:
    yield Outcome(3)


def broken(place: Place) -> Iterator[Outcome]:
    yield Outcome(1)
    raise AssertionError("a row did not open")


@pytest.mark.parametrize(("run", "tried", "through"), [(leaky, 15, 2), (safe, 3, 0), (broken, 2, 1)])
def test_a_trial_is_counted(tmp_path: Path, run: object, tried: int, through: int) -> None:
    """Attempts, those that got through, and a trial that ends early as one that did."""
    maker = secrecy.Maker("", tmp_path, tmp_path, None, 1)

    row = secrecy.run(Trial("one", run, NEITHER), maker, Progress(disable=True))  # type: ignore[arg-type]

    assert (row.sum.tried, row.sum.through) == (tried, through)
    assert secrecy.table([row]).row_count == 1


async def test_nothing_tried_is_not_nothing_through(tmp_path: Path) -> None:
    """A trial that tries nothing shows nothing."""
    with pytest.raises(AssertionError):
        await assert_nothing_through(iter([]))
    with pytest.raises(AssertionError):
        await assert_nothing_through(leaky(Place("", tmp_path, 1)))
    await assert_nothing_through(safe(Place("", tmp_path, 1)))
