"""The door to the world: carriers' webhooks, calendars, /healthz and /metrics. Answers are bare statuses, but for a
calendar's; nothing is quoted."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from bot.errors import StorageError
from bot.redact import place, safe_error
from handlers.channels.webhook import Call, Webhook
from handlers.web import feed
from handlers.web.caller import NAME, SILENT, Caller
from handlers.web.meters import CONTENT_TYPE, Meters

log = structlog.get_logger("web")

IDLE_SECONDS: Final = 75.0
"""A proxy keeps idle connections for about a minute; if we closed first, its next request would meet a closed door."""
LINGER_SECONDS: Final = 3.0
"""What is still being sent after a 413 or 408 is read and thrown away this long: on a cut line the status is lost."""
DRAIN_SECONDS: Final = 4.0
"""For calls inside when the line stops; aiohttp may take it twice, and the whole stop has ten (contract.md)."""
LONGEST_LINE: Final = 16 * 1024
"""Bytes of a request's first line: a link of any length below is looked up, and told that it leads nowhere."""
FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for a request's head, for its body, and for storing it (Twilio waits 15 for an answer)."""

    head: float = 10.0
    body: float = 10.0
    storing: float = 12.0


PATIENCE: Final = web.AppKey("patience", Patience)

Health = Callable[[], tuple[bool, str]]
"""Whether we are ready to receive, and if not, why, in a few words of ours."""


def build(
    webhooks: Sequence[Webhook],
    *,
    health: Health,
    version: str,
    meters: Meters,
    calendar: feed.Calendar | None = None,
    patience: Patience | None = None,
) -> web.Application:
    """The application: one POST route for each webhook, a GET for calendars, and two for the operator."""
    app = web.Application(middlewares=[_guarded])
    app[PATIENCE] = patience or Patience()
    app.on_response_prepare.append(_bland)
    for webhook in webhooks:
        route = webhook.path + "{tail}" if webhook.path.endswith("/") else webhook.path
        app.router.add_post(route, _door(webhook, meters))

    async def healthz(request: web.Request) -> web.Response:
        ready, why = health()
        if ready:
            return web.json_response({"ready": True, "version": version})
        return web.json_response({"ready": False, "why": why}, status=503)

    async def metrics(request: web.Request) -> web.Response:
        if not _from_this_machine(request):
            return web.Response(status=404)
        return web.Response(body=meters.page(), headers={"Content-Type": CONTENT_TYPE})

    if calendar is not None:
        app.router.add_get(feed.PATH + "{tail:.*}", feed.door(calendar, meters, app[PATIENCE].storing))
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", metrics)
    return app


class Served:
    """A listening server: its `port`, and `stop`."""

    def __init__(self, runner: web.AppRunner, server: asyncio.Server, port: int) -> None:
        self.port = port
        self._runner = runner
        self._server = server

    async def stop(self) -> None:
        """Takes no new calls, lets those inside finish (4 seconds, 8 at most), then closes."""
        self._server.close()
        await self._runner.cleanup()
        await self._server.wait_closed()


async def serve(app: web.Application, host: str, port: int) -> Served:
    """Listens until stopped; port 0 takes a free one. Raises OSError when the port is taken or the host unknown."""
    loop = asyncio.get_running_loop()
    listener = await _listener(host, port)
    runner = web.AppRunner(app, access_log=None, logger=SILENT, shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    door = runner.server
    assert door is not None

    def caller() -> Caller:
        return Caller(
            door,
            app[PATIENCE].head,
            loop=loop,
            access_log=None,
            logger=SILENT,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=LINGER_SECONDS,
            max_line_size=LONGEST_LINE,
            auto_decompress=False,  # nobody we know compresses, and 64 KiB can unpack to 64 MiB
        )

    server = await loop.create_server(caller, sock=listener, backlog=512)
    return Served(runner, server, listener.getsockname()[1])


async def _listener(host: str, port: int) -> socket.socket:
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    family, kind, _, _, address = found[0]
    # Without IPPROTO_TCP asyncio skips TCP_NODELAY: 44 ms a request instead of 2.
    listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


@web.middleware
async def _guarded(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Whatever happens inside, the caller sees a status and the log a class."""
    caller = request.protocol
    if isinstance(caller, Caller):
        caller.came_in()
    try:
        return await handler(request)
    except web.HTTPException as error:  # the router's: no such path, or not this method
        return _bare(error.status, allow=error.headers.get("Allow"))
    except Exception as error:
        log.error("a request failed", error=safe_error(error), place=place(error))
        return _bare(500)
    finally:
        if isinstance(caller, Caller):
            caller.went_out()


def _door(webhook: Webhook, meters: Meters) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        status = await _status(webhook, request)
        meters.answered(webhook.path, status)
        return _bare(status)

    return answer


async def _status(webhook: Webhook, request: web.Request) -> int:
    body = await _body(request, webhook.largest)
    if isinstance(body, int):
        return body
    call = Call(
        body,
        request.headers,
        query=request.rel_url.raw_query_string,
        tail=request.rel_url.raw_path.removeprefix(webhook.path),
    )
    try:
        async with asyncio.timeout(request.app[PATIENCE].storing):
            return await webhook.answer(call)
    except (StorageError, TimeoutError) as error:
        log.error("a webhook could not be stored", error=safe_error(error), place=place(error))
        return 503
    except Exception as error:
        log.error("a webhook failed", error=safe_error(error), place=place(error))
        return 500


async def _body(request: web.Request, largest: int) -> bytes | int:
    """The body, or the status that ends the call: 413 as soon as it is too large, 408 when it does not come."""
    if (request.content_length or 0) > largest:
        return 413
    body = bytearray()
    try:
        async with asyncio.timeout(request.app[PATIENCE].body):
            while not request.content.at_eof():
                body += await request.content.readany()
                if len(body) > largest:
                    return 413
    except TimeoutError:
        return 408
    except (web.RequestPayloadError, ConnectionError, ValueError):
        return 400
    return bytes(body)


def _bare(status: int, *, allow: str | None = None) -> web.Response:
    response = web.Response(status=status, headers={"Allow": allow} if allow else None)
    if status in {400, 408, 413}:
        response.force_close()
    return response


async def _bland(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = NAME


def _from_this_machine(request: web.Request) -> bool:
    """The peer is loopback and no proxy: one on this machine would make the whole world look near."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
