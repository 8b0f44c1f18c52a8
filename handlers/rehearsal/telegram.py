"""Telegram played on loopback: the Bot API for several bots, and the chats of the people who use them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from handlers.rehearsal import telegram_reading as reading
from handlers.rehearsal import telegram_tables as tables
from handlers.rehearsal.clock import Clock
from handlers.rehearsal.faults import Call, Fault, Faults, Trouble
from handlers.rehearsal.loopback import Loopback, carry_out
from handlers.rehearsal.telegram_bots import Hook, TelegramBot, Wire
from handlers.rehearsal.telegram_methods import DO
from handlers.rehearsal.telegram_pace import Pace
from handlers.rehearsal.telegram_people import People
from handlers.rehearsal.telegram_tables import Refusal

PATH = re.compile(r"/bot(?P<token>[^/]+)/(?P<method>[A-Za-z]+)")
TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{35}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
HOOK_DELAYS = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between tries of a webhook; the last one for ever, as the update waits a day."""
HOOK_PATIENCE = 30.0


class Telegram(People):
    """The carrier: `bots` by their role, `apps` by user id; `calls` records every API call.

    Webhooks are registered under `public_url` and posted to `target`, the program on loopback.
    """

    def __init__(
        self,
        *,
        bots: Sequence[str] = ("texters", "staff"),
        clock: Clock | None = None,
        public_url: str = "https://line.example.org",
        target: str | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(bots, clock or Clock())
        self.faults = Faults(self.clock)
        self.public_url = public_url.rstrip("/")
        self.target = target
        self.server = Loopback(self._answer, port=port, clock=self.clock)
        self._by_token = {bot.token: bot for bot in self.bots.values()}
        self._session: aiohttp.ClientSession | None = None
        self._pace: Pace | None = None
        self._postmen: dict[str, asyncio.Task[None]] = {}

    @property
    def api_url(self) -> str:
        """To be followed by `/bot<token>/<method>`."""
        return self.server.url

    @property
    def calls(self) -> list[Call]:
        return self.faults.calls

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        await self.server.come_up()

    async def close(self) -> None:
        """Stops everything. Raises ExceptionGroup if the stand-in itself broke while it served."""
        self.faults.off()
        for bot in self.bots.values():
            bot.end_poll(tables.POLLED_TWICE)
        for postman in self._postmen.values():
            postman.cancel()
        await asyncio.gather(*self._postmen.values(), return_exceptions=True)
        await self.server.go_down()
        if self._session is not None:
            await self._session.close()
        if self.server.broken:
            raise ExceptionGroup("the Telegram stand-in broke", self.server.broken)

    def limit_rates(self, *, per_bot: int = 30, per_chat: int = 1) -> None:
        """From now on sendMessage is refused (429) beyond so many a second; off until called."""
        self._pace = Pace(per_bot=per_bot, per_chat=per_chat)

    async def repeat(self, bot: TelegramBot, update: Wire, *, times: int = 1) -> list[str | None]:
        """Posts an update to the bot's webhook again, `times` at once; None for each that was taken."""
        if bot.hook is None:
            raise ValueError("the bot has no webhook")
        return list(await asyncio.gather(*(self._post(bot.hook, update) for _ in range(times))))

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        found = PATH.fullmatch(request.path)
        try:
            if found is None or not TOKEN.fullmatch(found["token"]):
                raise Refusal("Not Found", 404)
            bot = self._by_token.get(found["token"])
            if bot is None:
                raise Refusal("Unauthorized", 401)
            method = found["method"]
            if method not in tables.METHODS or request.method not in ("GET", "POST"):
                raise Refusal("Not Found", 404)
            raw = await reading.raw_parameters(request)
        except Refusal as refusal:
            return _refused(refusal)
        call = self.faults.note(method, bot.name, raw)
        try:
            given = reading.checked(method, raw)
        except Refusal as refusal:
            call.status = refusal.code
            return _refused(refusal)
        call.parameters = dict(given)
        fault = self.faults.take(method, given)

        async def done() -> web.StreamResponse:
            try:
                result, note = await self._do(bot, method, dict(given))
            except Refusal as refusal:
                return _refused(refusal)
            answer = {"ok": True, "result": result}
            return web.json_response(answer | ({"description": note} if note else {}))

        return await carry_out(fault, call, request, done, _failed)

    async def _do(self, bot: TelegramBot, method: str, given: dict[str, Any]) -> tuple[Any, str]:
        """The method's result, and the remark that some answers carry."""
        if method == "sendMessage" and self._pace is not None:
            self._pace.allow(bot.name, given["chat_id"], self.clock.now())
        if method in DO:
            return DO[method](self, bot, given), ""
        if method == "getUpdates":
            return await self._get_updates(bot, given), ""
        if method == "setWebhook" and given["url"]:
            return self._set_webhook(bot, given), "Webhook was set"
        if method in ("setWebhook", "deleteWebhook"):
            note = "Webhook is already deleted" if bot.hook is None else "Webhook was deleted"
            self._drop_webhook(bot, given)
            return True, note
        return self._webhook_info(bot), ""

    async def _get_updates(self, bot: TelegramBot, given: dict[str, Any]) -> list[Wire]:
        limit, seconds = given.get("limit", 100), given.get("timeout", 0)
        if not 1 <= limit <= 100 or seconds < 0:
            raise Refusal("limit must be 1 to 100 and timeout not negative")
        bot.wants(given.get("allowed_updates"))
        return await bot.poll(offset=given.get("offset", 0), limit=limit, seconds=seconds)

    def _set_webhook(self, bot: TelegramBot, given: dict[str, Any]) -> bool:
        url, secret = given["url"], given.get("secret_token")
        if urlsplit(url).scheme != "https":
            raise Refusal("bad webhook: An HTTPS URL must be provided for webhook")
        if not url.startswith(self.public_url + "/"):
            raise Refusal("bad webhook: Failed to resolve host: Name or service not known")
        if secret is not None and not SECRET.fullmatch(secret):
            raise Refusal("secret token contains unallowed characters")
        if not 1 <= given.get("max_connections", 40) <= 100:
            raise Refusal("max_connections must be 1 to 100")
        bot.wants(given.get("allowed_updates"))
        self._drop_webhook(bot, given)
        bot.end_poll(tables.POLL_ENDED_BY_WEBHOOK)
        bot.hook = Hook(url, secret, given.get("max_connections", 40))
        self._postmen[bot.name] = asyncio.get_running_loop().create_task(self._post_updates(bot, bot.hook))
        return True

    def _drop_webhook(self, bot: TelegramBot, given: dict[str, Any]) -> None:
        bot.hook = None
        if (postman := self._postmen.pop(bot.name, None)) is not None:
            postman.cancel()
        if given.get("drop_pending_updates"):
            bot.forget_updates()

    def _webhook_info(self, bot: TelegramBot) -> Wire:
        hook, waiting = bot.hook, len(bot.pending)
        wire: Wire = {"url": "", "has_custom_certificate": False, "pending_update_count": waiting}
        if hook is None:
            return wire
        wire |= {"url": hook.url, "max_connections": hook.connections, "ip_address": "127.0.0.1"}
        if bot.allowed != tables.DEFAULT_UPDATES:
            wire["allowed_updates"] = sorted(bot.allowed)
        if hook.error_at is not None:
            wire |= {"last_error_date": int(hook.error_at.timestamp()), "last_error_message": hook.error}
        return wire

    async def _post_updates(self, bot: TelegramBot, hook: Hook) -> None:
        """Posts update after update in order, each until it is taken."""
        failures = 0
        while True:
            if not (waiting := bot.pending):
                await bot.news()
                continue
            problem = await self._post(hook, waiting[0])
            if problem is None:
                bot.confirm(waiting[0]["update_id"] + 1)
                failures = 0
                continue
            hook.error_at, hook.error = self.clock.now(), problem
            await asyncio.sleep(HOOK_DELAYS[min(failures, len(HOOK_DELAYS) - 1)])
            failures += 1

    async def _post(self, hook: Hook, update: Wire) -> str | None:
        """None if the update was taken, else Telegram's words for why not."""
        if self._session is None or self.target is None:
            return "Connection refused"
        url = self.target.rstrip("/") + urlsplit(hook.url).path
        headers = {"Content-Type": "application/json"}
        if hook.secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        limit = aiohttp.ClientTimeout(total=HOOK_PATIENCE)
        try:
            async with self._session.post(
                url, data=json.dumps(update).encode(), headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                if 200 <= response.status < 300:
                    return None
                return f"Wrong response from the webhook: {response.status} {response.reason}"
        except aiohttp.ClientConnectorError:
            return "Connection refused"
        except (aiohttp.ClientError, TimeoutError):
            return "Connection timed out"


def _refused(refusal: Refusal) -> web.Response:
    body: Wire = {"ok": False, "error_code": refusal.code, "description": refusal.sentence}
    headers = {}
    if refusal.retry_after is not None:
        body["parameters"] = {"retry_after": refusal.retry_after}
        headers["Retry-After"] = str(refusal.retry_after)
    return web.json_response(body, status=refusal.code, headers=headers)


def _failed(fault: Fault) -> web.Response:
    """An armed 429, 5xx or refusal in Telegram's words."""
    if fault.trouble is Trouble.TOO_MANY:
        seconds = int(fault.seconds)
        return _refused(Refusal(f"Too Many Requests: retry after {seconds}", 429, seconds))
    if fault.trouble is Trouble.BROKEN:
        names = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
        return _refused(Refusal(names.get(fault.status, "Internal Server Error"), fault.status))
    sentence = fault.message.removeprefix("Bad Request: ") or "STAND_IN_SAYS_NO"
    return _refused(Refusal(sentence, fault.code))
