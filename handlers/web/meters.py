"""What is counted for Prometheus; no label ever names a person, a number, a conversation or an id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, generate_latest

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Meters:
    """The counters of the doors, in a `registry` to which other rooms add theirs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "greenroom_webhook_answers",
            "Calls of carriers by path and HTTP status",
            ["path", "status"],
            registry=self.registry,
        )
        self._dropped = Counter(
            "greenroom_dropped",
            "What came in and went no further, by channel and reason",
            ["channel", "reason"],
            registry=self.registry,
        )

        self._removals = Counter(
            "greenroom_removals",
            "What carriers said when they were asked to delete their copy of a message",
            ["medium", "answer"],
            registry=self.registry,
        )

    def removed(self, medium: str, answer: str) -> None:
        """A carrier was asked to delete one message; `answer` is a word of ours."""
        self._removals.labels(medium, answer).inc()

    def answered(self, path: str, status: int) -> None:
        """One call of a carrier; `path` is ours, without what stood behind it."""
        self._answers.labels(path, str(status)).inc()

    def dropping(self, channel: str) -> Callable[[str], None]:
        """For a channel: call it with a word of ours for each thing that goes no further."""

        def count(reason: str) -> None:
            self._dropped.labels(channel, reason).inc()

        return count

    def page(self) -> bytes:
        return generate_latest(self.registry)
