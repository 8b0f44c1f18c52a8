"""Whatever knocks at the door: the right status, nothing stored, and the next good text as good as ever."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp

from handlers.rehearsal.phones import SmsPhone
from handlers.rehearsal.telegram_bots import _Update
from storage.tables import conversations, outbox, seen, transcript
from tests.stories.stage import Stage, new, texts

INBOUND = "/sms/inbound"
SID = "SM" + "0" * 31 + "7"
STRANGER = "+12025550177"


def form(line: Stage, **changed: str) -> dict[str, str]:
    """A text as Twilio posts it."""
    return {
        "MessageSid": SID,
        "AccountSid": line.town.twilio.account_sid,
        "From": STRANGER,
        "To": "+12025550100",
        "Body": "please help",
        "NumMedia": "0",
    } | changed


def signed(line: Stage, path: str, fields: Mapping[str, str], *, token: str | None = None) -> dict[str, str]:
    """The headers that make it Twilio's."""
    whole = line.town.public_url + path + "".join(name + fields[name] for name in sorted(fields))
    key = (token or line.town.twilio.auth_token).encode()
    digest = hmac.new(key, whole.encode(), hashlib.sha1).digest()
    return {
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }


async def post(line: Stage, path: str, body: Any, headers: Mapping[str, str]) -> int:
    url = str(line.town.twilio.webhooks.target) + path
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert await answer.read() == b""
        return answer.status


async def rows(line: Stage) -> list[int]:
    return [await line.count(table) for table in (seen, conversations, transcript, outbox)]


