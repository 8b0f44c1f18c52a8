"""What a channel answers when its carrier calls: a path, a largest body, and a function from the call to a status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from multidict import CIMultiDict, CIMultiDictProxy


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came in, nothing of it believed yet. `tail` is the end of the path, still encoded."""

    body: bytes
    headers: CIMultiDictProxy[str] | CIMultiDict[str]
    query: str = ""
    tail: str = ""

    def __repr__(self) -> str:
        return f"Call({len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A path of ours (`/sms/inbound`; one that ends in "/" takes a tail), the largest body, and who answers."""

    path: str
    largest: int
    answer: Callable[[Call], Awaitable[int]]
    """The HTTP status, after the commit. May raise StorageError: the carrier is asked to come again (503)."""
