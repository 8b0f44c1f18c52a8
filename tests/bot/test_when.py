"""Dates as people write them, in their own language, and which of their shifts they mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import phrases, when, which
from bot.meaning import Said, Span
from bot.wallclock import LONG_AGO

TODAY = date(2026, 11, 26)
"""A Thursday."""
NEW_YORK, KYIV = ZoneInfo("America/New_York"), ZoneInfo("Europe/Kyiv")


def said(text: str, language: str = "en", today: date = TODAY) -> str:
    """What was understood, in short: "11-27 night", "11-27 21:00-06:00", "12-03..12-10"; "?" for nothing, "or" before
    what may be meant as well."""
    found = when.read(text, [language, "en", "es", "uk"], today, month_first=language == "en")
    return "?" if found is None else shown(found)


def shown(found: Said) -> str:
    if found.now:
        until = [f"{found.last:%m-%d}"] if found.last else []
        until += [f"{found.ends:%H:%M}"] if found.ends else []
        return "..".join(["now", " ".join(until)]) if until else "now"
    day = f"{found.day:%m-%d}" if found.day.year in (2026, 2027) else f"{found.day}"
    if found.last:
        day += f"..{found.last:%m-%d}"
    if found.begins:
        day += f" {found.begins:%H:%M}"
    if found.ends and not found.begins:
        day += " "
    if found.since:
        day += "-"
    if found.ends:
        day += f"-{found.ends:%H:%M}"
    short = f"{day} {found.part}".strip()
    return f"{short} or {shown(found.other)}" if found.other else short


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Friday night", "11-27 night"),
        ("fri", "11-27"),
        ("Weds", "12-02"),
        ("thursday", "11-26"),
        ("20-30 Nov", "11-20..11-30"),  # it has begun
        ("20-25 Nov", "11-20..11-25"),
        ("20-30", "11-20..11-30"),
        ("20-31", "12-20..12-31"),
        ("27 Nov", "11-27"),
        ("Nov 27", "11-27"),
        ("November 27th", "11-27"),
        ("the 27th", "11-27"),
        ("27.11", "11-27"),
        ("27.11.", "11-27"),
        ("27.11.2026", "11-27"),
        ("11/27", "11-27"),
        ("27/11", "11-27"),
        ("2/3", "02-03"),
        ("2026-11-27", "11-27"),
        ("Fri 27 Nov", "11-27"),
        ("tomorrow", "11-27"),
        ("tonight", "11-26 night"),
        ("TODAY", "11-26"),
        ("day after tomorrow", "11-28"),
        ("25 Nov", "11-25"),  # the next one
        ("29 Feb", "2028-02-29"),
        ("Fri 21-06", "11-27 21:00-06:00"),
        ("27 Nov 21:00–06:00", "11-27 21:00-06:00"),
        ("friday 9pm-6am", "11-27 21:00-06:00"),
        ("Friday from 22 to 2", "11-27 22:00-02:00"),
        ("Fri 22:00 - Sat 02:00", "11-27..11-28 22:00-02:00"),
        ("Friday at 9 p.m.", "11-27 21:00"),
        ("Friday night 21-06", "11-27 21:00-06:00"),
        ("3 Dec - 10 Dec", "12-03..12-10"),
        ("3–10 Dec", "12-03..12-10"),
        ("from Monday to Friday", "11-30..12-04"),
        ("31 Dec - 2 Jan", "12-31..01-02"),
        ("2026-12-03 to 2026-12-10", "12-03..12-10"),
        ("12", "?"),
        ("27-11", "?"),
        ("9-17", "?"),
        ("Monday 27 Nov", "?"),
        ("Friday morning 21-06", "?"),
        ("31 Nov", "?"),
        ("21-06", "11-26 21:00-06:00"),
        ("9pm", "11-26 21:00"),
        ("noon", "11-26 12:00"),
        ("next Friday", "12-04 or 11-27"),  # people differ
        ("next Friday 9pm", "12-04 21:00 or 11-27 21:00"),
        ("next Thursday", "12-03"),
        ("this Friday", "11-27"),
        ("Friday next week", "12-04"),
        ("next week", "11-30..12-06"),
        ("the weekend", "11-28..11-29"),
        ("next weekend", "12-05..12-06 or 11-28..11-29"),
        ("Friday 27", "11-27"),
        ("Friday 31", "?"),
        ("Fri 22", "11-27 22:00"),
        ("Fri 11", "12-11 or 11-27 11:00"),
        ("tomorrow 22", "11-27 22:00"),
        ("27-30", "11-27..11-30"),
        ("Fri 2100-0600", "11-27 21:00-06:00"),
        ("Fri 2000-0600", "11-27 20:00-06:00"),
        ("Fri 24:00", "11-28 00:00"),
        ("Fri midnight-6", "11-28 00:00-06:00"),
        ("Fri 0-24", "11-27 00:00-00:00"),
        ("Fri 22:00 - Sat 00:00", "11-27..11-28 22:00-00:00"),
        ("tonight 0-6", "11-27 00:00-06:00"),
        ("Friday night at 2am", "11-28 02:00"),
        ("9 at night on Friday", "11-27 21:00"),
        ("Friday night to Saturday morning", "11-27 night"),
        ("tomorrow morning", "11-27 morning"),
        ("FRIDAY NIGHT!! \U0001f64f\U0001f3fd", "11-27 night"),
        ("Friday night, pls :)", "11-27 night"),
        ("8 Mar", "03-08"),  # Tuesday to a Spaniard
        ("Friday?", "?"),
        ("Fridya night", "?"),
        ("your eyes", "?"),
        ("you tomorrow", "?"),
        ("now", "now"),
        ("right now until 7", "now..07:00"),
        ("until 7am", "now..07:00"),
        ("until Monday", "now..11-30"),
        ("now tonight", "?"),
        ("0-7", "11-26 00:00-07:00"),
        ("Friday from 2", "11-27 02:00-"),
        ("Friday night from 2", "11-28 02:00-"),
        ("from 2pm on", "11-26 14:00-"),
        ("from 3 Dec", "12-03"),
        ("Friday night until 2", "11-27 -02:00 night"),
        ("from", "?"),
        ("until", "?"),
        ("", "?"),
        ("-", "?"),
    ],
)
def test_english(text: str, what: str) -> None:
    """Whatever is not understood whole is not understood."""
    assert said(text) == what


@pytest.mark.parametrize(
    ("language", "text", "what"),
    [
        ("es", "viernes por la noche", "11-27 night"),
        ("es", "el viernes", "11-27"),
        ("es", "mañana", "11-27"),
        ("es", "manana por la manana", "11-27 morning"),
        ("es", "pasado mañana", "11-28"),
        ("es", "esta noche", "11-26 night"),
        ("es", "27 de noviembre", "11-27"),
        ("es", "3/2", "02-03"),
        ("es", "del 3 al 10 de diciembre", "12-03..12-10"),
        ("es", "el sábado de 22 a 2", "11-28 22:00-02:00"),
        ("es", "Friday night", "11-27 night"),
        ("uk", "п'ятниця ввечері", "11-27 evening"),
        ("uk", "у п’ятницю вночі", "11-27 night"),
        ("uk", "завтра", "11-27"),
        ("uk", "27 листопада", "11-27"),
        ("uk", "у середу", "12-02"),
        ("uk", "з понеділка по пʼятницю", "11-30..12-04"),
        ("uk", "з 3 до 10 грудня", "12-03..12-10"),
        ("uk", "завтра з 22 до 2", "11-27 22:00-02:00"),
        ("es", "próximo viernes", "11-27"),
        ("es", "el viernes que viene", "11-27"),
        ("es", "la semana que viene", "11-30..12-06"),
        ("es", "el fin de semana", "11-28..11-29"),
        ("es", "el 27", "11-27"),
        ("es", "el 3 por la noche", "12-03 night"),
        ("es", "viernes 27 a las 22", "11-27 22:00"),
        ("es", "viernes de 9 pm a las 6 am", "11-27 21:00-06:00"),
        ("es", "el lunes de madrugada", "11-30 dawn"),
        ("es", "el viernes a la noche, por favor", "11-27 night"),
        ("es", "noche del viernes al sábado", "11-27 night"),
        ("es", "el viernes a las 9 de la noche", "11-27 21:00"),
        ("es", "mañana por la mañana", "11-27 morning"),
        ("es", "esta mañana", "11-26 morning"),
        ("es", "desde las 14", "11-26 14:00-"),
        ("es", "viernes 27 desde las 14", "11-27 14:00-"),
        ("es", "desde el 3", "12-03"),
        ("es", "del 3 al 10", "12-03..12-10"),
        ("es", "noche del 3", "12-03 night"),
        ("es", "ahora", "now"),
        ("es", "ahora mismo hasta las 7", "now..07:00"),
        ("es", "hasta las 7 de la mañana", "now..07:00"),
        ("uk", "зараз", "now"),
        ("uk", "до 7", "now..07:00"),
        ("uk", "з 14", "11-26 14:00-"),
        ("uk", "п'ятниця з 2", "11-27 02:00-"),
        ("uk", "цієї ночі", "11-26 night"),
        ("uk", "наступної п'ятниці", "12-04 or 11-27"),
        ("uk", "наступної п’ятниці", "12-04 or 11-27"),
        ("uk", "ніч на суботу", "11-27 night"),
        ("uk", "в ніч з пʼятниці на суботу", "11-27 night"),
        ("uk", "ніч на завтра", "11-26 night"),
        ("uk", "27 числа", "11-27"),
        ("uk", "вихідні, будь ласка", "11-28..11-29"),
        ("uk", "завтра вранці", "11-27 morning"),
    ],
)
def test_other_languages(language: str, text: str, what: str) -> None:
    """In the writer's own, or in English."""
    assert said(text, language) == what


