"""When a carrier is asked again to delete its copy of a message, when people are told, and when nothing can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.people import Medium


class Answer(StrEnum):
    """What became of one request to delete. LOST: the carrier could not be asked, or its answer never came."""

    GONE = "gone"
    NOT_YET = "not yet"
    REFUSED = "refused"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a carrier is asked. `pauses`: after the first try, the second …, the last one for all that follow.
    `alarm`: at this age people are told. `hopeless`: from this age on a refusal is the last word. `end`: from this age
    on nobody asks any more."""

    pauses: tuple[timedelta, ...]
    alarm: timedelta
    hopeless: timedelta
    end: timedelta


PATIENCE: Final[Mapping[Medium, Patience]] = {
    # Twilio keeps a text for 400 days and deletes one that is final at any time (security.md, "Carriers").
    Medium.SMS: Patience(
        pauses=(
            timedelta(minutes=1),
            timedelta(minutes=5),
            timedelta(minutes=30),
            timedelta(hours=2),
            timedelta(hours=12),
            timedelta(days=1),
        ),
        alarm=timedelta(days=15),
        hopeless=timedelta(days=30),
        end=timedelta(days=30),
    ),
    # https://core.telegram.org/bots/api#deletemessage: under 48 hours only. After an outage all of it is asked for
    # again within half an hour. Our clock may be wrong: beyond 48 hours Telegram's own answer still counts.
    Medium.TELEGRAM: Patience(
        pauses=(timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)),
        alarm=timedelta(hours=47),
        hopeless=timedelta(hours=48),
        end=timedelta(hours=72),
    ),
}

ALONE: Final = timedelta(hours=46)
"""Older than this, a Telegram message is asked for by itself: of a batch one never knows what was skipped."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an answer. `again`: asked for again after so long; None: we forget it. `alarm`: people are
    told, for the first time. `lost`: it stays with the carrier, and nothing can be done."""

    again: timedelta | None = None
    alarm: bool = False
    lost: bool = False


def judged(
    medium: Medium,
    answer: Answer,
    *,
    age: timedelta,
    attempts: int,
    told: bool,
    asked_wait: timedelta | None = None,
) -> Verdict:
    """What follows from an answer about a copy of this age, asked for `attempts` times. `told`: people were told
    before. `asked_wait`: the carrier wants to be left alone for so long."""
    if answer is Answer.GONE:
        return Verdict()
    patience = PATIENCE[medium]
    alarm = age >= patience.alarm and not told
    refused = answer is not Answer.LOST and age >= patience.hopeless
    if refused or age >= patience.end:
        return Verdict(alarm=alarm, lost=True)
    pause = patience.pauses[min(max(attempts, 1), len(patience.pauses)) - 1]
    return Verdict(again=max(pause, asked_wait or timedelta(0)), alarm=alarm)
