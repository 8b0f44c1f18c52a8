"""What we do not carry is refused kindly and noted; what is edited arrives as edited. Nothing is silently dropped."""

from __future__ import annotations

import pytest

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from storage.tables import conversations
from tests.stories.stage import Stage, new

SENDS = {
    "photo": ("send_photo", "They sent a photo"),
    "voice": ("send_voice", "They sent a voice message"),
    "video": ("send_video", "They sent a video"),
    "sticker": ("send_sticker", "They sent a sticker"),
    "contact": ("send_contact", "They sent a contact"),
    "location": ("send_location", "They sent a location"),
    "document": ("send_document", "They sent a file"),
}


@pytest.mark.parametrize("kind", SENDS)
async def test_a_texter_is_asked_for_words_and_the_counselor_is_told(line: Stage, kind: str) -> None:
    """The sender gets a kind refusal, the other side one line; nothing of the content is kept."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    method, notice = SENDS[kind]

    await getattr(robin, method)(to="texters")
    await line.settled()

    assert new(robin) == ["Sorry, that can't be read here. Please tell us in words."]
    assert new(alma) == [f"{code} {notice}; it was refused and not kept. They were asked for words."]


async def test_a_caption_is_not_kept_either(line: Stage) -> None:
    """Words under a refused picture stay with Telegram."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    await line.talk(robin, alma)

    await robin.send_photo(caption="this is me", to="texters")
    await line.settled()

    assert not any("this is me" in text for text in alma.texts)


async def test_a_picture_by_sms_is_refused_and_its_words_arrive(line: Stage) -> None:
    """A message with both loses the picture only."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    assert isinstance(robin, SmsPhone)
    code = await line.talk(robin, alma)

    await robin.send_photo(text="look at this")
    await line.settled()

    assert new(robin) == ["Sorry, that can't be read here. Please tell us in words."]
    told = new(alma)
    assert told[0] == f"{code} look at this"
    assert told[1].startswith(f"{code} They sent a photo")


async def test_a_picture_first_opens_a_conversation(line: Stage) -> None:
    """Somebody reaches out without words: a person will answer all the same."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    assert isinstance(robin, SmsPhone)

    await robin.send_photo()
    await line.takes(alma)

    assert await line.count(conversations) == 1
    assert any("in words" in text for text in new(robin))


@pytest.mark.parametrize("method", ["send_photo", "send_voice", "send_document"])
async def test_a_counselor_who_sends_a_kind_is_told_and_the_texter_hears_nothing(
    line: Stage, method: str
) -> None:
    """A texter receives the counselor's words and nothing around them."""
    alma = await line.on_call("Alma", "telegram")
    robin = line.texter("sms")
    await line.talk(robin, alma)
    assert isinstance(alma, TelegramPhone)

    await getattr(alma, method)(to="staff")
    await line.settled()

    assert new(alma) == ["Only words can be passed on. Nothing was sent."]
    assert robin.silent


async def test_a_texters_edit_arrives_as_edited(line: Stage) -> None:
    """The counselor sees that it was changed, and to what."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    said = await robin.write("at nine", to="texters")
    await line.settled()
    alma.look()

    await robin.edit(said, "at ten")
    await line.settled()

    assert new(alma) == [f"{code} (edited) at ten"]


async def test_an_edit_that_becomes_delete_is_obeyed(line: Stage) -> None:
    """She wants it gone, however she says so."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    await line.talk(robin, alma)
    said = await robin.write("delet", to="texters")
    await line.settled()
    robin.look()

    await robin.edit(said, "DELETE")
    await line.settled()

    assert new(robin) == ["Done. Our copy is gone. Please delete this chat yourself."]


async def test_a_counselors_edit_goes_out_as_a_correction(line: Stage) -> None:
    """By SMS nothing can be changed any more, so the right words follow."""
    alma = await line.on_call("Alma", "telegram")
    robin = line.texter("sms")
    await line.talk(robin, alma)
    assert isinstance(alma, TelegramPhone)
    said = await alma.write("meet at the red door", to="staff")
    await line.settled()
    robin.look()

    await alma.edit(said, "meet at the blue door")
    await line.settled()

    assert new(robin) == ["Correction: meet at the blue door"]


async def test_an_edit_after_the_end_is_not_sent(line: Stage) -> None:
    """A correction reaches nobody once the conversation is over."""
    alma = await line.on_call("Alma", "telegram")
    robin = line.texter("sms")
    code = await line.talk(robin, alma)
    assert isinstance(alma, TelegramPhone)
    said = await alma.write("good bye", to="staff")
    await line.settled()
    await alma.write(f"DONE {code}", to="staff")
    await line.settled()
    robin.look()
    alma.look()

    await alma.edit(said, "see you")
    await line.settled()

    assert robin.silent
    assert new(alma)[0].startswith("Your change was not sent")
