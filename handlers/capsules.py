"""Recovery capsules in a folder beside the keyring: a new one after each rotation, old ones removed in time."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.errors import UnknownEpoch
from storage import capsules
from storage.box import SupervisorKey
from storage.engine import Store
from storage.work import Work

_NAME: Final = "%Y-%m-%dT%H%M%SZ"
_ENDING: Final = ".capsule"


@dataclass(frozen=True, slots=True)
class Ready:
    """What goes into the next capsule beside the keyring, and for whom."""

    at: datetime
    schema: str
    halves: tuple[SupervisorKey, ...]


@dataclass(frozen=True, slots=True)
class Capsules:
    """The folder of one keyring. `kept`: how long a capsule is, but the newest for ever."""

    keyring: Path
    kept: timedelta

    @property
    def folder(self) -> Path:
        return self.keyring.with_name("capsules")

    async def make(self, store: Store, to: Path | None = None) -> tuple[Path | None, int]:
        """A capsule of the keyring as it is, and how many keys open it; none without a supervisor's key. OSError."""
        ready = await store.do(_ready)
        if not ready.halves:
            return None, 0
        content = capsules.written(
            self.keyring.read_bytes(), made_at=ready.at, schema=ready.schema, halves=ready.halves
        )
        path = to or self.folder / f"{ready.at.astimezone(UTC):{_NAME}}{_ENDING}"
        if to is None:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        _put(path, content)
        return path, len(ready.halves)

    def all(self) -> list[tuple[datetime, Path]]:
        """When each was made, oldest first. Files with other names are somebody else's."""
        found = []
        for path in self.folder.glob(f"*{_ENDING}"):
            with suppress(ValueError):
                found.append((datetime.strptime(path.stem, _NAME).replace(tzinfo=UTC), path))
        return sorted(found)

    def prune(self, now: datetime) -> int:
        """Those that are too old are gone, never the newest; how many."""
        old = [path for at, path in self.all()[:-1] if at < now - self.kept]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _ready(work: Work) -> Ready:
    if work.vault.active not in work.rotation.kids():
        raise UnknownEpoch("The keyring is not the newest one.")
    return Ready(work.now, work.rotation.schema(), tuple(work.archive_keys.active()))


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all, for this user only, also when the power fails."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
