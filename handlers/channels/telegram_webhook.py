"""The other way to listen to a bot: Telegram posts each update to us. Same guarantees as polling."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from bot.channel import Receive
from bot.errors import DeliveryError, Unreachable
from bot.redact import Secret, safe_error
from handlers.channels.telegram import TRIES, Telegram, comes_again
from handlers.channels.telegram_updates import ALLOWED
from handlers.channels.telegram_wire import answered
from handlers.channels.webhook import Call, Webhook

log = structlog.get_logger("telegram")

LARGEST_UPDATE: Final = 256 * 1024
HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
WATCH_SECONDS: Final = 60.0
"""Between two looks at whether the webhook is still ours: whoever has the token can point it elsewhere."""
RETRY_SECONDS: Final = 5.0
CONNECTIONS: Final = 20
COUNTED: Final = 1000
"""Updates whose failed tries are remembered."""


class Hook:
    """One bot's webhook: `url` is ours, `secret` (a-z, 0-9) comes back with every update that Telegram posts."""

    def __init__(
        self,
        bot: Telegram,
        *,
        url: str,
        secret: Secret[str],
        count: Callable[[str], None] = lambda what: None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._url = url
        self._secret = secret
        self._count = count
        self._pause = pause
        self._failed: Counter[int] = Counter()

    def webhook(self, path: str, receive: Receive) -> Webhook:
        """The way in: 204 after the commit (also for a repetition, or an update that says nothing), 403 without the
        secret, 200 for what cannot be read, for Telegram would bring it for ever."""

        async def answer(call: Call) -> int:
            return await self._answer(call, receive)

        return Webhook(path, LARGEST_UPDATE, answer)

    async def _answer(self, call: Call, receive: Receive) -> int:
        if not self._is_telegram(call):
            self._count("forged")
            return 403
        try:
            update = json.loads(call.body)
            number = update["update_id"]
            if not isinstance(number, int) or isinstance(number, bool):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            self._count("malformed")
            return 200
        return await self._take(number, update, receive)

    def _is_telegram(self, call: Call) -> bool:
        """Bytes in constant time; a header that is missing or there twice is nobody's honest call."""
        values = call.headers.getall(HEADER, [])
        given = values[0].encode("utf-8", "surrogateescape") if len(values) == 1 else b""
        return hmac.compare_digest(given, self._secret.reveal().encode())

    async def _take(self, number: int, update: dict[str, Any], receive: Receive) -> int:
        one = self._bot.hear(number, update)
        try:
            await receive([one.inbound] if one.inbound else [], None)
        except Exception as error:
            if comes_again(error):
                raise
            # An update that cannot be handled must not silence everybody after it: three tries, then an alarm.
            self._failed[number] += 1
            if self._failed[number] < TRIES:
                raise
            self._count("dropped")
            log.critical("an update was dropped, it failed every time", error=safe_error(error))
        self._failed.pop(number, None)
        while len(self._failed) > COUNTED:
            self._failed.pop(next(iter(self._failed)))
        self._bot.run_errands(one)
        return 204

    async def keep(self) -> None:
        """Registers the webhook and watches it until cancelled."""
        ours = False
        while True:
            try:
                ours = await self._look(first=not ours)
            except DeliveryError as error:
                log.warning("the webhook cannot be registered now", error=safe_error(error))
            await self._pause(WATCH_SECONDS if ours else RETRY_SECONDS)

    async def _look(self, *, first: bool) -> bool:
        found = await answered(self._bot.api.get_webhook_info())
        if found.url == self._url and not first:
            return True
        if found.url != self._url and not first:
            log.error("alarm, our bot's webhook led elsewhere and is ours again")
            self._count("webhook was not ours")
        # Also when the address is ours already: the secret or the kinds of updates may be those of an older key.
        done = await answered(
            self._bot.api.set_webhook(
                self._url,
                secret_token=self._secret.reveal(),
                allowed_updates=list(ALLOWED),
                max_connections=CONNECTIONS,
                drop_pending_updates=False,
            )
        )
        if not done:
            raise Unreachable
        return True

    async def remove(self) -> None:
        """Takes the webhook away; updates that come meanwhile wait at Telegram."""
        try:
            async with asyncio.timeout(3):
                await answered(self._bot.api.delete_webhook(drop_pending_updates=False))
        except (DeliveryError, TimeoutError) as error:
            log.warning("the webhook could not be removed", error=safe_error(error))
