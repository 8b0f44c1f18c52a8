"""Who joins, who leaves, and whose phone cannot be reached any more: nobody is written to who did not agree."""

from __future__ import annotations

import pytest

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from tests.stories.stage import Stage, answers, new, texts

CUT_OFF = "Your contact was cut off. Someone else is coming and will read what you wrote."
STRANGER = "This chat is not open to you."


async def test_ok_joins_in_any_dress(line: Stage) -> None:
    """The invitation asks for OK; one welcome answers it, with what matters for her privacy."""
    for number, word in enumerate(("OK", "ok.", "Okay!", "oK 👍", " ＯＫ ")):
        alma, _ = await line.invite(f"Alma {number}", "sms")
        await alma.shows("You are invited to answer for Greenroom. Reply OK to join.")
        await texts(alma, word)
        welcome = await alma.shows("Welcome to Greenroom.")
        assert "hide message previews on your lock screen" in welcome.text
        assert "neutral name" in welcome.text
        await line.settled()
        assert alma.silent


async def test_anything_but_ok_is_not_joining(line: Stage) -> None:
    """Whoever holds that phone is a texter like any other until she says OK."""
    bo, (alma, _) = await line.on_call("Bo", "sms"), await line.invite("Alma", "sms")
    await line.rota("Alma", "Bo")
    await alma.shows("Reply OK")
    await texts(alma, "who is this?")
    await alma.shows("Hi, thanks for writing.")
    code = await line.takes(bo)
    assert f"{code} who is this?" in bo.texts
    assert not any("Welcome" in text or "New conversation" in text for text in alma.texts)


async def test_who_has_not_joined_is_never_written_to(line: Stage) -> None:
    """On call by the rota, invited by SMS and by Telegram, and still no offer: the supervisor is asked."""
    alma, _ = await line.invite("Alma", "sms")
    await line.invite("Bo", "telegram")
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    await line.rota("Alma", "Bo")
    await texts(line.texter("sms"), "hello")
    await sam.shows("New conversation")
    await line.later(minutes=15)
    assert [text[:15] for text in alma.texts] == ["You are invited"]


async def test_a_second_ok_is_not_a_second_welcome(line: Stage) -> None:
    """It is words to nobody, and she is told so."""
    alma = await line.staff("Alma", "sms")
    await texts(alma, "OK")
    await alma.shows("Not sent: no conversation is open with you.")
    await line.settled()
    assert alma.silent


async def test_a_link_joins_once(line: Stage) -> None:
    """Alma's link lets her in; Charlie, who found it, gets the neutral line."""
    alma, token = await line.invite("Alma", "telegram")
    assert isinstance(alma, TelegramPhone)
    await alma.start("staff", payload=token)
    await alma.shows("Welcome to Greenroom.")
    charlie = line.town.telegram_phone("Charlie")
    await charlie.start("staff", payload=token)
    await charlie.shows(STRANGER)
    await line.rota("Alma")
    await texts(line.texter("sms"), "hello")
    await alma.shows("New conversation")
    await line.settled()
    assert charlie.silent


async def test_a_link_is_good_for_seven_days(line: Stage) -> None:
    """Six days later it still lets her in; eight days later it is nothing."""
    alma, early = await line.invite("Alma", "telegram")
    bo, late = await line.invite("Bo", "telegram")
    assert isinstance(alma, TelegramPhone)
    assert isinstance(bo, TelegramPhone)
    await line.later(days=6)
    await alma.start("staff", payload=early)
    await alma.shows("Welcome to Greenroom.")
    await line.later(days=2)
    await bo.start("staff", payload=late)
    await bo.shows(STRANGER)


async def test_a_stranger_hears_one_neutral_line_a_day(line: Stage) -> None:
    """Whatever Charlie tries at the staff bot: one line today, one tomorrow, nothing of the line's business."""
    charlie = line.town.telegram_phone("Charlie")
    await charlie.start("staff")
    for text in ("who are you?", "TAKE K7R2", "WHO"):
        await charlie.write(text, to="staff")
    await charlie.send_photo(to="staff")
    await line.settled()
    assert new(charlie) == [STRANGER]
    await line.later(hours=25)
    await charlie.write("hello?", to="staff")
    await line.settled()
    assert new(charlie) == [STRANGER]


