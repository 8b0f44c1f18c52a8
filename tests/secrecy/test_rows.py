"""The suite's share of what is tried with the rows of the database; all of it is `make secrecy`."""

from __future__ import annotations

from tests.secrecy.flips import flips, swaps
from tests.secrecy.pieces import TAMPERED, pieces
from tests.secrecy.trial import Place, assert_nothing_through


async def test_no_changed_bit_opens(place: Place) -> None:
    """Every 61st bit of two rows of every sealed column, and one entry in the trail for each row."""
    await assert_nothing_through(flips(place, 2, 61), at_least=300)


async def test_no_row_opens_in_anothers_place(place: Place) -> None:
    """Every value of two rows in each other's place, and in every other column."""
    await assert_nothing_through(swaps(place, 2), at_least=500)


async def test_nothing_beside_a_row_is_believed_once_it_was_changed(place: Place) -> None:
    """Old rows, missing rows, other orders, and columns in the clear, for two conversations."""
    await assert_nothing_through(pieces(place, 2), at_least=2 * len(TAMPERED))
