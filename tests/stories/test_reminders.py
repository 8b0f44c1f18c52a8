"""Being told of one's shift: a day before, an hour before, and READY? as it begins."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from handlers import reminding
from handlers.rehearsal.phones import TelegramPhone
from handlers.roster import Roster
from storage.tables import outbox
from tests.stories.planning import says
from tests.stories.rotas import turns, whole_hour
from tests.stories.stage import Phone, Stage, new, texts

DAY, HOUR, READY = "You are on call:", "Soon you are on call:", "READY?"


def told(phone: Phone, what: str) -> int:
    """How often she was told this."""
    return sum(text.startswith(what) for text in phone.texts)


async def test_a_day_and_an_hour_before_each_once(line: Stage) -> None:
    """Whatever happens meanwhile: rounds, a restart, another process; and never of what is hers for ever."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "telegram")
    always = turns("Bo", start=whole_hour(line.town.clock.now(), ahead=-100), name="backup")
    start = whole_hour(line.town.clock.now(), ahead=30)
    await line.plan(turns("Alma", "Bo", start=start, hours=12) + always)
    await line.rounds(hours=4)
    assert told(alma, DAY) == 0
    await line.rounds(hours=2, minutes=1)
    assert told(alma, DAY) == 1
    await line.stop()
    await line.start()
    await line.rounds(minutes=1)
    await line.rounds(hours=22)
    assert (told(alma, DAY), told(alma, HOUR)) == (1, 0)
    await line.rounds(hours=1)
    await line.rounds(minutes=1)
    assert (told(alma, DAY), told(alma, HOUR), told(bo, HOUR)) == (1, 1, 0)
    await alma.write("OK")
    await alma.shows("Thank you. Until then.")
    await line.rounds(hours=1)
    assert (told(alma, READY), told(bo, READY)) == (1, 0)


async def test_what_is_late_is_not_said_twice(line: Stage) -> None:
    """The line was down: a day's reminder that is hours late is left out, and so is one for a shift she got since."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    start = whole_hour(line.town.clock.now(), ahead=30)
    await line.plan(turns("Alma", start=start, hours=12))
    await line.stop()
    line.town.clock.move(line.minutes(13 * 60))
    await line.start()
    await line.rounds()
    assert told(alma, DAY) == 0
    await line.plan(turns("Bo", start=start, hours=12))
    await line.rounds(minutes=1)
    assert (told(alma, DAY), told(bo, DAY)) == (0, 0)
    await line.rounds(hours=16, minutes=10)
    assert (told(alma, HOUR), told(bo, HOUR)) == (0, 1)


async def test_opted_out_and_invited_hear_nothing(line: Stage) -> None:
    """Whoever has opted out, or has not joined."""
    _alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    dora, _ = await line.invite("Dora", "sms")
    await dora.shows("Reply OK")
    start = whole_hour(line.town.clock.now(), ahead=25)
    await line.plan(turns("Alma Bo Dora", start=start, hours=12))
    await bo.write("STOP")
    await line.rounds(hours=1, minutes=1)
    await line.rounds(hours=23)
    await line.rounds(hours=1)
    for phone in (bo, dora):
        assert [told(phone, what) for what in (DAY, HOUR, READY)] == [0, 0, 0]


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_cannot_to_a_reminder_asks_the_others(line: Stage, medium: str) -> None:
    """Alma cannot; Bo is asked at once and takes it; the admin hears of it when it is that near."""
    alma, bo = await line.staff("Alma", medium), await line.staff("Bo", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    start = whole_hour(line.town.clock.now(), ahead=3)
    await line.plan(turns("Alma", start=start, hours=12, until=start + line.minutes(12 * 60)))
    new(charlie)
    await line.rounds(hours=2, minutes=1)
    reminder = await alma.shows(HOUR)
    if isinstance(alma, TelegramPhone):
        await alma.press("OK", on=reminder)
        await alma.shows("Thank you. Until then.")
        await alma.press("CAN'T", on=reminder)
    else:
        await alma.write("can't")
    await alma.shows("Colleagues asked: 1")
    await charlie.shows("Alma cannot be there")
    await bo.shows("Alma")
    await line.settled()
    # She could after all, and says so: OK is no answer to that, and she reads what is.
    assert any(text.startswith("Cover 1 is still open: Alma") for text in await says(line, alma, "OK"))
    await bo.write("OK")
    await line.settled()
    await line.rounds(hours=1)
    assert told(bo, READY) + told(alma, READY) <= 1
    assert told(alma, READY) == 0


async def test_ready_and_no_answer(line: Stage) -> None:
    """Five minutes of silence: backup and admins know before anybody waits, the ladder asks backup first, and whatever
    Alma writes brings her back."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    now = line.town.clock.now()
    await line.plan(
        turns("Alma", start=whole_hour(now, ahead=1), hours=12)
        + turns("Bo", start=whole_hour(now, ahead=-50), name="backup")
    )
    await line.rounds(hours=1)
    await alma.shows(READY)
    await line.rounds(minutes=4)
    assert not any("does not answer" in text for text in charlie.texts)
    await line.rounds(minutes=2)
    await charlie.shows("Alma is on call and does not answer READY?")
    await bo.shows("Alma is on call and does not answer READY?")
    await line.rounds(minutes=1)
    assert sum("does not answer" in text for text in charlie.texts) == 1
    await texts(line.texter("sms"), "hello")
    await bo.shows("New conversation")
    assert not any("New conversation" in text for text in alma.texts)
    await alma.write("WHO")
    await line.settled()
    await texts(line.texter("sms", "Kit"), "hello too")
    await alma.shows("New conversation")


