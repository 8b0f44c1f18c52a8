"""Time has gone by: what has been kept long enough is sealed, forgotten or erased, in short transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot import endings, relay
from bot.conversation import State
from bot.endings import Act, Ending, Keeping
from bot.errors import DatabaseAway, SealBroken
from bot.people import ConversationId, StaffId
from bot.redact import place, safe_error
from handlers import apply, holding
from handlers.line import Line
from storage.box import SupervisorKey
from storage.chores import Chore
from storage.endings import Ended, rounded_up
from storage.engine import Store
from storage.sweep import MOST, SUBJECTS
from storage.work import Work

log = structlog.get_logger("sweep")

AT_ONCE: Final = 50
"""Conversations in one transaction: small enough not to keep inbound texts waiting."""
EVERY: Final = timedelta(seconds=10)
"""Between two rounds, unless a conversation is due earlier."""
LEASE: Final = timedelta(minutes=2)
"""Renewed with every batch: whoever died at it is followed soon."""
HOUR: Final = timedelta(hours=1)
"""What is counted in days is looked at this often."""
OFTEN: Final = ("held",)
"""Subjects of every round: words that nobody can send any more."""
PATIENCE: Final[Mapping[Act, timedelta]] = {
    # No closing line to a texter lives longer than ten minutes.
    Act.ERASE: timedelta(minutes=15),
    Act.FORGET: timedelta(minutes=15),
    # A letter lies under the key that sealing takes away; the longest deadline of one is twelve hours.
    Act.SEAL: timedelta(days=1),
    Act.STRIKE: timedelta(),
}
"""So long each waits for letters about the conversation that have not left yet."""
AGAIN: Final = timedelta(seconds=5)
LONGEST: Final = timedelta(days=1095)
"""No look lies further off: the ceiling of retention.audit_days."""
MARK: Final = "retention"
"""Under this name the line remembers by which settings all due times were reckoned."""


@dataclass(slots=True)
class Sweeper:
    """One process's part in it; the chore is done by one at a time. `round` does all that is due."""

    store: Store
    line: Line
    keeping: Keeping
    now: Callable[[], datetime]
    holder: bytes
    lease: timedelta = LEASE
    _last: datetime | None = None
    _hourly: datetime | None = None

    async def due(self) -> bool:
        """Whether there is something to do for anybody."""
        if self._last is None or self.now() < self._last:
            return True
        return await self.store.do(_is_due)

    async def round(self) -> int:
        """Does all that is due, catching up on whatever was missed; how much it was. Raises DatabaseAway."""
        if not await self.store.do(self._begin):
            return 0
        done = await self._holds() + await self._ended() + await self._subjects(OFTEN)
        now = self.now()
        if self._hourly is None or not self._hourly <= now < self._hourly + HOUR:
            done += await self._subjects(SUBJECTS) + await self._silent()
            self._hourly = now
        await self.store.do(self._finish)
        return done

    def _begin(self, work: Work) -> bool:
        if not work.chores.take(
            Chore.SWEEP, holder=self.holder, lease=self.lease, every=EVERY, due_only=False
        ):
            return False
        first = self._last is None
        if first:
            while work.endings.adopt(AT_ONCE):
                pass
        if first or (self._last is not None and work.now < self._last):
            work.endings.set_right(LONGEST)
            self._hourly = None
        self._last = work.now
        self._heed_settings(work)
        return True

    def _heed_settings(self, work: Work) -> None:
        """Whatever has changed how long things are kept, settings or keys: every due time is reckoned anew, once."""
        mark = self.keeping.mark(sealing=_sealing(work))
        try:
            if work.line.get(MARK) != mark:
                work.line.set(MARK, mark)
                work.endings.look_at_all()
        except SealBroken as damaged:  # what the line remembers about itself keeps nothing from being erased
            work.notice(damaged)

    def _finish(self, work: Work) -> None:
        soonest = work.endings.soonest()
        next_at = work.now + EVERY
        work.chores.done(Chore.SWEEP, holder=self.holder, next_at=min(next_at, soonest or next_at))

    async def _holds(self) -> int:
        """Holds whose day is over."""
        over = await self.store.do(lambda work: work.holds.ended())
        for one in over:
            try:
                await self.store.do(partial(_hold_over, one=one))
            except DatabaseAway:
                raise
            except Exception as error:
                log.error("alarm, a hold could not be ended", conversation=one, error=safe_error(error))
        return len(over)

    async def _ended(self) -> int:
        done = 0
        while True:
            try:
                some = await self.store.do(self._batch)
            except DatabaseAway:
                raise
            except Exception as error:
                log.error("the sweep failed, going singly", error=safe_error(error), place=place(error))
                some = await self._singly()
            done += some
            if some < AT_ONCE:
                return done

    def _batch(self, work: Work) -> int:
        halves = work.archive_keys.active()
        due = work.endings.due(AT_ONCE)
        for ended in due:
            attend(work, self.keeping, ended, halves)
        work.chores.renew(Chore.SWEEP, holder=self.holder, lease=self.lease)
        return len(due)

    async def _singly(self) -> int:
        """Each by itself: one that fails is put aside with an alarm, tried again in an hour, and holds up no other."""
        due = await self.store.do(lambda work: [ended.id for ended in work.endings.due(AT_ONCE)])
        for one in due:
            try:
                await self.store.do(partial(self._alone, one=one))
            except DatabaseAway:
                raise
            except SealBroken:
                # The store has written it down. What nobody can read any more cannot be sealed, and is erased in its
                # time; a backup may open it until then.
                await self.store.do(partial(self._alone, one=one, but=Act.SEAL))
            except Exception as error:
                log.error("alarm, an ending was put aside", conversation=one, error=safe_error(error))
                await self.store.do(partial(_put_aside, one=one))
        return len(due)

    def _alone(self, work: Work, *, one: ConversationId, but: Act | None = None) -> None:
        ended = work.endings.of(one)
        if ended is not None:
            attend(work, self.keeping, ended, work.archive_keys.active(), but=but)

    async def _subjects(self, names: Iterable[str]) -> int:
        done = 0
        for name in names:
            try:
                while some := await self.store.do(partial(self._subject, name=name)):
                    done += some
                    if some < MOST:
                        break
            except DatabaseAway:
                raise
            except Exception as error:
                log.error("alarm, a subject was not swept", task=name, error=safe_error(error))
        return done

    def _subject(self, work: Work, *, name: str) -> int:
        work.chores.renew(Chore.SWEEP, holder=self.holder, lease=self.lease)
        return SUBJECTS[name](work.sweep, self.keeping)

    async def _silent(self) -> int:
        done = 0
        for one in await self.store.do(lambda work: work.sweep.perhaps_silent()):
            try:
                done += await self.store.do(partial(_close_if_silent, line=self.line, one=one))
            except DatabaseAway:
                raise
            except Exception as error:
                log.error(
                    "alarm, a silent conversation was put aside", conversation=one, error=safe_error(error)
                )
        return done


