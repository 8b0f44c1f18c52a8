"""What stands inside sealed columns, and its one packing: MessagePack arrays; a new field goes last, with a default."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from bot.conversation import Private
from bot.errors import SealBroken

T = TypeVar("T")


class Registered(Private, frozen=True):
    """A conversation: conversations.sealed. `beside`: a hash of what stands in the clear beside it; `texter`: her
    contact. Whoever reads Private alone passes over both; rows from before they were known have neither."""

    beside: bytes = b""
    texter: bytes | None = None


class Beside(msgspec.Struct, frozen=True):
    """The same row, read for that alone."""

    beside: bytes = b""
    texter: bytes | None = None


class Profile(msgspec.Struct, frozen=True, array_like=True):
    """A staff member: staff.sealed."""

    name: str
    roles: tuple[str, ...]
    languages: tuple[str, ...]
    zone: str = ""


class Whereabouts(msgspec.Struct, frozen=True, array_like=True):
    """An address: staff_contacts.sealed, texter_contacts.sealed."""

    place: str
    via: str
    staff: int | None = None


class Said(msgspec.Struct, frozen=True, array_like=True):
    """One line: transcript.sealed."""

    text: bytes
    staff: int | None = None


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """One held text: held.sealed."""

    text: bytes
    message: str | None = None


class Author(msgspec.Struct, frozen=True, array_like=True):
    """Whose words they are (bot.messages.Writer)."""

    staff: int
    contact: bytes
    message: str | None = None


class Mail(msgspec.Struct, frozen=True, array_like=True):
    """What a letter says: outbox.sealed. `place`: farewells only."""

    text: bytes
    via: str
    reference: str
    buttons: tuple[tuple[str, str], ...] = ()
    author: Author | None = None
    line: bytes | None = None
    place: str | None = None
    offer: bool = False
    last_part: bool = True
    together: bool = False


class Trace(msgspec.Struct, frozen=True, array_like=True):
    """Where a carrier holds a message: copies.sealed."""

    via: str
    chat: str
    message: str
    author: Author | None = None
    media: bool = False
    about: bytes | None = None
    question: bytes | None = None


class Version(msgspec.Struct, frozen=True, array_like=True):
    """One version of the rota: rotas.sealed."""

    document: bytes
    by: str


_ENCODER = msgspec.msgpack.Encoder()


_DECODERS: dict[type[object], msgspec.msgpack.Decoder[Any]] = {}


def registered(private: Private, *, beside: bytes, texter: bytes | None) -> Registered:
    """The private part of a conversation with what binds it to its row."""
    return Registered(**msgspec.structs.asdict(private), beside=beside, texter=texter)


def pack(value: msgspec.Struct) -> bytes:
    """The bytes to be sealed."""
    return _ENCODER.encode(value)


def unpack(kind: type[T], body: bytes) -> T:
    """What `pack` was given; SealBroken when the form is not this one."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.msgpack.Decoder(kind)
    try:
        found: T = decoder.decode(body)
    except msgspec.MsgspecError:
        raise SealBroken("A sealed row has an unknown form.") from None
    return found


def written(text: str) -> bytes:
    """A text as bytes; a lone surrogate survives, so that no text can make a row impossible to store."""
    return text.encode("utf-8", "surrogatepass")


def text_of(text: bytes) -> str:
    """The text of `written`."""
    return text.decode("utf-8", "surrogatepass")
