"""The channels: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.channel import Channel
from bot.people import Medium
from handlers.channels.sms import Sms
from handlers.channels.telegram import Telegram

CHANNELS: Final[Mapping[Medium, type[Channel]]] = {
    Medium.SMS: Sms,
    Medium.TELEGRAM: Telegram,
}
