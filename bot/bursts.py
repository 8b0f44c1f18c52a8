"""Two buckets for one texter's words on their way to her counselor. Nothing is ever dropped: what comes too fast comes
together, and what comes much too fast comes together and a little later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import msgspec


class Pace(Enum):
    """How the next words reach the counselor: each by itself, joined with what still waits, or joined and later."""

    ALONE = "alone"
    TOGETHER = "together"
    LATER = "later"


BURST: Final = 8.0
"""Texts that arrive one by one however fast they come; the bucket fills again by one every two seconds."""
BURST_FILLS: Final = 0.5
STREAM: Final = 60.0
"""Texts after which the counselor's phone gets a pause: three times product.md's twenty in seconds; fills by six a
minute, so that sixty in ten minutes always fit. No public source says how fast a frightened person texts: ours."""
STREAM_FILLS: Final = 0.1
DELAY: Final = timedelta(seconds=30)
"""How long the words of a stream are collected: one message every half minute can be read."""
AGAIN: Final = timedelta(hours=1)
"""How long nobody is told of the stream a second time."""


class Flow(msgspec.Struct, frozen=True, array_like=True):
    """How full both buckets are, and when that was; `told_at`: when the stream was spoken of last."""

    burst: float = BURST
    stream: float = STREAM
    at: datetime | None = None
    told_at: datetime | None = None


def pour(flow: Flow, now: datetime) -> tuple[Flow, Pace]:
    """One more text. A clock that was set back fills nothing and takes nothing away."""
    passed = max(0.0, (now - flow.at).total_seconds()) if flow.at is not None else 0.0
    burst = min(BURST, flow.burst + passed * BURST_FILLS) - 1
    stream = min(STREAM, flow.stream + passed * STREAM_FILLS) - 1
    pace = Pace.LATER if stream < 0 else Pace.TOGETHER if burst < 0 else Pace.ALONE
    return msgspec.structs.replace(flow, burst=max(0.0, burst), stream=max(0.0, stream), at=now), pace


def is_news(flow: Flow, pace: Pace, now: datetime) -> bool:
    """Whether both sides are told now that texts come together."""
    return pace is Pace.LATER and (flow.told_at is None or now - flow.told_at >= AGAIN)
