"""A counselor types her own number: it is held, and leaves only if she says so."""

from __future__ import annotations

import pytest

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from tests.stories.stage import Stage, answers, new, texts

HELD = (
    "{code}: not sent. It holds {what}, which could tell who you are. Text SEND to send it as it is, or DROP."
)


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_her_own_number_is_held_and_leaves_by_send(line: Stage, medium: str) -> None:
    """On both channels, with and without the code; DROP throws it away."""
    alma, robin = await line.on_call("Alma", medium), line.texter("sms")
    code = await line.talk(robin, alma)
    for text, what in (
        ("call me at (202) 555-0142", "a phone number"),
        ("write to alma@example.org", "an e-mail address"),
        ("I am @alma_k", "a user name"),
        ("t.me/alma", "a link to a person"),
    ):
        await answers(alma, code, text)
        await line.settled()
        assert new(alma) == [HELD.format(code=code, what=what)]
        assert robin.silent
        await alma.write("DROP")
        await line.settled()
        assert new(alma) == ["Dropped. Nothing was sent."]

    for send in ("SEND", f"SEND {code}"):
        await answers(alma, code, "call me at 202 555 0142")
        await alma.shows("Text SEND")
        assert robin.silent
        await alma.write(send)
        await robin.shows("call me at 202 555 0142")
        await line.settled()
        new(alma)


async def test_what_is_no_identifier_is_not_asked_about(line: Stage) -> None:
    """Emergency numbers, dates, times, sums and codes reach the texter at once; a note goes to nobody outside."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    code = await line.talk(robin, alma)
    safe = (
        "call 911 or 116 123. On 2026-03-02 at 18:00-19:30 I am here, ask for K7R2. They owe you $1,250.00."
    )
    await answers(alma, code, safe)
    await robin.shows(safe)
    await alma.write(f"NOTE {code} her aunt has 202 555 0142")
    await alma.shows("note kept")
    assert robin.silent


async def test_a_held_number_after_the_window_is_asked_about_once_more(line: Stage) -> None:
    """Two different questions, each answered by SEND; neither is asked twice."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await line.later(minutes=31)
    new(alma)
    await alma.write(f"{code} 202 555 0142")
    await alma.shows("a phone number")
    await alma.write("SEND")
    await alma.shows("They last wrote")
    assert robin.silent
    await alma.write("SEND")
    await robin.shows("202 555 0142")


async def test_an_edit_that_adds_a_number_is_held(line: Stage) -> None:
    """A correction is a text like any other."""
    alma, robin = await line.on_call("Alma", "telegram"), line.texter("sms")
    assert isinstance(alma, TelegramPhone)
    code = await line.talk(robin, alma)
    sent = await answers(alma, code, "call me")
    await robin.shows("call me")
    await alma.edit(sent, "call me at 202 555 0142")
    await alma.shows("a phone number")
    assert robin.silent
    await alma.write("SEND")
    await robin.shows("Correction: call me at 202 555 0142")


async def test_a_texters_own_number_reaches_the_counselor(line: Stage) -> None:
    """What a texter says of herself is hers to say: a lost number can be a life."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    assert isinstance(robin, SmsPhone)
    code = await line.talk(robin, alma)
    await texts(robin, "my other phone: 202 555 0199")
    await alma.shows(f"{code} my other phone: 202 555 0199")


async def test_send_sends_what_was_asked_about_last_and_nothing_older(line: Stage) -> None:
    """She thinks better of her own address: no later SEND, meant for the clinic's number, lets it out."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    for text in (f"{code} oh just write to alma@example.org", f"{code} sorry, I cannot"):
        await alma.write(text)
        await line.settled()
    assert new(alma)[1:] == [f"{code}: the text that was held is dropped; it was not sent."]
    await alma.write(f"{code} the clinic is at 202-555-0142")
    await alma.write("SEND")
    await line.settled()
    assert new(robin) == ["sorry, I cannot", "the clinic is at 202-555-0142"]

    # A question of another kind asked last: SEND answers that one.
    await alma.write(f"{code} or call 202 555 0143")
    await alma.write(f"{code} note that")
    await line.settled()
    new(alma)
    await alma.write("SEND")
    await line.settled()
    assert new(robin) == ["note that"]
    assert new(alma) == [f"{code}: the text that was held is dropped; it was not sent."]
    await alma.write("SEND")
    await alma.shows("Nothing is waiting to be sent.")


async def test_send_alone_is_asked_about_when_two_numbers_wait(line: Stage) -> None:
    """One for Robin, one for Kit: SEND alone sends neither, SEND with a code that one only; a code alone sends none."""
    alma = await line.on_call("Alma", "sms")
    robin, kit = line.texter("sms"), line.texter("telegram", "Kit")
    first, second = await line.talk(robin, alma), await line.talk(kit, alma)
    await alma.write(f"{first} my number 202 555 0142")
    await alma.write(f"{second} my number 202 555 0143")
    await alma.write(first)
    await line.settled()
    new(alma)
    await alma.write("SEND")
    await line.settled()
    codes = {f"SEND {first} or SEND {second}", f"SEND {second} or SEND {first}"}
    (question,) = new(alma)
    assert question in {f"Not sent (2 texts wait). Which conversation? {either}" for either in codes}
    assert robin.silent
    assert kit.silent
    await alma.write(f"SEND {second}")
    await line.settled()
    assert new(kit) == ["my number 202 555 0143"]
    assert robin.silent
    await alma.write("SEND")
    await line.settled()
    assert new(robin) == ["my number 202 555 0142"]
    assert kit.silent
