"""Every cryptographic format: envelopes, sealed rows, the chain over them, and blind labels.

The root locks the keyring, its epoch keys wrap one Key per owner (the envelope), whose sub-keys seal rows.
A changed column name, Owner, Label or order in `_bound_to` makes what is stored unreadable.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NoReturn

from bot import errors
from storage.box import KEY_BYTES, PLAIN_TAG, VERSION, Box, SupervisorKey, checked, derived, utf8
from storage.box import canon as canon  # part of this room's face
from storage.keyring import Keyring

FIRST_LINK = b""
"""The link before a conversation's first row."""
SERVER = "server"
"""The reader of an envelope that the server opens by itself."""

_BUCKETS = (64, 256, 1024, 4096)
_HEAD = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Owner(StrEnum):
    """Whom a key belongs to."""

    CONVERSATION = "conversation"
    CONTACT = "contact"
    STAFF = "staff"
    COPY = "copy"
    OUTBOX = "outbox"
    LINE = "line"
    EXPORT = "export"
    """A file that was exported for supervisors: its cover has a key of its own."""


class Label(StrEnum):
    """What a blind index is for: an address has another label for each, so that tables cannot be joined."""

    ROUTE = "route"
    ERASE = "erase"
    SEEN = "seen"
    OPTOUT = "optout"
    BLOCK = "block"
    RATE = "rate"
    STAFF = "staff"
    COPY = "copy"
    TOKEN = "token"  # noqa: S105 - a purpose, not a secret
    """One-time join links."""
    REFERENCE = "reference"
    """Opaque references in status callbacks."""
    NAME = "name"
    """One alias, one staff member."""
    TOLD = "told"
    """What was said once about one shift."""
    FEED = "feed"
    """Links to calendars."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value stands, by what never changes in its row; it opens nowhere else. Ids: 16 bytes."""

    column: str
    """"table.column"; also the purpose of the sub-key."""
    owner: Owner
    owner_id: bytes
    row_id: bytes
    sequence: int = 0
    direction: str = ""
    segment: int = 0


@dataclass(frozen=True, slots=True)
class Envelope:
    """An owner's key, wrapped under the epoch `kid` (8 bytes). `reader`: "server" or a supervisor's key."""

    kid: bytes
    wrapped: bytes
    reader: str = SERVER


@dataclass(frozen=True, slots=True)
class Opened:
    """What was sealed: the exact instant (UTC, microseconds) and the body."""

    at: datetime = field(repr=False)
    body: bytes = field(repr=False)


class Key:
    """An owner's 32 secret bytes: never shown, copied or pickled; sub-keys are derived once and kept."""

    __slots__ = ("_boxes", "_chain", "_secret")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError("a key has 32 bytes")
        object.__setattr__(self, "_secret", secret)
        object.__setattr__(self, "_boxes", {})
        object.__setattr__(self, "_chain", derived(secret, b"chain"))

    _secret: bytes
    _boxes: dict[str, Box]
    _chain: bytes

    def __repr__(self) -> str:
        return "Key(…)"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a key does not change")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is neither copied nor pickled")

    def _box(self, column: str) -> Box:
        box = self._boxes.get(column)
        if box is None:
            box = self._boxes[column] = Box(derived(self._secret, b"column", utf8(column)))
        return box