async def test_one_account_in_two_roles(line: Stage) -> None:
    """Alma's Telegram account writes to the texters' bot: there she is a texter, and Bo's conversation is not hers."""
    alma, bo = await line.on_call("Alma", "telegram"), await line.on_call("Bo", "sms")
    assert isinstance(alma, TelegramPhone)
    await alma.write("OFF")
    await alma.shows("You are OFF")
    line.town.telegram.opens(line.town.telegram.bots["texters"], alma.user)
    await alma.write("I need somebody too", to="texters")
    code = await line.takes(bo)
    await bo.shows(f"{code} I need somebody too")
    await bo.write(f"{code} I am here")
    heard = await alma.shows("I am here")
    assert heard.chat == "texters"
    await alma.write(f"TAKE {code}", to="staff")
    await alma.shows(f"{code}: no such conversation. Nothing was sent.")


@pytest.mark.parametrize(("word", "back"), [("STOP", "START"), ("End", "Yes"), ("quit", "unstop")])
async def test_a_staff_phone_that_texts_stop_is_no_longer_asked(line: Stage, word: str, back: str) -> None:
    """Robin hears that somebody else is coming, Bo reads it all; START brings Alma's phone back."""
    alma, bo, robin = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms"), line.texter("sms")
    await line.talk(robin, alma, "my story")
    await texts(alma, word)
    await robin.shows(CUT_OFF)
    code = await line.takes(bo)
    assert f"{code} my story" in bo.texts
    await texts(alma, f"{code} am I still here?")
    await bo.write(f"DONE {code}")
    await bo.shows("closed.")
    await bo.write("OFF")
    await line.settled()
    tried, _ = line.calls_to(alma), new(robin)
    kit = line.texter("sms", "Kit")
    await texts(kit, "hello")
    await kit.shows("Sorry, nobody can answer now.")
    await line.settled()
    assert line.calls_to(alma) == tried
    assert robin.silent

    await texts(alma, back)
    await alma.shows("Welcome back. You get offers again.")
    await texts(line.texter("telegram", "Charlie"), "hello")
    await alma.shows("New conversation")


async def test_a_counselor_who_blocks_the_bot_is_cut_off(line: Stage) -> None:
    """Her conversation goes to Bo; when she presses Start again she is asked again."""
    alma, bo, robin = (
        await line.on_call("Alma", "telegram"),
        await line.on_call("Bo", "sms"),
        line.texter("sms"),
    )
    assert isinstance(alma, TelegramPhone)
    await line.talk(robin, alma, "my story")
    await alma.block()
    await robin.shows(CUT_OFF)
    code = await line.takes(bo)
    assert f"{code} my story" in bo.texts
    await bo.write("OFF")
    await alma.start("staff")
    await alma.shows("Welcome back. You get offers again.")
    await texts(line.texter("sms", "Kit"), "hello")
    await alma.shows("New conversation")


async def test_a_counselor_whose_phone_is_dead_is_passed_over(line: Stage) -> None:
    """Her number is no number any more: the next text of Robin's finds out, and Bo is asked."""
    alma, bo, robin = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms"), line.texter("sms")
    assert isinstance(alma, SmsPhone)
    code = await line.talk(robin, alma, "my story")
    line.town.twilio.trouble(alma.number, 30005)
    await texts(robin, "are you there?")
    await robin.shows(CUT_OFF)
    await bo.shows(f"New conversation {code}")
    await bo.write("TAKE")
    await bo.shows(f"{code} my story\nare you there?")


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_who_is_removed_is_cut_off_at_once(line: Stage, medium: str) -> None:
    """Alma is off the line: Bo has her conversation, and whatever she writes reaches nobody."""
    alma, bo, robin = await line.on_call("Alma", medium), await line.on_call("Bo", "sms"), line.texter("sms")
    code = await line.talk(robin, alma, "my story")
    await line.remove("Alma")
    await robin.shows(CUT_OFF)
    await line.takes(bo)
    assert f"{code} my story" in bo.texts
    before = len(alma.texts)
    await answers(alma, code, "it is me, Alma")
    await line.settled()
    assert robin.silent
    assert not any(code in text for text in alma.texts[before:])
    if medium == "telegram":
        assert alma.texts[before:] == [STRANGER]


async def test_removed_in_the_middle_of_sending(line: Stage) -> None:
    """Her reply was under way when she was removed: nothing breaks, Robin reads it once, and Bo takes over."""
    alma, bo, robin = (
        await line.on_call("Alma", "sms"),
        await line.on_call("Bo", "sms"),
        line.texter("telegram"),
    )
    code = await line.talk(robin, alma)
    gate = line.town.telegram.faults.hold("sendMessage")
    await alma.write(f"{code} I am on it")
    await gate.reached()
    await line.remove("Alma")
    gate.open()
    await robin.shows("I am on it")
    await robin.shows(CUT_OFF)
    await line.takes(bo)
