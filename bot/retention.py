"""How long everything is kept: one table. The configuration takes its bounds from it, the sweep its periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Unit(StrEnum):
    """What a period is counted in."""

    HOURS = "hours"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Policy:
    """One period: its default, and the least and the most an operator may set."""

    name: str
    default: float
    floor: float
    ceiling: float
    unit: Unit

    def period(self, value: float) -> timedelta:
        """A setting of this policy as a length of time."""
        return timedelta(hours=value) if self.unit is Unit.HOURS else timedelta(days=value)


_TABLE: Final = (
    Policy("address_hours", 24, 0, 168, Unit.HOURS),
    Policy("seal_hours", 2, 0, 24, Unit.HOURS),
    Policy("transcript_days", 30, 0, 90, Unit.DAYS),
    # Not under 48 hours: a carrier repeats a webhook that late, and a captured one can be replayed after it.
    Policy("dedup_hours", 48, 48, 720, Unit.HOURS),
    Policy("block_days", 90, 1, 365, Unit.DAYS),
    Policy("audit_days", 365, 30, 1095, Unit.DAYS),
    # Telegram deletes for a bot under 48 hours only; 44 leaves four hours for an outage.
    Policy("telegram_hours", 40, 0.01, 44, Unit.HOURS),
    Policy("capsule_days", 3, 1, 14, Unit.DAYS),
)

POLICIES: Final[Mapping[str, Policy]] = {policy.name: policy for policy in _TABLE}
"""By the name of the setting under [retention]."""


class When(StrEnum):
    """Where a sentence is true: ALWAYS, or only in a line that is set up so."""

    ALWAYS = "always"
    SEALING = "two supervisors have keys"
    NOT_SEALING = "fewer have"
    SMS = "sms"
    TELEGRAM = "telegram"
    KEEPING = "a hold outlasts DELETE"
    ERASING = "it does not"


@dataclass(frozen=True, slots=True)
class Subject:
    """One sentence of the privacy notice. `{name}` is a setting of POLICIES: "24 hours"; `{name after}` is "24 hours
    after", or "as soon as" where it is nothing. `of`: the subjects of the sweep that make it true (storage/sweep,
    bot/endings)."""

    sentence: str
    when: When = When.ALWAYS
    of: tuple[str, ...] = ()


NOTICE: Final = (
    Subject("What is written, and what counselors note about it, is stored encrypted only."),
    Subject(
        "A conversation is sealed {seal_hours after} it has ended: from then on only supervisors can read it, each "
        "with a key of her own. It is erased {transcript_days after} it has ended.",
        When.SEALING,
        of=("seal", "erase"),
    ),
    Subject(
        "A conversation is erased {unsealed after} it has ended.",
        When.NOT_SEALING,
        of=("erase",),
    ),
    Subject(
        "The number or account of the person who wrote is forgotten {address_hours after} the conversation has ended, "
        "at the latest with the conversation; and after 30 days without a word from there, whatever is open.",
        of=("forget", "silent"),
    ),
    Subject(
        "Whoever writes DELETE has all of it erased at once: conversations, notes, number or account.", of=()
    ),
    Subject(
        "Where the law demands it a conversation can be kept longer; DELETE erases it all the same.",
        When.ERASING,
    ),
    Subject(
        "Where the law demands it a conversation can be kept longer. Whoever writes DELETE then is told so, and it is "
        "erased when that ends.",
        When.KEEPING,
    ),
    Subject(
        "Of an erased conversation there remain, for {audit_days}: a random id and code, its days, its language and "
        "channel, and which counselor had it.",
        of=("strike",),
    ),
    Subject(
        "Messages are deleted at the SMS carrier as soon as each has arrived; what cannot be deleted there in 30 days "
        "is given up, and recorded.",
        When.SMS,
        of=("copies",),
    ),
    Subject(
        "Messages are deleted in Telegram at the age of {telegram_hours}, those to counselors when the conversation "
        "ends.",
        When.TELEGRAM,
        of=("copies",),
    ),
    Subject(
        "Fingerprints of messages, from which nothing can be read, are kept for {dedup_hours}, so that a repeated one "
        "is noticed; those that limit automatic answers for two days.",
        of=("seen", "rates", "tallies"),
    ),
    Subject(
        "Somebody who misuses the line can be shut out, for {block_days} unless a person decides otherwise; who writes "
        "STOP is sent nothing until START. Only a fingerprint of the number is kept for either.",
        of=("blocks",),
    ),
    Subject(
        "Words of staff that could not be sent are kept for an hour at most, letters that never could for a day after "
        "their time, requests to colleagues for a day, unanswered invitations for a week.",
        of=("held", "buried", "requests", "tokens"),
    ),
    Subject(
        "Of staff it is kept who was on call when, for {audit_days}; requests for cover for a month after the shift; "
        "absences, and what was said about a shift, until it is over.",
        of=("duty", "covers", "aways", "questions", "told"),
    ),
    Subject("Who did what on the line, without any content, is recorded for {audit_days}.", of=("audit",)),
    Subject(
        "A copy of the keys that only supervisors can open is kept for {capsule_days} against a lost machine, and ids "
        "of what was erased a day longer, so that it is not brought back.",
        of=("erasures",),
    ),
    Subject(
        "How often what happened is counted by day, without anybody in it; numbers under 5 are not shown."
    ),
)
"""What is kept for how long, in sentences fit for a privacy notice."""
