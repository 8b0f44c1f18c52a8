"""One connection of somebody who calls: its patience with slow heads, and its silence towards what is no HTTP."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from aiohttp import web

MOST_CONNECTIONS: Final = 1000
NAME: Final = "web"
SILENT: Final = logging.Logger("silent", logging.CRITICAL + 1)
"""aiohttp's own log quotes bytes of bad requests and addresses of callers."""


class Caller(web.RequestHandler):
    """One connection. Headers that trickle in are cut off after `head_seconds`; aiohttp alone would wait for 75."""

    __slots__ = ("_head_seconds", "_inside", "_patience")

    def __init__(self, door: web.Server, head_seconds: float, **rest: Any) -> None:
        super().__init__(door, **rest)
        self._head_seconds = head_seconds
        self._inside = False
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._manager is not None and len(self._manager.connections) > MOST_CONNECTIONS:
            self.force_close()

    def data_received(self, data: bytes) -> None:
        if not self._inside and self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(self._head_seconds, self.force_close)
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def came_in(self) -> None:
        """A whole request head is there; from now on the body's own limits hold."""
        self._inside = True
        self._calm()

    def went_out(self) -> None:
        self._inside = False
        self._calm()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aiohttp's signature
        """Whoever has not asked for anything yet is sent away; aiohttp would wait for the first word, all the time."""
        if not self._request_in_progress and not self._messages:
            self.force_close()
        await super().shutdown(timeout)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP gets a bare status; aiohttp's own page quotes it and names its version."""
        response = web.Response(status=status, headers={"Server": NAME})
        response.force_close()
        return response
