"""The admins hear of gaps in the rota: daily those of a fortnight, at once those of the next day; OK acknowledges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from bot import gaps, segments
from bot.errors import Stale
from bot.gaps import Gap
from bot.people import Role, Staff
from bot.phrases import Phrase, language_name, phrase
from bot.questions import QuestionKind
from bot.wallclock import FOREVER, instant
from handlers import questions
from handlers.line import Line
from handlers.turn import Turn
from storage.questions import Question
from storage.work import Work

MORNING: Final = time(9)
EVENING: Final = time(21)
"""By the line's clock: what is told daily is told then, or later on that day if the line was down."""
LISTED: Final = 4
SEGMENTS: Final = 2
NEAR: Final = timedelta(hours=24)
_KNOWN: Final = "known gaps"
_SINCE: Final = "rota told since"
"""Since when mornings count: a new line is not greeted with an alarm at night."""
WITHIN: Final = timedelta(days=7)
"""So long an OK acknowledges."""


def is_morning(work: Work, line: Line) -> bool:
    """Whether this day's nine o'clock has come while the line knew of the rota, and the evening has not."""
    since = work.line.get(_SINCE)
    if since is None:
        work.line.set(_SINCE, work.now.isoformat())
        return False
    local = work.now.astimezone(line.voice.zone)
    nine = instant(datetime.combine(local.date(), MORNING), line.voice.zone)
    return datetime.fromisoformat(since) < nine <= work.now and local.time() < EVENING


def today(work: Work, line: Line) -> str:
    """The day by the line's clock."""
    return work.now.astimezone(line.voice.zone).date().isoformat()


def present(work: Work, line: Line, *, off: bool = False) -> list[Gap]:
    """All gaps of the next fortnight; one that runs now with its beginning, as far as that is not long ago. `off`: also
    where all who are on call now are OFF."""
    first = max(work.now - gaps.BACK, line.rota_since(work) or work.now)
    people = {one.id: one for one in work.staff.everyone()}
    found = gaps.found(
        line.rota(work),
        people,
        line.languages,
        min(first, work.now - timedelta(seconds=1)),
        work.now + gaps.AHEAD,
        off_at=work.now if off else None,
    )
    return [gap for gap in found if gap.end > work.now]


def known(work: Work) -> list[Gap]:
    return gaps.read((work.line.get(_KNOWN) or "").encode())


def daily(work: Work, line: Line) -> int:
    """Once a day, all that nobody has acknowledged; how many."""
    if not is_morning(work, line) or not work.told.first("gaps", today(work, line), until=work.now):
        return 0
    there = present(work, line)
    before = known(work)
    kept = gaps.still(before, there)
    if kept != before:
        work.line.set(_KNOWN, gaps.written(kept).decode())
    open_ = [gap for gap in there if not gaps.is_known(gap, kept)]
    for gap in open_:
        _told(work, gap)
    for admin in admins(work):
        ask(work, line, admin, open_, "gaps")
    return len(open_)


def at_once(work: Work, line: Line) -> int:
    """A gap that has opened in the next 24 hours, once; how many."""
    if line.rota_since(work) is None:
        return 0
    kept = known(work)
    near = [
        gap
        for gap in present(work, line, off=True)
        if gap.schedule and not gap.language and gap.start < work.now + NEAR and not gaps.is_known(gap, kept)
    ]
    fresh = [gap for gap in near if _told(work, gap)]
    for admin in admins(work):
        ask(work, line, admin, fresh, "gaps.soon")
    return len(fresh)


def _told(work: Work, gap: Gap) -> bool:
    """Whether it is news; from now on it is not. One that runs is known by its end: its beginning moves with our look,
    and with each change of the rota."""
    until = min(gap.end, work.now + timedelta(days=40))
    about = (gap.schedule, gap.language, gap.end.isoformat())
    begins = gap.start.isoformat()
    if (
        work.told.known("gap runs", *about)
        if gap.start <= work.now
        else work.told.known("gap", *about, begins)
    ):
        return False
    work.told.first("gap runs", *about, until=until)
    return gap.start <= work.now or work.told.first("gap", *about, begins, until=until)