@pytest.mark.parametrize(
    ("language", "text", "what"),
    [
        ("es", "el próximo viernes", "12-04"),
        ("es", "viernes que viene", "12-04"),
        ("es", "el viernes que viene por la noche", "12-04 night"),
        ("es", "viernes", "11-27"),
        ("en", "next Friday", "12-04"),
        ("en", "the coming Friday", "12-04"),
        ("en", "this Friday", "11-27"),
        ("uk", "наступної п'ятниці", "12-04"),
        ("uk", "найближчої п'ятниці", "12-04"),
        ("uk", "п'ятниця", "11-27"),
    ],
)
def test_the_next_friday_on_a_friday(language: str, text: str, what: str) -> None:
    """Is not today."""
    assert said(text, language, TODAY + timedelta(days=1)) == what


def night(day: int, zone: ZoneInfo = NEW_YORK) -> Span:
    """22:00 to 07:00 by this clock, beginning on that day of November."""
    begins = datetime(2026, 11, 1, 22, tzinfo=zone) + timedelta(days=day - 1)
    return begins.astimezone(UTC), (begins + timedelta(hours=9)).astimezone(UTC)


def meant(text: str, shifts: list[Span], zone: ZoneInfo = NEW_YORK) -> list[Span]:
    found = when.read(text, ["en"], TODAY, month_first=True)
    assert found is not None
    return which.meant(found, shifts, zone, LONG_AGO)


