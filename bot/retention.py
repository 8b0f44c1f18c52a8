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
    """One period: its default, the least and the most an operator may set, and what it means in a sentence."""

    name: str
    default: float
    floor: float
    ceiling: float
    unit: Unit
    sentence: str

    def period(self, value: float) -> timedelta:
        """A setting of this policy as a length of time."""
        return timedelta(hours=value) if self.unit is Unit.HOURS else timedelta(days=value)


_TABLE: Final = (
    Policy("address_hours", 24, 0, 168, Unit.HOURS, "A texter's address is forgotten this long after close."),
    Policy(
        "seal_hours", 2, 0, 24, Unit.HOURS, "A transcript is sealed to the supervisors this long after close."
    ),
    Policy("transcript_days", 30, 0, 90, Unit.DAYS, "A sealed transcript is erased this long after close."),
    # Not under 48 hours: a carrier repeats a webhook that late, and a captured one can be replayed after it.
    Policy(
        "dedup_hours", 48, 48, 720, Unit.HOURS, "A message's fingerprint is kept this long against repeats."
    ),
    Policy(
        "block_days", 90, 1, 365, Unit.DAYS, "A block ends after this long, unless its reason says otherwise."
    ),
    Policy("audit_days", 365, 30, 1095, Unit.DAYS, "Who did what, without content, is kept this long."),
    # Telegram deletes for a bot under 48 hours only; 44 leaves four hours for an outage.
    Policy("telegram_hours", 40, 0.01, 44, Unit.HOURS, "Texters' Telegram messages are deleted at this age."),
    Policy("capsule_days", 3, 1, 14, Unit.DAYS, "A recovery capsule of the keyring is kept this long."),
)

POLICIES: Final[Mapping[str, Policy]] = {policy.name: policy for policy in _TABLE}
"""By the name of the setting under [retention]."""
