"""The file in which a sealed conversation travels to a supervisor's own machine: its form, its bounds, nothing secret.

What is in it is as it lies in the database, without the epoch layer: who has no supervisor's key reads how many lines
there are, and how long. Whoever opens it takes it for hostile: it may come from anywhere.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from bot.errors import Unusable
from storage.vault import Owner, Place

MAGIC: Final = b"greenroom archive 1\n"
_FAMILY: Final = b"greenroom archive "
LARGEST: Final = 128 * 1024 * 1024
"""Bytes of a whole file: 30,000 of the longest lines."""
_DIGEST: Final = 32

Id = Annotated[bytes, Meta(min_length=16, max_length=16)]
Reader = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Link = Annotated[bytes, Meta(min_length=32, max_length=32)]


class SealedLine(msgspec.Struct, frozen=True, array_like=True):
    """One row of the transcript."""

    sequence: Count
    id: Id
    direction: str
    sealed: bytes
    link: Link


class Seals(msgspec.Struct, frozen=True, array_like=True):
    """One reader's: the conversation's key, and the key of the cover."""

    conversation: bytes
    cover: bytes


class SealedFile(msgspec.Struct, frozen=True, array_like=True):
    """All of it. `row` and `version`: what was sealed with the conversation, its chain's last link among it."""

    id: Id
    conversation: Id
    version: Count
    row: bytes
    lines: Annotated[tuple[SealedLine, ...], Meta(max_length=100_000)]
    seals: Annotated[dict[Reader, Seals], Meta(min_length=1, max_length=100)]
    cover: bytes


class Cover(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed for the readers beside the transcript. `names`: aliases by staff id. `day`: since 1970."""

    code: str
    medium: str
    language: str
    day: int
    names: dict[int, str]


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(SealedFile)


def written(file: SealedFile) -> bytes:
    """The file's bytes."""
    body = _ENCODER.encode(file)
    return MAGIC + hashlib.sha256(body).digest() + body


def raw(path: Path) -> bytes:
    """A file's bytes, if it is not too large to be one of ours; Unusable."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError:
        raise Unusable("The file cannot be read.", "See that it is there and yours to read.") from None
    if len(content) > LARGEST:
        raise Unusable("That file is far too large to be an archive.", "Export it again, and copy it whole.")
    return content


def read(content: bytes) -> SealedFile:
    """The file in these bytes; Unusable says what they are instead."""
    if not content.startswith(MAGIC):
        if content.startswith(_FAMILY):
            raise Unusable(
                "That archive is of another version than this Greenroom reads.", "Update Greenroom."
            )
        raise Unusable("That file is no archive of Greenroom's.", "Give one that `archive export` wrote.")
    digest, body = content[len(MAGIC) :][:_DIGEST], content[len(MAGIC) + _DIGEST :]
    if hashlib.sha256(body).digest() != digest:
        raise Unusable("That archive was cut or damaged on its way.", "Copy the whole file again.")
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError):
        raise changed() from None


def cover_place(file_id: bytes) -> Place:
    """What the cover is bound to."""
    return Place("export.cover", Owner.EXPORT, file_id, file_id)


def changed() -> Unusable:
    """Somebody has been at it: a lock, a link or a count does not fit."""
    return Unusable(
        "That archive was changed since it was exported: nothing of it is shown.", "Export it again."
    )
