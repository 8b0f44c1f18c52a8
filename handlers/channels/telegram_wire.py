"""python-telegram-bot over our session, silent, with its errors in our words."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, Final, TypeVar

import aiohttp
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import BaseRequest, RequestData

from bot.errors import DeliveryError, Refused, Unreachable
from bot.redact import Secret
from handlers.channels.session import READ_SECONDS, exchange

T = TypeVar("T")

REFUSALS: Final[Sequence[tuple[str, str]]] = (
    ("blocked by the user", "blocked"),
    ("user is deactivated", "unreachable"),
    ("can't initiate conversation", "unreachable"),
    ("can't send messages to bots", "unreachable"),
    ("message to delete not found", "gone"),
    ("chat not found", "unreachable"),
    ("user not found", "unreachable"),
    ("peer_id_invalid", "unreachable"),
    ("chat_id is empty", "unreachable"),
    ("message is too long", "too_long"),
    ("text is empty", "content"),
    ("must be non-empty", "content"),
    ("must be encoded in utf-8", "content"),
)
"""Part of Telegram's sentence, in small letters → our word. It has no error numbers beyond HTTP's:
https://core.telegram.org/bots/api#making-requests; sentences as in tdlib/telegram-bot-api 10.0."""


class _Wire(BaseRequest):
    """Telegram's HTTP over our session: one attempt, our timeouts, nothing logged."""

    __slots__ = ("_session",)

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @property
    def read_timeout(self) -> float:
        return READ_SECONDS

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """As the library's, which logs the whole answer, with everybody's words, when it is broken."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise TelegramError("unreadable answer") from None
        if not isinstance(answer, dict):
            raise TelegramError("unreadable answer")
        return answer

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        form = request_data.url_encoded_parameters().encode() if request_data else b""
        answer = await exchange(
            self._session,
            method,
            url,
            form=form,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            read_seconds=read_timeout if isinstance(read_timeout, int | float) else None,
        )
        return answer.status, answer.body


class SilentBot(Bot):
    """The library's client, silent: at DEBUG it logs every text and answer, and it warns at raw getUpdates."""

    __slots__ = ()
    _LOGGER = logging.Logger("silent", logging.CRITICAL + 1)

    def __repr__(self) -> str:
        """The library's own prints the token."""
        return "SilentBot"

    @classmethod
    def _warn(cls, *args: object, **kwargs: object) -> None: ...


def open_bot(token: Secret[str], session: aiohttp.ClientSession, api_url: str) -> Bot:
    """The library's client for one bot; nothing is called yet."""
    wire = _Wire(session)
    base = f"{api_url.rstrip('/')}/bot"
    return SilentBot(token.reveal(), base_url=base, request=wire, get_updates_request=wire)


async def answered(call: Awaitable[T]) -> T:
    """The answer of one API call; whatever goes wrong becomes Unreachable or Refused, without Telegram's words."""
    try:
        return await call
    except DeliveryError:
        raise
    except TelegramError as error:
        raise _delivery_error(error) from None
    except Exception:  # an answer of 200 that is not what was asked for: it was probably done
        raise Unreachable(ambiguous=True) from None


def _delivery_error(error: TelegramError) -> DeliveryError:
    """`BadRequest` is a `NetworkError` in the library, so it must be looked at first."""
    if isinstance(error.__cause__, DeliveryError):
        return error.__cause__
    if isinstance(error, Forbidden):
        return Refused("403", because=_because(error, "blocked"))
    if isinstance(error, BadRequest):
        return Refused("400", because=_because(error, "failed"))
    if isinstance(error, ChatMigrated):
        return Refused("400", because="unreachable")
    if isinstance(error, InvalidToken):
        return Unreachable("401", ours=True)
    if isinstance(error, RetryAfter):
        return Unreachable("429")
    if isinstance(error, NetworkError) and (
        error.__cause__ is None or isinstance(error.__cause__, TelegramError)
    ):
        # 5xx, 429 and broken connections ended in `exchange`: an odd 3xx or 4xx is not Telegram speaking.
        return Unreachable(ours=True)
    return Unreachable(ambiguous=True)


def _because(error: TelegramError, otherwise: str) -> str:
    said = error.message.lower()
    return next((because for part, because in REFUSALS if part in said), otherwise)
