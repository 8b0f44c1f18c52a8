"""What somebody found who had never seen the stand-ins: each told once, so that it does not come back."""

from __future__ import annotations

import pytest

from bot.people import Medium
from handlers.cli import staff as staff_command
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from storage.work import Work
from tests.stories.stage import Stage, new, texts


async def test_a_late_text_goes_by_its_code_once_the_texter_is_back(line: Stage) -> None:
    """Robin wrote again: "last wrote 0 min ago, text SEND" would be nonsense."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await line.later(minutes=31)
    await alma.write(f"{code} are you safe?")
    await alma.shows("Text SEND to send it now, or DROP.")
    await texts(robin, "I am back")
    await alma.shows(f"{code} I am back")
    await alma.write(code)
    await robin.shows("are you safe?")


async def test_send_asks_one_question_for_all_that_is_held(line: Stage) -> None:
    """Two texts wait for a code and one for SEND: one question comes back, not three."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("sms", "Kit")
    code, _ = await line.talk(robin, alma), await line.talk(kit, alma)
    for text in ("one", "two", "Take three"):
        await alma.write(text)
        await alma.shows("Not sent")
    await line.settled()
    new(alma)
    await alma.write("SEND")
    await line.settled()
    assert [text[:48] for text in new(alma)] == ["Not sent (3 texts wait). Which conversation? " + code[:3]]
    await alma.write(code)
    await line.settled()
    assert new(robin) == ["one", "two", "Take three"]
    assert kit.silent


async def test_two_codes_in_front_are_one_too_many(line: Stage) -> None:
    """Alma changed her mind on the way: neither texter reads it before she says which."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("sms", "Kit")
    code, other = await line.talk(robin, alma), await line.talk(kit, alma)
    for text in (f"{code} {other} are you safe?", f"{code} {other}"):
        await alma.write(text)
        await alma.shows("Not sent. Which conversation?")
    await line.settled()
    assert robin.silent
    assert kit.silent
    await alma.write(other)
    await kit.shows(lambda message: message.text == "are you safe?")
    assert robin.silent


async def test_who_comes_back_is_asked_at_once(line: Stage) -> None:
    """Alma texted END by mistake, and START a moment later: Robin, told "nobody" in between, is offered to her."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    assert isinstance(alma, SmsPhone)
    await alma.write("END")
    await line.settled()
    await texts(robin, "hello?")
    await robin.shows("Sorry, nobody can answer now.")
    await alma.write("START")
    await alma.shows("New conversation")


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_who_has_just_joined_is_asked_at_once(line: Stage, medium: str) -> None:
    """Robin waits; the supervisor who answers her invitation now need not be found by the next minute."""
    robin = line.texter("sms")
    await texts(robin, "hello?")
    await robin.shows("Sorry, nobody can answer now.")
    sam = await line.staff("Sam", medium, roles=("supervisor",))
    await sam.shows("New conversation")


async def test_stop_on_one_phone_leaves_the_other(line: Stage) -> None:
    """Alma stops her SMS in the middle of a talk: it is offered to her own Telegram before Robin hears "nobody"."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await line.talk(robin, alma)
    telegram = await also_by_telegram(line, "Alma")
    await alma.write("STOP")
    await telegram.shows("New conversation")
    await line.settled()
    assert [text[:25] for text in new(robin)] == ["Your contact was cut off."]


async def also_by_telegram(line: Stage, name: str) -> TelegramPhone:
    """What `greenroom staff contact NAME --telegram` does, and her answer."""

    def invited(work: Work) -> str:
        person = work.staff.by_name(name)
        assert person is not None
        token = staff_command.invite(
            work, line.config, person, staff_command.Way(Medium.TELEGRAM, None)
        ).token
        assert token is not None
        return token.reveal()

    phone = line.town.telegram_phone(name)
    await phone.start(line.town.telegram.bots["staff"], payload=await line.do(invited))
    await phone.shows("Welcome")
    return phone
