"""The door: what comes in is read no further than it must be, and nothing that is answered tells anything."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.errors import StorageError
from handlers.channels.webhook import Call, Webhook
from handlers.web.meters import Meters
from handlers.web.server import Patience, Served, build, serve

LARGEST = 1024


class House:
    """What stands behind the door: keeps the calls and answers as told."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: int | Exception = 204
        self.ready: tuple[bool, str] = (True, "")
        self.inside = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def take(self, call: Call) -> int:
        self.calls.append(call)
        self.inside.set()
        await self.go_on.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def served(house: House) -> AsyncIterator[Served]:
    webhooks = [Webhook("/in", LARGEST, house.take), Webhook("/status/", LARGEST, house.take)]
    patience = Patience(head=0.2, body=0.2, storing=10)
    app = build(webhooks, health=lambda: house.ready, version="1.2.3", meters=Meters(), patience=patience)
    served = await serve(app, "127.0.0.1", 0)
    yield served
    house.go_on.set()
    await served.stop()


@pytest.fixture
async def http(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{served.port}") as http:
        yield http


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """The lines of our own log."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture, said: list[Any]) -> Iterator[None]:
    """No word of a caller's, at any level of any logger, not even in an error's text."""
    caplog.set_level(logging.DEBUG)
    yield
    lines = [f"{record.getMessage()} {record.exc_info}" for record in caplog.get_records("call")]
    assert "lavender" not in str([*lines, *said])


async def raw(served: Served, *parts: bytes) -> bytes:
    """Sends bytes, then reads until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("status", [204, 403, 503])
async def test_a_status_is_the_whole_answer(http: aiohttp.ClientSession, house: House, status: int) -> None:
    """No body: Twilio would take one for TwiML and text it to somebody."""
    house.answer = status
    async with http.post("/in", data=b"lavender") as response:
        assert (response.status, await response.read()) == (status, b"")
        assert response.headers["Server"] == "web"
    assert house.calls[0].body == b"lavender"


async def test_the_tail_and_the_query_are_handed_on(http: aiohttp.ClientSession, house: House) -> None:
    """The channel decides what to make of them."""
    async with http.post("/status/a-reference?x=1") as response:
        assert response.status == 204
    assert (house.calls[0].tail, house.calls[0].query) == ("a-reference", "x=1")


@pytest.mark.parametrize(
    ("error", "status"), [(StorageError(), 503), (TimeoutError(), 503), (ValueError("lavender"), 500)]
)
async def test_an_error_inside_is_a_status_and_a_class(
    http: aiohttp.ClientSession, house: House, said: list[Any], error: Exception, status: int
) -> None:
    """503: the database is away, come again. The log names the class."""
    house.answer = error
    async with http.post("/in", data=b"lavender") as response:
        assert (response.status, await response.read()) == (status, b"")
    assert [line["error"] for line in said] == [type(error).__name__]
    house.answer = 204
    async with http.post("/in", data=b"next") as response:
        assert response.status == 204


async def test_twenty_megabytes_are_not_taken(http: aiohttp.ClientSession, house: House) -> None:
    """Said to be so large, and only found to be so."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20 * 16):
            yield b"x" * 65536

    async with http.post("/in", data=b"x" * (20 * 2**20)) as response:
        assert response.status == 413
    async with http.post("/in", data=endless()) as response:
        assert response.status == 413
    assert not house.calls
    async with http.post("/in", data=b"x" * LARGEST) as response:
        assert response.status == 204


async def test_a_large_body_is_refused_before_it_has_come(served: Served, house: House) -> None:
    """The first bytes decide."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 20971520\r\n\r\nlavender")
    async with asyncio.timeout(30):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()
    assert not house.calls


