"""Who is missing when: gaps, languages, and what an acknowledgement covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot import gaps, reminders, rotanews
from bot.gaps import Gap
from bot.layers import Layer, Unit
from bot.people import Staff, StaffId, Standing
from bot.reminders import Remind
from bot.rota import Rota
from bot.schedules import Schedule
from bot.wallclock import FOREVER
from tests.bot.cast import ALMA, BO, NOON, person

PEOPLE = {one.id: one for one in (ALMA, BO)}
END = NOON + gaps.AHEAD
HOUR = timedelta(hours=1)


def plan(
    *people: Staff, start: datetime = NOON, until: datetime | None = None, hours: int = 12
) -> Rota[StaffId]:
    """These take turns of so many hours."""
    layer = Layer(
        name="turns",
        zone="UTC",
        start=start.replace(tzinfo=None),
        unit=Unit.HOUR,
        count=hours,
        participants=tuple((one.id,) for one in people),
        until=until.replace(tzinfo=None) if until else None,
    )
    return Rota((Schedule(name="on call", zone="UTC", layers=(layer,)),))


def missing(planned: Rota[StaffId], *people: Staff, languages: tuple[str, ...] = ("en",)) -> list[Gap]:
    known = {one.id: one for one in people or PEOPLE.values()}
    return gaps.found(planned, known, languages, NOON, END)


def test_nobody_or_nobody_who_can_answer() -> None:
    """Before the first turn, after the last, and where whoever is on call cannot be reached."""
    invited = person(1, "Alma", standing=Standing.INVITED)
    assert missing(plan(ALMA)) == []
    assert missing(plan(ALMA, start=NOON + HOUR)) == [Gap("on call", "", NOON, NOON + HOUR)]
    assert missing(plan(ALMA, until=NOON + HOUR)) == [Gap("on call", "", NOON + HOUR, FOREVER)]
    assert [(gap.start, gap.end) for gap in missing(plan(invited, BO), invited, BO)][:2] == [
        (NOON, NOON + 12 * HOUR),
        (NOON + 24 * HOUR, NOON + 36 * HOUR),
    ]
    assert [gap.schedule for gap in missing(Rota(()))] == [""]


def test_a_language_is_missing_only_where_somebody_is() -> None:
    """Bo alone speaks Ukrainian; nobody speaks Spanish, which is one line; where nobody is at all, that says enough."""
    found = missing(plan(ALMA, BO, until=NOON + 36 * HOUR), languages=("en", "uk", "es"))
    assert Gap("on call", "uk", NOON, NOON + 12 * HOUR) in found
    assert [gap.schedule for gap in found if gap.language == "es"] == [""]
    assert [gap.language for gap in found if gap.start >= NOON + 36 * HOUR] == [""]


def test_a_schedule_without_alarm_is_left_out() -> None:
    (schedule,) = plan(ALMA, start=NOON + HOUR).schedules
    assert missing(Rota((replace(schedule, gap_alarm=False),))) == []


def test_who_is_asked_first_is_missed_first() -> None:
    """Backup's long gap never hides that nobody is on call; what both miss at the same hours is one time."""
    (first,) = plan(ALMA, start=NOON + 2 * HOUR, until=NOON + 5 * HOUR).schedules
    second, other = replace(first, name="backup"), plan(BO, start=NOON + HOUR).schedules[0]
    both = gaps.together(missing(Rota((second, first))))
    assert [(gap.start, names) for gap, names in both] == [
        (NOON, ("on call", "backup")),
        (NOON + 5 * HOUR, ("on call", "backup")),
    ]
    apart = gaps.together(missing(Rota((replace(other, name="backup"), first))))
    assert [(gap.start, names) for gap, names in apart] == [
        (NOON, ("on call",)),
        (NOON + 5 * HOUR, ("on call",)),
        (NOON, ("backup",)),
    ]


