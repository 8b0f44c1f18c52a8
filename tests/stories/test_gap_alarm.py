"""Nobody texts into a gap unnoticed: the admins hear of gaps daily and at once, and say which they know."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import segments
from handlers.rehearsal.phones import SmsPhone
from tests.stories.rotas import turns, whole_hour
from tests.stories.stage import Stage, new

HOME = ZoneInfo("America/New_York")
SUNDAY, MONDAY = 6, 0


async def morning(line: Stage, *, weekday: int | None = None, hour: int = 9) -> None:
    """It becomes nine (or so) in New York, tomorrow or on the next such day."""
    now = line.town.clock.now().astimezone(HOME)
    then = (now + timedelta(days=1)).replace(hour=hour, minute=5, second=0, microsecond=0)
    while weekday is not None and then.weekday() != weekday:
        then += timedelta(days=1)
    passed = (datetime.combine(then.date(), then.timetz()) - now).total_seconds()
    await line.rounds(seconds=passed)


async def one_night_missing(line: Stage) -> datetime:
    """Alma is on call for a week, and nobody is for the twelve hours after it; then Alma again, for ever."""
    start = whole_hour(line.town.clock.now(), ahead=-1)
    missing = start + timedelta(days=9)
    await line.plan(
        turns("Alma", start=start, until=missing)
        + turns("Alma", start=missing + timedelta(hours=12))
        .partition('zone = "UTC"\n')[2]
        .replace("turns", "later")
    )
    return missing


async def test_a_gap_is_told_each_morning_until_somebody_knows_it(line: Stage) -> None:
    """Once a day, with what is missing; OK acknowledges exactly that; a longer one is news."""
    await line.on_call("Alma", "sms", languages=("en", "es", "uk"))
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await line.rounds()
    missing = await one_night_missing(line)
    await line.rounds(minutes=1)
    new(charlie)
    await morning(line)
    alarm = await charlie.shows("Rota gaps:")
    assert alarm.text.count("(on call)") == 1
    assert segments.count(alarm.text).number <= 2
    await line.rounds(hours=1)
    assert not any("Rota gaps" in text for text in new(charlie))
    await morning(line)
    await charlie.shows("Rota gaps:")
    await charlie.write("OK")
    await charlie.shows("Noted.")
    new(charlie)
    await morning(line)
    assert not any("Rota gaps" in text for text in new(charlie))
    start = whole_hour(line.town.clock.now(), ahead=-1)
    await line.plan(turns("Alma", start=start, until=missing - timedelta(hours=6)))
    await morning(line)
    await charlie.shows("Rota gaps:")


async def test_a_gap_of_the_next_hours_is_told_at_once(line: Stage) -> None:
    """The rota that comes into force ends tonight."""
    await line.on_call("Alma", "sms")
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    await line.rounds()
    start = whole_hour(line.town.clock.now(), ahead=-1)
    await line.plan(turns("Alma", start=start, until=start + timedelta(hours=5)))
    await line.rounds(minutes=1)
    await charlie.shows("New rota gap:")
    await line.rounds(minutes=1)
    await line.rounds(hours=6)
    assert sum("New rota gap" in text for text in charlie.texts) == 1


async def test_stop_by_whoever_is_on_call(line: Stage) -> None:
    """Alma's phone texts STOP: the admin knows within a minute, once; invited ones are told of as well."""
    alma = await line.on_call("Alma", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await line.invite("Bo", "sms")
    await line.rota("Alma", "Bo")
    assert isinstance(alma, SmsPhone)
    await alma.stop()
    await line.rounds(seconds=30)
    await charlie.shows("Alma is on call (on call) and cannot be reached: opted out (STOP)")
    await charlie.shows("Bo is on call (on call) and cannot be reached: the invitation")
    assert any("Nobody else on call can be reached." in text for text in charlie.texts)
    new(charlie)
    await line.rounds(minutes=1)
    await line.rounds(hours=3)
    assert new(charlie) == []


async def test_whoever_was_removed_is_told_by_her_shift(line: Stage) -> None:
    """Her name is gone with her; the admin reads which shift of which schedule is left."""
    await line.on_call("Alma", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    start = whole_hour(line.town.clock.now(), ahead=-1)
    await line.plan(turns("Alma", start=start, until=start + timedelta(hours=12)))
    await line.remove("Alma")
    await line.rounds(seconds=30)
    told = await charlie.shows("A former colleague is on call (on call, ")
    end = (start + timedelta(hours=12)).astimezone(HOME)
    assert f"{end:%H:%M}) and cannot be reached: was removed from the staff. Nobody else on call" in told.text
    assert not any("Alma" in text or "#" in text for text in charlie.texts)


async def test_the_digest_comes_on_mondays(line: Stage) -> None:
    """How much of the week is covered, what is open, who should be asked next: two segments at most."""
    await line.on_call("Alma", "sms", languages=("en", "es", "uk"))
    await line.staff("Bo", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await line.rounds()
    await morning(line, weekday=MONDAY)
    digest = await charlie.shows("This week:")
    assert "168 of 168 h covered, gaps: 0, open requests: 0. Ask next: Bo, Alma" in digest.text
    assert segments.count(digest.text).number <= 2
    await line.rounds(hours=2)
    assert sum("This week:" in text for text in charlie.texts) == 1
    await morning(line)
    assert sum("This week:" in text for text in charlie.texts) == 1


async def test_a_language_that_nobody_speaks_is_one_line(line: Stage) -> None:
    """Spanish and Ukrainian are served here and Alma speaks neither: acknowledged once, they stay quiet."""
    await line.on_call("Alma", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await line.rounds()
    await morning(line, weekday=SUNDAY)
    alarm = await charlie.shows("Rota gaps:")
    assert alarm.text == "Rota gaps: nobody speaks Spanish; nobody speaks Ukrainian. OK: we know."
    await charlie.write("OK")
    await charlie.shows("Noted.")
    new(charlie)
    await morning(line, weekday=SUNDAY)
    assert not any("gaps:" in text for text in new(charlie) if "This week" not in text)


async def test_ok_twice_acknowledges_no_list_that_she_has_not_read(line: Stage) -> None:
    """Gaps that did not fit are listed in answer to OK. The second OK, a moment later, brings that list once more;
    the third, or one that comes after she can have read it, counts."""
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await line.staff("Alma", "sms", languages=("en", "es", "uk"))
    await line.invite("Bo", "sms")
    start = whole_hour(line.town.clock.now(), ahead=60)
    await line.rounds()
    await line.plan(turns("Alma", "Bo", start=start, hours=12))
    await morning(line)
    await charlie.shows("more")
    await line.settled()
    seen = []
    for _ in range(3):
        new(charlie)
        await charlie.write("OK")
        await line.settled()
        seen.append(new(charlie))
    assert seen[0] == seen[1] != seen[2]
    await line.later(seconds=21)
    before = seen[2]
    await charlie.write("OK")
    await line.settled()
    assert new(charlie) != before
