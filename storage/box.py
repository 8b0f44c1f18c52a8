"""What every format is made of: canonical bytes, sub-keys, the AES-256-GCM box, the seal to a supervisor."""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot import errors

VERSION = b"\x01"
"""First byte of everything stored sealed, and part of what is authenticated."""
KEY_BYTES = 32
PLAIN_TAG = b"\x01"
HPKE_TAG = b"\x02"
"""First byte inside an envelope: the key itself, or an HPKE message to a supervisor."""
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
"""RFC 9180 with the hybrid of draft-ietf-hpke-pq: a copy taken today opens only to who breaks both halves."""
ML_KEM_BYTES = 1184
OVERHEAD = 29
"""Bytes that sealing adds: version 1, nonce 12, tag 16."""


def canon(*parts: bytes) -> bytes:
    """The parts, each as 4 bytes of length (big-endian) and its bytes: no two lists look alike."""
    return b"".join([piece for part in parts for piece in (len(part).to_bytes(4, "big"), part)])


def derived(secret: bytes, *purpose: bytes) -> bytes:
    """The 32-byte sub-key of `secret` for one purpose: HKDF-SHA256, info = canon("greenroom", purpose…)."""
    info = canon(b"greenroom", *purpose)
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(secret)


def checked(secrets: tuple[bytes, ...], setting: str) -> tuple[bytes, ...]:
    """The secrets as given, or SettingsError unless there is at least one and each has 32 bytes."""
    if not secrets or any(len(secret) != KEY_BYTES for secret in secrets):
        raise errors.SettingsError(f"{setting} must be exactly 32 bytes.", "Make one with `greenroom init`.")
    return secrets


class Box:
    """AES-256-GCM under one key; stored: version (1 byte) | nonce (12, random) | ciphertext, tag (16)."""

    __slots__ = ("_aead",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError("a box needs a key of 32 bytes")
        self._aead = AESGCM(secret)

    def shut(self, body: bytes, bound_to: bytes) -> bytes:
        """The body sealed; it opens only together with the same `bound_to`."""
        nonce = os.urandom(12)
        return VERSION + nonce + self._aead.encrypt(nonce, body, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """The body, whole; SealBroken when a bit, the place or the key is not the one it was sealed with."""
        if len(sealed) < OVERHEAD or sealed[:1] != VERSION:
            raise errors.SealBroken("A sealed row has an unknown form.")
        try:
            return self._aead.decrypt(sealed[1:13], sealed[13:], bound_to)
        except InvalidTag:
            raise errors.SealBroken("A sealed row does not open.") from None


class SupervisorKey:
    """A supervisor's public half: ML-KEM-768 (1,184 bytes), X25519 (32). `reader`: its name, a hash."""

    __slots__ = ("_public", "reader")

    def __init__(self, public: bytes) -> None:
        """ValueError when these are not the bytes of a public key."""
        self._public = hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(public[:ML_KEM_BYTES]),
            x25519.X25519PublicKey.from_public_bytes(public[ML_KEM_BYTES:]),
        )
        self.reader = hashlib.sha256(canon(b"supervisor", public)).hexdigest()[:32]

    def sealed(self, secret: bytes, owner: str, owner_id: bytes) -> bytes:
        """Tag | HPKE message (1,168 bytes for a key), which this supervisor alone opens, for this owner."""
        return HPKE_TAG + SUITE.encrypt(secret, self._public, info=sealed_for(owner, owner_id, self.reader))

    def sealed_capsule(self, body: bytes, about: bytes) -> bytes:
        """Tag | HPKE message with what a recovery capsule holds, which this supervisor alone opens."""
        return HPKE_TAG + SUITE.encrypt(body, self._public, info=sealed_capsule_for(about, self.reader))


def sealed_capsule_for(about: bytes, reader: str) -> bytes:
    """What a seal in a recovery capsule is bound to (HPKE's info)."""
    return canon(b"greenroom", b"capsule", VERSION, about, utf8(reader))


def sealed_for(owner: str, owner_id: bytes, reader: str) -> bytes:
    """What a seal to a supervisor is bound to (HPKE's info)."""
    return canon(b"greenroom", b"archive", VERSION, utf8(owner), owner_id, utf8(reader))


def utf8(text: str | bytes) -> bytes:
    """The UTF-8 of a text; bytes as they are."""
    # A lone surrogate must not raise: UnicodeEncodeError carries the whole text along in the traceback.
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
