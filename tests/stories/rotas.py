"""Rotas whose shifts begin and end while a story is told."""

from __future__ import annotations

from datetime import datetime, timedelta

TURNS = """
[[schedule]]
name = "{name}"
zone = "UTC"

[[schedule.layer]]
name = "turns"
zone = "UTC"
start = {start}
unit = "hour"
count = {hours}
participants = [{groups}]
{more}
"""


def turns(
    *groups: str, start: datetime, hours: int = 12, name: str = "on call", until: datetime | None = None
) -> str:
    """These take turns of so many hours from `start` on; "Alma Bo" is a group of two."""
    listed = ", ".join(f"[{', '.join(repr(one) for one in group.split())}]" for group in groups)
    more = "" if until is None else f"until = {until:%Y-%m-%dT%H:%M:%S}"
    return TURNS.format(
        name=name, start=f"{start:%Y-%m-%dT%H:%M:%S}", hours=hours, groups=listed.replace("'", '"'), more=more
    )


def whole_hour(now: datetime, *, ahead: float) -> datetime:
    """The instant so many hours ahead, without its seconds."""
    return (now + timedelta(hours=ahead)).replace(second=0, microsecond=0)
