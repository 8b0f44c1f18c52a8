"""The door for calendars, whatever stands behind it: what is wrong there is a status, and no link is written down."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.errors import DatabaseAway
from bot.redact import Secret
from handlers.calendars import Busy, Sheet
from handlers.web.meters import Meters
from handlers.web.server import Patience, build, serve


async def slow(token: Secret[str]) -> Sheet | None:
    await asyncio.sleep(30)
    return None


def failing(error: Exception) -> Any:
    async def calendar(token: Secret[str]) -> Sheet | None:
        raise error

    return calendar


@pytest.mark.parametrize(
    ("calendar", "status"),
    [
        (failing(DatabaseAway("lavender")), 503),
        (failing(Busy()), 503),
        (slow, 503),
        (failing(ValueError("lavender")), 500),
    ],
)
async def test_what_fails_behind_it_is_a_status(
    calendar: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """503 asks to come again; nothing of the link or of the error's text is said or logged."""
    caplog.set_level(logging.DEBUG)
    app = build(
        [],
        health=lambda: (True, ""),
        version="1",
        meters=Meters(),
        calendar=calendar,
        patience=Patience(storing=0.1),
    )
    served = await serve(app, "127.0.0.1", 0)
    with capture_logs() as said:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{served.port}") as http:
            for method in ("GET", "HEAD"):
                async with http.request(method, "/calendar/lavender.ics") as answer:
                    assert (answer.status, await answer.read()) == (status, b"")
                    assert ("Retry-After" in answer.headers) is (status == 503)
    await served.stop()
    ours = [record for record in caplog.records if record.name.startswith(("aiohttp", "web", "bot"))]
    assert "lavender" not in str([said, [record.getMessage() for record in ours]])


async def test_a_line_without_calendars_has_no_such_door() -> None:
    """A bare 404, as for any other path."""
    served = await serve(build([], health=lambda: (True, ""), version="1", meters=Meters()), "127.0.0.1", 0)
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{served.port}/calendar/x.ics") as answer,
    ):
        assert (answer.status, await answer.read()) == (404, b"")
    await served.stop()
