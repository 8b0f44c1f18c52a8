"""One HTTP server on 127.0.0.1 that carries out faults, and can go down and come back on the same port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from email.utils import format_datetime

from aiohttp import web

from handlers.rehearsal.clock import Clock
from handlers.rehearsal.faults import Call, Fault, Trouble

HOST = "127.0.0.1"
Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
LONGEST_GOODBYE = 0.2
"""Seconds that calls in flight get when the server goes down; a long poll would hold it for a minute."""


class Loopback:
    """Serves `answer` on loopback only. Whatever `answer` raises is kept in `broken` and never logged.

    The Date of its answers is that of `clock`, where there is one.
    """

    def __init__(self, answer: Answer, *, port: int = 0, clock: Clock | None = None) -> None:
        self.broken: list[Exception] = []
        self._answer = answer
        self._clock = clock
        self._port = port
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:port`, known after the first `come_up`, the same after each."""
        return f"http://{HOST}:{self._port}"

    async def come_up(self) -> None:
        """Listens; nothing happens if it does already. Raises OSError when the port is taken."""
        if self._runner is not None:
            return
        # Without IPPROTO_TCP asyncio skips TCP_NODELAY: 44 ms a request instead of 2.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self._port))
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        runner = web.ServerRunner(
            web.Server(self._guarded, access_log=None), shutdown_timeout=LONGEST_GOODBYE
        )
        await runner.setup()
        await web.SockSite(runner, listener).start()
        self._runner = runner

    async def go_down(self) -> None:
        """Stops listening and drops every connection: callers find nobody."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _guarded(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            response = await self._answer(request)
        except Exception as problem:
            self.broken.append(problem)
            return web.Response(status=500)
        if self._clock is not None and not response.prepared:
            response.headers.setdefault("Date", format_datetime(self._clock.now(), usegmt=True))
        return response


def cut(request: web.BaseRequest) -> web.Response:
    """Closes the connection without a word; what is handed back never reaches anybody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def carry_out(
    fault: Fault | None,
    call: Call,
    request: web.BaseRequest,
    do: Callable[[], Awaitable[web.StreamResponse]],
    refusal: Callable[[Fault], web.StreamResponse],
) -> web.StreamResponse:
    """Does the call, or fails it in the way the fault says; notes the status that the caller got to see."""
    if fault is None:
        response = await do()
        call.status = response.status
        return response
    if fault.trouble is Trouble.CUT_BEFORE:
        return cut(request)
    if fault.trouble in (Trouble.TOO_MANY, Trouble.BROKEN, Trouble.REFUSED):
        call.status = fault.status
        return refusal(fault)
    if fault.trouble is Trouble.SLOW_BEFORE:
        await asyncio.sleep(fault.seconds)
    if fault.trouble is Trouble.HELD and fault.gate is not None:
        await fault.gate.pass_through()
    response = await do()
    if fault.trouble is Trouble.SLOW_AFTER:
        await asyncio.sleep(fault.seconds)
    if fault.trouble is Trouble.HELD_AFTER and fault.gate is not None:
        await fault.gate.pass_through()
    if fault.trouble is Trouble.CUT_AFTER:
        return cut(request)
    call.status = response.status
    return response
