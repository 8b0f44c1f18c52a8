"""Opens an exported conversation with a supervisor's pair: on her own machine, from a file that may be hostile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.conversation import Private
from bot.errors import SealBroken, WrongKey
from bot.messages import Direction, Line
from bot.people import StaffId
from bot.redact import Secret
from storage import archive
from storage.payloads import Said, text_of, unpack
from storage.places import of_conversation, of_line
from storage.sealed_file import Cover, SealedFile, changed, cover_place
from storage.vault import FIRST_LINK, Key, Owner, Vault


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, opened and found whole. `names`: aliases by staff id. `exported_at`: as the server said."""

    code: str
    medium: str
    language: str
    exported_at: datetime
    private: Private = field(repr=False)
    names: dict[int, str] = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)


def check_reader(file: SealedFile, reader: str) -> None:
    """WrongKey unless the file is sealed to this key: told before a passphrase is asked for."""
    if reader not in file.seals:
        raise WrongKey(
            "That archive is not sealed to this key.", "See whose can open it: greenroom archive list"
        )


def opened(file: SealedFile, pair: archive.Pair, reader: str) -> Talk:
    """The whole conversation. Unusable when a lock, a link, an order or a count does not fit: then nothing is shown."""
    check_reader(file, reader)
    try:
        return _opened(file, pair, reader)
    except (SealBroken, ValueError, OverflowError):
        raise changed() from None


def _opened(file: SealedFile, pair: archive.Pair, reader: str) -> Talk:
    seals = file.seals[reader]
    cover_key = archive.opened(pair, seals.cover, Owner.EXPORT, file.id)
    cover = Vault.open(cover_key, cover_place(file.id), file.cover)
    told = unpack(Cover, cover.body)
    key = archive.opened(pair, seals.conversation, Owner.CONVERSATION, file.conversation)
    place = of_conversation(file.conversation, file.version)
    private = unpack(Private, Vault.open(key, place, file.row).body)
    return Talk(
        code=told.code,
        medium=told.medium,
        language=told.language,
        exported_at=cover.at,
        private=private,
        names=told.names,
        lines=tuple(_lines(file, key, private.chain)),
    )


def _lines(file: SealedFile, key: Key, last: bytes) -> Iterator[Line]:
    """Every line, in order; the chain must begin at the first and end at the last that was ever written."""
    before = FIRST_LINK
    for number, row in enumerate(file.lines, start=1):
        if row.sequence != number or Vault.link(key, before, row.id, row.sealed) != row.link:
            raise SealBroken("A line of an archive is missing, changed or moved.")
        before = row.link
        place = of_line(file.conversation, row.id, row.sequence, row.direction)
        found = Vault.open(key, place, row.sealed)
        said = unpack(Said, found.body)
        yield Line(
            id=row.id,
            sequence=row.sequence,
            direction=Direction(row.direction),
            staff=None if said.staff is None else StaffId(said.staff),
            at=found.at,
            text=Secret(text_of(said.text)),
        )
    if before != last:
        raise SealBroken("The newest line of an archive is not the last that was written.")
