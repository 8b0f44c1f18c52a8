"""An epoch key on its way to another host: sealed to a one-time key of that host, and authenticated by the root key.

Whoever has the database sees that hosts talk; whoever lacks the root key can neither ask for a key nor slip one in.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from bot.errors import SealBroken
from storage.box import KEY_BYTES, ML_KEM_BYTES, SUITE, VERSION, canon
from storage.keyring import Keyring

_PROOF_BYTES = 32


@dataclass(frozen=True, slots=True)
class Host:
    """A process that can be sent keys. `knows`: the newest epoch up to which it has them all."""

    id: bytes
    public: bytes
    proof: bytes
    knows: bytes | None = None


class Mailbox:
    """The private half of a one-time pair: in memory only, and for one delivery only.

    It is thrown away once it was used: a backup of the database still has what was sent to it.
    """

    __slots__ = ("_private", "host")

    def __init__(self, keyring: Keyring) -> None:
        lattice, curve = mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate()
        self._private = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        host_id = os.urandom(16)
        self.host = Host(host_id, public, keyring.proof(b"host", canon(host_id, public)))

    def opened(self, keyring: Keyring, kid: bytes, parcel: bytes) -> bytes:
        """The key in a parcel for this host; SealBroken unless another holder of the root key sent it here."""
        message, proof = parcel[:-_PROOF_BYTES], parcel[-_PROOF_BYTES:]
        if not keyring.proven(b"parcel", canon(self.host.id, kid, message), proof):
            raise SealBroken("A parcel was not sent by a host of this line.")
        try:
            secret = SUITE.decrypt(message, self._private, info=_bound_to(self.host.id, kid))
        except (InvalidTag, ValueError):
            raise SealBroken("A parcel does not open.") from None
        if len(secret) != KEY_BYTES:
            raise SealBroken("A parcel holds no key.")
        return secret


def sealed(keyring: Keyring, host: Host, kid: bytes) -> bytes | None:
    """The key of this epoch for that host; None when the host cannot prove that it has the root key."""
    if not keyring.proven(b"host", canon(host.id, host.public), host.proof):
        return None
    try:
        public = hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(host.public[:ML_KEM_BYTES]),
            x25519.X25519PublicKey.from_public_bytes(host.public[ML_KEM_BYTES:]),
        )
    except ValueError:
        return None
    message = SUITE.encrypt(keyring.secret_of(kid), public, info=_bound_to(host.id, kid))
    return message + keyring.proof(b"parcel", canon(host.id, kid, message))


def _bound_to(host_id: bytes, kid: bytes) -> bytes:
    return canon(b"greenroom", b"parcel", VERSION, host_id, kid)