def test_which_of_her_shifts() -> None:
    """Friday night begins on Friday; a bare Friday is the shift that begins then; hours are meant exactly."""
    shifts = [night(26), night(27), night(28)]
    assert meant("Friday night", shifts) == [night(27)]
    assert meant("Friday", shifts) == [night(27)]
    assert meant("27 Nov", [night(26)]) == [night(26)]
    assert meant("Sunday", shifts) == [night(28)]
    part = (night(27)[0] + timedelta(hours=1), night(27)[0] + timedelta(hours=4))
    assert meant("Fri 23-02", shifts) == [part]
    assert meant("Fri 21-02", shifts) == []
    assert meant("Friday afternoon", shifts) == []
    assert meant("Friday at 23:00", shifts) == [night(27)]


def test_what_may_be_either_is_for_her_to_choose() -> None:
    """Next Friday: both, if she serves on both; else the one on which she does."""
    shifts = [night(27), night(34), night(35)]
    assert meant("next Friday", shifts) == [night(34), night(27)]
    assert meant("next Friday", [night(27), night(28)]) == [night(27)]
    assert meant("next weekend", [night(28)]) == [night(28)]
    assert meant("the weekend", [night(27), night(28), night(29)]) == [night(28), night(29)]


def test_by_her_own_clock() -> None:
    """22:00 in New York is 05:00 on Saturday in Kyiv."""
    assert meant("Saturday morning", [night(27)], KYIV) == [night(27)]
    assert meant("Saturday 05-08", [night(27)], KYIV) == [(night(27)[0], night(27)[0] + timedelta(hours=3))]


