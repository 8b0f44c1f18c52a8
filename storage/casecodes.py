"""Which case codes are alive, and which are resting."""

from __future__ import annotations

from functools import cache
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot import casecode
from bot.errors import Stale
from bot.people import ConversationId
from storage.desk import Desk, insert_into
from storage.tables import casecodes, day_of

REST_DAYS: Final = 30
"""A code is not given again so soon: a text with an old code must not reach somebody else's conversation."""

_RESTED = select(casecodes.c.rested_day).where(casecodes.c.code == bindparam("of"))
_LONGEST = (
    select(casecodes.c.code)
    .where(casecodes.c.rested_day.is_not(None))
    .order_by(casecodes.c.rested_day)
    .limit(1)
)
_HOLDER = select(casecodes.c.conversation).where(casecodes.c.code == bindparam("of"))
_FREE = (
    update(casecodes)
    .where(
        casecodes.c.code == bindparam("of"),
        casecodes.c.conversation == bindparam("by"),
        casecodes.c.rested_day.is_(None),
    )
    .values(rested_day=bindparam("day"))
)


@cache
def _give(*, shared: bool) -> postgresql.Insert | sqlite.Insert:
    """Inserts the code, or hands on one that rests; no row is touched when it is alive."""
    new = insert_into(casecodes, shared=shared)
    return new.on_conflict_do_update(
        index_elements=["code"],
        set_={"conversation": new.excluded.conversation, "rested_day": None},
        where=casecodes.c.rested_day.is_not(None),
    )


class CaseCodes:
    """Never two equal codes alive at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def give(self, conversation: ConversationId) -> str:
        """A code for a new conversation: never used or rested 30 days; when there is none, the longest-rested.

        Stale when somebody else was given it at this moment.
        """
        try:
            code: str = casecode.pick(self._desk.chance.below, self._taken)
        except LookupError:
            code = self._longest_rested()
        row = {"code": code, "conversation": conversation, "rested_day": None}
        if self._desk.conn.execute(_give(shared=self._desk.shared), row).rowcount != 1:
            raise Stale("This code was given a moment ago.")
        return code

    def free(self, code: str, conversation: ConversationId) -> None:
        """The code begins to rest today; harmless when repeated or when it is another's by now."""
        self._desk.conn.execute(_FREE, {"of": code, "by": conversation, "day": day_of(self._desk.now)})

    def holder(self, code: str) -> ConversationId | None:
        """The conversation that the code stands for, or stood for last."""
        found: bytes | None = self._desk.conn.execute(_HOLDER, {"of": code}).scalar()
        return None if found is None else ConversationId(found)

    def _taken(self, code: str) -> bool:
        row = self._desk.conn.execute(_RESTED, {"of": code}).first()
        if row is None:
            return False
        return row.rested_day is None or row.rested_day > day_of(self._desk.now) - REST_DAYS

    def _longest_rested(self) -> str:
        code: str | None = self._desk.conn.execute(_LONGEST).scalar()
        if code is None:
            raise LookupError("Every case code is alive.")
        return code
