"""What `greenroom check` says: one finding a line, in plain words, with the cure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. FAIL: something would not work, or a promise would be broken. WARNING: worse than it need be.

    REMINDER: what only a person can look up. OK: looked at, and good.
    """

    FAIL = "fail"
    WARNING = "warning"
    REMINDER = "reminder"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. It names keys, files and counts: never a secret, a number or the name of a person."""

    level: Level
    subject: str
    finding: str
    cure: str = ""

    def as_json(self) -> dict[str, str]:
        return {
            "level": self.level.value,
            "subject": self.subject,
            "finding": self.finding,
            "cure": self.cure,
        }


def fail(subject: str, finding: str, cure: str) -> Finding:
    return Finding(Level.FAIL, subject, finding, cure)


def warning(subject: str, finding: str, cure: str) -> Finding:
    return Finding(Level.WARNING, subject, finding, cure)


def reminder(subject: str, finding: str, cure: str) -> Finding:
    return Finding(Level.REMINDER, subject, finding, cure)


def ok(subject: str, finding: str) -> Finding:
    return Finding(Level.OK, subject, finding)