def test_two_shifts_on_one_day_are_for_her_to_choose() -> None:
    """Nothing is guessed."""
    early = (datetime(2026, 11, 27, 14, tzinfo=UTC), datetime(2026, 11, 27, 18, tzinfo=UTC))
    assert meant("Friday", [early, night(27)]) == [early, night(27)]
    assert meant("Friday night", [early, night(27)]) == [night(27)]


def test_of_a_week_on_call_only_the_named_night_is_meant() -> None:
    """Nobody who says Friday night gives away her week."""
    week = (datetime(2026, 11, 23, 14, tzinfo=UTC), datetime(2026, 11, 30, 14, tzinfo=UTC))
    ((start, end),) = meant("Friday night", [week])
    assert (start.astimezone(NEW_YORK).hour, end.astimezone(NEW_YORK).hour) == (20, 8)
    assert end - start == timedelta(hours=12)
    assert chosen("now", at(NEW_YORK, 11, 27, 12), [week], NEW_YORK) == "27 12:00-28 12:00"
    assert chosen("now until 7", at(NEW_YORK, 11, 27, 12), [week], NEW_YORK) == "27 12:00-28 07:00"


def at(zone: ZoneInfo, *local: int) -> datetime:
    return datetime(2026, *local, tzinfo=zone).astimezone(UTC)


def chosen(text: str, now: datetime, shifts: list[Span], zone: ZoneInfo, language: str = "en") -> str:
    """As handlers/dates does it: the night that runs, else what is said today; by her clock."""
    today = now.astimezone(zone).date()
    yesterday = today - timedelta(days=1)
    spoken = [language, *phrases.languages()]
    late, said = (when.read(text, spoken, day, month_first=False) for day in (yesterday, today))
    found = which.underway(late, shifts, zone, now) if late and which.is_of(late, yesterday) else []
    found = found or (which.meant(said, shifts, zone, now) if said else [])
    return ", ".join("-".join(f"{one.astimezone(zone):%d %H:%M}" for one in span) for span in found)


RUNNING = "28 00:31-28 07:00"
"""What is left of Friday's night at 00:31 on Saturday."""
EVERY = "fri night, tonight, 27.11., the 27th, Fri 22-07, 22-07, fri, today, Saturday, Fri at 23:00, now, 0-7, until 7"
SPOKEN = {
    "en": f"{EVERY}, now until 7, Fri 22:00 - Sat 07:00, from now on, Fri 23-07, 27 Nov 22-07, night before sat",
    "es": "esta noche, el viernes por la noche, ahora, hasta las 7, ahora hasta las 7, el 27, viernes de 22 a 7",
    "uk": "сьогодні вночі, п'ятниця вночі, зараз, до 7, зараз до 7, 27 числа, пт 22-7, ніч на суботу",
}


@pytest.mark.parametrize(
    ("language", "text"), [(code, one) for code in SPOKEN for one in SPOKEN[code].split(", ")]
)
def test_the_night_that_runs(language: str, text: str) -> None:
    """After midnight it is still what Friday night and the 27th are, and of it what is left; whether she serves the
    next Friday as well, or not."""
    for shifts in ([night(27)], [night(26), night(27), night(34)]):
        assert chosen(text, at(NEW_YORK, 11, 28, 0, 31), shifts, NEW_YORK, language) == RUNNING


