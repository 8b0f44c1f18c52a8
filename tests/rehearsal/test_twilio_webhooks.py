"""Inbound texts: signed so that Twilio's own validator agrees, and tried again as their URL asks for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from handlers.rehearsal.town import LINE, Town
from handlers.rehearsal.twilio_messages import segments
from handlers.rehearsal.twilio_webhooks import Overrides, signature
from tests.rehearsal.conftest import Program

ROBIN = "+12025550111"
INBOUND = "https://line.example.org/sms/inbound"


async def test_twilios_own_validator_accepts_an_inbound(town: Town, program: Program) -> None:
    """The signature is made for the public URL, the post goes to loopback, the fields are a real inbound's."""
    robin = town.sms_phone(ROBIN)
    written = await robin.write("ти тут? & = + %\n😀")
    path, form, headers = program.heard[0]
    assert path == "/sms/inbound"
    assert RequestValidator(town.twilio.auth_token).validate(INBOUND, form, headers["X-Twilio-Signature"])
    assert form["Body"] == "ти тут? & = + %\n😀"
    assert (form["From"], form["To"], form["MessageSid"]) == (ROBIN, LINE, written.id)
    assert (form["FromCity"], form["FromZip"], form["NumMedia"]) == ("WASHINGTON", "20001", "0")
    assert form.keys() >= {"AccountSid", "SmsSid", "SmsMessageSid", "SmsStatus", "ApiVersion", "NumSegments"}
    assert written.status == "sent"


async def test_a_picture_comes_as_media(town: Town, program: Program) -> None:
    """An MMS names its media and their kinds."""
    await town.sms_phone(ROBIN).send_photo(text="look")
    form = program.heard[0][1]
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/jpeg")
    assert form["MediaUrl0"].startswith(town.twilio.api_url)
    assert f"/Media/{next(iter(town.twilio.messages[form['MessageSid']].media))}" in form["MediaUrl0"]


@pytest.mark.parametrize("trouble", [500, 503, 403])
async def test_a_webhook_is_tried_again_until_it_is_taken(town: Town, program: Program, trouble: int) -> None:
    """rc=5 and rp=all: five further tries, whatever the line answered."""
    program.status = trouble
    robin = town.sms_phone(ROBIN)
    written = await robin.write("hello")
    assert written.status == "failed"
    program.status = 204
    await town.twilio.settled()
    tries = [form["MessageSid"] for _, form, _ in program.heard]
    assert set(tries) == {written.id}
    assert 2 <= len(tries) <= 6
    assert len({headers["I-Twilio-Idempotency-Token"] for _, _, headers in program.heard}) == 1


async def test_a_webhook_finds_a_program_that_comes_back(town: Town, program: Program) -> None:
    """Nobody listens, then somebody does: the text arrives."""
    town.twilio.webhooks.delays = (0.05,) * 5
    await program.server.go_down()
    robin = town.sms_phone(ROBIN)
    await robin.write("hello")
    assert program.heard == []
    await program.server.come_up()
    await town.twilio.settled()
    assert [form["Body"] for _, form, _ in program.heard] == ["hello"]


async def test_a_webhook_that_nobody_takes_is_given_up(town: Town, program: Program) -> None:
    """After the last try the debugger knows of it (11200), and the text can still be listed."""
    program.status = 500
    await town.sms_phone(ROBIN).write("hello")
    await town.twilio.settled()
    assert len(program.heard) == 6
    assert town.twilio.debugger == [11200]
    assert town.twilio.posted[0].answers == [500] * 6


async def test_content_in_an_answer_is_noticed(town: Town, program: Program) -> None:
    """An answer that is no TwiML leaves 12100 in the debugger: ours is empty."""
    program.status, program.body = 200, "thanks"
    await town.sms_phone(ROBIN).write("hello")
    await town.twilio.settled()
    assert town.twilio.debugger == [12100]


async def test_the_same_text_can_come_fifty_times_at_once(town: Town, program: Program) -> None:
    """A carrier's duplicates carry the same MessageSid and the same signature."""
    robin = town.sms_phone(ROBIN)
    written = await robin.write("hello")
    await town.twilio.repeat(town.twilio.messages[written.id], times=50)
    assert len(program.heard) == 51
    assert (
        len({(form["MessageSid"], headers["X-Twilio-Signature"]) for _, form, headers in program.heard}) == 1
    )


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text("ABCdef", min_size=1),
        st.text(st.characters(exclude_categories=["Cs"])),
        min_size=1,
        max_size=6,
    )
)
def test_our_signature_is_twilios(form: dict[str, str]) -> None:
    """For any form the validator of Twilio's SDK agrees."""
    assert RequestValidator("token").validate(INBOUND, form, signature("token", INBOUND, form))


def test_overrides_are_read_from_the_fragment() -> None:
    """Without one: a single further try, and only if nobody could be reached."""
    assert Overrides.parse("") == Overrides(again=1, after=frozenset({"ct"}))
    given = Overrides.parse("rc=9&rp=5xx,rt&rt=2000")
    assert (given.again, given.wants("5xx"), given.wants("4xx"), given.read_seconds) == (5, True, False, 2.0)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
        ("a" * 69 + "’", 1),
        ("a" * 70 + "’", 2),
    ],
)
def test_segments_are_counted_as_they_are_billed(body: str, count: int) -> None:
    """GSM-7 160/153 with two places for €, UCS-2 70/67 with two for an emoji that is never cut."""
    assert segments(body) == count
