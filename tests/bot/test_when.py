"""Dates as people write them, in their own language, and which of their shifts they mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import meaning, phrases, when
from bot.meaning import Said, Span

TODAY = date(2026, 11, 26)
"""A Thursday."""
NEW_YORK, KYIV = ZoneInfo("America/New_York"), ZoneInfo("Europe/Kyiv")


def said(text: str, language: str = "en", today: date = TODAY) -> str:
    """What was understood, in short: "11-27 night", "11-27 21:00-06:00", "12-03..12-10"; "?" for nothing, "or" before
    what may be meant as well."""
    found = when.read(text, [language, "en", "es", "uk"], today, month_first=language == "en")
    return "?" if found is None else shown(found)


def shown(found: Said) -> str:
    day = f"{found.day:%m-%d}" if found.day.year in (2026, 2027) else f"{found.day}"
    if found.last:
        day += f"..{found.last:%m-%d}"
    if found.begins:
        day += f" {found.begins:%H:%M}"
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
        ("now", "?"),
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


def night(day: int, zone: ZoneInfo = NEW_YORK) -> Span:
    """22:00 to 07:00 by this clock, beginning on that day of November."""
    begins = datetime(2026, 11, 1, 22, tzinfo=zone) + timedelta(days=day - 1)
    return begins.astimezone(UTC), (begins + timedelta(hours=9)).astimezone(UTC)


def meant(text: str, shifts: list[Span], zone: ZoneInfo = NEW_YORK) -> list[Span]:
    found = when.read(text, ["en"], TODAY, month_first=True)
    assert found is not None
    return meaning.meant(found, shifts, zone)


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


def test_a_weekday_whose_shift_is_over_is_the_next_one() -> None:
    """On Thursday noon, her shift being next Thursday."""
    later = (datetime(2026, 12, 4, 3, tzinfo=UTC), datetime(2026, 12, 4, 12, tzinfo=UTC))
    assert meant("Thursday night", [later]) == [later]


PIECES = (
    "fri friday night 27 nov 27.11 11/27 21-06 from to - 9pm 3rd tomorrow п'ятниця ввечері viernes por la noche "
    "2026 24:00 0 99 31 29 feb 00/00 99.99. now est week you , ; ' — h next weekend noon midnight the at 2100 0600 "
    "dawn !! \U0001f64f pls ніч на el que viene a las madrugada"
)


@settings(max_examples=250, deadline=None)
@given(
    st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES.split(" ")), max_size=8).map(" ".join)),
    st.sampled_from(["en", "es", "uk"]),
)
@example("9999-12-31 - 10 jan", "en")
@example("29 feb 2027", "en")
@example("\ud800 friday", "en")
@example("31 dec 9999", "en")
def test_any_text_is_a_date_or_none(text: str, language: str) -> None:
    """Never an exception, and whatever is understood has a beginning before its end."""
    found = when.read(text, [language, "en"], TODAY, month_first=True)
    if found is not None:
        for one in filter(None, (found, found.other)):
            start, end = one.span(KYIV)
            assert start < end
        meaning.meant(found, [night(27)], KYIV)


def test_a_whole_page_costs_nothing() -> None:
    """Twenty thousand characters are no date."""
    before = perf_counter()
    for text in ("friday " * 3000, "x" * 20_000, "1-" * 10_000, "'" * 20_000):
        assert when.read(text, phrases.languages(), TODAY, month_first=True) is None
    assert perf_counter() - before < 1
