"""Sealed conversations: which there are, and the file in which one travels to a supervisor. Nothing is opened here."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from bot.conversation import State
from bot.errors import SealBroken
from bot.people import ConversationId
from storage.archive_keys import ArchiveKeys
from storage.desk import AnyRow, Desk
from storage.payloads import pack
from storage.sealed_file import Cover, SealedFile, SealedLine, Seals, cover_place, written
from storage.staff import StaffRoom
from storage.tables import conversations, envelopes, transcript
from storage.vault import SERVER, Envelope, Owner

_ALL = (
    select(
        conversations.c.id,
        conversations.c.code,
        conversations.c.created_day,
        conversations.c.sequence,
        envelopes.c.reader,
    )
    .select_from(conversations.join(envelopes, envelopes.c.owner_id == conversations.c.id))
    .where(
        conversations.c.state == State.SEALED.value,
        envelopes.c.owner == Owner.CONVERSATION.value,
        envelopes.c.reader != SERVER,
    )
    .order_by(conversations.c.created_day, conversations.c.id, envelopes.c.reader)
)
_ROW = select(conversations).where(conversations.c.id == bindparam("of"))
_LINES = (
    select(transcript).where(transcript.c.conversation == bindparam("of")).order_by(transcript.c.sequence)
)
_ENVELOPES = (
    select(envelopes.c.reader, envelopes.c.kid, envelopes.c.wrapped)
    .where(
        envelopes.c.owner == Owner.CONVERSATION.value,
        envelopes.c.owner_id == bindparam("of"),
        envelopes.c.reader != SERVER,
    )
    .order_by(envelopes.c.reader)
)


@dataclass(frozen=True, slots=True)
class SealedTalk:
    """What can be told of a sealed conversation without opening it. `day`: when it began, since 1970."""

    id: ConversationId
    code: str
    day: int
    lines: int
    readers: tuple[str, ...]


class Sealed:
    """The sealed conversations."""

    def __init__(self, desk: Desk, staff: StaffRoom, keys: ArchiveKeys) -> None:
        self._desk = desk
        self._staff = staff
        self._keys = keys

    def all(self) -> list[SealedTalk]:
        """Those that are there, the oldest first."""
        found: dict[bytes, SealedTalk] = {}
        for row in self._desk.conn.execute(_ALL):
            readers = (*found[row.id].readers, row.reader) if row.id in found else (row.reader,)
            found[row.id] = SealedTalk(
                ConversationId(row.id), row.code, row.created_day, row.sequence, readers
            )
        return list(found.values())

    def exported(self, talk: SealedTalk) -> bytes:
        """The file for its readers. SealBroken when a row is missing or an envelope does not open."""
        conn, vault = self._desk.conn, self._desk.vault
        row = conn.execute(_ROW, {"of": talk.id}).one()
        lines = conn.execute(_LINES, {"of": talk.id}).all()
        if row.sealed is None or [line.sequence for line in lines] != list(range(1, row.sequence + 1)):
            raise SealBroken("A line of a sealed conversation is missing.")
        halves = {one.reader: one.half for one in self._keys.all()}
        file_id, key = self._desk.chance.id(), vault.new_key()
        seals = {}
        for one in conn.execute(_ENVELOPES, {"of": talk.id}):
            if one.reader in halves:
                inner = vault.exported(
                    Envelope(one.kid, one.wrapped, one.reader), Owner.CONVERSATION, talk.id
                )
                seals[one.reader] = Seals(
                    inner, vault.sealed_for(halves[one.reader], key, Owner.EXPORT, file_id)
                )
        return written(
            SealedFile(
                id=file_id,
                conversation=talk.id,
                version=row.version,
                row=row.sealed,
                lines=tuple(
                    SealedLine(one.sequence, one.id, one.direction, one.sealed, one.link) for one in lines
                ),
                seals=seals,
                cover=vault.seal(key, cover_place(file_id), pack(self._cover(row)), self._desk.now),
            )
        )

    def _cover(self, row: AnyRow) -> Cover:
        names = {int(person.id): person.name for person in self._staff.everyone()}
        return Cover(row.code, row.medium, row.language, row.created_day, names)
