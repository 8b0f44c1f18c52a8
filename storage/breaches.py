"""Rows that did not open: each place stands in the audit trail once a day, whoever met it and however often."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from bot.errors import SealBroken
from bot.people import ConversationId
from storage.tables import day_of
from storage.vault import Owner
from storage.work import Work

_Where = tuple[str, str, bytes, bytes]


class Breaches:
    """What this process has met since, and what it has written down today. Met in any thread, taken in one."""

    def __init__(self) -> None:
        self._met: deque[SealBroken] = deque()
        self._day = 0
        self._known: set[_Where] = set()

    def __bool__(self) -> bool:
        return bool(self._met)

    def meet(self, broken: SealBroken) -> None:
        """A row did not open; what follows from that waits for the end of the transaction that met it."""
        self._met.append(broken)

    def take(self, now: datetime) -> list[SealBroken]:
        """What is new today: a clock that rings four times a second meets the same row each time."""
        if day_of(now) != self._day:
            self._day, self._known = day_of(now), set()
        new = []
        while self._met:
            broken = self._met.popleft()
            where = (broken.column, broken.owner, broken.owner_id, broken.row_id)
            if where not in self._known:
                self._known.add(where)
                new.append(broken)
        return new


def note(work: Work, broken: SealBroken) -> bool:
    """Writes it into the audit trail; False when some process has done so today. No word of what was sealed there."""
    where = f"{broken.column} {broken.owner} {broken.owner_id.hex()}".strip()
    if broken.row_id not in (b"", broken.owner_id):
        where += f" {broken.row_id.hex()}"
    if not work.rates.first_today_of_all(f"broken {where}"):
        return False
    of_conversation = broken.owner == Owner.CONVERSATION and broken.owner_id
    work.audit.add(
        "a row did not open",
        conversation=ConversationId(broken.owner_id) if of_conversation else None,
        detail=where,
    )
    return True
