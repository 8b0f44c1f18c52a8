"""A moment has come: waiting conversations climb their ladder, replies that are too late go back to their writers."""

from __future__ import annotations

from functools import partial

import structlog

from bot.conversation import State
from bot.errors import DatabaseAway
from bot.people import ConversationId
from bot.redact import safe_error
from handlers import apply, broken, foureyes, handoff
from handlers.line import Line
from handlers.outcomes import expired
from storage.engine import Store
from storage.work import Work

log = structlog.get_logger("clock")

AT_ONCE = 50
"""Conversations and letters in one transaction: small enough not to keep inbound texts waiting."""


def strike(work: Work, line: Line) -> int:
    """Does what is due now; how much that was. AT_ONCE or more: there may be more."""
    due = work.conversations.due(AT_ONCE)
    if due:
        watch = line.watch(work)
        for conversation in due:
            if conversation.state is State.WAITING:
                apply.climb(work, line, conversation, watch)
            else:
                handoff.climb(work, line, conversation, watch)
    late = work.outbox.expired(AT_ONCE)
    for claimed in late:
        expired(work, line, claimed)
    return len(due) + len(late) + foureyes.lapse(work, line)


async def strike_singly(store: Store, line: Line) -> None:
    """The same, each by itself: what cannot be done is put aside with an alarm, and holds up nobody else's clock.

    Raises DatabaseAway.
    """
    await _lapse(store, line)
    for one in await store.do(lambda work: work.conversations.due_ids(AT_ONCE)):
        try:
            await broken.around(store, line, partial(_climb, line=line, conversation_id=one))
        except DatabaseAway:
            raise
        except Exception as error:
            log.error("alarm, a clock was put aside", conversation=one, error=safe_error(error))
            await store.do(partial(_stop_clock, conversation_id=one))
    for row in await store.do(lambda work: [late.id for late in work.outbox.expired(AT_ONCE)]):
        try:
            await broken.around(store, line, partial(_expire, line=line, row=row))
        except DatabaseAway:
            raise
        except Exception as error:
            log.error("alarm, a late letter was put aside", row=row, error=safe_error(error))
            await store.do(partial(_bury, row=row))


async def _lapse(store: Store, line: Line) -> None:
    """Requests for a second person: a broken one lapses when it is repaired, and harms nobody until then."""
    try:
        await store.do(partial(foureyes.lapse, line=line))
    except DatabaseAway:
        raise
    except Exception as error:
        log.error("alarm, requests cannot be read", error=safe_error(error))


def _climb(work: Work, line: Line, conversation_id: ConversationId) -> None:
    conversation = work.conversations.get(conversation_id)
    if conversation is not None and conversation.state is State.WAITING:
        apply.climb(work, line, conversation)
    elif conversation is not None:
        handoff.climb(work, line, conversation)


def _stop_clock(work: Work, conversation_id: ConversationId) -> None:
    work.conversations.stop_clock(conversation_id)


def _expire(work: Work, line: Line, row: bytes) -> None:
    for claimed in work.outbox.expired(AT_ONCE):
        if claimed.id == row:
            expired(work, line, claimed)


def _bury(work: Work, row: bytes) -> None:
    work.outbox.bury(row)
