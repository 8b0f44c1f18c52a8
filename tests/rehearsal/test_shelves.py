"""What the carriers hold, as the page's drawer shows it: everything, until it is deleted there."""

from __future__ import annotations

import pytest
from telegram import Bot
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from handlers.rehearsal.page.carriers import Copy, shelves
from handlers.rehearsal.town import LINE, Town

ROBIN = "+12025550111"


async def test_twilios_shelf_empties_as_copies_are_deleted(town: Town, sms: Client) -> None:
    """Texts of both directions are readable there; emptied first, then gone, as the real client asks for it."""
    robin = town.sms_phone(ROBIN)
    await robin.write("is this private?")
    sent = await sms.messages.create_async(to=ROBIN, from_=LINE, body="it is")
    shelf = shelves(town)[0]
    assert (shelf.name, shelf.count) == ("Twilio", 2)
    assert shelf.newest == (Copy(False, ROBIN, "it is"), Copy(True, ROBIN, "is this private?"))
    await sms.messages(sent.sid).update_async(body="")
    assert shelves(town)[0].newest[0] == Copy(False, ROBIN, "")
    for sid in list(town.twilio.messages):
        await sms.messages(sid).delete_async()
    assert (shelves(town)[0].count, shelves(town)[0].newest) == (0, ())


async def test_a_picture_is_a_resource_of_its_own(town: Town, sms: Client) -> None:
    """Listed and deleted under its message, as the real client asks for it; then there is none."""
    written = await town.sms_phone(ROBIN).send_photo()
    message = sms.messages(written.id)
    [picture] = await message.media.list_async()
    assert (picture.parent_sid, picture.content_type) == (written.id, "image/jpeg")
    await message.media(picture.sid).delete_async()
    assert await message.media.list_async() == []
    with pytest.raises(TwilioRestException) as gone:
        await message.media(picture.sid).delete_async()
    assert (gone.value.status, gone.value.code) == (404, 20404)


async def test_telegrams_shelf_empties_as_messages_are_deleted(town: Town, bot: Bot) -> None:
    """Both sides' messages; a link's token is nobody's to read."""
    kit = town.telegram_phone("Kit")
    started = await kit.start("texters", payload="abcdefghijklmnopqrstuvwxyz")
    sent = await bot.send_message(kit.user["id"], "hi")
    texters = shelves(town)[1]
    assert (texters.name, texters.count) == ("Telegram · texters", 2)
    assert texters.newest == (Copy(False, "Kit", "hi"), Copy(True, "Kit", "/start …"))
    await bot.delete_messages(kit.user["id"], [int(started.id), sent.message_id])
    assert [shelf.count for shelf in shelves(town)] == [0, 0, 0]
