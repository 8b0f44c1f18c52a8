"""One line as its handlers know it: its voice, its pace, its own numbers, and who is there at this instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import closing, languages, listing, moments, rota, rotafile
from bot.budget import Budget
from bot.closing import Closing
from bot.decision import Words
from bot.errors import SealBroken
from bot.ladder import Pace, Watch
from bot.ownshifts import Service, is_endless
from bot.people import ContactId, Staff, StaffId
from bot.phrases import Phrase, phrase
from bot.rota import Rota
from bot.voice import Voice
from handlers.purse import Purse
from storage.work import Work

LOOK_AHEAD = timedelta(days=14)
LOOK_BACK = timedelta(days=1)
PATIENCE = 8
"""Times that a thought is run anew for a letter that is about to be written down: a third of a second at most."""


@dataclass(slots=True)
class _Opened:
    """The rota as last read, by version: opening it anew for every text would cost more than the text."""

    version: int = -1
    rota: Rota[StaffId] | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What handlers need of the settings. `languages`: those in which texters are served. `numbers`: ours, the first is
    the line's. `reply_deadline`: a reply that could not leave by then goes back to its writer. `rested`: how long a
    staff letter is worth sending. `reveal`: whether two people together may have a texter's address. `count` is told
    why something went no further, by a word of ours. `countries`: those we send SMS to; None for all.
    `keeps_during_hold`: DELETE waits for the end of a hold. `weekly_hours`: beyond them one is asked to serve last."""

    voice: Voice
    pace: Pace
    country: str
    default_language: str
    languages: tuple[str, ...]
    numbers: tuple[str, ...]
    reply_deadline: timedelta
    reveal: bool = False
    keeps_during_hold: bool = False
    rested: timedelta = timedelta(hours=12)
    wait_minutes: int = 5
    block_days: float = 90
    weekly_hours: timedelta = timedelta(hours=20)
    countries: frozenset[str] | None = None
    purse: Purse = field(default_factory=lambda: Purse(Budget(daily=2000, reserve=30)))
    count: Callable[[str], None] = lambda why: None
    _opened: _Opened = field(default_factory=_Opened)
    _awaited: dict[ContactId, int] = field(default_factory=dict)

    def say(self, what: Words, language: str, country: str = "") -> str:
        return self.voice.say(what, language, country=country or self.country)

    def say_to(self, staff: Staff | None, what: Words) -> str:
        """In a language that she reads."""
        return self.say(what, self.read_by(staff))

    def listing(
        self,
        staff: Staff,
        place: str,
        name: str,
        items: Sequence[str],
        *,
        separator: str = ", ",
        behind: str = "",
        **said: str,
    ) -> Phrase:
        """A phrase with a list in it, under `name`: as much of it as she can be told in two segments, together with
        what stands behind it."""
        listed = listing.fitting(
            items,
            lambda some: f"{self.say_to(staff, phrase(place, **said, **{name: some}))} {behind}".strip(),
            lambda left: self.say_to(staff, phrase("and.more", count=str(left))),
            separator=separator,
        )
        return phrase(place, **said, **{name: listed})

    def read_by(self, staff: Staff | None) -> str:
        """The language in which she, or whoever it may be, is spoken to."""
        return languages.read_by(staff.languages if staff else (), default=self.default_language)

    def waits_once_more(self, contact: ContactId) -> bool:
        """Whether a swipe of this contact is looked at once more in a moment: a few times, then no longer."""
        tried = self._awaited.get(contact, 0)
        if tried >= PATIENCE:
            self.waited(contact)
            return False
        self._awaited[contact] = tried + 1
        return True

    def waited(self, contact: ContactId) -> None:
        """It is over."""
        self._awaited.pop(contact, None)

    def zone_of(self, staff: Staff | None) -> ZoneInfo:
        """By whose clock she, or whoever it may be, plans: her own, else the line's."""
        return ZoneInfo(staff.zone) if staff is not None and staff.zone else self.voice.zone

    def moment_for(self, staff: Staff, at: datetime) -> str:
        """An instant as she reads it: her clock, her language."""
        return moments.moment(at, self.zone_of(staff), self.read_by(staff))

    def span_for(self, staff: Staff, start: datetime, end: datetime) -> str:
        """A stretch of time as she reads it: her clock, her language."""
        return moments.span(start, end, self.zone_of(staff), self.read_by(staff))

    def gap_for(self, staff: Staff, start: datetime, end: datetime, now: datetime) -> str:
        """A stretch of time as she reads it; of one that runs, when it began is of no use to her."""
        if start <= now:
            return self.say_to(staff, phrase("gap.now", until=self.moment_for(staff, end)))
        return self.span_for(staff, start, end)

    def service_for(self, staff: Staff, service: Service) -> str:
        """A shift as she reads it; of one whose end is not in sight the beginning."""
        if is_endless(service):
            return self.moment_for(staff, service.start)
        return self.span_for(staff, service.start, service.end)

    def rota(self, work: Work) -> Rota[StaffId]:
        """The rota in force; one without schedules where none has been applied."""
        return self._read(work).rota or Rota(schedules=())

    def rota_since(self, work: Work) -> datetime | None:
        """Since when it is in force; None where none has been applied."""
        return self._read(work).at

    def _read(self, work: Work) -> _Opened:
        version = work.rota.version()
        if version == self._opened.version and not work.rota.touched:
            return self._opened
        try:
            newest = work.rota.newest()
        except SealBroken as broken:
            # The one before, or nobody: the ladder asks the supervisors then. Silence would be worse.
            work.notice(broken)
            return self._opened
        opened = _Opened(version, rotafile.decode(newest.document), newest.at) if newest else _Opened(version)
        if not work.rota.touched:
            self._opened.version, self._opened.rota, self._opened.at = version, opened.rota, opened.at
        return opened

    def watch(self, work: Work) -> Watch:
        """Who is on call now, and when that changes."""
        people = {person.id: person for person in work.staff.everyone()}
        planned = self.rota(work)
        now = work.now
        on_call = _on_call(planned, "on call", now)
        next_on, changed_at = _next_on(planned, people, now), _changed_at(planned, now)
        closed = _closing(work)
        shut = closed is not None and closed.is_closed(now)
        if closed is not None and closed.until is not None:
            if shut:
                next_on = _next_on(planned, people, closed.until) or closed.until
            elif closed.until > now - LOOK_BACK:
                # The ladder begins anew for whoever waits, as after the start of a shift.
                changed_at = max(closed.until, changed_at or closed.until)
        elif shut:
            next_on = None
        return Watch(
            now=now,
            people=people,
            on_call=on_call,
            backup=_on_call(planned, "backup", now),
            loads=work.conversations.loads(),
            next_on=next_on,
            changed_at=changed_at,
            closed=shut,
        )


