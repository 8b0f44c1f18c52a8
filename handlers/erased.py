"""The ids of what was erased, in a file beside the keyring: a backup of the database that is put back must not bring
them back. Nothing but random ids and days is in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from storage.engine import Store
from storage.keyring import locked
from storage.tables import day_of

LATE: Final = 1
"""Days that an id is kept longer than the last capsule that could bring its keys back."""
_LINE: Final = re.compile(r"(\d{1,7}) ([0-9a-f]{32})")


def read(path: Path) -> dict[bytes, int]:
    """Ids, and the day (since 1970) on which each was erased; a line cut off by a crash does not count. OSError."""
    found = (
        _LINE.fullmatch(line) for line in path.read_text(encoding="ascii", errors="replace").splitlines()
    )
    return {bytes.fromhex(one[2]): int(one[1]) for one in found if one is not None}


@dataclass(slots=True)
class Erased:
    """The file of one keyring. `kept`: how long the capsules are."""

    keyring: Path
    kept: timedelta
    _written: dict[bytes, int] | None = None
    _compacted: int = -1

    @property
    def path(self) -> Path:
        return self.keyring.with_name("erased")

    async def remember(self, store: Store) -> None:
        """Every id that the database remembers is in the file, on the disk; what is old enough is gone. OSError."""
        rows, today = await store.do(lambda work: (work.rotation.erasures(), day_of(work.now)))
        if today != self._compacted:
            self._compact(rows, today)
        elif self._written is not None:
            self._append({one: day for one, day in rows.items() if one not in (self._written or {})})

    def _compact(self, rows: Mapping[bytes, int], today: int) -> None:
        """Writes the file anew, whole, without what may be forgotten."""
        with locked(self.path.parent) as folder:
            known = {**(read(self.path) if self.path.exists() else {}), **rows}
            first = today - self.kept.days - LATE
            known = {one: day for one, day in known.items() if day >= first}
            draft = self.path.with_name(self.path.name + ".new")
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            _write(handle, known)
            draft.rename(self.path)
            os.fsync(folder)
        self._written, self._compacted = known, today

    def _append(self, new: Mapping[bytes, int]) -> None:
        if not new:
            return
        with locked(self.path.parent) as folder:
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _write(handle, new)
            os.fsync(folder)
        self._written = {**(self._written or {}), **new}


def _write(handle: int, ids: Mapping[bytes, int]) -> None:
    with open(handle, "w", encoding="ascii") as file:
        # A newline first: what a full disk or a crash cut off before must not swallow the first of these.
        file.write("\n" + "".join(f"{day} {one.hex()}\n" for one, day in ids.items()))
        file.flush()
        os.fsync(handle)
