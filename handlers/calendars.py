"""What a calendar is answered that asks by its link: its shifts as they are planned now, and what has become of those
that it was told before."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

from bot import feedfile, feeds, rotafile
from bot.errors import Stale
from bot.feeds import Handed, Past, Stretch
from bot.people import StaffId
from bot.phrases import phrase
from bot.redact import Secret
from bot.rota import Rota, Shift
from handlers import duty, past
from handlers.line import Line
from storage.engine import Store
from storage.feeds import Feed
from storage.work import Work

AT_ONCE: Final = 1
"""Calendars made side by side: two take longer than one after the other, and texts wait twice as long meanwhile."""
MOST_WAITING: Final = 50
"""Who comes after these is asked to come again: nobody can pile up work by asking."""
KEPT: Final = 64
"""Answers kept in memory; most calendars ask many times before anything changes."""
TRIES: Final = 5
BACKUP: Final = "backup"


DAY: Final = timedelta(days=1)

_Span = tuple[datetime, datetime]
_Shifts = dict[str, list[Shift[StaffId]]]


class Busy(Exception):
    """Too many ask at once: come again later."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A calendar as it is answered, and the tag by which an unchanged one is known again."""

    body: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class _Basis:
    """All that an answer follows from, besides `feed`: while it is the same, so is the answer."""

    mark: bytes
    version: int
    day: date
    names: tuple[tuple[StaffId, str], ...]
    language: str


@dataclass(frozen=True, slots=True)
class _Look:
    feed: Feed
    basis: _Basis
    rota: Rota[StaffId]
    begun: datetime | None
    until: datetime | None
    now: datetime
    gone: frozenset[StaffId]


class Calendars:
    """The links of one line, as the door asks for them."""

    def __init__(self, store: Store, line: Line) -> None:
        self._store = store
        self._line = line
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._kept: OrderedDict[bytes, tuple[_Basis, Sheet]] = OrderedDict()
        self._log: dict[_Span, _Shifts] = {}

    async def sheet(self, token: Secret[str]) -> Sheet | None:
        """The calendar behind a link; None where it leads nowhere. StorageError when it cannot be told now, Busy."""
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._turns:
                return await self._answered(token)
        finally:
            self._waiting -= 1

    async def _answered(self, token: Secret[str]) -> Sheet | None:
        for _ in range(TRIES):
            look = await self._store.do(partial(self._look, token=token))
            if look is None or isinstance(look, Sheet):
                return look
            log = await self._past(look)
            told, sheet = await asyncio.to_thread(_written, look, log, self._titles(look.basis.language))
            basis = await self._remembered(look, told)
            if basis is not None:
                self._keep(look.feed.id, basis, sheet)
                return sheet
        raise Stale("A calendar changed whenever it was looked at.")

    def _look(self, work: Work, token: Secret[str]) -> _Look | Sheet | None:
        """In one transaction, and cheap where nothing has changed."""
        feed = work.feeds.find(token)
        if feed is None:
            return None
        people = work.staff.everyone()
        hers = next((one for one in people if one.id == feed.whose.staff), None)
        basis = _Basis(
            feed.mark,
            work.rota.version(),
            feeds.window(work.now)[0].date(),
            tuple((one.id, one.name) for one in people),
            self._line.read_by(hers),
        )
        kept = self._kept.get(feed.id)
        if kept is not None and kept[0] == basis:
            self._kept.move_to_end(feed.id)
            return kept[1]
        # Not the line's, which goes on with an older one where this one does not open: nobody's shift would be
        # cancelled by that. Who asks is told to come again.
        accepted = work.rota.newest()
        planned = rotafile.decode(accepted.document) if accepted else Rota[StaffId]()
        gone = duty.gone(work, planned)
        return _Look(feed, basis, planned, work.rota.begun(), work.duty.until(), work.now, gone)

    async def _past(self, look: _Look) -> Past | None:
        """What the on-call log tells of the time that a calendar shows; None where there was never a rota. Read after
        the rota: of one that is saved in between, the next fetch tells.

        A week in a transaction, and each once for all calendars: two months of a rota of hours are thousands of seals,
        and texts would wait for all of them.
        """
        if look.begun is None:
            return None
        begun = max(look.begun, feeds.window(look.now)[0] - feeds.BEYOND)
        until = max(look.until or begun, begun)
        pieces: dict[_Span, _Shifts] = {}
        for span in _weeks(begun, until):
            known = self._log.get(span)
            if known is None:
                known = await self._store.do(partial(past.written, start=span[0], end=span[1]))
            pieces[span] = known
        self._log = pieces
        names = {name for shifts in pieces.values() for name in shifts}
        shifts = {
            name: [
                shift
                for (start, end), found in pieces.items()
                for shift in found.get(name) or [Shift(start, end, frozenset())]
            ]
            for name in names
        }
        return Past(begun, until, shifts)

    async def _remembered(self, look: _Look, told: Handed) -> _Basis | None:
        """Writes down what is handed out, where it is not so written down already; the basis of the next answer."""
        feed = look.feed
        today = feed.looked is not None and feeds.window(feed.looked) == feeds.window(look.now)
        if today and told == feed.handed:
            return look.basis
        mark = await self._store.do(lambda work: work.feeds.remember(feed, told, look.now))
        if mark is None:
            return None
        was = look.basis
        return _Basis(mark, was.version, was.day, was.names, was.language)

    def _keep(self, feed_id: bytes, basis: _Basis, sheet: Sheet) -> None:
        self._kept[feed_id] = (basis, sheet)
        self._kept.move_to_end(feed_id)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _titles(self, language: str) -> tuple[str, str]:
        """What a shift is called, on call and in the backup; nothing more, for others may see her calendar."""
        on_call, backup = (
            self._line.say(phrase(place), language) for place in ("calendar.on", "calendar.backup")
        )
        return on_call, backup


