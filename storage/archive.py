"""A supervisor's private half, for her own machine only: nothing that the server runs may import this."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from bot import errors
from storage import box, vault

_SEED_BYTES = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """`private`: ML-KEM-768 seed (64 bytes) and X25519 (32); `public`: what the server is given."""

    private: bytes = field(repr=False)
    public: bytes


def new_pair() -> Pair:
    """A new supervisor's pair."""
    lattice, curve = mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate()
    return pair_of(lattice.private_bytes_raw() + curve.private_bytes_raw())


def pair_of(private: bytes) -> Pair:
    """The pair with this private half; ValueError when these are not the bytes of one."""
    lattice, curve = halves(private)
    return Pair(private, lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw())


def opened(pair: Pair, inner: bytes, owner: vault.Owner, owner_id: bytes) -> vault.Key:
    """The key in an exported envelope (`Vault.exported`); SealBroken unless sealed to this pair and owner."""
    if inner[:1] != box.HPKE_TAG:
        raise errors.SealBroken("An envelope is not for a supervisor.")
    private = hpke.MLKEM768X25519PrivateKey(*halves(pair.private))
    info = box.sealed_for(owner, owner_id, box.SupervisorKey(pair.public).reader)
    try:
        return vault.Key(box.SUITE.decrypt(inner[1:], private, info=info))
    except (InvalidTag, ValueError):  # ValueError: a point that X25519 refuses
        raise errors.SealBroken("A sealed archive does not open.") from None


def halves(private: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
    """Both halves of a private half; ValueError when these are not the bytes of one."""
    return (
        mlkem.MLKEM768PrivateKey.from_seed_bytes(private[:_SEED_BYTES]),
        x25519.X25519PrivateKey.from_private_bytes(private[_SEED_BYTES:]),
    )
