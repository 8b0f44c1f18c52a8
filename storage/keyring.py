"""The keyring file: the epoch keys that wrap every envelope, outside the database, locked by the root key."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from bot import errors
from storage.box import KEY_BYTES, VERSION, Box, canon, checked, derived

KID_BYTES = 8
_MACHINE = Path("/etc/machine-id")
_STRIDE = 1 << 32
"""A new key id lies up to so far above the last: nobody guesses it, and 2^31 rotations pass before they run out."""


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

    A row wrapped under a key that is in memory only would be lost with the process. Key ids grow: of two epochs the
    later has the greater one, on every host.
    """

    __slots__ = ("_epochs", "_path", "_roots", "_seen")

    def __init__(self, path: Path, roots: tuple[bytes, ...], epochs: _Epochs) -> None:
        self._path = path
        self._roots = roots
        self._epochs = epochs
        self._seen = _looks(path)

    @classmethod
    def create(cls, path: Path, root: bytes) -> Self:
        """A new keyring file (0600) with one active epoch; SettingsError when something is there already."""
        checked((root,), "keys.root")
        kid, epoch = _new_epoch(State.ACTIVE, above=())
        with locked(path.parent) as folder:
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
        return _active(self._epochs)

    @property
    def path(self) -> Path:
        """The file, behind whatever links led to it."""
        return self._path

    def place(self) -> bytes:
        """An id (8 bytes) of where the file lies: its folder on this machine, whichever keys and process."""
        try:
            machine = _MACHINE.read_bytes()
        except OSError:
            machine = b""
        folder = self._path.parent.stat().st_ino
        return hashlib.sha256(
            canon(b"place", machine, folder.to_bytes(8), self._path.name.encode())
        ).digest()[:8]

    def kids(self) -> tuple[bytes, ...]:
        """Every key id that opens, oldest first."""
        return tuple(self._epochs)

    def state(self, kid: bytes) -> State:
        """What this epoch is used for; UnknownEpoch when it is not here."""
        return self._epoch(kid).state

    def box(self, kid: bytes) -> Box:
        """What opens and shuts under this epoch; UnknownEpoch when it is not here."""
        return self._epoch(kid).box

    def add_epoch(self, above: Iterable[bytes] = ()) -> bytes:
        """A new key, on the disk and waiting; its key id, greater than all of these and all that are here."""
        made: list[bytes] = []

        def step(epochs: _Epochs) -> _Epochs:
            kid, epoch = _new_epoch(State.WAITING, above=(*epochs, *above))
            made.append(kid)
            return {**epochs, kid: epoch}

        self._change(step)
        return made[0]

    def activate(self, kid: bytes, *, instead_of: bytes | None = None) -> None:
        """This epoch wraps from now on, and the one that did begins to drain; harmless when repeated.

        Never from a later epoch back to an earlier one: another process has been quicker then. `instead_of`: nor
        unless that one wraps still, and then even back, for whoever has seen that the database does not know it.
        """
        self._change(lambda epochs: _activated(epochs, kid, instead_of))

    def drop(self, *kids: bytes) -> None:
        """Forgets epochs and what is wrapped under them, never the active one; harmless when repeated."""
        self._change(lambda epochs: _dropped(epochs, kids))

    def drop_idle(self, *kids: bytes) -> None:
        """The same, but for one that another process has made active meanwhile: that one stays."""
        self._change(lambda epochs: _dropped(epochs, tuple(kid for kid in kids if kid != _active(epochs))))

    def drop_ended(self, kids: Iterable[bytes], *, waiting: bool = False) -> None:
        """Forgets what the database, which has these epochs, has ended; `waiting`: and what a dead process has begun.

        Nothing while the database does not know the one that wraps: it may be another one, or a backup.
        """
        active, there = self.active, set(kids)
        gone = [kid for kid in self.kids() if kid not in there and (kid < active or waiting)]
        if gone and active in there:
            self.drop_idle(*gone)

    def take_in(self, kid: bytes, secret: bytes) -> None:
        """A key that another host has sent: it opens, and does not wrap yet. One that is here stays as it is."""
        epoch = _Epoch(secret, State.WAITING, Box(secret))
        self._change(lambda epochs: dict(sorted({kid: epoch, **epochs}.items())))

    def secret_of(self, kid: bytes) -> bytes:
        """The key itself, for a parcel to another host (storage/parcels) and nothing else."""
        return self._epoch(kid).secret

    def proof(self, purpose: bytes, message: bytes) -> bytes:
        """That who says this has the root key: HMAC-SHA256 (32 bytes) under a sub-key for the purpose."""
        return hmac.digest(derived(self._roots[0], purpose), message, "sha256")

    def proven(self, purpose: bytes, message: bytes, proof: bytes) -> bool:
        """Whether who said this has the root key, or the previous one while that still opens."""
        made = (hmac.digest(derived(root, purpose), message, "sha256") for root in self._roots)
        return any([hmac.compare_digest(one, proof) for one in made])

    def install(self, path: Path) -> None:
        """Puts these epochs, under the current root, in the place of whatever keyring is there."""
        real = path.resolve()
        with locked(real.parent) as folder:
            _write(real, self._roots[0], self._epochs, folder)

    def save(self) -> None:
        """Writes the file anew under the current root."""
        with locked(self._path.parent) as folder:
            self._epochs = _read(self._path, self._roots)
            _write(self._path, self._roots[0], self._epochs, folder)
            self._seen = _looks(self._path)

    @property
    def outdated(self) -> bool:
        """Whether the file is still locked by a previous root."""
        try:
            _read(self._path, self._roots[:1])
        except errors.SealBroken:
            return True
        return False

    def relock(self) -> bool:
        """Writes the file anew if it is still locked by a previous root; whether it was. For who begins to serve, and
        where nobody serves."""
        outdated = self.outdated
        if outdated:
            self.save()
        return outdated

    def reload(self) -> None:
        """Takes over what another process changed; SealBroken or SettingsError: nothing has changed."""
        seen = _looks(self._path)
        self._epochs = _read(self._path, self._roots)
        self._seen = seen

    def reload_if_changed(self) -> bool:
        """The same, only if the file is another than the one read last; whether it was."""
        if _looks(self._path) == self._seen:
            return False
        self.reload()
        return True

    def _epoch(self, kid: bytes) -> _Epoch:
        try:
            return self._epochs[kid]
        except KeyError:
            raise errors.UnknownEpoch("This keyring does not know the epoch yet, or no longer.") from None

    def _change(self, step: Callable[[_Epochs], _Epochs]) -> None:
        """The file stays under the root that it was found under: while a process serves that knows only the previous
        one, a command that knows both must not lock it out. `relock` goes over to the current root."""
        with locked(self._path.parent) as folder:
            before, root = _opened(self._path, self._roots)
            epochs = step(before)
            _write(self._path, root, epochs, folder)
            self._epochs = epochs
            self._seen = _looks(self._path)


