"""What is forgotten by time, one function a subject; conversations have a room of their own (storage/endings).

Every function takes away at most so many rows and says how many it took, so that a caller goes on in short
transactions until nothing is left. What is counted in days is kept until its whole day is old enough. A day, hour or
due time in the future was written while the clock was ahead: it counts as now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, bindparam, delete, select, update

from bot.conversation import OPEN
from bot.endings import SILENCE, Keeping
from bot.people import ConversationId
from storage.audit import Audit
from storage.desk import Desk
from storage.tables import (
    aways,
    blocks,
    conversations,
    copies,
    covers,
    day_of,
    duty,
    erasures,
    held,
    hour_of,
    outbox,
    questions,
    rates,
    requests,
    seen,
    staff_contacts,
    tallies,
    told,
)
from storage.vault import Owner

MOST: Final = 500
"""Rows in one statement: a few milliseconds, so that no text waits for a large clean-up after a long stop."""
COPY_DAYS: Final = timedelta(days=30)
"""A carrier's copy whose deletion never succeeded is given up after this, with an entry in the trail: by then its own
alarm (day 15) has been standing for two weeks."""
TALLIES: Final = timedelta(hours=48)
"""Rates and tallies count hours and days: two days later they mean nothing."""
LATE_DAY: Final = timedelta(days=1)
"""So long after its time has come the rest of something is kept, for a person who looks after an alarm."""
LONGEST_HELD: Final = timedelta(hours=1)
"""No text is held longer (ladder.reply_deadline_minutes is 60 at most)."""
LONGEST_TOKEN: Final = timedelta(days=7)
LONGEST_BLOCK: Final = timedelta(days=365)
COVER_DAYS: Final = timedelta(days=30)
"""Requests for cover are looked up by those who asked and answered, hardly a month later."""
LONGEST_PLAN: Final = timedelta(days=1095)
"""No absence, request or question about a shift lies further ahead."""

_OPEN: Final = tuple(sorted(state.value for state in OPEN))
_SILENT = (
    select(conversations.c.id)
    .where(conversations.c.state.in_(_OPEN), conversations.c.created_day <= bindparam("day"))
    .order_by(conversations.c.state, conversations.c.last_hour)
)


class Sweep:
    """The subjects. `keeping` says how long each is kept."""

    def __init__(self, desk: Desk, audit: Audit) -> None:
        self._desk = desk
        self._audit = audit

    def seen(self, keeping: Keeping) -> int:
        """Fingerprints of messages that came in; never younger than two days, for carriers repeat themselves that
        late."""
        self._clamp(seen.c.day, day_of(self._desk.now))
        return self._take(seen, seen.c.label, seen.c.day < day_of(self._desk.now - keeping.dedup))

    def rates(self, keeping: Keeping) -> int:
        """What was said once a day."""
        self._clamp(rates.c.day, day_of(self._desk.now))
        return self._take(rates, rates.c.label, rates.c.day < day_of(self._desk.now - TALLIES))

    def tallies(self, keeping: Keeping) -> int:
        """What is counted by the hour."""
        self._clamp(tallies.c.hour, hour_of(self._desk.now))
        return self._take(tallies, tallies.c.label, tallies.c.hour < hour_of(self._desk.now - TALLIES))

    def blocks(self, keeping: Keeping) -> int:
        """Blocks that have ended."""
        return self._expire(blocks, blocks.c.label, blocks.c.until, timedelta(), longest=LONGEST_BLOCK)

    def held(self, keeping: Keeping) -> int:
        """Words of staff that were held and not sent in time."""
        return self._expire(held, held.c.id, held.c.due_at, timedelta(), longest=LONGEST_HELD)

    def requests(self, keeping: Keeping) -> int:
        """Requests that lapsed a day ago; what was granted stands in the trail."""
        return self._expire(requests, requests.c.id, requests.c.due_at, LATE_DAY, longest=keeping.audit)

    def tokens(self, keeping: Keeping) -> int:
        """Invitations that nobody answered; the contact stays, and says that it was only invited."""
        self._clamp(staff_contacts.c.token_until, self._desk.now + LONGEST_TOKEN)
        gone = (
            update(staff_contacts)
            .where(staff_contacts.c.token_until <= self._desk.now)
            .values(token_label=None, token_until=None)
        )
        return self._desk.conn.execute(gone).rowcount

    def audit(self, keeping: Keeping) -> int:
        """Who did what, from the beginning of the trail."""
        return self._audit.forget(day_of(self._desk.now - keeping.audit))

    def erasures(self, keeping: Keeping) -> int:
        """Ids of what was erased: as long as a recovery capsule may bring it back, and a day."""
        self._clamp(erasures.c.day, day_of(self._desk.now))
        before = day_of(self._desk.now - keeping.capsule - LATE_DAY)
        return self._take(erasures, erasures.c.id, erasures.c.day < before)

    def copies(self, keeping: Keeping) -> int:
        """Carriers' copies that could not be deleted there in all this time: given up, and said so in the trail."""
        self._clamp(copies.c.created_day, day_of(self._desk.now))
        old = copies.c.created_day < day_of(self._desk.now - COPY_DAYS)
        ids = list(self._desk.conn.execute(select(copies.c.id).where(old).limit(MOST)).scalars())
        if not ids:
            return 0
        self._desk.conn.execute(delete(copies).where(copies.c.id.in_(ids)))
        self._desk.forget_keys(Owner.COPY, ids)
        self._audit.note("carrier copies given up", detail=str(len(ids)))
        return len(ids)

    def buried(self, keeping: Keeping) -> int:
        """Letters that could not be sent whatever was tried: a day later nobody looks for the reason any more."""
        old = (outbox.c.state == "buried") & (outbox.c.deadline <= self._desk.now - LATE_DAY)
        rows = self._desk.conn.execute(select(outbox.c.id, outbox.c.owner).where(old).limit(MOST)).all()
        if rows:
            self._desk.conn.execute(delete(outbox).where(outbox.c.id.in_([row.id for row in rows])))
            own = [row.id for row in rows if row.owner == Owner.OUTBOX.value]
            self._desk.forget_keys(Owner.OUTBOX, own)
        return len(rows)

    def duty(self, keeping: Keeping) -> int:
        """Who was on call: as long as the trail says who planned it."""
        self._clamp(duty.c.day, day_of(self._desk.now + LATE_DAY))
        return self._take(duty, duty.c.id, duty.c.day < day_of(self._desk.now - keeping.audit))

    def covers(self, keeping: Keeping) -> int:
        """Requests for cover, a month after the shift; what they changed stands in the rota and in the trail."""
        return self._expire(covers, covers.c.number, covers.c.due_at, COVER_DAYS, longest=LONGEST_PLAN)

    def aways(self, keeping: Keeping) -> int:
        """Absences that are over."""
        return self._expire(aways, aways.c.id, aways.c.until, timedelta(), longest=LONGEST_PLAN)

    def questions(self, keeping: Keeping) -> int:
        """Questions that nobody answered, a day after an answer would have come too late."""
        return self._expire(questions, questions.c.id, questions.c.due_at, LATE_DAY, longest=LONGEST_PLAN)

    def told(self, keeping: Keeping) -> int:
        """Marks of what was said about shifts that are over."""
        self._clamp(told.c.day, day_of(self._desk.now + LONGEST_PLAN))
        return self._take(told, told.c.label, told.c.day < day_of(self._desk.now))

    def perhaps_silent(self) -> list[ConversationId]:
        """Open conversations that are old enough for their texter to have been silent too long."""
        found = self._desk.conn.execute(_SILENT, {"day": day_of(self._desk.now - SILENCE)})
        return [ConversationId(one) for one in found.scalars()]

    def _take(self, table: Table, key: Column[Any], old: ColumnElement[bool]) -> int:
        some = select(key).where(old).limit(MOST)
        return self._desk.conn.execute(delete(table).where(key.in_(some))).rowcount

    def _expire(
        self,
        table: Table,
        key: Column[Any],
        until: Column[datetime],
        rest: timedelta,
        *,
        longest: timedelta,
    ) -> int:
        now = self._desk.now
        self._clamp(until, now + longest)
        return self._take(table, key, until <= now - rest)

    def _clamp(self, column: Column[int] | Column[datetime], latest: int | datetime) -> None:
        ahead = update(column.table).where(column > latest).values({column.name: latest})
        self._desk.conn.execute(ahead)


Subject = Callable[[Sweep, Keeping], int]

SUBJECTS: Final[Mapping[str, Subject]] = {
    "seen": Sweep.seen,
    "rates": Sweep.rates,
    "tallies": Sweep.tallies,
    "blocks": Sweep.blocks,
    "held": Sweep.held,
    "requests": Sweep.requests,
    "tokens": Sweep.tokens,
    "audit": Sweep.audit,
    "erasures": Sweep.erasures,
    "copies": Sweep.copies,
    "buried": Sweep.buried,
    "duty": Sweep.duty,
    "covers": Sweep.covers,
    "aways": Sweep.aways,
    "questions": Sweep.questions,
    "told": Sweep.told,
}
"""All of them, by name: a new subject is one function and one line here."""
