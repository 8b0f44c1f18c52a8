"""Settings that are read and not yet obeyed: the operator is told at every start and by `greenroom check`."""

from __future__ import annotations

from functools import reduce
from typing import Any, Final

from bot.settings import Config

DEFERRED: Final = (
    "ladder.nudge_minutes",
    "ladder.escalate_minutes",
    "policy.minors",
    "policy.photos",
    "policy.supervisor_for_minors",
    "policy.reporting",
    "policy.answers",
    "policy.alternatives",
)
"""Keys that nothing obeys yet; one that is left at its default deceives nobody. Built: take its line away here."""


def asked_for(config: Config) -> tuple[str, ...]:
    """The keys that this configuration sets and that have no effect yet."""
    return tuple(key for key in DEFERRED if _value(config, key) != _default(config, key))


def _value(config: Config, key: str) -> Any:
    return reduce(getattr, key.split("."), config)


def _default(config: Config, key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(type(getattr(config, section))(), name)