def _looks(path: Path) -> tuple[int, int, int] | None:
    """What changes with the file: every change puts another one in its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _new_epoch(state: State, *, above: Iterable[bytes]) -> tuple[bytes, _Epoch]:
    """A new key; its id is random (and in the lower half) where it is the first, a random step above the last else."""
    last = max(above, default=None)
    step = int.from_bytes(os.urandom(KID_BYTES)) >> 1 if last is None else secrets.randbelow(_STRIDE) + 1
    kid = ((int.from_bytes(last or b"") + step) % (1 << 8 * KID_BYTES)).to_bytes(KID_BYTES)
    secret = os.urandom(KEY_BYTES)
    return kid, _Epoch(secret, state, Box(secret))


def _active(epochs: _Epochs) -> bytes:
    return next(kid for kid, epoch in epochs.items() if epoch.state is State.ACTIVE)


def _activated(epochs: _Epochs, kid: bytes, instead_of: bytes | None) -> _Epochs:
    active = _active(epochs)
    if instead_of not in (None, active):
        return epochs
    if kid not in epochs:
        raise errors.UnknownEpoch("This keyring does not know the epoch yet, or no longer.")
    if active > kid and instead_of is None:
        return epochs
    changed = dict(epochs)
    for other, epoch in epochs.items():
        if epoch.state is State.ACTIVE:
            changed[other] = replace(epoch, state=State.DRAINING)
    changed[kid] = replace(epochs[kid], state=State.ACTIVE)
    return changed


def _dropped(epochs: _Epochs, kids: tuple[bytes, ...]) -> _Epochs:
    if any(kid in epochs and epochs[kid].state is State.ACTIVE for kid in kids):
        raise ValueError("the active epoch cannot be dropped")
    return {other: epoch for other, epoch in epochs.items() if other not in kids}


# The file: a Box under HKDF(root, "keyring"); in it JSON {"epochs": [{"kid", "key", "state"}]}, oldest first.


def _box_of(root: bytes) -> Box:
    return Box(derived(root, b"keyring"))


_BOUND_TO = canon(b"keyring", VERSION)


def _read(path: Path, roots: tuple[bytes, ...]) -> _Epochs:
    return _opened(path, roots)[0]


def _opened(path: Path, roots: tuple[bytes, ...]) -> tuple[_Epochs, bytes]:
    """The epochs, and the root that the file is locked by."""
    sealed = _bytes_of(path)
    for root in roots:
        with suppress(errors.SealBroken):
            return _parsed(_box_of(root).open(sealed, _BOUND_TO)), root
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
def locked(folder: Path) -> Iterator[int]:
    """One writer at a time in the keyring's folder: `keys rotate` while `run` serves must not lose an epoch."""
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
