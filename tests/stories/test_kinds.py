"""What a text may be: pictures and the like are refused with a word, edits are told, anything written arrives clean."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from tests.stories.stage import Stage, answers, new, texts

WORDS_ONLY = "Sorry, that can't be read here. Please tell us in words."

KINDS = {
    "photo": "photo",
    "voice": "voice message",
    "video": "video",
    "video_note": "video",
    "sticker": "sticker",
    "contact": "contact",
    "location": "location",
    "document": "file",
}


def refused(what: str) -> str:
    return f"They sent a {what}; it was refused and not kept. They were asked for words."


async def test_kinds_that_are_not_carried_are_refused_with_a_word(line: Stage) -> None:
    """Robin is asked for words, Alma is told what it was; nothing is dropped in silence."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    for kind, what in KINDS.items():
        await getattr(robin, f"send_{kind}")()
        await robin.shows(WORDS_ONLY)
        await alma.shows(f"{code} {refused(what)}")
    # Dice, and whatever Telegram invents next.
    await robin.send_kind({"dice": {"emoji": "🎲", "value": 4}})
    await robin.shows(WORDS_ONLY)
    await alma.shows(f"{code} They sent a message of a kind that cannot be passed on;")


async def test_a_picture_with_words_by_sms(line: Stage) -> None:
    """The words arrive, the picture is refused."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    assert isinstance(robin, SmsPhone)
    code = await line.talk(robin, alma)
    await robin.send_photo(text="look at this")
    await alma.shows(f"{code} look at this")
    await alma.shows(f"{code} {refused('photo')}")
    await robin.shows(WORDS_ONLY)


async def test_a_picture_as_the_first_message(line: Stage) -> None:
    """It opens a conversation; whoever takes it reads what was refused."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    assert isinstance(robin, SmsPhone)
    await robin.send_photo()
    code = await line.takes(alma)
    assert [text[:22] for text in new(robin)] == ["Hi, thanks for writing", WORDS_ONLY[:22]]
    assert new(alma) == [f"{code} Note: {refused('photo')}"]


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_a_counselors_picture_is_not_passed_on(line: Stage, medium: str) -> None:
    """She is told; Robin hears nothing."""
    alma, robin = await line.on_call("Alma", medium), line.texter("sms")
    await line.talk(robin, alma)
    if isinstance(alma, SmsPhone):
        await alma.send_photo()
    else:
        await alma.send_photo(to="staff")
    await alma.shows("Only words can be passed on. Nothing was sent.")
    await line.settled()
    assert robin.silent


async def test_an_edited_text_arrives_as_edited(line: Stage) -> None:
    """Robin corrects herself on Telegram; Alma reads both."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    own = await robin.write("I am at number 12")
    await alma.shows(f"{code} I am at number 12")
    await robin.edit(own, "I am at number 21")
    await alma.shows(f"{code} (edited) I am at number 21")


async def test_a_text_edited_into_delete_is_obeyed(line: Stage) -> None:
    """It was meant."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    own = await robin.write("delet")
    await alma.shows(f"{code} delet")
    await robin.edit(own, "delete")
    await robin.shows("Done. Our copy is gone.")
    await alma.shows("the texter erased the conversation")


async def test_a_counselors_edit_is_sent_as_a_correction(line: Stage) -> None:
    """By SMS with the word before it, once, and only while the conversation is open with her."""
    alma, robin = await line.on_call("Alma", "telegram"), line.texter("sms")
    assert isinstance(alma, TelegramPhone)
    code = await line.talk(robin, alma)
    own = await answers(alma, code, "come at five")
    await robin.shows("come at five")
    await alma.edit(own, "come at six")
    await robin.shows(lambda message: message.text == "Correction: come at six")
    line.nothing_vanishes()
    await texts(robin, "bye")
    await alma.shows("ended the conversation")
    new(robin)
    await alma.edit(own, "come at seven")
    await alma.shows("Your change was not sent")
    await line.settled()
    assert not any("seven" in text for text in robin.texts)


async def test_an_edit_of_a_held_text_moves_nothing(line: Stage) -> None:
    """What was never sent cannot be corrected; the held text stays as it was."""
    alma = await line.on_call("Alma", "telegram")
    robin, kit = line.texter("sms"), line.texter("sms", "Kit")
    assert isinstance(alma, TelegramPhone)
    to_robin = await line.talk(robin, alma)
    await line.talk(kit, alma)
    own = await alma.write("to whom?")
    await alma.shows("Not sent. Which conversation?")
    await alma.edit(own, "to both?")
    await alma.shows("Your change was not sent")
    await alma.write(to_robin)
    await robin.shows("to whom?")
    await line.settled()
    assert kit.silent