@pytest.mark.parametrize(
    ("text", "now", "what"),
    [
        ("tonight 23-01", (11, 27, 23, 58), "27 23:58-28 01:00"),
        ("Fri 23-01", (11, 28, 0, 1), "28 00:01-28 01:00"),
        ("00:30-03", (11, 27, 23, 58), "28 00:30-28 03:00"),
        ("tonight 0:30-3", (11, 28, 0, 1), "28 00:30-28 03:00"),
        ("until 2", (11, 28, 0, 1), "28 00:01-28 02:00"),
        ("Friday until 2am", (11, 28, 0, 1), "28 00:01-28 02:00"),
        ("Fri night till 2", (11, 28, 0, 1), "28 00:01-28 02:00"),
        ("until 9", (11, 28, 0, 1), "28 00:01-28 07:00"),
        ("until 12", (11, 27, 23, 0), "27 23:00-28 00:00"),
        ("Fri 21-06", (11, 28, 0, 1), "28 00:01-28 06:00"),
        ("tonight until 2", (11, 27, 20, 0), "27 22:00-28 02:00"),
        ("Friday until 2am", (11, 26, 20, 0), "27 22:00-28 02:00"),
        ("now", (11, 27, 20, 0), ""),
        ("until 7", (11, 27, 20, 0), ""),
        ("tonight", (11, 28, 7, 0), ""),
        ("tomorrow", (11, 28, 0, 31), ""),
        ("Friday from 2", (11, 26, 12, 0), "28 02:00-28 07:00"),
        ("Saturday from 2", (11, 26, 12, 0), "28 02:00-28 07:00"),
        ("Friday night from 2", (11, 26, 12, 0), "28 02:00-28 07:00"),
        ("from 2", (11, 27, 23, 0), "28 02:00-28 07:00"),
        ("from 11", (11, 27, 20, 0), "27 23:00-28 07:00"),
        ("from 22", (11, 28, 0, 31), RUNNING),
        ("Friday from 14", (11, 26, 12, 0), ""),
        ("Fri 22-07", (11, 28, 7, 0), "04 22:00-05 07:00"),
        ("Friday night", (11, 28, 12, 0), "04 22:00-05 07:00"),
    ],
)
def test_hours_of_a_night(text: str, now: tuple[int, ...], what: str) -> None:
    """Of Friday's, and the one a week later."""
    assert chosen(text, at(NEW_YORK, *now), [night(27), night(34)], NEW_YORK) == what


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("until 2", "26 14:00"),
        ("now until 7", "26 19:00"),
        ("until 12", "26 12:00"),
        ("until 11", "26 11:00"),
        ("until 10", "26 22:00"),
        ("until 02:00", "27 02:00"),
        ("until 7am", "27 07:00"),
    ],
)
def test_until_an_hour_that_no_shift_decides(text: str, ends: str) -> None:
    """At ten in the morning AWAY and ADD mean the nearer of the two; with minutes, the hour of that name."""
    now = at(NEW_YORK, 11, 26, 10)
    read = when.read(text, ["en"], TODAY, month_first=True)
    assert read is not None
    start, end = which.coming(read, NEW_YORK, now).span(NEW_YORK, now)
    assert (start, f"{end.astimezone(NEW_YORK):%d %H:%M}") == (now, ends)


def test_a_day_shift_is_no_night() -> None:
    """Nor is its first hour, at half past seven, what is left of one; from two is in the afternoon where she serves."""
    day = (at(NEW_YORK, 11, 28, 7), at(NEW_YORK, 11, 28, 15))
    for text in ("tonight", "Fri 22-07"):
        assert chosen(text, at(NEW_YORK, 11, 28, 7, 30), [day, night(28), night(34)], NEW_YORK)[:2] in (
            "28",
            "04",
        )
        assert chosen(text, at(NEW_YORK, 11, 28, 7, 30), [day], NEW_YORK) == ""
    for text in ("Saturday from 2", "Saturday from 14", "Saturday from 2pm"):
        assert chosen(text, at(NEW_YORK, 11, 27, 12), [day], NEW_YORK) == "28 14:00-28 15:00"
    assert chosen("until 2", at(NEW_YORK, 11, 28, 7, 30), [day], NEW_YORK) == "28 07:30-28 14:00"


def test_both_ends_of_a_night_whose_middle_was_taken() -> None:
    """She is asked which."""
    begins, ends = night(27)
    rests = [(begins, begins + timedelta(hours=1)), (begins + timedelta(hours=3), ends)]
    both = "27 22:00-27 23:00, 28 01:00-28 07:00"
    for text in ("Friday night", "Friday", "Fri 22-07", "27 Nov", "tonight"):
        assert chosen(text, at(NEW_YORK, 11, 27, 12), rests, NEW_YORK) == both, text
        assert chosen(text, at(NEW_YORK, 11, 28, 0, 31), rests, NEW_YORK) == "28 01:00-28 07:00", text