def test_what_was_acknowledged_and_what_is_news() -> None:
    """Shorter is the same gap; longer, another schedule, or another language is not. Filled ones are forgotten."""
    known = [Gap("on call", "", NOON + HOUR, NOON + 5 * HOUR)]
    assert gaps.is_known(Gap("on call", "", NOON + 2 * HOUR, NOON + 5 * HOUR), known)
    assert not gaps.is_known(Gap("on call", "", NOON, NOON + 5 * HOUR), known)
    assert not gaps.is_known(Gap("on call", "uk", NOON + HOUR, NOON + 5 * HOUR), known)
    assert not gaps.is_known(Gap("backup", "", NOON + HOUR, NOON + 5 * HOUR), known)
    assert gaps.still(known, []) == []
    assert gaps.still(known, [Gap("on call", "", NOON, NOON + 2 * HOUR)]) == known
    assert gaps.read(gaps.written(known)) == known


def test_reminders_come_at_their_time_and_never_two_at_once() -> None:
    """Minute by minute over two days: each is due from its instant on, for a while, and never beside another."""
    start = NOON + 48 * HOUR
    planned = plan(ALMA, BO, start=start, hours=100)
    said: dict[Remind, list[datetime]] = {what: [] for what in Remind}
    for minute in range(49 * 60):
        now = NOON + timedelta(minutes=minute)
        found = [what for what, service in reminders.due(planned, now) if service.staff == ALMA.id]
        assert len(found) <= 1
        for what in found:
            said[what].append(now)
    assert said[Remind.DAY][0] == start - 24 * HOUR
    assert said[Remind.DAY][-1] < start - 17 * HOUR
    assert said[Remind.HOUR][0] == start - HOUR
    assert said[Remind.READY][0] == start
    assert said[Remind.READY][-1] < start + timedelta(minutes=11)


def test_of_two_at_one_moment_ready_comes_last() -> None:
    """Alma's shift begins, a day before her next: OK must answer READY?."""
    planned = plan(ALMA, BO, start=NOON, hours=12)
    assert [what for what, _ in reminders.due(planned, NOON)] == [Remind.DAY, Remind.READY]


def test_a_shift_that_is_younger_than_its_reminder_gets_none() -> None:
    """Put on her twenty hours before: only the hour's, whatever else stays due; and who is on call for ever has no
    beginning."""
    start = NOON + 20 * HOUR
    planned = plan(ALMA, BO, start=start, hours=100)
    nobody: Rota[StaffId] = Rota(())
    assert [what for what, _ in reminders.missed(nobody, planned, NOON)] == [Remind.DAY]
    assert [what for what, _ in reminders.missed(nobody, planned, start - HOUR / 2)] == [
        Remind.DAY,
        Remind.HOUR,
    ]
    assert reminders.missed(nobody, planned, start - 24 * HOUR) == []
    longer = plan(ALMA, BO, start=start, hours=101)
    assert reminders.missed(planned, longer, start - HOUR / 2) == []
    ((what, service),) = reminders.missed(planned, plan(BO, ALMA, start=start, hours=100), NOON)
    assert (what, service.staff) == (Remind.DAY, BO.id)
    always = plan(ALMA, start=NOON - 1000 * HOUR, hours=1)
    assert not any(reminders.due(always, NOON + n * HOUR) for n in range(30))


def test_whom_a_change_concerns() -> None:
    """Who gets or loses a shift of the next day, or has another beginning or end; nobody else."""
    start = NOON + 20 * HOUR
    before = plan(ALMA, BO, start=start, hours=12)

    def told(
        after: Rota[StaffId], now: datetime = NOON
    ) -> dict[StaffId, tuple[list[datetime], list[datetime]]]:
        found = rotanews.news(before, after, now)
        return {
            person: ([one.start for one in news.gained], [one.start for one in news.lost])
            for person, news in found.items()
        }

    assert told(before) == {}
    assert told(plan(BO, ALMA, start=start, hours=12), NOON - 12 * HOUR) == {}
    assert told(plan(BO, ALMA, start=start, hours=12)) == {ALMA.id: ([], [start]), BO.id: ([start], [])}
    assert told(plan(ALMA, BO, start=start - 2 * HOUR, hours=14)) == {ALMA.id: ([start - 2 * HOUR], [])}
    assert told(plan(ALMA, BO, start=start + 6 * HOUR, hours=6)) == {ALMA.id: ([start + 6 * HOUR], [])}
    running = start + HOUR
    assert told(plan(ALMA, BO, start=start, hours=14), running) == {
        ALMA.id: ([start + 28 * HOUR], []),
        BO.id: ([start + 14 * HOUR], []),
    }
