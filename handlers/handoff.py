"""A shift has ended, or its counselor goes OFF: what she has open is offered to whoever is on call.

It stays hers until somebody takes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot import handoff
from bot.conversation import Conversation
from bot.ladder import Watch
from bot.ownshifts import services
from bot.people import Staff, StaffId
from bot.phrases import phrase
from bot.rota import Rota
from handlers import apply
from handlers.line import Line
from storage.work import Work

LATE: Final = timedelta(hours=2)
"""After so long a shift's end is no news: whoever still talks then has long decided to."""
CALLED: Final = ("on call", "backup")
"""The schedules whose people the ladder asks."""


def offer(work: Work, line: Line, conversation: Conversation, watch: Watch | None = None) -> Conversation:
    """It is offered to the next on call from now on; nothing changes when it is already, or waits."""
    begun = handoff.begin(conversation, work.now)
    if begun is conversation:
        return conversation
    return climb(work, line, work.conversations.save(begun), watch)


def climb(work: Work, line: Line, conversation: Conversation, watch: Watch | None = None) -> Conversation:
    """The next one is asked now, where it is due."""
    offers = tuple(work.offers.of(conversation.id))
    decision = handoff.climb(conversation, offers, watch or line.watch(work), line.pace)
    return apply.apply(work, line, conversation, decision)


def shifts_end(work: Work, line: Line) -> int:
    """Offers what is still open of shifts that have just ended; how many conversations. Each once for each end."""
    ended = _ended(line.rota(work), work.now)
    done = 0
    for staff_id, end in ended.items():
        person = work.staff.get(staff_id)
        if person is None:
            continue
        mine = [
            one
            for one in work.conversations.talking_with(staff_id)
            if handoff.ends_here(one.private.taken_at, end, work.now, LATE)
            and work.told.first("handed on", one.id.hex(), end.isoformat(), until=work.now)
        ]
        if mine:
            hand_on(work, line, person, mine, "shift.over")
            done += len(mine)
    return done


def hand_on(work: Work, line: Line, person: Staff, conversations: Sequence[Conversation], place: str) -> None:
    """These of hers are offered to the next on call, and she hears so (`place`, with their codes). Conversations before
    letters, as everywhere."""
    begun = [work.conversations.save(handoff.begin(one, work.now)) for one in conversations]
    if person.contact is not None:
        codes = ", ".join(one.code for one in begun)
        apply.tell(work, line, person.contact, phrase(place, codes=codes))
    watch = line.watch(work)
    for one in begun:
        climb(work, line, one, watch)


def _ended(planned: Rota[StaffId], now: datetime) -> dict[StaffId, datetime]:
    """Whose shift has lately ended, and when; nobody who is on call still, or again, in either schedule."""
    last: dict[StaffId, datetime] = {}
    for name in CALLED:
        schedule = planned.named(name)
        for one in services(schedule, now - LATE, now + timedelta(seconds=1)) if schedule else ():
            last[one.staff] = max(one.end, last.get(one.staff, one.end))
    return {person: end for person, end in last.items() if end <= now}
