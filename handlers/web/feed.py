"""The door for calendars: `GET /calendar/{token}.ics`. Whatever leads nowhere is answered alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog
from aiohttp import web

from bot.errors import StorageError
from bot.redact import Secret, place, safe_error
from handlers.calendars import Busy
from handlers.web.meters import Meters

log = structlog.get_logger("web")

PATH: Final = "/calendar/"
END: Final = ".ics"
COME_AGAIN: Final = {"Retry-After": "60"}


class Found(Protocol):
    """A calendar: the file, and the tag by which an unchanged one is known again."""

    @property
    def body(self) -> bytes: ...
    @property
    def tag(self) -> str: ...


Calendar = Callable[[Secret[str]], Awaitable[Found | None]]
"""The calendar behind a token, None where there is none; StorageError or Busy when it cannot be told now."""


def door(
    calendar: Calendar, meters: Meters, patience: float
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answers one fetch; `patience` seconds for what stands behind it."""

    async def answer(request: web.Request) -> web.Response:
        response = await _response(calendar, request, patience)
        meters.answered(PATH, response.status)
        return response

    return answer


async def _response(calendar: Calendar, request: web.Request, patience: float) -> web.Response:
    # As it was sent, not decoded: each link has one spelling. What has another shape is looked up all the same, so
    # that the time of an answer tells no more than its status.
    asked = request.rel_url.raw_path.removeprefix(PATH)
    token = asked.removesuffix(END)
    try:
        async with asyncio.timeout(patience):
            found = await calendar(Secret(token))
    except Busy:
        return web.Response(status=503, headers=COME_AGAIN)
    except (StorageError, TimeoutError) as error:
        log.error("a calendar could not be read", error=safe_error(error), place=place(error))
        return web.Response(status=503, headers=COME_AGAIN)
    if found is None or not asked.endswith(END):
        return web.Response(status=404)
    tag = f'"{found.tag}"'
    headers = {"Cache-Control": "private, no-cache", "ETag": tag, "X-Robots-Tag": "noindex"}
    if _has(request, tag):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = "text/calendar; charset=utf-8"
    return web.Response(body=found.body, headers=headers)


def _has(request: web.Request, tag: str) -> bool:
    """Whether the caller says that it has this one already."""
    known = ",".join(request.headers.getall("If-None-Match", ())).split(",")
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in known)