def _is_due(work: Work) -> bool:
    at = work.chores.due_at(Chore.SWEEP)
    soonest = work.endings.soonest()
    return (
        at is None or not work.now < at <= work.now + EVERY or (soonest is not None and soonest <= work.now)
    )


def _sealing(work: Work) -> bool:
    return len(work.archive_keys.active()) >= endings.KEYS_TO_SEAL


def _hold_over(work: Work, *, one: ConversationId) -> None:
    holding.end(work, one)


def _put_aside(work: Work, *, one: ConversationId) -> None:
    work.endings.look(one, work.now + HOUR)


def attend(
    work: Work, keeping: Keeping, ended: Ended, halves: list[SupervisorKey], *, but: Act | None = None
) -> None:
    """Does what is due of one ended conversation (all but this), and says when it is to be looked at next."""
    sealing = len(halves) >= endings.KEYS_TO_SEAL
    end = _end(work, keeping, ended)
    when = endings.dues(_as_rule(ended, end), keeping, sealing=sealing)
    acts = endings.now_due(when, work.now)
    waits = bool(acts) and work.outbox.waits(ended.id)
    again = []
    for act in acts:
        if waits and work.now < when[act] + PATIENCE[act]:
            again.append(work.now + AGAIN)
        elif act is but:
            again.append(work.now + HOUR)
        else:
            _ACTS[act](work, ended, halves)
    left = work.endings.of(ended.id)
    if left is not None:
        still = endings.dues(_as_rule(left, end), keeping, sealing=sealing).values()
        look = min([*(at for at in still if at > work.now), *again], default=work.now + HOUR)
        work.endings.look(left.id, look)


def _as_rule(ended: Ended, end: datetime) -> Ending:
    return Ending(state=ended.state, at=end, address=ended.texter is not None, held_until=ended.held_until)


def _end(work: Work, keeping: Keeping, ended: Ended) -> datetime:
    """When it ended, never in the future; exactly, where a period is shorter than the minute it was rounded up to."""
    end = min(ended.at, rounded_up(work.now))
    if keeping.hasty and ended.state is State.CLOSED and end == rounded_up(end):
        exact = _closed_at(work, ended.id)
        end = min(end, work.now, exact or work.now)
    if end != ended.at:
        work.endings.correct(ended.id, end)
    return end


def _closed_at(work: Work, conversation_id: ConversationId) -> datetime | None:
    try:
        conversation = work.conversations.get(conversation_id)
    except SealBroken:
        return None
    return None if conversation is None else conversation.private.closed_at


def _erase(work: Work, ended: Ended, halves: list[SupervisorKey]) -> None:
    ended = work.conversations.touch(ended)
    _unsettled(work, work.offers.lately_asked(ended.id))
    work.conversations.erase(ended, by_time=True)


def _forget(work: Work, ended: Ended, halves: list[SupervisorKey]) -> None:
    work.conversations.forget(ended)


def _seal(work: Work, ended: Ended, halves: list[SupervisorKey]) -> None:
    conversation = work.conversations.get(ended.id)
    if conversation is not None:
        asked = work.offers.lately_asked(ended.id)
        work.conversations.seal(conversation, halves)
        _unsettled(work, asked)


def _strike(work: Work, ended: Ended, halves: list[SupervisorKey]) -> None:
    work.conversations.strike(ended)


_ACTS: Final[Mapping[Act, Callable[[Work, Ended, list[SupervisorKey]], None]]] = {
    Act.ERASE: _erase,
    Act.FORGET: _forget,
    Act.SEAL: _seal,
    Act.STRIKE: _strike,
}


def _unsettled(work: Work, asked: list[StaffId]) -> None:
    """To whom it was offered a moment ago must still not be guessed to mean another: the offers go, a flag stays."""
    for staff_id in asked:
        work.staff.set_unsettled(staff_id, True)


def _close_if_silent(work: Work, *, line: Line, one: ConversationId) -> int:
    """A number may be somebody else's by now: it is forgotten, and nothing more is sent to it."""
    conversation = work.conversations.get(one)
    if conversation is None or not conversation.is_open:
        return 0
    if conversation.private.texter_at > work.now - endings.SILENCE:
        return 0
    apply.apply(work, line, conversation, relay.fell_silent(conversation, work.now))
    ended = work.endings.of(one)
    if ended is not None and ended.held_until is None:
        work.conversations.forget(ended)
    return 1
