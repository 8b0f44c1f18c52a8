"""The contract, for each channel."""

from __future__ import annotations

import pytest

from bot.channel import Channel
from handlers.channels import CHANNELS
from tests.channels.contract import Contract
from tests.channels.stands import SmsStand, TelegramStand


class TestSms(Contract):
    """SMS through Twilio."""

    @pytest.fixture
    def stand(self, sms: SmsStand) -> SmsStand:
        return sms


class TestTelegram(Contract):
    """A Telegram bot."""

    @pytest.fixture
    def stand(self, telegram: TelegramStand) -> TelegramStand:
        return telegram


def test_every_channel_of_the_table_is_under_contract() -> None:
    """A new line in the table needs a class here."""
    channels: dict[str, type[Channel]] = {medium.value: kind for medium, kind in CHANNELS.items()}
    assert {f"Test{kind.__name__}" for kind in channels.values()} == {"TestSms", "TestTelegram"}
