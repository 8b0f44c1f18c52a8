"""Published vectors (NIST, RFC 5869, RFC 4231, RFC 9180 and its post-quantum draft) through our own functions.

As near as their parameters allow: a box fixes nonce length, key length and tag; `derived` fixes salt and info, so it is
compared with a reference of a few lines that the vectors have checked; labels and links with HMAC, the same way; the
seal to a supervisor fixes the AEAD, so KEM with KDF and AEAD with KDF are checked by a vector each.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cryptography_vectors
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import SealBroken
from storage import archive, box
from storage.keyring import Keyring
from storage.vault import Key, Label, Vault
from tests.secrecy.trial import Outcome, Place

FOLDER = Path(cryptography_vectors.__file__).parent


def vectors(place: Place) -> Iterator[Outcome]:
    """All of them; through is what does not come out as published."""
    yield from _gcm()
    yield from _hkdf()
    yield from _hmac(place)
    yield from _hpke()


def _blocks(path: str, between: str = "\n\n") -> Iterator[dict[str, str]]:
    """The blocks "Name = value" of a file, each with the settings "[Name = value]" above it; an odd line is a mark."""
    settings: dict[str, str] = {}
    for block in (FOLDER / path).read_text().split(between):
        found: dict[str, str] = {}
        for line in block.splitlines():
            setting = re.fullmatch(r"\[(\w+) = (\w+)\]", line)
            value = re.fullmatch(r"(\w+)\s*=\s*([\w-]*)\s*", line)
            if setting:
                settings[setting[1]] = setting[2]
            elif value:
                found[value[1]] = value[2]
            elif line and not line.startswith("#"):
                found[line] = ""
        if found:
            yield settings | found


# ── AES-256-GCM: storage/box.Box ──


def _gcm() -> Iterator[Outcome]:
    """Every vector with a key of 256 bits, a nonce of 96 and a tag of 128, opened by `Box.open`."""
    for name in ("gcmDecrypt256.rsp", "gcmEncryptExtIV256.rsp"):
        for one in _blocks(f"ciphers/AES/GCM/{name}"):
            if (one.get("IVlen"), one.get("Taglen")) != ("96", "128") or "Key" not in one:
                continue
            key, nonce, text, bound, tag = (bytes.fromhex(one[n]) for n in ("Key", "IV", "CT", "AAD", "Tag"))
            ours = box.Box(key)
            try:
                opened = ours.open(box.VERSION + nonce + text + tag, bound)
            except SealBroken:
                right = "FAIL" in one
            else:
                right = "FAIL" not in one and opened == bytes.fromhex(one["PT"])
                right &= ours.open(ours.shut(opened, bound), bound) == opened
            yield Outcome(1, int(not right), f"AES-GCM: {name}")


# ── HKDF: storage/box.derived ──


def expanded(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 by its text, with SHA-256."""
    key = hmac.digest(salt or bytes(32), secret, "sha256")
    made, block = b"", b""
    while len(made) < length:
        block = hmac.digest(key, block + info + bytes([len(made) // 32 + 1]), "sha256")
        made += block
    return made[:length]


def _hkdf() -> Iterator[Outcome]:
    for one in _blocks("KDF/rfc-5869-HKDF-SHA256.txt", "COUNT"):
        if "IKM" not in one:
            continue
        secret, salt, info, wanted = (bytes.fromhex(one.get(n, "")) for n in ("IKM", "salt", "info", "OKM"))
        theirs = HKDF(SHA256(), int(one["L"]), salt or None, info).derive(secret)
        right = expanded(secret, salt, info, int(one["L"])) == wanted == theirs
        mine = box.derived(secret, info, salt)
        right &= mine == expanded(secret, b"", box.canon(b"greenroom", info, salt), 32)
        yield Outcome(1, int(not right), "HKDF: RFC 5869")


# ── HMAC: labels and links of storage/vault ──


def _hmac(place: Place) -> Iterator[Outcome]:
    pepper = secrets.token_bytes(32)
    root = secrets.token_bytes(32)
    keyring = Keyring.create(place.folder / "vectors-keyring", root)
    vault = Vault(roots=(root,), peppers=(pepper,), keyring=keyring)
    chain = expanded(pepper, b"", box.canon(b"greenroom", b"chain"), 32)
    seek = expanded(pepper, b"", box.canon(b"greenroom", b"label", b"route", b"sms"), 32)
    for one in _blocks("HMAC/rfc-4231-sha256.txt"):
        if "MD" not in one:
            continue
        key, said, wanted = (bytes.fromhex(one[name]) for name in ("Key", "Msg", "MD"))
        right = hmac.digest(key, said, "sha256")[: len(wanted)] == wanted
        right &= vault.label(Label.ROUTE, "sms", said) == hmac.digest(seek, said, "sha256")
        linked = box.canon(key, said, hashlib.sha256(wanted).digest())
        right &= vault.link(Key(pepper), key, said, wanted) == hmac.digest(chain, linked, "sha256")
        yield Outcome(1, int(not right), "HMAC: RFC 4231")


# ── HPKE: storage/box.SUITE ──


def _hpke() -> Iterator[Outcome]:
    """Our suite is X-Wing, HKDF-SHA256, AES-256-GCM. Published are X-Wing with HKDF-SHA256 (and another AEAD), and
    HKDF-SHA256 with AES-256-GCM (and another KEM)."""
    hybrid = _published("hpke-pq-test-vectors.json", kem_id=0x647A, kdf_id=1)
    for one in hybrid:
        pair = archive.pair_of(hashlib.shake_256(bytes.fromhex(one["skRm"])).digest(96))
        suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
        private = hpke.MLKEM768X25519PrivateKey(*archive.halves(pair.private))
        right = pair.public.hex() == one["pkRm"] and _opens(suite, private, one)
        yield Outcome(1, int(not right), "HPKE: X-Wing with HKDF-SHA256")
    for one in _published("test-vectors.json", kem_id=32, kdf_id=1, aead_id=2, mode=0):
        suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
        private = x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(one["skRm"]))
        yield Outcome(1, int(not _opens(suite, private, one)), "HPKE: HKDF-SHA256 with AES-256-GCM")


def _published(name: str, **wanted: int) -> list[dict[str, Any]]:
    found = [
        one
        for one in json.loads((FOLDER / "HPKE" / name).read_text())
        if all(one[key] == value for key, value in wanted.items())
    ]
    assert found
    return found


def _opens(suite: hpke.Suite, private: Any, one: dict[str, Any]) -> bool:
    """The first message; the later ones of a context have no counterpart in a single seal."""
    first = one["encryptions"][0]
    # The vectors have associated data, which we never use: only the library's own door for its tests takes it.
    opened = openssl.hpke._decrypt_with_aad(
        suite,
        bytes.fromhex(one["enc"]) + bytes.fromhex(first["ct"]),
        private,
        bytes.fromhex(one["info"]),
        bytes.fromhex(first["aad"]),
    )
    return bool(opened == bytes.fromhex(first["pt"]))