def _weeks(start: datetime, end: datetime) -> Iterator[_Span]:
    """The span, cut where weeks begin."""
    while start < end:
        monday = start.replace(hour=0, minute=0, second=0, microsecond=0) - start.weekday() * DAY
        last = min(monday + 7 * DAY, end)
        yield start, last
        start = last


def _written(look: _Look, log: Past | None, titles: tuple[str, str]) -> tuple[Handed, Sheet]:
    """What takes its time, apart from the loop and from every transaction."""
    feed = look.feed
    names = dict(look.basis.names)

    def titled(schedule: str | None) -> str:
        return titles[schedule == BACKUP]

    def summary(stretch: Stretch) -> str:
        hers = feed.whose.staff is not None
        return titled(stretch.schedule) if hers else names.get(stretch.staff, titled(stretch.schedule))

    wanted = feeds.planned(look.rota, feed.whose, look.now, past=log, gone=look.gone)
    events = feeds.follow(
        wanted,
        feed.handed.events,
        settled=feed.looked,
        now=look.now,
        floor=feed.handed.floor,
        called=_Called(feed.id, summary),
    )
    told = feeds.bounded(events, feed.handed, look.now)
    body = feedfile.write(feed.id, told.events, title=titled(feed.whose.schedule), summary=summary)
    return told, Sheet(body, sha256(body).hexdigest()[:32])


class _Called:
    """What stands for a title: four bytes of which nobody reads the name of somebody who has left."""

    def __init__(self, feed_id: bytes, summary: Callable[[Stretch], str]) -> None:
        self._feed_id = feed_id
        self._summary = summary
        self._known: dict[str, bytes] = {}

    def __call__(self, stretch: Stretch) -> bytes:
        title = self._summary(stretch)
        if title not in self._known:
            self._known[title] = sha256(self._feed_id + title.encode()).digest()[:4]
        return self._known[title]
