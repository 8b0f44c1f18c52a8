"""Nobody is written to before she joins: one invitation, one welcome, and no second use of a link."""

from __future__ import annotations

from typing import Any

import pytest

from bot.messages import Address
from bot.people import Medium, Role, Standing
from bot.redact import Secret
from handlers.cli import staff as staff_command
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from storage.work import Work
from tests.stories.stage import Stage, new

WELCOME = "Welcome to Greenroom."


async def invited(line: Stage, name: str, phone: SmsPhone | None = None) -> Any:
    """An invitation as `greenroom staff add` makes it; without a phone, one with a token for Telegram."""

    def thought(work: Work) -> Any:
        person = work.staff.add(name, roles=frozenset({Role.COUNSELOR}), languages=("en",))
        assert person is not None
        address = Address(Medium.SMS, Secret(phone.number), "+12025550100") if phone else None
        way = staff_command.Way(Medium.SMS if phone else Medium.TELEGRAM, address)
        return person.id, staff_command.invite(work, line.config, person, way)

    line.people[name], invitation = await line.do(thought)
    return invitation


async def standing(line: Stage, name: str) -> list[Standing]:
    person = await line.do(lambda work: work.staff.by_name(name))
    return [contact.standing for contact in person.contacts]


@pytest.mark.parametrize("answer", ["OK", "ok", "Ok.", "ok!!", " OK ", "Ok 👍", "ＯＫ"])
async def test_ok_in_any_form_joins_and_is_welcomed_once(line: Stage, answer: str) -> None:
    """One invitation, OK in any case and punctuation, one welcome; a second OK says nothing new."""
    phone = line.texter("sms", "Alma")
    assert isinstance(phone, SmsPhone)
    await invited(line, "Alma", phone)
    invitation = await phone.shows("Reply OK")
    assert "Reply OK" in invitation.text

    await phone.write(answer)
    await phone.shows(WELCOME)
    await phone.write(answer)
    await line.settled()

    assert await standing(line, "Alma") == [Standing.JOINED]
    assert sum(text.startswith(WELCOME) for text in phone.texts) == 1


async def test_anything_else_is_not_joining(line: Stage) -> None:
    """An invited phone that texts something else is a texter's: a person in need may hold it."""
    alma = await line.on_call("Alma", "sms")
    phone = line.texter("sms", "Bo")
    assert isinstance(phone, SmsPhone)
    await invited(line, "Bo", phone)
    await phone.shows("Reply OK")

    await phone.write("who is this?")
    await alma.shows("New conversation")

    assert await standing(line, "Bo") == [Standing.INVITED]


async def test_nothing_is_offered_to_somebody_who_has_only_been_invited(line: Stage) -> None:
    """On call, but never joined: the honest text, and not a word to her."""
    phone = line.texter("sms", "Alma")
    assert isinstance(phone, SmsPhone)
    await invited(line, "Alma", phone)
    await phone.shows("Reply OK")
    await line.rota("Alma")
    robin = line.texter("sms")

    await robin.write("please help")
    await robin.shows("nobody can answer now")
    await line.settled()

    assert phone.silent


async def test_a_link_joins_once(line: Stage) -> None:
    """Whoever comes second with the same link gets one neutral line and is nobody."""
    invitation = await invited(line, "Alma")
    alma, charlie = line.town.telegram_phone("Alma"), line.town.telegram_phone("Charlie")
    staff_bot = line.town.telegram.bots["staff"]

    await alma.start(staff_bot, payload=invitation.token.reveal())
    await alma.shows(WELCOME)
    await charlie.start(staff_bot, payload=invitation.token.reveal())
    await charlie.shows("not open to you")
    await charlie.write("let me in", to="staff")
    await line.settled()

    assert await standing(line, "Alma") == [Standing.JOINED]
    assert len(charlie.texts) == 1


async def test_a_link_is_good_for_seven_days(line: Stage) -> None:
    """On the eighth day it opens nothing."""
    invitation = await invited(line, "Alma")
    await line.later(days=7, seconds=1)
    alma = line.town.telegram_phone("Alma")

    await alma.start(line.town.telegram.bots["staff"], payload=invitation.token.reveal())
    await alma.shows("not open to you")

    assert await standing(line, "Alma") == [Standing.INVITED]


async def test_a_stranger_at_the_staff_bot_hears_one_line_a_day(line: Stage) -> None:
    """However often he writes; on the next day once more."""
    charlie = line.town.telegram_phone("Charlie")
    await charlie.start(line.town.telegram.bots["staff"])
    await charlie.shows("not open to you")
    await charlie.write("hello?", to="staff")
    await charlie.write("TAKE K7R2", to="staff")
    await line.settled()
    assert charlie.silent

    await line.later(days=1)
    await charlie.write("hello?", to="staff")
    await charlie.shows("not open to you")


async def test_the_same_telegram_account_may_be_texter_and_counselor(line: Stage) -> None:
    """The roles never mix: what she writes to one bot is never read as if written to the other."""
    alma = await line.on_call("Alma", "telegram")
    assert isinstance(alma, TelegramPhone)
    await alma.start(line.town.telegram.bots["texters"])
    await alma.shows("Write here")

    await alma.write("I need help myself", to="texters")
    offer = await alma.shows("New conversation")
    await line.takes_this(alma, offer)

    assert any(text.endswith("I need help myself") for text in alma.texts)


async def test_a_joined_phone_is_always_staff(line: Stage) -> None:
    """By SMS whatever a joined phone texts is a counselor's: it opens no conversation."""
    alma = await line.on_call("Alma", "sms")
    alma.look()

    await alma.write("please help me")
    await line.settled()

    assert new(alma) == ["Not sent: no conversation is open with you."]


async def test_a_second_contact_takes_over_when_the_first_is_gone(line: Stage) -> None:
    """Offers go to the first contact that can be reached."""
    alma = await line.on_call("Alma", "sms")
    second = line.town.telegram_phone("Alma")

    def further(work: Work) -> Any:
        person = work.staff.by_name("Alma")
        assert person is not None
        return staff_command.invite(work, line.config, person, staff_command.Way(Medium.TELEGRAM, None))

    invitation = await line.do(further)
    await second.start(line.town.telegram.bots["staff"], payload=invitation.token.reveal())
    await second.shows(WELCOME)
    alma.look()
    assert isinstance(alma, SmsPhone)

    await alma.stop()
    robin = line.texter("sms")
    await robin.write("please help")

    await second.shows("New conversation")
    assert alma.silent
