"""What a process has used, and how long a crowd of waits was."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICK = 1000 / os.sysconf("SC_CLK_TCK")
"""Milliseconds of one tick of /proc."""


def cpu(pid: int) -> float:
    """Milliseconds of user and system time of all threads of a process, from /proc (proc(5): fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def memory(pid: int) -> float:
    """MiB of a process that are in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def share(values: Sequence[float], of: float) -> float:
    """The value below which so much of all lies: 0.5 is the median."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * of))]


@dataclass(frozen=True, slots=True)
class Cost:
    """One measured way. `cpu`: ms of the program a message; `stand_ins`: the same of the process that plays carriers
    and phones; `p50`, `p95`: ms from texting to the other phone, loaded; `alone`: the median of single messages with
    nothing else going on; `memory`: MiB at the end."""

    way: str
    messages: int
    seconds: float
    cpu: float
    stand_ins: float
    p50: float
    p95: float
    alone: float
    memory: float

    @property
    def rate(self) -> float:
        return self.messages / self.seconds