LONG = " ".join(f"word{number:04}" for number in range(556))
"""5,003 characters in which every word says where it belongs."""


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_five_thousand_characters_reach_the_counselor_whole(line: Stage, medium: str) -> None:
    """In as many parts as her channel needs, in order, each beginning with the code."""
    alma, robin = await line.on_call("Alma", medium), line.texter("sms")
    code = await line.talk(robin, alma)
    await texts(robin, LONG)
    await line.settled()
    parts = new(alma)
    assert all(part.startswith(f"{code} ") for part in parts)
    assert all(len(part) <= (1600 if medium == "sms" else 4096) for part in parts)
    assert len(parts) == (4 if medium == "sms" else 2)
    assert " ".join(part.removeprefix(f"{code} ") for part in parts).split() == LONG.split()


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_five_thousand_characters_reach_the_texter_whole(line: Stage, medium: str) -> None:
    """The same way back, and no code in it."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter(medium)
    code = await line.talk(robin, alma)
    await alma.write(f"{code} {LONG}")
    await line.settled()
    parts = new(robin)
    assert len(parts) == (4 if medium == "sms" else 2)
    assert " ".join(parts).split() == LONG.split()
    assert alma.silent


async def test_a_long_transcript_is_played_in_order(line: Stage) -> None:
    """Four thousand-letter texts before anybody took: merged, parted, the code on every part."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    said = [" ".join(f"{letter}{number:04}" for number in range(190)) for letter in "abcd"]
    for text in said:
        await texts(robin, text)
    code = await line.takes(alma)
    parts = new(alma)
    assert all(part.startswith(f"{code} ") for part in parts)
    assert " ".join(part.removeprefix(f"{code} ") for part in parts).split() == " ".join(said).split()


NAUGHTY = {
    "override": ("\u202eevil\u202c text", "evil text"),
    "isolate": ("a\u2067b\u2069c", "abc"),
    "control": ("a\x07b\x1b[31mc\x7fd", "ab[31mcd"),
    "breaks": ("one\r\ntwo\x0bthree\rfour", "one\ntwo\nthree\nfour"),
    "zero width": ("family 👨\u200d👩\u200d👧 and \u200bspace", "family 👨\u200d👩\u200d👧 and \u200bspace"),
    "arabic": ("سلام \u200fمرحبا", "سلام \u200fمرحبا"),
    "combining": ("Z" + "\u0301" * 40 + "algo", "Z" + "\u0301" * 40 + "algo"),
    "sql": ("'; DROP TABLE staff; -- {0} %s \\x00", "'; DROP TABLE staff; -- {0} %s \\x00"),
    "braces": ("{code} {text} {wait}", "{code} {text} {wait}"),
}


async def test_naughty_strings_arrive_clean_both_ways(line: Stage) -> None:
    """What would turn or break other people's screens goes; every letter, emoji and mark that is text stays."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    for name, (wild, clean) in NAUGHTY.items():
        await texts(robin, wild)
        await alma.write(f"{code} {wild}")
        await line.settled()
        assert new(alma) == [f"{code} {clean}"], name
        assert new(robin) == [clean], name


async def test_nul_and_lone_surrogates_break_nothing(line: Stage) -> None:
    """Raw updates that no app would make: they arrive cleaned, and the next good text is not touched."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    bot = line.town.telegram.bots["texters"]
    for raw, seen in (("half \ud83d of it", "half \ufffd of it"), ("nul \x00 byte", "nul  byte")):
        bot.add_update("message", raw_message(robin, bot.number_message(), raw))
        await alma.shows(f"{code} {seen}")
    await robin.write("all is well")
    await alma.shows(f"{code} all is well")


def raw_message(phone: TelegramPhone, number: int, text: str) -> dict[str, Any]:
    chat = {"id": phone.user["id"], "first_name": phone.name, "type": "private"}
    return {"message_id": number, "from": phone.user, "chat": chat, "date": 1_700_000_000, "text": text}


async def test_a_text_with_nothing_to_see_stops_nobody(line: Stage) -> None:
    """Invisible characters only: the line goes on, and the next text arrives."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    bot = line.town.telegram.bots["texters"]
    code = ""
    for empty in ("\u200b", "\x00", "\u202e\u202c", "   ", "\ufeff\u2060"):
        bot.add_update("message", raw_message(robin, bot.number_message(), empty))
        code = code or await line.takes(alma)
        await texts(robin, "still here")
        await alma.shows(f"{code} still here")
        await alma.write(f"{code} {empty}")
        await alma.write(f"{code} me too")
        await robin.shows("me too")
    await line.settled()


async def test_four_thousand_emoji(line: Stage) -> None:
    """2,048 of two units fill a Telegram text: they reach an SMS phone in order, none is cut in two."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    code = await line.talk(robin, alma)
    await texts(robin, "😶" * 2048)
    await texts(robin, "x" * 4096)
    await line.settled()
    parts = [part.removeprefix(f"{code} ") for part in new(alma)]
    assert "".join(parts) == "😶" * 2048 + "x" * 4096
    bot = line.town.telegram.bots["texters"]
    assert isinstance(robin, TelegramPhone)
    bot.add_update("message", raw_message(robin, bot.number_message(), "🙂" * 4096))
    await line.settled()
    assert "".join(part.removeprefix(f"{code} ") for part in new(alma)) == "🙂" * 4096
