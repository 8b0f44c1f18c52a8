"""Who said CAN'T as her shift began: OFF until somebody has taken it, or it is over, and ON again by herself then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.errors import Stale
from bot.people import StaffId
from storage.work import Work

_NAME: Final = "resting"
"""Under this name the line remembers them: pairs of a staff id and an instant."""


def rest(work: Work, staff_id: StaffId, until: datetime) -> None:
    """She is OFF from now on."""
    work.staff.set_available(staff_id, False)
    _put(work, lambda resting: {**resting, staff_id: until})


def wake(work: Work, busy: frozenset[StaffId]) -> int:
    """Whose shift is over, or another's, is ON again; how many. `busy`: who is on call now. Who said ON herself in the
    meantime is not turned ON a second time."""
    resting = _known(work)
    over = {one for one, until in resting.items() if until <= work.now or one not in busy}
    awake = {one for one in resting if (person := work.staff.get(one)) is None or person.available}
    gone = over | awake
    if gone:
        _put(work, lambda known: {one: until for one, until in known.items() if one not in gone})
    for one in sorted(over - awake):
        work.staff.set_available(one, True)
    return len(gone)


def _known(work: Work) -> dict[StaffId, datetime]:
    pairs = [pair.partition(" ") for pair in (work.line.get(_NAME) or "").split(";") if pair]
    return {StaffId(int(one)): datetime.fromisoformat(until) for one, _, until in pairs}


def _put(work: Work, change: Callable[[dict[StaffId, datetime]], dict[StaffId, datetime]]) -> None:
    before = work.line.get(_NAME)
    after = change(_known(work))
    value = ";".join(f"{one} {until.isoformat()}" for one, until in sorted(after.items()))
    if value != (before or "") and not work.line.swap(_NAME, before, value):
        raise Stale("Somebody else was quicker.")
