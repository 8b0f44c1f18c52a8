"""A moment has come: waiting conversations climb their ladder, replies that are too late go back to their writers."""

from __future__ import annotations

from bot.conversation import State
from handlers import apply
from handlers.line import Line
from handlers.outcomes import expired
from storage.work import Work

AT_ONCE = 50
"""Conversations and letters in one transaction: small enough not to keep inbound texts waiting."""


def strike(work: Work, line: Line) -> bool:
    """Does what is due now; True if there may be more."""
    due = work.conversations.due(AT_ONCE)
    if due:
        watch = line.watch(work)
        for conversation in due:
            if conversation.state is State.WAITING:
                apply.climb(work, line, conversation, watch)
    late = work.outbox.expired(AT_ONCE)
    for claimed in late:
        expired(work, line, claimed)
    return len(due) == AT_ONCE or len(late) == AT_ONCE
