"""What destroys: a conversation erased, an address forgotten, what surrounds it cleared away. Nothing here opens it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Update, bindparam, delete, update

from bot.conversation import Conversation, State
from bot.errors import Stale
from bot.messages import Side
from bot.people import ConversationId
from storage.desk import Desk
from storage.endings import Ended
from storage.outbox import Outbox
from storage.tables import conversations, endings, held, holds, hour_of, offers, transcript
from storage.texters import Texters
from storage.vault import Owner

AnyOne = TypeVar("AnyOne", Conversation, Ended)

_SEEN = update(conversations).where(
    conversations.c.id == bindparam("of"), conversations.c.version == bindparam("seen")
)
_TOUCH = _SEEN.values(version=bindparam("next"))
_ERASE = _SEEN.values(
    state=State.ERASED.value, texter=None, due_at=None, sealed=None, version=bindparam("next")
)
_AT_THIS_HOUR = (
    update(conversations).where(conversations.c.id == bindparam("of")).values(last_hour=bindparam("hour"))
)
_FADE = _SEEN.values(texter=None)
_CONTENT = tuple(
    delete(table).where(table.c.conversation == bindparam("of"))
    for table in (transcript, held, offers, holds)
)
_AROUND = tuple(delete(table).where(table.c.conversation == bindparam("of")) for table in (held, offers))
_STRIKE = (
    *(delete(table).where(table.c.conversation == bindparam("of")) for table in (holds, endings)),
    delete(conversations).where(
        conversations.c.id == bindparam("of"), conversations.c.state == State.ERASED.value
    ),
)


class Erasing:
    """By id and version alone: what is sealed, damaged or long forgotten can be destroyed like everything else."""

    def __init__(self, desk: Desk, outbox: Outbox) -> None:
        self._desk = desk
        self._outbox = outbox
        self._texters = Texters(desk)

    def touch(self, one: AnyOne) -> AnyOne:
        """Its row is ours until the end of the transaction; with its new version. Stale when it has changed."""
        self._change(_TOUCH, one)
        return replace(one, version=one.version + 1)

    def erase(self, conversation: Conversation | Ended, *, by_time: bool) -> None:
        """Content, address and keys are gone. The hour stays what it was when only time did it."""
        self._change(_ERASE, conversation)
        of = {"of": conversation.id}
        if not by_time:
            self._desk.conn.execute(_AT_THIS_HOUR, of | {"hour": hour_of(self._desk.now)})
        self._outbox.cancel(conversation.id)
        for statement in _CONTENT:
            self._desk.conn.execute(statement, of)
        self._texters.forget(conversation.id, conversation.texter)
        self._desk.forget_keys(Owner.CONVERSATION, [conversation.id])

    def forget(self, ended: Ended) -> None:
        """The address is gone, and what waited to be sent there."""
        if ended.texter is None:
            return
        params = {"of": ended.id, "seen": ended.version}
        if self._desk.conn.execute(_FADE, params).rowcount != 1:
            raise Stale("The conversation has changed.")
        self._outbox.cancel(ended.id, Side.TEXTER)
        self._texters.fade(ended.id, ended.texter)

    def clear(self, conversation_id: ConversationId) -> None:
        """Held texts, offers and letters about it are gone."""
        for statement in _AROUND:
            self._desk.conn.execute(statement, {"of": conversation_id})
        self._outbox.cancel(conversation_id)

    def strike(self, conversation_id: ConversationId) -> None:
        """The bare row of an erased one is gone."""
        for statement in _STRIKE:
            self._desk.conn.execute(statement, {"of": conversation_id})

    def _change(self, statement: Update, one: Conversation | Ended) -> None:
        params = {"of": one.id, "seen": one.version, "next": one.version + 1}
        if self._desk.conn.execute(statement, params).rowcount != 1:
            raise Stale("The conversation has changed.")
