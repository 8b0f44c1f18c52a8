"""Twilio's way to us: signed form posts, tried again as the connection overrides of their URL say."""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp

RETRY_DELAYS = (0.1, 0.4, 1.0, 2.5, 5.0)
"""Seconds before each further try: nine in all, enough to start the program again after a kill -9."""


def signature(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted names and values, with nothing between them.

    https://www.twilio.com/docs/usage/security#validating-requests
    """
    signed = url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), "sha1")).decode()


@dataclass(frozen=True, slots=True)
class Overrides:
    """The fragment of a webhook's URL: how often to try again, and after what (ct, rt, 4xx, 5xx or all).

    https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
    """

    again: int = 1
    after: frozenset[str] = frozenset({"ct"})
    connect_seconds: float = 5.0
    read_seconds: float = 15.0

    @classmethod
    def parse(cls, fragment: str) -> Overrides:
        """Reads `rc=5&rp=all&ct=500&rt=2000`; what is out of bounds is cut to them."""
        given = dict(parse_qsl(fragment))
        return cls(
            again=min(int(given.get("rc", 1)), 5),
            after=frozenset(given.get("rp", "ct").split(",")),
            connect_seconds=min(int(given.get("ct", 5000)), 10_000) / 1000,
            read_seconds=min(int(given.get("rt", 15_000)), 15_000) / 1000,
        )

    def wants(self, failure: str) -> bool:
        return "all" in self.after or failure in self.after


@dataclass(slots=True)
class Posted:
    """One webhook: what was posted where, and the answer to each try (an HTTP status, or "ct" / "rt")."""

    url: str
    parameters: dict[str, str]
    answers: list[int | str]
    body: str = ""

    @property
    def arrived(self) -> bool:
        return bool(self.answers) and isinstance(self.answers[-1], int) and 200 <= self.answers[-1] < 300


class Webhooks:
    """Posts to `target` (the program on loopback) what it signs for `public_url` (its address to the world)."""

    def __init__(self, auth_token: str, *, public_url: str, target: str | None) -> None:
        self.public_url = public_url.rstrip("/")
        self.target = target
        self.posted: list[Posted] = []
        self.delays: tuple[float, ...] = RETRY_DELAYS
        self._auth_token = auth_token
        self._session: aiohttp.ClientSession | None = None
        self._sooner = asyncio.Event()

    async def open(self) -> None:
        # A kept connection to a process that was killed would fail once for no reason of the program's.
        connector = aiohttp.TCPConnector(limit=100, force_close=True)
        self._session = aiohttp.ClientSession(connector=connector)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def ours(self, url: str) -> bool:
        """Whether a URL lies on the program: nothing else can be reached from here."""
        return url.startswith(self.public_url + "/")

    async def post(
        self, url: str, parameters: Mapping[str, str], *, first: asyncio.Event | None = None
    ) -> Posted:
        """Posts until it is taken or the overrides are used up; `first` is set after the first try."""
        bare, _, fragment = url.partition("#")
        overrides = Overrides.parse(fragment)
        posted = Posted(bare, dict(parameters), [])
        self.posted.append(posted)
        headers = {
            "X-Twilio-Signature": signature(self._auth_token, bare, parameters),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
        }
        for delay in (*self.delays[: overrides.again], None):
            answer = await self._try(bare, urlencode(dict(parameters)), headers, overrides, posted)
            posted.answers.append(answer)
            if first is not None:
                first.set()
            failure = answer if isinstance(answer, str) else f"{answer // 100}xx"
            if posted.arrived or delay is None or not overrides.wants(failure):
                break
            await self._pause(delay)
        return posted

    def try_now(self) -> None:
        """Whatever waits for its next try is tried at once."""
        sooner, self._sooner = self._sooner, asyncio.Event()
        sooner.set()

    async def _pause(self, delay: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sooner.wait(), delay)

    async def _try(
        self, url: str, body: str, headers: Mapping[str, str], overrides: Overrides, posted: Posted
    ) -> int | str:
        if self._session is None or self.target is None:
            return "ct"
        parts = urlsplit(url)
        where = self.target.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")
        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=overrides.connect_seconds, sock_read=overrides.read_seconds
        )
        try:
            async with self._session.post(
                where, data=body.encode(), headers=headers, timeout=limits, allow_redirects=False
            ) as response:
                posted.body = await response.text(errors="replace")
                return response.status
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return "ct"
        except (aiohttp.ClientError, TimeoutError):
            return "rt"
