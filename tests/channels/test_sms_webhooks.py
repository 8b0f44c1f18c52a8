"""What Twilio tells us, and what others pretend that it tells us: bytes and headers → a status and what was stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.channel import Outcome
from bot.errors import StorageError
from bot.messages import Kind
from bot.redact import Secret
from handlers.channels.session import open_session
from handlers.channels.sms import Account, Sms
from handlers.channels.webhook import Call
from tests.channels.stands import ROBIN, Ear, SmsStand

SID = "AC" + "0" * 32
MESSAGE = "SM" + "ab" * 16
LINE, POOL = "+12025550100", "+12025550110"
TOKEN, NEXT = "t" * 32, "n" * 32
URL = "https://line.example.org"
FORM = "application/x-www-form-urlencoded"
TEXT = {
    "AccountSid": SID,
    "MessageSid": MESSAGE,
    "From": ROBIN,
    "To": LINE,
    "Body": "my words",
    "NumMedia": "0",
    "FromCity": "WASHINGTON",
    "FromZip": "",
}
REFERENCE = "a-reference_that-nobody-guesses"
STATUS = {"AccountSid": SID, "MessageSid": MESSAGE, "MessageStatus": "delivered", "From": LINE, "To": ROBIN}


@pytest.fixture
async def sms() -> Any:
    async with open_session() as session:
        yield _sms(session)


def _sms(session: Any) -> Sms:
    return Sms(Account(SID, (Secret(TOKEN), Secret(NEXT)), (LINE, POOL), URL), session)


def sign(form: Mapping[str, str], *, url: str = f"{URL}/sms/inbound", token: str = TOKEN) -> str:
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def call(form: Mapping[str, str], **rest: Any) -> Call:
    """An honest call, unless `rest` says otherwise."""
    tail = rest.pop("tail", "")
    url = f"{URL}/sms/status/{tail}" if tail else f"{URL}/sms/inbound"
    signature = rest.pop("signature", None) or sign(
        form, url=rest.pop("url", url), token=rest.pop("token", TOKEN)
    )
    headers = CIMultiDict({"Content-Type": rest.pop("content_type", FORM), "X-Twilio-Signature": signature})
    return Call(rest.pop("body", urlencode(form).encode()), headers, rest.pop("query", ""), tail)


HONEST: dict[str, Call] = {
    "as it comes": call(TEXT),
    "with a character set": call(TEXT, content_type=FORM + "; charset=UTF-8"),
    "signed with the port": call(TEXT, url="https://line.example.org:443/sms/inbound"),
    "signed with the next token": call(TEXT, token=NEXT),
    "with parameters that we have never seen": call({**TEXT, "Zodiac": "♌", "MessagingServiceSid": "MG1"}),
    "to a number of the pool": call({**TEXT, "To": POOL}),
    "a multimedia id": call({**TEXT, "MessageSid": "MM" + "0" * 32}),
}
SIGNED_FOR_OTHERS = {**TEXT, "AccountSid": "AC" + "1" * 32}
FORGED: dict[str, Call] = {
    "another text under the signature": call({**TEXT, "Body": "x"}, signature=sign(TEXT)),
    "another token": call(TEXT, token="x" * 32),
    "for another host": call(TEXT, url="https://evil.example.org/sms/inbound"),
    "for plain http": call(TEXT, url="http://line.example.org/sms/inbound"),
    "for another port": call(TEXT, url="https://line.example.org:8443/sms/inbound"),
    "with the overrides signed along": call(TEXT, url=f"{URL}/sms/inbound#rc=5&rp=all"),
    "another account": call(SIGNED_FOR_OTHERS),
    "another number": call({**TEXT, "To": "+12025550199"}),
    "truncated": call(TEXT, body=urlencode(TEXT).encode()[:-9], signature=sign(TEXT)),
    "half an escape": call(TEXT, body=urlencode(TEXT).encode() + b"%f", signature=sign(TEXT)),
    "a name twice": call(TEXT, body=urlencode(TEXT).encode() + b"&Body=more", signature=sign(TEXT)),
    "the same value twice": call(
        TEXT, body=urlencode(TEXT).encode() + b"&Body=my+words", signature=sign(TEXT)
    ),
    "no body at all": call({}),
    "JSON": call(TEXT, body=b'{"Body": "my words"}', content_type="application/json"),
    "JSON that says it is a form": call(TEXT, body=b'{"Body": "my words"}'),
    "a hash of the body": call(TEXT, query="bodySHA256=" + "0" * 64),
    "a signed hash of the body": call({**TEXT, "bodySHA256": "0" * 64}),
    "any query": call(TEXT, query="x=1"),
    "bytes that are no UTF-8": call(TEXT, body=b"Body=\xff\xfe"),
    "escapes that are no UTF-8": call(TEXT, body=b"Body=%ff%fe"),
    "half a surrogate pair": call(TEXT, body=b"Body=%ed%a0%bd"),
    "ten thousand names": call(TEXT, body="&".join(f"n{i}=" for i in range(10_000)).encode()),
    "media that cannot be counted": call({**TEXT, "NumMedia": "many"}),
    "a message id of another shape": call({**TEXT, "MessageSid": "SM" + "AB" * 16}),
    "a signature of letters that no base64 has": call(TEXT, signature="ünsigned"),
    **{
        f"without {name}": call({n: v for n, v in TEXT.items() if n != name})
        for name in ("AccountSid", "MessageSid", "From", "To", "Body")
    },
}


@pytest.mark.parametrize("name", HONEST)
async def test_what_twilio_signed_is_stored(sms: Sms, ear: Ear, name: str) -> None:
    """A blank value counts in the signature, an unknown parameter is no reason to lose a text."""
    assert await sms.inbound(HONEST[name], ear.receive) == 204
    assert [one.text.reveal() for one in ear.inbounds] == ["my words"]


@pytest.mark.parametrize("name", FORGED)
async def test_what_twilio_did_not_sign_leaves_no_trace(sms: Sms, ear: Ear, name: str) -> None:
    """Whatever is wrong with it, the caller learns one thing, and the next good text is unaffected."""
    assert await sms.inbound(FORGED[name], ear.receive) == 403
    assert not ear.inbounds
    assert await sms.inbound(call(TEXT), ear.receive) == 204


@pytest.mark.parametrize("header", ["X-Twilio-Signature", "Content-Type"])
@pytest.mark.parametrize("number", [0, 2])
async def test_each_header_counts_once(sms: Sms, ear: Ear, header: str, number: int) -> None:
    """A proxy that keeps the first and one that keeps the last would disagree."""
    good = call(TEXT)
    value = good.headers[header]
    headers = CIMultiDict(
        [(n, v) for n, v in good.headers.items() if n != header] + [(header, value)] * number
    )

    assert await sms.inbound(Call(good.body, headers), ear.receive) == 403
    assert not ear.inbounds


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=300), signature=st.text(max_size=40))
async def test_no_bytes_get_in_or_break_it(body: bytes, signature: str) -> None:
    """Any exception is a 403."""
    ear = Ear()
    sms = Sms(Account(SID, (Secret(TOKEN),), (LINE,), URL), None)  # type: ignore[arg-type]  # nothing is sent
    headers = CIMultiDict({"Content-Type": FORM, "X-Twilio-Signature": signature})

    assert await sms.inbound(Call(body, headers), ear.receive) == 403
    assert not ear.inbounds


@pytest.mark.parametrize(
    "sender",
    ["12345", "GREENROOM", "", LINE, POOL, "whatsapp:+12025550101", "+0123456789", "+1202555010१", "+1"],
)
async def test_nobody_who_could_be_answered_wrote_it(sms: Sms, ear: Ear, sender: str) -> None:
    """Short codes, names, our own numbers: counted, not stored; an answer would go nowhere or in circles."""
    assert await sms.inbound(call({**TEXT, "From": sender}), ear.receive) == 204
    assert not ear.inbounds


async def test_a_database_that_is_away_is_twilios_to_wait_for(sms: Sms, ear: Ear) -> None:
    """The door turns it into 503; nothing is answered before."""
    ear.failing = [StorageError()]
    with pytest.raises(StorageError):
        await sms.inbound(call(TEXT), ear.receive)


async def test_a_text_says_who_when_and_where_its_copy_lies(sms: Sms, ear: Ear) -> None:
    """The side is left open: a counselor texts the same number as a texter."""
    await sms.inbound(call(TEXT), ear.receive)

    (text,) = ear.inbounds
    assert (text.side, text.kind, text.provider_id.reveal()) == (None, Kind.TEXT, MESSAGE)
    assert (text.sender.place.reveal(), text.sender.via) == (ROBIN, LINE)
    assert text.copy is not None
    assert (text.copy.via, text.copy.chat.reveal(), text.copy.message.reveal()) == (LINE, ROBIN, MESSAGE)
    assert not text.carrier_answered
    assert "WASHINGTON" not in str([getattr(text, name) for name in text.__slots__])


@pytest.mark.parametrize(
    ("content_type", "what"),
    [
        ("image/jpeg", "photo"),
        ("IMAGE/HEIC", "photo"),
        ("video/3gpp", "video"),
        ("audio/amr", "voice"),
        ("text/x-vcard", "contact"),
        ("application/pdf", "file"),
        ("", "file"),
    ],
)
async def test_a_picture_without_words_is_one_refusal(
    sms: Sms, ear: Ear, content_type: str, what: str
) -> None:
    """Only its kind is kept, and where the carrier's copy lies, so that it can be deleted."""
    form = {**TEXT, "Body": "", "NumMedia": "1", "MediaContentType0": content_type, "MediaUrl0": "https://x"}

    assert await sms.inbound(call(form), ear.receive) == 204
    (picture,) = ear.inbounds
    assert (picture.kind, picture.what, picture.text.reveal()) == (Kind.NOT_CARRIED, what, "")
    assert picture.copy is not None


