"""A supervisor's key file: her private half, locked by her passphrase. For her own machine only."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bot import fingerprint
from bot.errors import SealBroken, Unusable, WrongKey
from storage import archive, box, keypaper
from storage.keypaper import PRIVATE, Paper

SHORTEST: Final = 12
"""Characters of a passphrase."""
MEMORY_FLOOR: Final = 128 * 1024
_MEMORY_MOST: Final = 1024 * 1024
_PASSES_MOST: Final = 16
_LANES_MOST: Final = 16
_SALT: Final = 16
_SEALED: Final = 96 + box.OVERHEAD
_COST_FORM: Final = re.compile(r"argon2id, memory (\d{1,8}) KiB, passes (\d{1,3}), lanes (\d{1,3})")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at a passphrase costs: memory in KiB, passes over it, lanes side by side."""

    memory: int = 256 * 1024
    passes: int = 3
    lanes: int = 4

    def __str__(self) -> str:
        return f"argon2id, memory {self.memory} KiB, passes {self.passes}, lanes {self.lanes}"


PRESENT: Final = Cost()
"""About a second on a laptop; RFC 9106 asks for 64 MiB at least, security.md for 128."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file that was read and is still locked. `reader`: whose envelopes it opens, as the file claims."""

    reader: str
    _cost: Cost
    _salt: bytes
    _sealed: bytes

    def unlocked(self, passphrase: str) -> archive.Pair:
        """The pair; WrongKey for another passphrase. Takes about a second, and 256 MiB."""
        secret = _stretched(passphrase, self._cost, self._salt)
        try:
            private = box.Box(secret).open(self._sealed, _bound_to(self.reader, self._cost, self._salt))
        except SealBroken:
            raise WrongKey("That is not the passphrase of this key.", "Try again.") from None
        return archive.pair_of(private)


def locked(pair: archive.Pair, passphrase: str, cost: Cost = PRESENT) -> str:
    """The text of the key file. Takes about a second."""
    reader, salt = box.SupervisorKey(pair.public).reader, os.urandom(_SALT)
    secret = _stretched(passphrase, cost, salt)
    sealed = box.Box(secret).shut(pair.private, _bound_to(reader, cost, salt))
    named = {
        "keep": "Yours alone, never on the server. Without its passphrase it opens nothing.",
        "fingerprint": fingerprint.spoken(reader),
        "name": reader,
        "lock": str(cost),
        "salt": salt.hex(),
    }
    return keypaper.written(Paper(PRIVATE, named, sealed))


def read(path: Path) -> KeyFile:
    """The key file at this place; Unusable says what is wrong with it. Its bounds hold before anything is computed."""
    paper = keypaper.read(path, PRIVATE)
    reader, salt = paper.named.get("name", ""), paper.named.get("salt", "")
    cost = _cost(paper.named.get("lock", ""))
    sound = re.fullmatch(r"[0-9a-f]{32}", reader) and re.fullmatch(r"[0-9a-f]{32}", salt)
    if not sound or cost is None or len(paper.body) != _SEALED:
        raise Unusable("That key's file was not made by `greenroom staff key new`.", "Use one that was.")
    return KeyFile(reader, cost, bytes.fromhex(salt), paper.body)


def public_paper(pair: archive.Pair) -> str:
    """The text of the .pub file that goes to the server."""
    reader = box.SupervisorKey(pair.public).reader
    return keypaper.written(Paper(keypaper.PUBLIC, {"fingerprint": fingerprint.spoken(reader)}, pair.public))


def _cost(text: str) -> Cost | None:
    found = _COST_FORM.fullmatch(text)
    if found is None:
        return None
    cost = Cost(*map(int, found.groups()))
    fits = (
        MEMORY_FLOOR <= cost.memory <= _MEMORY_MOST
        and 1 <= cost.passes <= _PASSES_MOST
        and 1 <= cost.lanes <= _LANES_MOST
    )
    return cost if fits else None


def _stretched(passphrase: str, cost: Cost, salt: bytes) -> bytes:
    """The 32 bytes that a passphrase stands for, however its accents were typed."""
    typed = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    stretch = Argon2id(
        salt=salt, length=box.KEY_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory
    )
    try:
        return stretch.derive(typed)
    except MemoryError:
        what = f"This computer has less than {cost.memory // 1024} MiB of memory free, which the lock needs."
        raise Unusable(what, "Close other programs and try again.") from None


def _bound_to(reader: str, cost: Cost, salt: bytes) -> bytes:
    return box.canon(b"greenroom", b"key file", box.VERSION, reader.encode(), str(cost).encode(), salt)