class Vault:
    """Wraps keys, seals and opens rows, labels addresses. Broken or moved: SealBroken, never half a text."""

    __slots__ = ("_keyring", "_labels", "_peppers")

    def __init__(self, *, roots: tuple[bytes, ...], peppers: tuple[bytes, ...], keyring: Keyring) -> None:
        """Roots and peppers of 32 bytes, current first, then previous; SettingsError otherwise."""
        checked(roots, "keys.root")
        self._peppers = checked(peppers, "keys.pepper")
        self._keyring = keyring
        self._labels: dict[tuple[Label, str], tuple[bytes, ...]] = {}

    @property
    def active(self) -> bytes:
        """The key id of the epoch that wraps now."""
        return self._keyring.active

    @property
    def has_previous_pepper(self) -> bool:
        """Whether labels may have been made under another pepper than the current one."""
        return len(self._peppers) > 1

    @property
    def keyring(self) -> Keyring:
        """The epoch keys."""
        return self._keyring

    def new_key(self) -> Key:
        """A key for a new owner."""
        return Key(os.urandom(KEY_BYTES))

    def wrap(self, key: Key, owner: Owner, owner_id: bytes) -> Envelope:
        """The key in an envelope that the server can open."""
        return self._wrapped(PLAIN_TAG + key._secret, owner, owner_id, SERVER)

    def wrap_for(self, supervisor: SupervisorKey, key: Key, owner: Owner, owner_id: bytes) -> Envelope:
        """The key in an envelope for this supervisor; the epoch layer around it lets it be erased."""
        inner = self.sealed_for(supervisor, key, owner, owner_id)
        return self._wrapped(inner, owner, owner_id, supervisor.reader)

    @staticmethod
    def sealed_for(supervisor: SupervisorKey, key: Key, owner: Owner, owner_id: bytes) -> bytes:
        """The key for this supervisor without an epoch layer: for what leaves the database, and cannot be erased."""
        return supervisor.sealed(key._secret, owner, owner_id)

    def unwrap(self, envelope: Envelope, owner: Owner, owner_id: bytes) -> Key:
        """The key; SealBroken unless it is the server's to open; UnknownEpoch: reload the keyring."""
        inner = self._inner(envelope, owner, owner_id)
        if envelope.reader != SERVER or inner[:1] != PLAIN_TAG or len(inner) != 1 + KEY_BYTES:
            raise errors.SealBroken("An envelope is not for the server.")
        return Key(inner[1:])

    def exported(self, envelope: Envelope, owner: Owner, owner_id: bytes) -> bytes:
        """A supervisor's envelope without its epoch layer, for her own machine; SealBroken if the server's."""
        inner = self._inner(envelope, owner, owner_id)
        if inner[:1] == PLAIN_TAG:
            raise errors.SealBroken("An envelope is not for a supervisor.")
        return inner

    def rewrap(self, envelope: Envelope, owner: Owner, owner_id: bytes) -> Envelope:
        """The same key for the same reader under the active epoch."""
        return self._wrapped(self._inner(envelope, owner, owner_id), owner, owner_id, envelope.reader)

    def _inner(self, envelope: Envelope, owner: Owner, owner_id: bytes) -> bytes:
        box = self._keyring.box(envelope.kid)
        try:
            return box.open(envelope.wrapped, _envelope_of(owner, owner_id, envelope.reader))
        except errors.SealBroken as broken:
            raise broken.at("envelopes.wrapped", owner, owner_id) from None

    def _wrapped(self, inner: bytes, owner: Owner, owner_id: bytes, reader: str) -> Envelope:
        kid = self._keyring.active
        return Envelope(
            kid, self._keyring.box(kid).shut(inner, _envelope_of(owner, owner_id, reader)), reader
        )

    @staticmethod
    def seal(key: Key, place: Place, body: bytes, at: datetime) -> bytes:
        """The body and its instant (aware), padded so that "yes" and "no" look alike, bound to the place."""
        if at.tzinfo is None:
            raise ValueError("an instant needs its zone")
        micros = (at - _EPOCH) // _MICROSECOND
        payload = micros.to_bytes(8, "big", signed=True) + len(body).to_bytes(4, "big") + body
        return key._box(place.column).shut(payload.ljust(padded(len(body)), b"\0"), _bound_to(place))

    @staticmethod
    def open(key: Key, place: Place, sealed: bytes) -> Opened:
        """What was sealed at this place; SealBroken, which names it, otherwise."""
        try:
            payload = key._box(place.column).open(sealed, _bound_to(place))
        except errors.SealBroken as broken:
            raise broken.at(place.column, place.owner, place.owner_id, place.row_id) from None
        end = _HEAD + int.from_bytes(payload[8:_HEAD], "big")
        if not _HEAD <= end <= len(payload):
            raise errors.SealBroken("A sealed row has an unknown form.")
        return Opened(
            _EPOCH + int.from_bytes(payload[:8], "big", signed=True) * _MICROSECOND, payload[_HEAD:end]
        )

    def label(self, purpose: Label, medium: str, value: str | bytes) -> bytes:
        """The blind index (32 bytes) of a value under the current pepper; `medium`: the channel or ""."""
        return hmac.digest(self._label_keys(purpose, medium)[0], utf8(value), "sha256")

    def labels(self, purpose: Label, medium: str, value: str | bytes) -> tuple[bytes, ...]:
        """The same under the current, then each previous pepper, to look up by while a re-indexing runs."""
        return tuple(hmac.digest(key, utf8(value), "sha256") for key in self._label_keys(purpose, medium))

    def _label_keys(self, purpose: Label, medium: str) -> tuple[bytes, ...]:
        keys = self._labels.get((purpose, medium))
        if keys is None:
            info = (b"label", purpose.encode(), utf8(medium))
            keys = self._labels[purpose, medium] = tuple(derived(pepper, *info) for pepper in self._peppers)
        return keys

    @staticmethod
    def link(key: Key, previous: bytes, row_id: bytes, sealed: bytes) -> bytes:
        """The row's link (32 bytes) in the chain: a row missing, moved or put back breaks all that follow."""
        return hmac.digest(key._chain, canon(previous, row_id, hashlib.sha256(sealed).digest()), "sha256")


def padded(length: int) -> int:
    """The payload's size (bytes) for a body of this length: 64, 256, 1024, 4096, then multiples of 4096."""
    full = _HEAD + length
    return next((bucket for bucket in _BUCKETS if full <= bucket), -(-full // _BUCKETS[-1]) * _BUCKETS[-1])


def _envelope_of(owner: Owner, owner_id: bytes, reader: str) -> bytes:
    return canon(b"envelope", VERSION, utf8(owner), owner_id, utf8(reader))


def _bound_to(place: Place) -> bytes:
    return canon(
        utf8(place.column),
        VERSION,
        utf8(place.owner),
        place.owner_id,
        b"%d" % place.segment,
        place.row_id,
        b"%d" % place.sequence,
        utf8(place.direction),
    )