async def test_words_beside_a_picture_are_not_lost(sms: Sms, ear: Ear) -> None:
    """They come first, as a text of their own that holds the one copy; ids differ, so neither hides the other."""
    form = {**TEXT, "NumMedia": "2", "MediaContentType0": "image/png", "MediaContentType1": "video/mp4"}

    await sms.inbound(call(form), ear.receive)

    words, picture = ear.inbounds
    assert (words.kind, words.text.reveal(), picture.kind, picture.what) == (
        Kind.TEXT, "my words", Kind.NOT_CARRIED, "photo",
    )  # fmt: skip
    assert words.provider_id != picture.provider_id
    assert (words.copy is not None, picture.copy) == (True, None)
    assert ear.offsets == [None]


@pytest.mark.parametrize("word", ["DELETE", "stop", "Borrar!", "Стерти 🙏", "bye"])
async def test_a_picture_beside_a_word_that_ends_everything_is_dropped(sms: Sms, ear: Ear, word: str) -> None:
    """It would open a conversation again, right after the farewell."""
    await sms.inbound(
        call({**TEXT, "Body": word, "NumMedia": "1", "MediaContentType0": "image/png"}), ear.receive
    )
    (only,) = ear.inbounds
    assert (only.kind, only.text.reveal(), only.copy is not None) == (Kind.TEXT, word, True)