@pytest.mark.parametrize(
    ("zone", "day"), [(NEW_YORK, (3, 7)), (NEW_YORK, (10, 31)), (KYIV, (3, 28)), (KYIV, (10, 24))]
)
def test_in_nights_in_which_the_clock_changes(zone: ZoneInfo, day: tuple[int, int]) -> None:
    """At every quarter of an hour of one, tonight and now are what is left of it, and until four ends at four."""
    start = at(zone, *day, 22)
    end = at(zone, *(datetime(2026, *day) + timedelta(days=1)).timetuple()[1:3], 7)
    for quarters in range(int((end - start) / timedelta(minutes=15))):
        now = start + timedelta(minutes=15 * quarters)
        for text in ("tonight", "now", "22-7", f"{day[1]}.{day[0]}."):
            today = now.astimezone(zone).date()
            yesterday = today - timedelta(days=1)
            late, said = (when.read(text, ["en"], one, month_first=False) for one in (yesterday, today))
            assert late is not None
            assert said is not None
            found = which.underway(late, [(start, end)], zone, now) if which.is_of(late, yesterday) else []
            assert (found or which.meant(said, [(start, end)], zone, now)) == [(now, end)], (text, now)


def test_a_weekday_whose_shift_is_over_is_the_next_one() -> None:
    """On Thursday noon, her shift being next Thursday. A Friday that is to come is that one, or none."""
    noon = at(NEW_YORK, 11, 26, 12)
    later = (datetime(2026, 12, 4, 3, tzinfo=UTC), datetime(2026, 12, 4, 12, tzinfo=UTC))
    assert chosen("Thursday night", noon, [later], NEW_YORK) == "03 22:00-04 07:00"
    assert chosen("Friday night", noon, [night(34)], NEW_YORK) == ""


PIECES = (
    "fri friday night 27 nov 27.11 11/27 21-06 from to - 9pm 3rd tomorrow п'ятниця ввечері viernes por la noche "
    "2026 24:00 0 99 31 29 feb 00/00 99.99. now est week you , ; ' — h next weekend noon midnight the at 2100 0600 "
    "dawn !! \U0001f64f pls ніч на el que viene a las madrugada until hasta до з desde зараз tonight 7 22-7 23:30 0:30"
)


@settings(max_examples=250, deadline=None)
@given(
    st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES.split(" ")), max_size=8).map(" ".join)),
    st.sampled_from(["en", "es", "uk"]),
    st.integers(0, 4 * 96),
)
@example("9999-12-31 - 10 jan", "en", 0)
@example("29 feb 2027", "en", 0)
@example("\ud800 friday", "en", 0)
@example("31 dec 9999", "en", 0)
@example("until Friday", "en", 150)
def test_any_text_is_a_date_or_none(text: str, language: str, quarters: int) -> None:
    """Never an exception, at any quarter of an hour; whatever is understood has a beginning before its end, and what is
    meant of her shifts lies within one of them, and not behind her."""
    now = at(NEW_YORK, 11, 25, 12) + timedelta(minutes=15 * quarters)
    shifts = [night(day) for day in (25, 26, 27, 28, 34)]
    today = now.astimezone(NEW_YORK).date()
    for day, choose in ((today, which.meant), (today - timedelta(days=1), which.underway)):
        found = when.read(text, [language, "en"], day, month_first=True)
        for one in filter(None, (found, found and found.other)):
            start, end = one.span(NEW_YORK, now)
            assert start < end or one.now
        for start, end in choose(found, shifts, NEW_YORK, now) if found else []:
            assert now <= start < end
            assert any(first <= start and end <= last for first, last in shifts)


def test_a_whole_page_costs_nothing() -> None:
    """Twenty thousand characters are no date."""
    before = perf_counter()
    for text in ("friday " * 3000, "x" * 20_000, "1-" * 10_000, "'" * 20_000):
        assert when.read(text, phrases.languages(), TODAY, month_first=True) is None
    assert perf_counter() - before < 1
