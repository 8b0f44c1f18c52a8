"""The suite's share of the canaries: two texters on each database, and the net by itself."""

from __future__ import annotations

import random

import pytest

from tests.secrecy.canaries import canaries
from tests.secrecy.net import Net, number_spellings, spellings
from tests.secrecy.trial import Place, assert_nothing_through

SAID = "he locked the door, сказала señora"


async def test_no_canary_lies_anywhere(place: Place) -> None:
    """Database, journals, log, temporary files: while it runs, after a kill, after it has stopped."""
    await assert_nothing_through(canaries(place, 2, 3), at_least=2 * 30)


@pytest.mark.parametrize("pattern", dict([*spellings(SAID), *number_spellings("12025550123")]).items())
def test_each_spelling_is_caught_wherever_it_lies(pattern: tuple[str, bytes]) -> None:
    """At every offset, at the beginning and at the end; not in what is only like it."""
    _, one = pattern
    net = Net(
        [(f"{how} {n}", b) for n, said in enumerate((SAID, "another")) for how, b in spellings(said)]
        + list(number_spellings("12025550123"))
    )
    rubbish = random.Random(1).randbytes(50)
    assert all(net.caught(rubbish[:at] + one + rubbish) for at in range(20))
    assert net.caught(one)
    assert not net.caught(rubbish)
