"""Who takes part in a rehearsal: one phone each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What somebody is to the line."""

    TEXTER = "texter"
    COUNSELOR = "counselor"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Person:
    """One phone and its owner; a number means SMS, none Telegram. `language`: of her app, or what she answers in."""

    name: str
    part: Part
    number: str = ""
    language: str = "en"

    @property
    def channel(self) -> str:
        return "SMS" if self.number else "Telegram"


CAST = (
    Person("Robin", Part.TEXTER, "+12025550111"),
    Person("Kit", Part.TEXTER),
    Person("Alma", Part.COUNSELOR),
    Person("Bo", Part.COUNSELOR, "+12025550122"),
    Person("Sam", Part.SUPERVISOR),
)
