"""The ids of what was erased, in a file beside the keyring: a backup of the database that is put back must not bring
them back. Nothing but random ids and days is in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from storage.engine import Store
from storage.keyring import Keyring, locked
from storage.tables import day_of
from storage.work import Work

log = structlog.get_logger("erased")

LATE: Final = 1
"""Days that an id is kept longer than the last capsule that could bring its keys back."""
_PURPOSE: Final = b"erased"
_HEAD: Final = "greenroom erased 1\n"
_LINE: Final = re.compile(r"(\d{1,6}) ([0-9a-f]{32})")
_LIST: Final = re.compile(
    rf"({_HEAD}written (\d{{10}})\n(?:\d{{1,6}} [0-9a-f]{{32}}\n)*)proof ([0-9a-f]{{64}})\n"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """What such a file says: ids, and the day (since 1970) on which each was erased; and when it was written.

    `written` is None where the file is not whole as this line wrote it: cut, changed, empty, or another line's.
    """

    ids: dict[bytes, int]
    written: datetime | None


def read(path: Path, keyring: Keyring) -> Listed:
    """The list, proven by the root key or the previous one; of one that is not, whatever looks like an id. OSError."""
    text = path.read_bytes().decode("ascii", errors="replace")
    whole = _LIST.fullmatch(text)
    lines = (_LINE.fullmatch(line) for line in text.split("\n"))
    ids = {bytes.fromhex(one[2]): int(one[1]) for one in lines if one is not None}
    if whole is None or not keyring.proven(_PURPOSE, whole[1].encode(), bytes.fromhex(whole[3])):
        return Listed(ids, None)
    return Listed(ids, datetime.fromtimestamp(int(whole[2]), UTC))


@dataclass(slots=True)
class Erased:
    """The file of one keyring. `kept`: how long the capsules are.

    It is written anew each time, whole or not at all: a crash never leaves half of it, so half of one is a bad copy.
    That costs some hundred kilobytes for some thousand ids, once a second at most.
    """

    keyring: Keyring
    kept: timedelta
    _written: dict[bytes, int] | None = None
    _compacted: int = -1

    @property
    def path(self) -> Path:
        return self.keyring.path.with_name("erased")

    async def remember(self, store: Store) -> None:
        """Every id that the database remembers is in the file, on the disk; what is old enough is gone. OSError."""
        rows, now = await store.do(self._news)
        if day_of(now) != self._compacted or not rows.keys() <= (self._written or {}).keys():
            self._write(rows, now)

    def _news(self, work: Work) -> tuple[dict[bytes, int], datetime]:
        """Once a day everything, every second what is of today; and of yesterday, for clocks that differ."""
        today = day_of(work.now)
        return work.rotation.erasures(today - 1 if today == self._compacted else 0), work.now

    def _write(self, rows: Mapping[bytes, int], now: datetime) -> None:
        """Writes the file anew, without what may be forgotten."""
        today = day_of(now)
        first = today - self.kept.days - LATE
        with locked(self.path.parent) as folder:
            known = {one: day for one, day in {**self._there(), **rows}.items() if day >= first}
            body = f"{_HEAD}written {now.timestamp():010.0f}\n" + "".join(
                f"{day} {one.hex()}\n" for one, day in known.items()
            )
            draft = self.path.with_name(self.path.name + ".new")
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(handle, "w", encoding="ascii") as file:
                file.write(f"{body}proof {self.keyring.proof(_PURPOSE, body.encode()).hex()}\n")
                file.flush()
                os.fsync(handle)
            draft.rename(self.path)
            os.fsync(folder)
        self._written, self._compacted = {**known, **rows}, today

    def _there(self) -> dict[bytes, int]:
        """What the file says; nothing where that is not ours, for the database knows every id as long as the file."""
        if not self.path.exists():
            return {}
        listed = read(self.path, self.keyring)
        if listed.written is None:
            log.error("the list of what was erased was damaged, and is written anew")
            return {}
        return listed.ids
