"""What was said: each line sealed, each linked to the one before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, select

from bot.conversation import Conversation
from bot.errors import SealBroken, Stale
from bot.messages import Direction, Line
from bot.people import StaffId
from bot.redact import Secret
from storage.desk import Desk
from storage.payloads import Said, pack, text_of, unpack, written
from storage.places import of_line
from storage.tables import transcript
from storage.vault import FIRST_LINK, Owner

_FROM = (
    select(
        transcript.c.sequence,
        transcript.c.id,
        transcript.c.direction,
        transcript.c.sealed,
        transcript.c.link,
    )
    .where(transcript.c.conversation == bindparam("of"), transcript.c.sequence >= bindparam("first"))
    .order_by(transcript.c.sequence)
)


class Transcript:
    """The lines of conversations."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(
        self,
        conversation: Conversation,
        direction: Direction,
        text: Secret[str],
        *,
        staff: StaffId | None,
        at: datetime,
    ) -> tuple[Conversation, bytes]:
        """Writes the next line; returns the conversation with its new chain, for the caller to save, and the line's id.

        Stale when somebody else wrote the next line first.
        """
        vault = self._desk.vault
        key = self._desk.key(Owner.CONVERSATION, conversation.id)
        line_id = self._desk.chance.id()
        sequence = conversation.sequence + 1
        body = pack(Said(written(text.reveal()), staff))
        sealed = vault.seal(key, of_line(conversation.id, line_id, sequence, direction.value), body, at)
        link = vault.link(key, conversation.private.chain, line_id, sealed)
        row: dict[str, object] = {
            "conversation": conversation.id,
            "sequence": sequence,
            "id": line_id,
            "direction": direction.value,
            "sealed": sealed,
            "link": link,
        }
        if not self._desk.put_once(transcript, row):
            raise Stale("The conversation has a new line.")
        private = msgspec.structs.replace(conversation.private, chain=link)
        return replace(conversation, sequence=sequence, private=private), line_id

    def read(self, conversation: Conversation, *, last: int | None = None) -> list[Line]:
        """All lines, or the last so many, oldest first; SealBroken when one is missing, moved, changed or put back."""
        count = conversation.sequence if last is None else min(last, conversation.sequence)
        if count <= 0 and (last is not None or conversation.sequence == 0):
            return []
        first = conversation.sequence - count + 1
        rows = self._desk.conn.execute(_FROM, {"of": conversation.id, "first": first - 1}).all()
        before = FIRST_LINK
        if first > 1:  # the line before the first that was asked for: only its link is needed
            before = rows[0].link if rows else FIRST_LINK
            rows = rows[1:]
        if [row.sequence for row in rows] != list(range(first, conversation.sequence + 1)):
            raise _broken("A line of a transcript is missing.", conversation)
        key = self._desk.key(Owner.CONVERSATION, conversation.id)
        lines = []
        for row in rows:
            if self._desk.vault.link(key, before, row.id, row.sealed) != row.link:
                raise _broken("A line of a transcript was changed or moved.", conversation, row.id)
            before = row.link
            place = of_line(conversation.id, row.id, row.sequence, row.direction)
            opened = self._desk.vault.open(key, place, row.sealed)
            said = unpack(Said, opened.body)
            lines.append(
                Line(
                    id=row.id,
                    sequence=row.sequence,
                    direction=Direction(row.direction),
                    staff=None if said.staff is None else StaffId(said.staff),
                    at=opened.at,
                    text=Secret(text_of(said.text)),
                )
            )
        if before != conversation.private.chain:
            raise _broken("The newest line of a transcript is not the last that was written.", conversation)
        return lines


def _broken(what: str, conversation: Conversation, line_id: bytes = b"") -> SealBroken:
    return SealBroken(what).at("transcript.link", Owner.CONVERSATION, conversation.id, line_id)
