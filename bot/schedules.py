"""A schedule of the rota, and the rota of the line.

The records are generic over what stands for a person: names in a file, staff ids in storage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from bot.changes import Override, Swap
from bot.layers import Layer, P


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Generic[P]):
    """Layers, then overrides in order of creation, then swaps. `zone` is for display; `gap_alarm`: tell of gaps."""

    name: str
    zone: str
    layers: tuple[Layer[P], ...]
    overrides: tuple[Override[P], ...] = ()
    swaps: tuple[Swap[P], ...] = ()
    gap_alarm: bool = True


@dataclass(frozen=True, slots=True)
class Rota(Generic[P]):
    """The schedules of the line; the ladder asks "on call", then "backup"."""

    schedules: tuple[Schedule[P], ...] = ()

    def named(self, name: str) -> Schedule[P] | None:
        return next((schedule for schedule in self.schedules if schedule.name == name), None)
