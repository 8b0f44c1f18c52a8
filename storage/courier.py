"""Finds an epoch key that this process lacks: in the keyring file, which another process may have changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.keyring import Keyring

if TYPE_CHECKING:
    from storage.work import Work


@dataclass(frozen=True, slots=True)
class Found:
    """What the database says: which epochs there are, oldest first."""

    kids: tuple[bytes, ...]


class Courier:
    """One a process."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def visit(self, work: Work) -> Found:
        """A thought: what the database says."""
        return Found(work.rotation.kids())

    def settle(self, found: Found) -> bool:
        """Wraps under the newest epoch that is known, should the present one be gone. Whether to wait for more."""
        known = [kid for kid in found.kids if kid in self._keyring.kids()]
        if known and self._keyring.active not in found.kids:
            self._keyring.activate(known[-1])
        return False
