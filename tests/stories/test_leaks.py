"""Everything that Telegram knows of two people stands around their words; nothing but the words crosses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.rehearsal.phones import TelegramPhone
from tests.stories.stage import Stage, texts

CANARY = "Kolibri"
AROUND: dict[str, Any] = {
    "forward_origin": {"type": "user", "sender_user": {"id": 7044900700, "first_name": CANARY}, "date": 1},
    "forward_from": {"id": 7044900700, "is_bot": False, "first_name": CANARY, "username": CANARY},
    "forward_sender_name": CANARY,
    "forward_signature": CANARY,
    "entities": [
        {"type": "text_link", "offset": 0, "length": 4, "url": f"tg://user?id=7044900700&n={CANARY}"},
        {"type": "text_mention", "offset": 0, "length": 4, "user": {"id": 7044900700, "first_name": CANARY}},
    ],
    "via_bot": {"id": 7044900700, "is_bot": True, "first_name": CANARY, "username": CANARY},
    "sender_chat": {"id": 7044900700, "type": "channel", "title": CANARY, "username": CANARY},
    "author_signature": CANARY,
    "quote": {"text": CANARY, "position": 0},
    "external_reply": {"origin": {"type": "hidden_user", "sender_user_name": CANARY, "date": 1}},
    "reply_to_story": {"id": 1, "chat": {"id": 7044900700, "type": "private", "first_name": CANARY}},
    "link_preview_options": {"url": f"https://{CANARY}.example.org"},
}
KINDS: tuple[dict[str, Any], ...] = (
    {"contact": {"phone_number": "+12025550188", "first_name": CANARY, "vcard": f"BEGIN:VCARD\nFN:{CANARY}"}},
    {"location": {"latitude": 38.9, "longitude": -77.03, "address": CANARY}},
    {"venue": {"location": {"latitude": 1, "longitude": 1}, "title": CANARY, "address": CANARY}},
    {"document": {"file_id": "x", "file_unique_id": "y", "file_name": f"{CANARY}.pdf"}, "caption": CANARY},
    {"photo": [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}], "caption": CANARY},
    {"poll": {"id": "1", "question": CANARY, "options": [{"text": CANARY}]}},
    {"story": {"id": 1, "chat": {"id": 7044900700, "type": "private", "first_name": CANARY}}},
    {"audio": {"file_id": "x", "file_unique_id": "y", "duration": 1, "performer": CANARY, "title": CANARY}},
)
SENT = {"chat_id", "text", "protect_content", "link_preview_options", "reply_markup", "reply_parameters"}
"""All that a message of ours says; no parse_mode, no forward, no copy."""


def wire(line: Stage) -> list[tuple[str, dict[str, Any]]]:
    """Everything that the line has asked of its carriers to bring to somebody."""
    told = [(call.method, dict(call.parameters)) for call in line.town.telegram.calls]
    told += [(call.method, dict(call.parameters)) for call in line.town.twilio.calls]
    return [
        (method, said)
        for method, said in told
        if method in ("sendMessage", "Messages.create") or "ward" in method
    ]


def named(phone: object) -> TelegramPhone:
    """The same phone, with all the names that an account can have."""
    assert isinstance(phone, TelegramPhone)
    phone.user |= {"last_name": CANARY, "username": CANARY, "first_name": CANARY}
    return phone


@pytest.mark.parametrize("hers", ["telegram", "sms"])
async def test_nothing_but_words_crosses_in_either_direction(line: Stage, hers: str) -> None:
    """Forwards, mentions, links behind words, contacts, captions, file names, and the names of both."""
    alma = await line.on_call("Alma", hers)
    robin = named(line.texter("telegram"))
    if hers == "telegram":
        named(alma)
    await texts(robin, "hello")
    code = await line.takes(alma)
    await robin.send_kind({"text": "look here", **AROUND})
    await alma.shows(f"{code} look here")
    for kind in KINDS:
        await robin.send_kind(kind)
    await line.settled()
    if isinstance(alma, TelegramPhone):
        under = next(m for m in reversed(alma.screen) if m.text.startswith(f"{code} look here"))
        alma._send(under.chat, {"text": "I am here", **AROUND}, reply_to=int(under.id))
        await robin.shows("I am here")
        for kind in KINDS:
            await alma.send_kind(kind)
        await line.settled()

    sent = wire(line)
    assert len(sent) > len(KINDS)
    for method, said in sent:
        assert method in ("sendMessage", "Messages.create")
        shown = json.dumps(said, default=str)
        assert CANARY not in shown
        assert "7044900700" not in shown
        assert "38.9" not in shown
        if method == "sendMessage":
            assert set(said) <= SENT, set(said) - SENT
            assert str(robin.user["id"]) not in str(said["text"])
    assert CANARY not in "".join(message.text for message in [*alma.screen, *robin.screen])
