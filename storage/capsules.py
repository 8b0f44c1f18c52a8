"""A recovery capsule: the keyring file, which only the root key opens, sealed once more to each supervisor.

With a backup of the database and the root key it brings the line back; whoever finds it has nothing. In the clear: when
it was made, of which tables, and which keys open it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from bot.errors import Unusable
from storage.box import SupervisorKey, canon, utf8

MAGIC: Final = b"greenroom capsule 1\n"
_DIGEST: Final = 32


class Capsule(msgspec.Struct, frozen=True, array_like=True):
    """All of it. `made_at`: ISO 8601, UTC. `schema`: the database's revision. `seals`: by reader."""

    made_at: str
    schema: str
    seals: Annotated[dict[str, bytes], Meta(min_length=1, max_length=100)]

    @property
    def about(self) -> bytes:
        """What each seal is bound to."""
        return canon(utf8(self.made_at), utf8(self.schema))


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Capsule)


def written(keyring: bytes, *, made_at: datetime, schema: str, halves: Iterable[SupervisorKey]) -> bytes:
    """The capsule's bytes; there is at least one to seal it to."""
    bare = Capsule(made_at.isoformat(), schema, {})
    seals = {half.reader: half.sealed_capsule(keyring, bare.about) for half in halves}
    body = _ENCODER.encode(Capsule(bare.made_at, schema, seals))
    return MAGIC + hashlib.sha256(body).digest() + body


def read(content: bytes) -> Capsule:
    """The capsule in these bytes; Unusable when they are none, or not whole."""
    if not content.startswith(MAGIC):
        raise Unusable("That file is no recovery capsule.", "Give one from the folder capsules.")
    digest, body = content[len(MAGIC) :][:_DIGEST], content[len(MAGIC) + _DIGEST :]
    if hashlib.sha256(body).digest() != digest:
        raise Unusable("That capsule was cut or damaged on its way.", "Copy the whole file again.")
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError):
        raise Unusable("That capsule was changed since it was made.", "Take another one.") from None