async def test_a_slow_body_is_given_up(served: Served, house: House) -> None:
    """408."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nlavender")
    async with asyncio.timeout(30):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
    assert not house.calls


async def test_slow_headers_are_cut_off(served: Served) -> None:
    """A thousand of them would shut everybody out."""
    assert await raw(served, b"POST /in HTTP/1.1\r\nHost: lav", b"ender\r\n") == b""


async def test_a_body_that_breaks_off_is_not_handed_on(served: Served, house: House) -> None:
    """Half a text is none."""
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nlavender")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with aiohttp.ClientSession() as http, http.post(f"http://127.0.0.1:{served.port}/in") as response:
        assert response.status == 204
    assert [call.body for call in house.calls] == [b""]


async def test_a_compressed_bomb_stays_packed(http: aiohttp.ClientSession, house: House) -> None:
    """Nobody we know compresses: the bytes are handed on as they came and fail the signature."""
    async with http.post("/in", data=b"\x1f\x8b lavender", headers={"Content-Encoding": "gzip"}) as response:
        assert response.status == 204
    assert house.calls[0].body == b"\x1f\x8b lavender"


@pytest.mark.parametrize(
    "garbage",
    [
        b"lavender\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + b"lavender" * 3000 + b" HTTP/1.1\r\n\r\n",
        b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: lavender\r\n\r\n",
        b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /in HTTP/1.1\r\nHost: x\r\nlavender\x00: 1\r\n\r\n",
    ],
)
async def test_what_is_no_http_learns_nothing(served: Served, house: House, garbage: bytes) -> None:
    """No version, no echo of what was sent."""
    answer = await raw(served, garbage)
    assert answer == b"" or answer.startswith(b"HTTP/1.")
    assert b"lavender" not in answer
    assert b"ython" not in answer
    assert not house.calls


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/in", 405), ("PUT", "/in", 405), ("GET", "/", 404)]
)
async def test_other_doors_are_walls(
    http: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    """Bare ones."""
    async with http.request(method, path) as response:
        assert (response.status, await response.read()) == (status, b"")
        assert response.headers["Server"] == "web"


async def test_health_says_ready_or_why_not(http: aiohttp.ClientSession, house: House) -> None:
    """A monitor restarts us or leaves us alone."""
    async with http.get("/healthz") as response:
        assert (response.status, await response.json()) == (200, {"ready": True, "version": "1.2.3"})
    house.ready = (False, "the database does not answer")
    async with http.get("/healthz") as response:
        assert response.status == 503
        assert await response.json() == {"ready": False, "why": "the database does not answer"}


async def test_metrics_count_and_name_nobody(http: aiohttp.ClientSession, house: House) -> None:
    """By path and status; the tail of a path is a reference and stays out."""
    async with http.post("/status/a-reference"):
        pass
    async with http.get("/metrics") as response:
        page = await response.text()
    assert 'greenroom_webhook_answers_total{path="/status/",status="204"} 1.0' in page
    assert "a-reference" not in page


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_metrics_are_for_this_machine_only(http: aiohttp.ClientSession, header: str) -> None:
    """A proxy beside us makes the whole world look near."""
    async with http.get("/metrics", headers={header: "127.0.0.1"}) as response:
        assert (response.status, await response.read()) == (404, b"")


async def test_a_port_that_is_taken_is_said(served: Served) -> None:
    """The program ends with exit code 4."""
    app = build([], health=lambda: (True, ""), version="1", meters=Meters())
    with pytest.raises(OSError, match="ddress"):
        await serve(app, "127.0.0.1", served.port)


async def test_stopping_lets_those_inside_finish(
    served: Served, house: House, http: aiohttp.ClientSession
) -> None:
    """A text that is being stored is answered; a new caller finds the door shut."""
    house.go_on.clear()
    call = asyncio.create_task(http.post("/in", data=b"x").__aenter__())
    await house.inside.wait()
    stopping = asyncio.create_task(served.stop())
    await asyncio.sleep(0.05)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", served.port), timeout=1).close()

    house.go_on.set()

    assert (await call).status == 204
    await stopping


async def test_a_database_that_hangs_is_not_waited_for(house: House) -> None:
    """Twilio would hang up after 15 seconds and take it for lost; 503 asks it to come again."""
    hook = Webhook("/in", LARGEST, house.take)
    house.go_on.clear()
    app = build(
        [hook], health=lambda: (True, ""), version="1", meters=Meters(), patience=Patience(storing=0.05)
    )
    served = await serve(app, "127.0.0.1", 0)
    async with aiohttp.ClientSession() as http, http.post(f"http://127.0.0.1:{served.port}/in") as response:
        assert response.status == 503
    await served.stop()


async def test_small_answers_leave_at_once() -> None:
    """TCP_NODELAY is set on what we accept: 44 ms a request otherwise."""

    async def look(request: web.Request) -> web.Response:
        assert request.transport is not None
        accepted = request.transport.get_extra_info("socket")
        return web.Response(text=str(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))

    app = build([], health=lambda: (True, ""), version="1", meters=Meters())
    app.router.add_get("/look", look)
    served = await serve(app, "localhost", 0)
    async with aiohttp.ClientSession() as http, http.get(f"http://localhost:{served.port}/look") as response:
        assert await response.text() == "1"
    await served.stop()