@pytest.mark.parametrize("word", ["STOP", "START", "HELP"])
async def test_a_word_that_twilio_has_answered_is_marked(sms: Sms, ear: Ear, word: str) -> None:
    """Or she would get two replies."""
    await sms.inbound(call({**TEXT, "Body": word, "OptOutType": word}), ear.receive)
    assert ear.inbounds[0].carrier_answered


@pytest.mark.parametrize(
    "words", ["\x00", "a\x00b", "\u202eevil\u202c", "🙂" * 4096, "\x1b[2J", "a\u200bb", "'; --"]
)
async def test_naughty_words_are_words(sms: Sms, ear: Ear, words: str) -> None:
    """Signed, so she wrote them; what cannot be stored is cleaned away, nothing breaks."""
    assert await sms.inbound(call({**TEXT, "Body": words}), ear.receive) == 204
    assert "\x00" not in ear.inbounds[0].text.reveal()


@pytest.mark.parametrize(
    ("status", "code", "outcome", "because"),
    [
        ("sent", None, Outcome.SENT, ""),
        ("delivered", None, Outcome.DELIVERED, ""),
        ("read", None, Outcome.DELIVERED, ""),
        ("undelivered", "30003", Outcome.FAILED, "unreachable"),
        ("undelivered", "30004", Outcome.FAILED, "blocked"),
        ("undelivered", "30005", Outcome.FAILED, "no_such_number"),
        ("undelivered", "30006", Outcome.FAILED, "landline"),
        ("undelivered", "30007", Outcome.FAILED, "content"),
        ("undelivered", "30036", Outcome.FAILED, "unreachable"),
        ("failed", "21610", Outcome.FAILED, "opted_out"),
        ("failed", "21408", Outcome.FAILED, "country"),
        ("failed", "30034", Outcome.FAILED, "failed"),
        ("failed", "99999", Outcome.FAILED, "failed"),
        ("failed", "nonsense", Outcome.FAILED, "failed"),
        ("failed", None, Outcome.FAILED, "failed"),
        ("canceled", None, Outcome.FAILED, "failed"),
    ],
)
async def test_a_receipt_says_what_became_of_it(
    sms: Sms, ear: Ear, status: str, code: str | None, outcome: str, because: str
) -> None:
    """By our own reference, in our own words."""
    form = {**STATUS, "MessageStatus": status, **({"ErrorCode": code} if code else {})}

    assert await sms.status(call(form, tail=REFERENCE), ear.receipt) == 204
    (receipt,) = ear.receipts
    assert (receipt.outcome, receipt.because) == (outcome, because)
    assert (receipt.reference.reveal(), receipt.message.reveal()) == (REFERENCE, MESSAGE)


