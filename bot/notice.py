"""The retention policy of one line in sentences fit for its privacy notice, from the table and its settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from bot import unbuilt
from bot.endings import UNSEALED
from bot.retention import NOTICE, POLICIES, When
from bot.settings import Config

_FIELD = re.compile(r"\{(\w+)( after)?\}")
CARRIERS: Final = not any(key.endswith("telegram_hours") for key in unbuilt.DEFERRED)
"""Whether carriers' copies are deleted by this version at all: nothing is promised before."""
_UNITS: Final = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
)


def sentences(config: Config, *, sealing: bool) -> tuple[str, ...]:
    """Each true on this line. `sealing`: two supervisors have keys."""
    periods = {name: one.period(getattr(config.retention, name)) for name, one in POLICIES.items()}
    periods["unsealed"] = min(UNSEALED, periods["transcript_days"])
    return tuple(
        _FIELD.sub(lambda found: _said(periods, found), one.sentence)
        for one in NOTICE
        if _TRUE[one.when](config, sealing)
    )


_TRUE: Final[Mapping[When, Callable[[Config, bool], bool]]] = {
    When.ALWAYS: lambda config, sealing: True,
    When.SEALING: lambda config, sealing: sealing,
    When.NOT_SEALING: lambda config, sealing: not sealing,
    When.SMS: lambda config, sealing: CARRIERS and config.sms is not None,
    When.TELEGRAM: lambda config, sealing: CARRIERS and config.telegram is not None,
    When.KEEPING: lambda config, sealing: config.policy.delete_during_hold == "keep",
    When.ERASING: lambda config, sealing: config.policy.delete_during_hold == "erase",
}


def _said(periods: Mapping[str, timedelta], found: re.Match[str]) -> str:
    period = periods[found[1]]
    if found[2] is None:
        return in_words(period)
    return f"{in_words(period)} after" if period else "as soon as"


def in_words(period: timedelta) -> str:
    """The period in the largest unit that says it exactly: "36 hours", "30 days"."""
    for name, unit in _UNITS:
        number, rest = divmod(period, unit)
        if number and not rest and (number > 1 or name != "day"):
            return f"{number} {name}{'s' if number > 1 else ''}"
    seconds = max(1, round(period.total_seconds()))
    return f"{seconds} second{'s' if seconds > 1 else ''}"
