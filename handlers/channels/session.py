"""The one aiohttp session to all carriers, and of a call that failed: whether the carrier may have taken it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import aiohttp
from yarl import URL

from bot.errors import Unreachable

CONNECT_SECONDS: Final = 5.0
"""Finding a free connection, the name, the connection and TLS: until here nothing has been sent."""
READ_SECONDS: Final = 20.0
LARGEST_ANSWER: Final = 8 * 2**20
"""A full getUpdates is 100 updates; one of 4,096 letters and its sender come to about 20 KB at most."""
LONGEST_WAIT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a carrier answered; its body may hold numbers and words, so it is not shown."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"


def open_session(*, read_seconds: float = READ_SECONDS) -> aiohttp.ClientSession:
    """The session for every channel: no cookies, no proxy or password taken from the environment.

    Idle connections are dropped after 15 seconds: reusing one that the carrier has just closed makes a send
    ambiguous, which may cost the reader a second copy.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=200, keepalive_timeout=15, ttl_dns_cache=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=_timeout(read_seconds),
        trust_env=False,
        auto_decompress=True,
    )


def _timeout(read: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=CONNECT_SECONDS + read + 5,
        connect=CONNECT_SECONDS,
        sock_connect=CONNECT_SECONDS,
        sock_read=read,
    )


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    form: bytes,
    headers: Mapping[str, str],
    read_seconds: float | None = None,
) -> Answer:
    """One request, sent once; its answer below 500 and other than 429.

    Raises Unreachable: not sent (no connection, 429), or `ambiguous` (5xx, cut, silent, endless), or `ours` (no URL).
    """
    try:
        async with session.request(
            method,
            URL(url, encoded=True),
            data=form or None,
            headers=headers,
            allow_redirects=False,
            timeout=session.timeout if read_seconds is None else _timeout(read_seconds),
        ) as response:
            if response.status == 429:
                raise Unreachable("429", retry_after=await _asked_wait(response))
            if response.status >= 500:
                raise Unreachable(str(response.status), ambiguous=True)
            return Answer(response.status, await _read(response))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise Unreachable from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise Unreachable(ours=True) from None
    except (aiohttp.ClientError, OSError):  # a TimeoutError is an OSError
        raise Unreachable(ambiguous=True) from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, as far as a sane one goes."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise Unreachable(str(response.status), ambiguous=True)
    return b"".join(parts)


async def _asked_wait(response: aiohttp.ClientResponse) -> timedelta | None:
    """How long to wait after a 429: Telegram says it in the body (parameters.retry_after), HTTP in a header."""
    asked = response.headers.get("Retry-After", "")
    if not asked.isascii() or not asked.isdigit():
        try:
            asked = str(json.loads(await _read(response))["parameters"]["retry_after"])
        except (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError, RecursionError, Unreachable):
            return None
    if not asked.isascii() or not asked.isdigit() or len(asked) > 9:
        return None
    return min(timedelta(seconds=int(asked)), LONGEST_WAIT)


def sendable(text: str) -> bool:
    """Whether a text can be put on a wire at all: half a surrogate pair cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
