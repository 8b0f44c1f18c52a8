"""Who answers at an address, and what time it is there: asked by a plain GET, on this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.facts import Page
from handlers.channels import reach

LINE = b'{"ready": true, "version": "1"}'


@asynccontextmanager
async def says(words: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that answers everybody with these bytes and hangs up; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(words)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/healthz"
    finally:
        server.close()


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An answer in HTTP's own words."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (http(LINE), Page.LINE),
        (http(b'{"ready": false, "why": "starting"}', status="503 Busy"), Page.NOT_READY),
        (http(b"<h1>Bad Gateway</h1>", status="502 Bad Gateway"), Page.NOBODY),
        (http(b"<h1>Busy</h1>", status="503 Busy"), Page.NOBODY),
        (http(b"", "Location: /elsewhere", status="308 Moved"), Page.ELSEWHERE),
        (http(b"<h1>Welcome</h1>"), Page.SOMETHING_ELSE),
        (http(b"[" * 5000), Page.SOMETHING_ELSE),
        (http(LINE, status="404 Not Found"), Page.SOMETHING_ELSE),
        (b"220 mail ready\r\n", Page.SOMETHING_ELSE),
        (b"", Page.NOBODY),
    ],
)
async def test_who_answers(session: aiohttp.ClientSession, words: bytes, page: Page) -> None:
    """This line, a proxy with nobody behind it, or somebody else: whatever comes, it is one of our words."""
    async with says(words) as url:
        assert await reach.page(session, url) is page


async def test_nobody_listens(session: aiohttp.ClientSession) -> None:
    """The port is closed; nor does nobody tell the time."""
    async with says(b"") as url:
        pass
    assert await reach.page(session, url) is Page.NOBODY
    assert await reach.their_time(session, url) is None


async def test_a_certificate_that_nobody_vouches_for(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """The line may answer behind it, and no carrier would find out."""
    async with says(http(LINE), tls=self_signed(tmp_path)) as url:
        assert await reach.page(session, url) is Page.NO_TLS


async def test_a_name_that_leads_nowhere() -> None:
    """A slip in the address, or a domain that has run out."""

    class Nowhere(AbstractResolver):
        async def resolve(self, *_: Any, **__: Any) -> Any:
            raise OSError("no such name")

        async def close(self) -> None:
            pass

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Nowhere())) as session:
        assert await reach.page(session, "https://line.greenroom.test/healthz") is Page.NO_NAME


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Date: Mon, 02 Mar 2026 12:00:00 GMT", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("Date: Mon, 02 Mar 2026 13:00:00 +0100", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("Date: Mon, 02 Mar 2026 12:00:00 -0000", None),
        ("Date: yesterday", None),
        ("X-Date: none", None),
    ],
)
async def test_what_time_it_is_there(
    session: aiohttp.ClientSession, date: str, told: datetime | None
) -> None:
    """Whatever else is answered; nothing where it is not certain."""
    async with says(http(b"", date, status="401 Unauthorized")) as url:
        assert await reach.their_time(session, url) == told


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