def mark_running(work: Work, line: Line, schedule: str) -> None:
    """What runs now in this schedule has just been told in other words."""
    for gap in present(work, line, off=True):
        if gap.schedule == schedule and not gap.language and gap.start <= work.now:
            _told(work, gap)


def admins(work: Work) -> list[Staff]:
    return [one for one in work.staff.everyone() if Role.ADMIN in one.roles]


# ── The question ──


def ask(work: Work, line: Line, admin: Staff, open_: Sequence[Gap], place: str) -> None:
    """Lists as many as two segments hold, and how many more there are; her OK acknowledges those listed."""
    if not open_:
        return
    for many in range(min(LISTED, len(open_)), 0, -1):
        what = _listing(line, admin, open_[:many], len(open_) - many, place, work.now)
        if many == 1 or segments.staff(line.say_to(admin, what)) <= SEGMENTS:
            about = gaps.written(open_[:many])
            due = work.now + WITHIN
            questions.ask(
                work,
                line,
                admin,
                what,
                QuestionKind.GAPS,
                due_at=due,
                about=about,
                buttons=questions.OK_ALONE,
            )
            return


def _listing(line: Line, admin: Staff, listed: Sequence[Gap], more: int, place: str, now: datetime) -> Phrase:
    items = "; ".join(_item(line, admin, *one, now) for one in gaps.together(listed))
    if more:
        return phrase(f"{place}.more", items=items, count=str(more))
    return phrase(place, items=items)


def _item(line: Line, admin: Staff, gap: Gap, schedules: Sequence[str], now: datetime) -> str:
    """One gap as she reads it, in which schedules nobody is there or nobody speaks that language."""
    speaks = language_name(gap.language, line.read_by(admin)) if gap.language else ""
    if not gap.schedule:
        return line.say_to(admin, phrase("gap.unspoken" if gap.language else "gap.no.rota", name=speaks))
    place = "gap.language" if gap.language else "gap.anybody"
    span = hours(line, admin, gap, now)
    return line.say_to(admin, phrase(place, span=span, schedule=", ".join(schedules), name=speaks))


def hours(line: Line, admin: Staff, gap: Gap, now: datetime) -> str:
    """When it is, by her clock, in her language; "now" is when one began that runs."""
    if gap.end == FOREVER:
        from_ = phrase("gap.from", at=line.moment_for(admin, gap.start))
        return line.say_to(admin, from_ if gap.start > now else phrase("gap.now.on"))
    return line.gap_for(admin, gap.start, gap.end, now)


def acknowledge(turn: Turn, question: Question) -> None:
    """OK: those listed are not told of again; what is left is listed next."""
    work, line = turn.work, turn.line
    before = work.line.get(_KNOWN)
    kept = gaps.read((before or "").encode())
    more = [gap for gap in gaps.read(question.about) if not gaps.is_known(gap, kept)]
    if more and not work.line.swap(_KNOWN, before, gaps.written([*kept, *more]).decode()):
        raise Stale("Somebody else was quicker.")
    if more:
        work.audit.add("gaps acknowledged", by=turn.staff.id, detail=str(len(more)))
    left = [gap for gap in present(work, line) if not gaps.is_known(gap, [*kept, *more])]
    if left:
        ask(work, line, turn.staff, left, "gaps")
    else:
        turn.tell("gaps.known")


def again(turn: Turn, question: Question) -> Phrase:
    """The same list once more."""
    listed = gaps.read(question.about)
    kept = [*known(turn.work), *listed]
    more = [gap for gap in present(turn.work, turn.line) if not gaps.is_known(gap, kept)]
    return _listing(turn.line, turn.staff, listed, len(more), "gaps", turn.work.now)


def keep_open(turn: Turn, question: Question) -> None:
    """CAN'T: they are told again tomorrow."""
    turn.tell("gaps.kept")