async def still_good(line: Stage) -> None:
    """A good text, right after, reaches a counselor."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    await line.talk(robin, alma, "a good text")
    assert isinstance(robin, SmsPhone)


FORGERIES = {
    "no signature": lambda line, fields: (fields, {"Content-Type": "application/x-www-form-urlencoded"}),
    "a wrong token": lambda line, fields: (fields, signed(line, INBOUND, fields, token="0" * 32)),
    "another body": lambda line, fields: (fields | {"Body": "x"}, signed(line, INBOUND, fields)),
    "another path": lambda line, fields: (fields, signed(line, "/sms/other", fields)),
    "an account of somebody else": lambda line, fields: _account(line, fields),
    "a sid that is none": lambda line, fields: _field(line, fields, "MessageSid", "7"),
    "a number that is not ours": lambda line, fields: _field(line, fields, "To", "+12025550199"),
    "bodySHA256": lambda line, fields: _field(line, fields, "bodySHA256", "0" * 64),
    "no body": lambda line, fields: _without(line, fields, "Body"),
    "no sender": lambda line, fields: _without(line, fields, "From"),
}


def _field(
    line: Stage, fields: dict[str, str], name: str, value: str
) -> tuple[dict[str, str], dict[str, str]]:
    fields = fields | {name: value}
    return fields, signed(line, INBOUND, fields)


def _account(line: Stage, fields: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    return _field(line, fields, "AccountSid", "AC" + "f" * 32)


def _without(line: Stage, fields: dict[str, str], name: str) -> tuple[dict[str, str], dict[str, str]]:
    fields = {key: value for key, value in fields.items() if key != name}
    return fields, signed(line, INBOUND, fields)


SENDERS = ("12345", "Greenroom", "+12025550100", "", "+1", "+12025550177;ext=3")
"""Short codes, names, our own number: signed, of no use, and never answered."""


async def test_what_is_refused_leaves_nothing(line: Stage) -> None:
    """Whatever is wrong with a forgery, its sender learns one thing only; a good text, right after, arrives."""
    before = await rows(line)
    for how, forged in FORGERIES.items():
        fields, headers = forged(line, form(line))
        assert await post(line, INBOUND, urlencode(fields), headers) == 403, how
        assert await rows(line) == before, how
    for sender in SENDERS:
        fields = form(line, From=sender)
        assert await post(line, INBOUND, urlencode(fields), signed(line, INBOUND, fields)) == 204, sender
        assert await rows(line) == before, sender
    await still_good(line)


async def test_a_body_that_is_no_form_of_twilios_is_refused(line: Stage) -> None:
    """`From` twice can be read in two ways, Twilio speaks forms here, half a form has another signature, and one that
    is not UTF-8 is not what was signed; 20 MB are not even read."""
    fields = form(line)
    good, headers = urlencode(fields), signed(line, INBOUND, fields)
    before = await rows(line)
    for body in (
        good + "&" + urlencode({"From": "+12025550178"}),
        good[:-10],
        good.encode() + b"&X=%ED%A0%80",
    ):
        assert await post(line, INBOUND, body, headers) == 403
    in_json = headers | {"Content-Type": "application/json"}
    assert await post(line, INBOUND, json.dumps(fields), in_json) == 403
    large = form(line, Body="x" * 20_000_000)
    assert await post(line, INBOUND, urlencode(large), signed(line, INBOUND, large)) == 413
    assert await rows(line) == before
    await still_good(line)


async def test_what_nobody_knows_is_ignored(line: Stage) -> None:
    """Parameters that Twilio adds now and then, receipts for nothing we sent; 405 for a method, 404 for a place that is
    none."""
    fields = form(line, FromCity="SOMEWHERE", FromZip="00000", Whatever="new")
    assert await post(line, INBOUND, urlencode(fields), signed(line, INBOUND, fields)) == 204
    assert await line.count(conversations) == 1

    path = "/sms/status/" + "A" * 22
    for status in ("delivered", "failed", "sent", "nonsense"):
        fields = {"MessageSid": SID, "AccountSid": line.town.twilio.account_sid, "MessageStatus": status}
        assert await post(line, path, urlencode(fields), signed(line, path, fields)) == 204
    async with aiohttp.ClientSession(line.town.twilio.webhooks.target) as session:
        for method, where, code in (("GET", INBOUND, 405), ("POST", "/sms/nowhere", 404)):
            async with session.request(method, where) as answer:
                assert answer.status == code


NAUGHTY = {
    "control": "a\x00b\x07c\x1b[31md",
    "bidi": "\u202egnorw\u202c \u2066x\u2069",
    "zero width": "h\u200bi\u200d\ufeff there",
    "emoji": "👩‍👩‍👧‍👦" * 600,
    "combining": "Z" + "\u0301" * 300,
    "sql": "'); DROP TABLE conversations; --",
    "format": "%s %n {0} {text} ${x}",
    "html": "<script>alert(1)</script>",
    "newlines": "a\r\nb\rc\n\n\nd",
    "blank": "   ",
}


async def test_naughty_texts_arrive_and_break_nothing(line: Stage) -> None:
    """Each is stored and read; the next good text follows in order."""
    alma = await line.on_call("Alma", "telegram")
    robin = line.texter("sms")
    await line.talk(robin, alma)
    for number, (what, body) in enumerate(NAUGHTY.items()):
        sid = f"SM{number:032x}"
        fields = form(line, MessageSid=sid, From=robin.number, Body=body)  # type: ignore[union-attr]
        assert await post(line, INBOUND, urlencode(fields), signed(line, INBOUND, fields)) == 204
        await texts(robin, f"a good one after {what}")
        await line.settled()

        heard = new(alma)
        assert heard[-1].endswith(f"a good one after {what}")
        assert not any("\x00" in text or "\u202e" in text for text in heard)


UPDATES: dict[str, Any] = {
    "nothing in it": {},
    "a message without a chat": {"message": {"message_id": 1, "date": 1, "text": "x"}},
    "a chat that is a word": {"message": {"message_id": 1, "date": 1, "text": "x", "chat": "y"}},
    "an id beyond all numbers": {
        "message": {"message_id": 1, "date": 1, "text": "x", "chat": {"id": 2**80, "type": "private"}}
    },
    "a text that is a number": {
        "message": {"message_id": 1, "date": 1, "text": 7, "chat": {"id": 5, "type": "private"}}
    },
    "a date before time": {
        "message": {"message_id": 1, "date": -(2**60), "text": "x", "chat": {"id": 5, "type": "private"}}
    },
    "a group": {"message": {"message_id": 1, "date": 1, "text": "x", "chat": {"id": -5, "type": "group"}}},
    "a channel's post": {"channel_post": {"message_id": 1, "date": 1, "text": "x"}},
    "a kind from the future": {"brain_wave": {"from": {"id": 5}}},
    "lone surrogates": {
        "message": {
            "message_id": 1,
            "date": 1,
            "text": "a\ud800b",
            "from": {"id": 5, "is_bot": False, "first_name": "x"},
            "chat": {"id": 5, "type": "private"},
        }
    },
}


def hand_out(line: Stage, update: dict[str, Any]) -> None:
    """Telegram itself would never say this: it goes past the stand-in's own checks."""
    bot = line.town.telegram.bots["texters"]
    bot._pending.append(_Update({"update_id": bot._next_update, **update}, line.town.clock.now()))
    bot._next_update += 1
    bot._wake()


async def test_an_update_of_the_wrong_shape_costs_nobody_her_text(line: Stage) -> None:
    """It is dropped and acknowledged; what came in the same batch arrives."""
    alma = await line.on_call("Alma", "telegram")
    robin = line.texter("telegram")
    await line.talk(robin, alma, "a good text")
    for what in UPDATES.keys() - {"lone surrogates"}:
        hand_out(line, UPDATES[what])
        await texts(robin, f"a good one after {what}")
        await line.settled()

        assert new(alma)[-1].endswith(f"a good one after {what}")
    assert await line.count(conversations) == 1


async def test_half_a_letter_from_telegram_arrives_as_a_whole_text(line: Stage) -> None:
    """A lone surrogate cannot be stored or sent: its place is marked, the words around it arrive."""
    alma = await line.on_call("Alma", "telegram")
    hand_out(line, UPDATES["lone surrogates"])

    await line.takes(alma)

    assert any("a\ufffdb" in text for text in alma.texts)


async def test_a_slow_body_is_408_and_holds_up_nobody(line: Stage) -> None:
    """Others are served while somebody lets his bytes trickle."""
    port = int(str(line.town.twilio.webhooks.target).rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /sms/inbound HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc")
    await writer.drain()

    await still_good(line)

    async with asyncio.timeout(60):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