@pytest.mark.parametrize("status", ["queued", "sending", "accepted", "scheduled", "brand new", ""])
async def test_a_status_on_the_way_is_taken_and_forgotten(sms: Sms, ear: Ear, status: str) -> None:
    """It says nothing new."""
    assert await sms.status(call({**STATUS, "MessageStatus": status}, tail=REFERENCE), ear.receipt) == 204
    assert not ear.receipts


@pytest.mark.parametrize(
    "bad",
    [
        call(STATUS, tail=REFERENCE, token="x" * 32),
        call(STATUS, tail=REFERENCE, url=f"{URL}/sms/status/another-reference"),
        call(STATUS, tail=REFERENCE, url=f"{URL}/sms/inbound"),
        call(STATUS, tail="a/b"),
        call(STATUS, tail="%2e%2e%2f%2e%2e"),
        call(STATUS, tail="short"),
        call({**STATUS, "AccountSid": "AC" + "1" * 32}, tail=REFERENCE),
        call({**STATUS, "MessageSid": "x"}, tail=REFERENCE),
        call({n: v for n, v in STATUS.items() if n != "MessageStatus"}, tail=REFERENCE),
    ],
)
async def test_a_forged_receipt_tells_nothing(sms: Sms, ear: Ear, bad: Call) -> None:
    """A false "delivered" would let a counselor believe she was heard."""
    assert await sms.status(bad, ear.receipt) == 403
    assert not ear.receipts


async def test_receipts_of_a_real_delivery_find_their_message(sms: Sms, ear: Ear) -> None:
    """An inbound signature is no receipt's: the path is signed too."""
    assert await sms.status(call(TEXT, tail=REFERENCE, signature=sign(TEXT)), ear.receipt) == 403


async def test_fifty_copies_of_one_text_have_one_id(town: Any, session: Any, ear: Ear) -> None:
    """The house keeps the first; Twilio is told "got it" each time."""
    stand = SmsStand(town, session)
    await stand.listen(ear)
    message = await town.twilio.text(ROBIN, LINE, "my words")

    repeats = await town.twilio.repeat(message, times=50)

    assert {answer for posted in repeats for answer in posted.answers} == {204}
    assert len({one.provider_id for one in await ear.heard(51)}) == 1
    await stand.close()
