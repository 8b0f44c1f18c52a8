"""A hold begins and ends. What its texter wished for meanwhile is done at its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.conversation import State
from bot.people import ConversationId, StaffId
from storage.holds import Hold
from storage.work import Work


def begin(work: Work, conversation_id: ConversationId, *, until: datetime, by: StaffId, reason: str) -> Hold:
    """It is kept until then, or until later or earlier than an older hold said; what its texter wished for stays."""
    before = work.holds.of(conversation_id)
    hold = Hold(conversation_id, until, by, reason, wished=before is not None and before.wished)
    work.holds.put(hold)
    what = "hold begun" if before is None else "hold changed"
    last_day = (until - timedelta(microseconds=1)).date()
    work.audit.add(
        what, by=by, conversation=conversation_id, detail=f"until {last_day.isoformat()}: {reason}"
    )
    return hold


def end(work: Work, conversation_id: ConversationId, *, by: StaffId | None = None) -> bool:
    """It is kept no longer; whether it was erased at once, because its texter had asked for it."""
    hold = work.holds.of(conversation_id)
    if not work.holds.end(conversation_id):
        return False  # another process has just done it, and says so
    detail = "" if by is not None else "by its date"
    work.audit.note("hold ended", by=by, conversation=conversation_id, detail=detail)
    ended = work.endings.of(conversation_id)
    if hold is None or not hold.wished or ended is None or ended.state is State.ERASED:
        return False
    work.conversations.erase(ended, by_time=True)
    return True