async def test_ready_and_cannot(line: Stage) -> None:
    """She is as good as OFF until Bo has taken it, and ON again by herself after that."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    start = whole_hour(line.town.clock.now(), ahead=1)
    await line.plan(turns("Alma", start=start, hours=12, until=start + line.minutes(12 * 60)))
    await line.rounds(hours=1)
    await alma.shows(READY)
    await alma.write("CAN'T")
    await bo.shows("Alma")
    await line.settled()
    await texts(line.texter("sms"), "hello")
    await line.settled()
    assert not any("New conversation" in text for text in (*alma.texts, *bo.texts))
    await bo.write("OK")
    await bo.shows("New conversation")
    await line.rounds(seconds=30)
    person = await line.do(lambda work: work.staff.by_name("Alma"))
    assert person.available


async def test_whoever_has_just_written_is_not_asked(line: Stage) -> None:
    """Alma wrote three minutes ago: she is there."""
    alma = await line.staff("Alma", "sms")
    await line.plan(turns("Alma", start=whole_hour(line.town.clock.now(), ahead=1), hours=12))
    line.town.clock.move(whole_hour(line.town.clock.now(), ahead=1) - line.town.clock.now() - line.minutes(3))
    await alma.write("WHO")
    await line.rounds(minutes=4)
    await line.rounds(minutes=7)
    assert told(alma, READY) == 0
    assert await line.count(outbox) == 0


async def test_two_processes_at_once_remind_once(line: Stage) -> None:
    """Each looks at the same moment, with and without the chore: one letter for one shift."""
    alma = await line.staff("Alma", "sms")
    start = whole_hour(line.town.clock.now(), ahead=3)
    await line.plan(turns("Alma", start=start, hours=12, until=start + line.minutes(12 * 60)))
    await line.settled()
    line.town.clock.move(line.minutes(121))
    program = line.program
    assert program is not None
    others = [
        Roster(program.store, program.line, line.town.clock.now, holder=bytes([n]) * 16) for n in range(3)
    ]
    look = partial(reminding.remind, line=program.line)
    await asyncio.gather(*(one.round() for one in others), *(program.store.do(look) for _ in range(4)))
    await line.settled()
    assert told(alma, HOUR) == 1


async def test_a_reminder_that_could_not_leave_does_not_come_late(line: Stage) -> None:
    """The carrier takes nothing for two hours: "soon" would be a lie by then."""
    alma = await line.staff("Alma", "telegram")
    start = whole_hour(line.town.clock.now(), ahead=3)
    await line.plan(turns("Alma", start=start, hours=12, until=start + line.minutes(12 * 60)))
    await line.settled()
    program = line.program
    assert program is not None
    line.town.telegram.faults.broken("sendMessage", times=None)
    before = line.calls_to(alma)
    line.town.clock.move(line.minutes(121))
    await program.roster.round()
    await line.tried(alma, before)
    line.town.clock.move(line.minutes(120))
    line.town.telegram.faults.off("sendMessage")
    await line.rounds(minutes=1)
    assert told(alma, HOUR) == 0


async def test_ok_to_a_shift_that_is_a_colleagues_now(line: Stage) -> None:
    """Bo has it meanwhile: Alma's late OK is not thanked for."""
    alma, _ = await line.staff("Alma", "telegram"), await line.staff("Bo", "sms")
    assert isinstance(alma, TelegramPhone)
    start = whole_hour(line.town.clock.now(), ahead=2)
    await line.plan(turns("Alma", "Bo", start=start))
    await line.rounds(minutes=62)
    reminder = await alma.shows(HOUR)
    await line.plan(turns("Bo", "Alma", start=start))
    await alma.press("OK", on=reminder)
    await alma.shows("That shift is not yours any more")
    assert not any("Until then" in text for text in alma.texts)


async def test_of_a_shift_without_an_end_a_day_is_given(line: Stage) -> None:
    """Alma serves for ever from now on: CAN'T to READY? asks for a day's cover, not for weeks of it."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    await line.plan(turns("Alma", start=whole_hour(line.town.clock.now(), ahead=1)))
    await line.rounds(minutes=62)
    await alma.shows(READY)
    await alma.write("CAN'T")
    await bo.shows("Alma asks for cover")
    covers = await line.do(lambda work: work.covers.standing())
    assert [one.end - one.start for one in covers] == [timedelta(hours=24)]
