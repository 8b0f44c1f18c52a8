"""What a calendar is answered that asks by its link: its shifts as they are planned now, and what has become of those
that it was told before."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from typing import Final

from bot import feedfile, feeds, rotafile
from bot.errors import SealBroken, Stale
from bot.feeds import Event, Past, Stretch
from bot.people import Staff, StaffId
from bot.phrases import phrase
from bot.redact import Secret
from bot.rota import Rota
from bot.rotanames import named
from handlers import past
from handlers.line import Line
from storage.engine import Store
from storage.feeds import Feed
from storage.work import Work

AT_ONCE: Final = 2
"""Calendars answered side by side: texts come first."""
MOST_WAITING: Final = 50
"""Who comes after these is asked to come again: nobody can pile up work by asking."""
KEPT: Final = 64
"""Answers kept in memory; most calendars ask many times before anything changes."""
TRIES: Final = 5
BACKUP: Final = "backup"


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
    past: Past | None
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
            events, sheet = await asyncio.to_thread(_written, look, self._titles(look.basis.language))
            basis = await self._remembered(look, events)
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
        gone = _gone(work, planned, people)
        return _Look(feed, basis, planned, _past(work), work.now, gone)

    async def _remembered(self, look: _Look, events: tuple[Event, ...]) -> _Basis | None:
        """Writes down what is handed out, where it is not so written down already; the basis of the next answer."""
        feed = look.feed
        today = feed.looked is not None and feeds.window(feed.looked) == feeds.window(look.now)
        if today and events == feed.handed:
            return look.basis
        mark = await self._store.do(lambda work: work.feeds.remember(feed, events, look.now))
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


def _past(work: Work) -> Past | None:
    """What the on-call log tells of the time that a calendar shows; None where there was never a rota. Read after the
    rota: of one that is saved in between, the next fetch tells."""
    oldest = work.rota.first()
    if oldest is None:
        return None
    begun = max(oldest.at, feeds.window(work.now)[0] - feeds.BEYOND)
    until = max(work.duty.until() or begun, begun)
    return Past(begun, until, past.written(work, begun, until))


def _gone(work: Work, planned: Rota[StaffId], people: list[Staff]) -> frozenset[StaffId]:
    """Who is in the rota and has left. Somebody whose row does not open has not."""
    there = {one.id for one in people}
    mentioned = {person for schedule in planned.schedules for _, person in named(schedule)}
    return frozenset(person for person in mentioned - there if _left(work, person))


def _left(work: Work, person: StaffId) -> bool:
    try:
        return work.staff.get(person) is None
    except SealBroken:
        return False


def _written(look: _Look, titles: tuple[str, str]) -> tuple[tuple[Event, ...], Sheet]:
    """What takes its time, apart from the loop and from every transaction."""
    feed = look.feed
    wanted = feeds.planned(look.rota, feed.whose, look.now, past=look.past, gone=look.gone)
    events = feeds.follow(wanted, feed.handed, settled=feed.looked, now=look.now)
    names = dict(look.basis.names)

    def titled(schedule: str | None) -> str:
        return titles[schedule == BACKUP]

    def summary(stretch: Stretch) -> str:
        hers = feed.whose.staff is not None
        return titled(stretch.schedule) if hers else names.get(stretch.staff, titled(stretch.schedule))

    body = feedfile.write(feed.id, events, title=titled(feed.whose.schedule), summary=summary)
    return events, Sheet(body, sha256(body).hexdigest()[:32])
