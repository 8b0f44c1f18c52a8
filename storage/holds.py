"""What must be kept for now, because the law demands it: which conversation, until when, who says so and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, delete, select, update

from bot.errors import SealBroken
from bot.people import ConversationId, StaffId
from storage.desk import AnyRow, Desk
from storage.line import LINE_ID
from storage.payloads import pack, unpack
from storage.tables import endings, holds
from storage.vault import Owner, Place


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold. `wished`: the texter has asked for erasing meanwhile; it happens when the hold ends."""

    conversation: ConversationId
    until: datetime
    by: StaffId
    reason: str
    wished: bool = False


class _Written(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: holds.sealed."""

    by: int
    reason: str
    wished: bool = False


_ALL = select(holds).order_by(holds.c.until)
_ONE = select(holds).where(holds.c.conversation == bindparam("of"))
_ENDED = select(holds.c.conversation).where(holds.c.until <= bindparam("now")).order_by(holds.c.until)
_CHANGE = (
    update(holds)
    .where(holds.c.conversation == bindparam("of"))
    .values(until=bindparam("then"), sealed=bindparam("value"))
)
_END = delete(holds).where(holds.c.conversation == bindparam("of"))
_LOOK = update(endings).where(endings.c.conversation == bindparam("of")).values(look_at=bindparam("now"))


class Holds:
    """The holds. Each change makes time look at the conversation again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def all(self) -> list[Hold]:
        """Those that run, the first to end first."""
        return [self._opened(row) for row in self._desk.conn.execute(_ALL).all()]

    def of(self, conversation_id: ConversationId) -> Hold | None:
        """The hold of one conversation."""
        row = self._desk.conn.execute(_ONE, {"of": conversation_id}).first()
        return None if row is None else self._opened(row)

    def ended(self) -> list[ConversationId]:
        """Whose hold is over."""
        found = self._desk.conn.execute(_ENDED, {"now": self._desk.now}).scalars()
        return [ConversationId(one) for one in found]

    def put(self, hold: Hold) -> None:
        """It holds from now on, in the place of one that there was."""
        sealed = self._desk.vault.seal(
            self._desk.own_key(Owner.LINE, LINE_ID),
            _place(hold.conversation),
            pack(_Written(hold.by, hold.reason, hold.wished)),
            self._desk.now,
        )
        row = {"conversation": hold.conversation, "until": hold.until, "sealed": sealed}
        if not self._desk.put_once(holds, row):
            params = {"of": hold.conversation, "then": hold.until, "value": sealed}
            self._desk.conn.execute(_CHANGE, params)
        self._look(hold.conversation)

    def wish(self, hold: Hold) -> None:
        """Its texter wants it erased: remembered for the end of the hold."""
        self.put(replace(hold, wished=True))

    def end(self, conversation_id: ConversationId) -> bool:
        """It holds no more; whether it did until now: of two that end it at once one is told so."""
        held = self._desk.conn.execute(_END, {"of": conversation_id}).rowcount == 1
        self._look(conversation_id)
        return held

    def _look(self, conversation_id: ConversationId) -> None:
        self._desk.conn.execute(_LOOK, {"of": conversation_id, "now": self._desk.now})

    def _opened(self, row: AnyRow) -> Hold:
        try:
            key = self._desk.key(Owner.LINE, LINE_ID)
            said = unpack(_Written, self._desk.vault.open(key, _place(row.conversation), row.sealed).body)
        except SealBroken as broken:
            # It holds all the same, and keeps nobody from erasing: only who and why are lost.
            self._desk.notice(broken.at("holds.sealed", Owner.LINE, LINE_ID, row.conversation))
            said = _Written(by=0, reason="")
        return Hold(ConversationId(row.conversation), row.until, StaffId(said.by), said.reason, said.wished)


def _place(conversation: bytes) -> Place:
    return Place("holds.sealed", Owner.LINE, LINE_ID, conversation)
