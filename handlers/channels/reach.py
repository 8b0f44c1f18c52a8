"""What a plain GET tells: the time that a carrier has, and who answers at an address of ours. For `greenroom check`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp

from bot.facts import Page

GATEWAY: Final = frozenset({502, 503, 504})
"""A proxy's own words for: nobody behind me."""
ENOUGH: Final = 4096
"""Bytes of an answer that are read; ours has under a hundred."""


async def their_time(session: aiohttp.ClientSession, url: str) -> datetime | None:
    """The Date of whatever is answered there, an error too; None without one. No token is sent."""
    try:
        async with session.get(url, allow_redirects=False) as response:
            said = parsedate_to_datetime(response.headers.get("Date", ""))
    except (aiohttp.ClientError, OSError, ValueError):
        return None
    return said.astimezone(UTC) if said.tzinfo is not None else None


async def page(session: aiohttp.ClientSession, url: str) -> Page:
    """Who answers at `url`, which is the /healthz of a line."""
    try:
        async with session.get(url, allow_redirects=False) as response:
            return _judged(response.status, await response.content.read(ENOUGH))
    except aiohttp.ClientConnectorDNSError:
        return Page.NO_NAME
    except aiohttp.ClientSSLError:
        return Page.NO_TLS
    except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError):
        return Page.SOMETHING_ELSE
    except (aiohttp.ClientError, OSError, ValueError):
        return Page.NOBODY


def _judged(status: int, body: bytes) -> Page:
    said = _object(body)
    if status == 200 and said.get("ready") is True and "version" in said:
        return Page.LINE
    if status == 503 and said.get("ready") is False:
        return Page.NOT_READY
    if status in GATEWAY:
        return Page.NOBODY
    return Page.ELSEWHERE if 300 <= status < 400 else Page.SOMETHING_ELSE


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
