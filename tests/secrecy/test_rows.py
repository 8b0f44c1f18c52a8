"""The suite's share of what is tried with the rows of the database; all of it is `make secrecy`."""

from __future__ import annotations

from pathlib import Path

from tests.secrecy.flips import flips, parcels, swaps
from tests.secrecy.pieces import TAMPERED, pieces
from tests.secrecy.trial import Place, assert_nothing_through


async def test_no_changed_bit_opens(place: Place) -> None:
    """Every 61st bit of two rows of every sealed column, and one entry in the trail for each row."""
    await assert_nothing_through(flips(place, 2, 61, told=1), at_least=300)


async def test_no_changed_key_comes_to_a_host(tmp_path: Path) -> None:
    """Every 13th bit of two parcels, of the hosts' public keys and proofs."""
    await assert_nothing_through(parcels(Place("", tmp_path, 1), 2, 13), at_least=1000)


async def test_no_row_opens_in_anothers_place(place: Place) -> None:
    """Every value of two rows in each other's place, and in every other column."""
    await assert_nothing_through(swaps(place, 2), at_least=500)


async def test_nothing_beside_a_row_is_believed_once_it_was_changed(place: Place) -> None:
    """Old rows, missing rows, other orders, and columns in the clear, for two conversations."""
    await assert_nothing_through(pieces(place, 2), at_least=2 * len(TAMPERED))
