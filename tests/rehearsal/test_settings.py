"""What owners set at the carriers: how numbers and bots look through the real clients, and what time it is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
from telegram import Bot
from telegram.error import BadRequest
from twilio.rest import Client

from handlers.rehearsal.town import Town


async def test_a_number_is_set_as_its_owner_wants(town: Town, sms: Client) -> None:
    """Texts go where the console says."""
    first, second = town.twilio.numbers
    town.twilio.number_settings[second] = {"sms_url": "https://elsewhere.example.net/x"}
    found = {n.phone_number: n.sms_url for n in await sms.incoming_phone_numbers.list_async()}
    assert found == {
        first: f"{town.public_url}/sms/inbound#rc=5&rp=all",
        second: "https://elsewhere.example.net/x",
    }


async def test_a_bot_says_what_its_father_was_told(town: Town, bot: Bot) -> None:
    """In the asked language, else in any, else the name of its making and nothing more."""
    assert (await bot.get_my_name()).name == "Texters"
    assert (await bot.get_my_description()).description == ""
    played = town.telegram.bots["texters"]
    played.words |= {("name", ""): "Rose", ("name", "uk"): "Троянда", ("short_description", ""): "Write."}
    assert [(await bot.get_my_name(code)).name for code in (None, "uk", "es")] == ["Rose", "Троянда", "Rose"]
    assert (await bot.get_my_short_description("es")).short_description == "Write."
    with pytest.raises(BadRequest):
        await bot.get_my_name("english")


async def test_a_bot_may_be_kept_out_of_groups(town: Town, bot: Bot) -> None:
    """A new bot can be added to groups and does not read along there."""
    me = await bot.get_me()
    assert (me.can_join_groups, me.can_read_all_group_messages) == (True, False)
    played = town.telegram.bots["texters"]
    played.joins_groups, played.reads_groups = False, True
    me = await bot.get_me()
    assert (me.can_join_groups, me.can_read_all_group_messages) == (False, True)


async def test_the_carriers_have_the_time_of_the_town(town: Town) -> None:
    """Every answer carries its Date, a refusal too."""
    town.clock.move(timedelta(days=1))
    async with aiohttp.ClientSession() as session:
        for url in (town.twilio.api_url, town.telegram.api_url):
            async with session.get(url) as response:
                said = parsedate_to_datetime(response.headers["Date"])
            assert abs(said - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=5)
