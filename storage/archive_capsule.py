"""Opens a recovery capsule with a supervisor's pair: on her own machine, from a file that may be hostile."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke

from bot.errors import Unusable, WrongKey
from storage import archive, box, capsules


def check_reader(capsule: capsules.Capsule, reader: str) -> None:
    """WrongKey unless it is sealed to this key: told before a passphrase is asked for."""
    if reader not in capsule.seals:
        raise WrongKey("That capsule is not sealed to this key.", "Take a capsule from when it was in use.")


def opened_capsule(pair: archive.Pair, content: bytes) -> bytes:
    """The keyring file that is in it, for `greenroom restore`. Unusable when it does not open."""
    capsule, reader = capsules.read(content), box.SupervisorKey(pair.public).reader
    check_reader(capsule, reader)
    sealed, info = capsule.seals[reader], box.sealed_capsule_for(capsule.about, reader)
    private = hpke.MLKEM768X25519PrivateKey(*archive.halves(pair.private))
    try:
        if sealed[:1] != box.HPKE_TAG:
            raise ValueError
        return box.SUITE.decrypt(sealed[1:], private, info=info)
    except (InvalidTag, ValueError):
        raise Unusable(
            "That capsule does not open: it was changed since it was made.", "Take another one."
        ) from None
