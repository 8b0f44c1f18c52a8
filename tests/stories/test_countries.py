"""SMS goes only where the operator has said; DELETE works from anywhere."""

from __future__ import annotations

import pytest

from bot.messages import Address
from bot.people import Medium, Role
from bot.redact import Secret
from handlers.cli import staff as staff_command
from storage.tables import conversations, transcript
from storage.work import Work
from tests.stories.stage import Stage, new, texts

ELSEWHERE = ["+33700900123", "+380441234567", "+999123456789", "+14165550123"]
"""France, Ukraine, nowhere, and a Canadian one that the United States would share a code with."""


async def test_a_text_from_elsewhere_opens_nothing_and_the_admins_hear_once(line: Stage) -> None:
    """Nothing can be answered, so nobody is asked; counted, and told once a day with the cure."""
    alma = await line.on_call("Alma", "sms")
    admin = await line.staff("Dana", "telegram", roles=("admin",))
    kit = line.town.sms_phone(ELSEWHERE[0], name="Kit")
    for text in ("hello", "HELP", "BYE", "hello again"):
        await texts(kit, text)
    await line.settled()
    assert (kit.silent, new(alma)) == (True, [])
    (told,) = new(admin)
    assert "from FR, where this line sends no SMS" in told
    assert "limits.countries" in told
    assert await line.count(conversations) == 0
    assert await line.do(lambda work: work.counts.today("refused abroad")) == 4

    await line.later(hours=24)
    await texts(kit, "hello")
    await admin.shows("from FR")


async def test_delete_erases_from_anywhere(line: Stage) -> None:
    """The list of countries became shorter: what she wrote before can still be erased."""
    kit = line.town.sms_phone(ELSEWHERE[0], name="Kit")
    address = Address(Medium.SMS, Secret(ELSEWHERE[0]), "+12025550100")
    await line.do(lambda work: work.conversations.new(address=address, language="en", at=work.now))
    await texts(kit, "DELETE")
    await line.settled()
    assert await line.do(lambda work: work.conversations.all(address)) == []
    assert await line.count(transcript) == 0
    assert kit.silent


@pytest.mark.parametrize("number", ["+12025550123", "+447700900123"])
async def test_the_fictional_numbers_are_of_their_country(line: Stage, number: str) -> None:
    """+1 without an area in use counts as the United States, +44 as Britain."""
    kit = line.town.sms_phone(number, name="Kit")
    await texts(kit, "hello")
    await kit.shows("thanks for writing")


async def test_a_counselor_is_reached_in_any_country(line: Stage) -> None:
    """An admin has given her number: the list is for strangers."""
    phone = line.town.sms_phone(ELSEWHERE[0], name="Alma")
    address = Address(Medium.SMS, Secret(ELSEWHERE[0]), "+12025550100")

    def thought(work: Work) -> None:
        person = work.staff.add("Alma", roles=frozenset({Role.COUNSELOR}), languages=("en",))
        assert person is not None
        staff_command.invite(work, line.config, person, staff_command.Way(Medium.SMS, address))

    await line.do(thought)
    await phone.shows("Reply OK")
