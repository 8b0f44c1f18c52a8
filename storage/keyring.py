"""The keyring file: the epoch keys that wrap every envelope, outside the database, locked by the root key."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from bot import errors
from storage.box import KEY_BYTES, VERSION, Box, canon, checked, derived

KID_BYTES = 8


class State(StrEnum):
    """What an epoch is used for: every one opens, the active one alone wraps.

    WAITING: other hosts are still fetching it. DRAINING: until no row needs it.
    """

    WAITING = "waiting"
    ACTIVE = "active"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True, repr=False)
class _Epoch:
    secret: bytes
    state: State
    box: Box


_Epochs = dict[bytes, _Epoch]
"""By key id, oldest first. Replaced as a whole, never changed in place: readers need no lock."""


class Keyring:
    """The epoch keys of this host; a change starts from the file and is on the disk before it is in memory.

    A row wrapped under a key that is in memory only would be lost with the process.
    """

    __slots__ = ("_epochs", "_path", "_roots")

    def __init__(self, path: Path, roots: tuple[bytes, ...], epochs: _Epochs) -> None:
        self._path = path
        self._roots = roots
        self._epochs = epochs

    @classmethod
    def create(cls, path: Path, root: bytes) -> Self:
        """A new keyring file (0600) with one active epoch; SettingsError when something is there already."""
        checked((root,), "keys.root")
        kid, epoch = _new_epoch(State.ACTIVE)
        with _locked(path.parent) as folder:
            if os.path.lexists(path):
                raise errors.SettingsError(
                    "keys.keyring is there already and is never overwritten.",
                    "Use it, or move it away first.",
                )
            _write(path, root, {kid: epoch}, folder)
        return cls(path.resolve(), (root,), {kid: epoch})

    @classmethod
    def load(cls, path: Path, roots: tuple[bytes, ...]) -> Self:
        """The keyring in this file, locked by one of the roots (current first); SettingsError if unusable."""
        checked(roots, "keys.root")
        # Renaming over a symbolic link would replace the link, and move the keyring to where the backups are.
        real = path.resolve()
        try:
            return cls(real, roots, _read(real, roots))
        except errors.SealBroken:
            raise errors.SettingsError(
                "keys.keyring does not open with keys.root.", "Use the root key that it was made with."
            ) from None

    @property
    def active(self) -> bytes:
        """The key id (8 bytes) of the epoch that wraps."""
        return next(kid for kid, epoch in self._epochs.items() if epoch.state is State.ACTIVE)

    def kids(self) -> tuple[bytes, ...]:
        """Every key id that opens, oldest first."""
        return tuple(self._epochs)

    def state(self, kid: bytes) -> State:
        """What this epoch is used for; UnknownEpoch when it is not here."""
        return self._epoch(kid).state

    def box(self, kid: bytes) -> Box:
        """What opens and shuts under this epoch; UnknownEpoch when it is not here."""
        return self._epoch(kid).box

    def add_epoch(self) -> bytes:
        """A new key, on the disk and waiting; returns its key id."""
        kid, epoch = _new_epoch(State.WAITING)
        self._change(lambda epochs: {**epochs, kid: epoch})
        return kid

    def activate(self, kid: bytes) -> None:
        """This epoch wraps from now on, and the one that did begins to drain; harmless when repeated."""
        self._change(lambda epochs: _activated(epochs, kid))

    def drop(self, kid: bytes) -> None:
        """Forgets an epoch and what is wrapped under it, never the active one; harmless when repeated."""
        self._change(lambda epochs: _dropped(epochs, kid))

    def save(self) -> None:
        """Writes the file anew under the current root."""
        self._change(lambda epochs: epochs)

    def reload(self) -> None:
        """Takes over what another process changed; SealBroken or SettingsError: nothing has changed."""
        self._epochs = _read(self._path, self._roots)

    def _epoch(self, kid: bytes) -> _Epoch:
        try:
            return self._epochs[kid]
        except KeyError:
            raise errors.UnknownEpoch("This keyring does not know the epoch yet, or no longer.") from None

    def _change(self, step: Callable[[_Epochs], _Epochs]) -> None:
        with _locked(self._path.parent) as folder:
            epochs = step(_read(self._path, self._roots))
            _write(self._path, self._roots[0], epochs, folder)
            self._epochs = epochs


def _new_epoch(state: State) -> tuple[bytes, _Epoch]:
    secret = os.urandom(KEY_BYTES)
    return os.urandom(KID_BYTES), _Epoch(secret, state, Box(secret))


def _activated(epochs: _Epochs, kid: bytes) -> _Epochs:
    if kid not in epochs:
        raise errors.UnknownEpoch("This keyring does not know the epoch yet, or no longer.")
    changed = dict(epochs)
    for other, epoch in epochs.items():
        if epoch.state is State.ACTIVE:
            changed[other] = replace(epoch, state=State.DRAINING)
    changed[kid] = replace(epochs[kid], state=State.ACTIVE)
    return changed


def _dropped(epochs: _Epochs, kid: bytes) -> _Epochs:
    if kid in epochs and epochs[kid].state is State.ACTIVE:
        raise ValueError("the active epoch cannot be dropped")
    return {other: epoch for other, epoch in epochs.items() if other != kid}


# The file: a Box under HKDF(root, "keyring"); in it JSON {"epochs": [{"kid", "key", "state"}]}, oldest first.


def _box_of(root: bytes) -> Box:
    return Box(derived(root, b"keyring"))


_BOUND_TO = canon(b"keyring", VERSION)


def _read(path: Path, roots: tuple[bytes, ...]) -> _Epochs:
    sealed = _bytes_of(path)
    for root in roots:
        with suppress(errors.SealBroken):
            return _parsed(_box_of(root).open(sealed, _BOUND_TO))
    raise errors.SealBroken("The keyring does not open.")


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise errors.SettingsError(
                    "keys.keyring can be read by others.", "Run chmod 600 on that file."
                )
            return file.read()
    except OSError:
        raise errors.SettingsError(
            "keys.keyring cannot be read.", "Make one with `greenroom init`, or give this user the file."
        ) from None


def _parsed(payload: bytes) -> _Epochs:
    epochs: _Epochs = {}
    for entry in json.loads(payload)["epochs"]:
        secret = bytes.fromhex(entry["key"])
        epochs[bytes.fromhex(entry["kid"])] = _Epoch(secret, State(entry["state"]), Box(secret))
    return epochs


def _write(path: Path, root: bytes, epochs: _Epochs, folder: int) -> None:
    """Replaces the file whole or not at all, also when the power fails. The caller holds the lock."""
    entries = [
        {"kid": kid.hex(), "key": epoch.secret.hex(), "state": epoch.state} for kid, epoch in epochs.items()
    ]
    sealed = _box_of(root).shut(json.dumps({"epochs": entries}).encode(), _BOUND_TO)
    # Always the same name: what a crash left behind holds keys dropped since, and the next change removes it.
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(handle)
    draft.rename(path)
    os.fsync(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """One writer at a time on this host: `keys rotate` while `run` serves must not lose an epoch."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        raise errors.SettingsError(
            "The folder of keys.keyring cannot be opened.", "Make it with `greenroom init`."
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)
