"""Ended conversations: from when their clocks run, and when time must look at each again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, bindparam, func, select, update

from bot.conversation import OPEN, State
from bot.people import ContactId, ConversationId, StaffId
from storage.desk import AnyRow, Desk
from storage.tables import conversations, endings, holds, start_of_hour

MINUTE: Final = timedelta(minutes=1)
_OPEN: Final = tuple(sorted(state.value for state in OPEN))


@dataclass(frozen=True, slots=True)
class Ended:
    """What is known of an ended conversation without opening it. `at`: its end, rounded up to a minute."""

    id: ConversationId
    code: str
    state: State
    texter: ContactId | None
    counselor: StaffId | None
    version: int
    at: datetime
    look_at: datetime
    held_until: datetime | None


_ALL = (
    select(
        conversations.c.id,
        conversations.c.code,
        conversations.c.state,
        conversations.c.texter,
        conversations.c.counselor,
        conversations.c.version,
        endings.c.at,
        endings.c.look_at,
        holds.c.until,
    )
    .join_from(endings, conversations, conversations.c.id == endings.c.conversation)
    .outerjoin(holds, holds.c.conversation == endings.c.conversation)
)
_DUE = _ALL.where(endings.c.look_at <= bindparam("now")).order_by(endings.c.look_at).limit(bindparam("most"))
_ONE = _ALL.where(endings.c.conversation == bindparam("of"))
_SOONEST = select(func.min(endings.c.look_at))
_THIS = update(endings).where(endings.c.conversation == bindparam("of"))
_LOOK = _THIS.values(look_at=bindparam("then"))
_CORRECT = _THIS.values(at=bindparam("exact"))
_LOOK_ALL = update(endings).values(look_at=bindparam("now"))
_AHEAD = (
    update(endings)
    .where(endings.c.at > bindparam("latest"))
    .values(at=bindparam("latest"), look_at=bindparam("now"))
)
_FAR = (
    update(endings)
    .where(endings.c.look_at > bindparam("now"), endings.c.look_at > bindparam("furthest"))
    .values(look_at=bindparam("now"))
)
_WITHOUT = (
    select(conversations.c.id, conversations.c.last_hour)
    .outerjoin(endings, endings.c.conversation == conversations.c.id)
    .where(conversations.c.state.not_in(_OPEN), endings.c.conversation.is_(None))
    .limit(bindparam("most"))
)


class Endings:
    """The clocks of ended conversations."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def begin(self, conversation_id: ConversationId, at: datetime | None = None) -> None:
        """Its clocks run from now, or then; harmless when they run already."""
        end = rounded_up(at or self._desk.now)
        # Looked at once at the next occasion: only there it is known how long anything is kept.
        row = {"conversation": conversation_id, "at": end, "look_at": end - MINUTE}
        self._desk.put_once(endings, row)

    def adopt(self, most: int) -> int:
        """Those that ended before there were clocks get theirs, from the end of their last hour; how many."""
        found = self._desk.conn.execute(_WITHOUT, {"most": most}).all()
        for row in found:
            self.begin(ConversationId(row.id), start_of_hour(row.last_hour + 1))
        return len(found)

    def due(self, most: int) -> list[Ended]:
        """Those that time must look at, the longest due first."""
        return self._list(_DUE, {"now": self._desk.now, "most": most})

    def of(self, conversation_id: ConversationId) -> Ended | None:
        """One, if it has ended."""
        found = self._list(_ONE, {"of": conversation_id})
        return found[0] if found else None

    def soonest(self) -> datetime | None:
        """When the first of them must be looked at."""
        found: datetime | None = self._desk.conn.execute(_SOONEST).scalar()
        return found

    def look(self, conversation_id: ConversationId, at: datetime) -> None:
        """It is looked at then."""
        self._desk.conn.execute(_LOOK, {"of": conversation_id, "then": at})

    def correct(self, conversation_id: ConversationId, at: datetime) -> None:
        """It ended then: earlier than was written down."""
        self._desk.conn.execute(_CORRECT, {"of": conversation_id, "exact": at})

    def look_at_all(self) -> None:
        """Each is looked at now: how long things are kept has changed."""
        self._desk.conn.execute(_LOOK_ALL, {"now": self._desk.now})

    def set_right(self, longest: timedelta) -> None:
        """What was written while the clock was ahead: no end lies in the future, no look further off than `longest`."""
        now = self._desk.now
        self._desk.conn.execute(_AHEAD, {"now": now, "latest": rounded_up(now)})
        self._desk.conn.execute(_FAR, {"now": now, "furthest": now + longest})

    def _list(self, statement: Select[tuple[object, ...]], params: Mapping[str, object]) -> list[Ended]:
        return [_ended(row) for row in self._desk.conn.execute(statement, params)]


def rounded_up(at: datetime) -> datetime:
    """The full minute at or after it: how exactly an end may stand in the clear."""
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + MINUTE


def _ended(row: AnyRow) -> Ended:
    return Ended(
        id=ConversationId(row.id),
        code=row.code,
        state=State(row.state),
        texter=None if row.texter is None else ContactId(row.texter),
        counselor=None if row.counselor is None else StaffId(row.counselor),
        version=row.version,
        at=row.at,
        look_at=row.look_at,
        held_until=row.until,
    )