def _closing(work: Work) -> Closing | None:
    """The last closing; where it does not open, none: a line that answers is the smaller harm."""
    try:
        return closing.read(work.line.get(closing.NAME))
    except SealBroken as broken:
        work.notice(broken)
        return None


def _on_call(planned: Rota[StaffId], name: str, at: datetime) -> frozenset[StaffId]:
    schedule = planned.named(name)
    return rota.on_call(schedule, at) if schedule else frozenset()


def _next_on(planned: Rota[StaffId], people: dict[StaffId, Staff], now: datetime) -> datetime | None:
    """When the next shift of somebody who can be reached begins; None if one runs now, or none is planned."""
    schedule = planned.named("on call")
    if schedule is None:
        return None
    able = {i for i, person in people.items() if person.contact is not None}
    for shift in rota.shifts(schedule, now, now + LOOK_AHEAD):
        if able & shift.people:
            return shift.start if shift.start > now else None
    return None


def _changed_at(planned: Rota[StaffId], now: datetime) -> datetime | None:
    """The last instant, within a day, at which somebody else came on call."""
    schedule = planned.named("on call")
    if schedule is None:
        return None
    past = rota.shifts(schedule, now - LOOK_BACK, now + timedelta(seconds=1))
    return past[-1].start if past and past[-1].start > now - LOOK_BACK else None
