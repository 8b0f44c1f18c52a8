"""How long a carrier is asked to delete its copy, when people are told, and when nothing can be done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.people import Medium
from bot.removal import Answer, Verdict, judged

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
SMS, TELEGRAM = Medium.SMS, Medium.TELEGRAM
NOT_YET, REFUSED, LOST = Answer.NOT_YET, Answer.REFUSED, Answer.LOST
ALL = (NOT_YET, REFUSED, LOST)


def asked(medium: Medium, answer: Answer, age: timedelta, attempts: int = 9, **rest: object) -> Verdict:
    told = bool(rest.pop("told", False))
    return judged(medium, answer, age=age, attempts=attempts, told=told, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ALL)
@pytest.mark.parametrize(
    ("attempts", "pause"),
    [(1, MINUTE), (2, 5 * MINUTE), (3, 30 * MINUTE), (4, 2 * HOUR), (5, 12 * HOUR), (6, DAY), (20, DAY)],
)
def test_twilio_is_asked_at_these_pauses(answer: Answer, attempts: int, pause: timedelta) -> None:
    """Whether it said "not yet", something unheard of, or nothing at all (security.md, "Carriers")."""
    assert asked(SMS, answer, HOUR, attempts) == Verdict(again=pause)


@pytest.mark.parametrize("answer", ALL)
@pytest.mark.parametrize(
    ("age", "told", "verdict"),
    [
        (15 * DAY - SECOND, False, Verdict(again=DAY)),
        (15 * DAY, False, Verdict(again=DAY, alarm=True)),
        (16 * DAY, True, Verdict(again=DAY)),
        (30 * DAY, True, Verdict(lost=True)),
        (31 * DAY, False, Verdict(lost=True, alarm=True)),
    ],
)
def test_after_fifteen_days_people_are_told_once(
    answer: Answer, age: timedelta, told: bool, verdict: Verdict
) -> None:
    """And it goes on for as long again."""
    assert asked(SMS, answer, age, told=told) == verdict


@pytest.mark.parametrize("answer", ALL)
@pytest.mark.parametrize(
    ("attempts", "pause"), [(1, MINUTE), (2, 5 * MINUTE), (3, 30 * MINUTE), (99, 30 * MINUTE)]
)
def test_telegram_is_asked_twice_an_hour(answer: Answer, attempts: int, pause: timedelta) -> None:
    """After an outage of six hours there is hardly more than half an hour between 46 hours and 47."""
    assert asked(TELEGRAM, answer, 46 * HOUR, attempts) == Verdict(again=pause)


@pytest.mark.parametrize(
    ("answer", "age", "told", "verdict"),
    [
        (REFUSED, 47 * HOUR, False, Verdict(again=30 * MINUTE, alarm=True)),
        (LOST, 47 * HOUR, False, Verdict(again=30 * MINUTE, alarm=True)),
        (LOST, 50 * HOUR, True, Verdict(again=30 * MINUTE)),
        (REFUSED, 48 * HOUR - SECOND, True, Verdict(again=30 * MINUTE)),
        (REFUSED, 48 * HOUR, True, Verdict(lost=True)),
        (REFUSED, 60 * HOUR, False, Verdict(lost=True, alarm=True)),
        (LOST, 72 * HOUR, True, Verdict(lost=True)),
    ],
)
def test_at_forty_seven_hours_people_are_told(
    answer: Answer, age: timedelta, told: bool, verdict: Verdict
) -> None:
    """At 48 a refusal is the last word; a carrier that could not be asked is asked a day longer: our clock may err."""
    assert asked(TELEGRAM, answer, age, told=told) == verdict


@pytest.mark.parametrize("medium", Medium)
@pytest.mark.parametrize("age", [timedelta(0), 90 * DAY, -DAY])
def test_gone_is_gone(medium: Medium, age: timedelta) -> None:
    """However old it was, and whatever our clock did meanwhile."""
    assert asked(medium, Answer.GONE, age) == Verdict()


def test_a_wait_that_the_carrier_asks_for_is_kept() -> None:
    """A longer one than ours; never a shorter one."""
    assert asked(SMS, LOST, HOUR, 1, asked_wait=HOUR).again == HOUR
    assert asked(SMS, LOST, HOUR, 2, asked_wait=SECOND).again == 5 * MINUTE
