"""The main job: a text reaches the counselor who is on call, and her answer comes back, whatever phones they have."""

from __future__ import annotations

import pytest

from bot import segments
from handlers.rehearsal.phones import SmsPhone
from tests.stories.stage import Stage, answers, new, texts

CHANNELS = ("sms", "telegram")


@pytest.mark.parametrize("counselor", CHANNELS)
@pytest.mark.parametrize("texter", CHANNELS)
async def test_a_text_reaches_the_counselor_and_the_answer_comes_back(
    line: Stage, texter: str, counselor: str
) -> None:
    """Robin writes, Alma takes, both read each other's words and nothing around them."""
    alma = await line.on_call("Alma", counselor)
    robin = line.texter(texter)

    await texts(robin, "hi, are you there?")
    code = await line.takes(alma)
    await alma.shows(lambda message: message.text == f"{code} hi, are you there?")
    await answers(alma, code, "I am here")
    await robin.shows(lambda message: message.text == "I am here")

    await texts(robin, "thank you")
    await alma.shows(lambda message: message.text == f"{code} thank you")
    await line.settled()
    assert new(robin)[0].startswith("Hi, thanks for writing.")
    assert robin.silent
    assert alma.silent


async def test_the_first_answer_leaves_before_anybody_is_asked(line: Stage) -> None:
    """Robin hears at once that a person will answer; it fits two segments and names no organisation."""
    alma = await line.on_call("Alma", "sms")
    before = len(line.town.twilio.calls)
    robin = line.texter("sms")

    await texts(robin, "hi")
    await alma.shows("New conversation")
    await line.settled()
    (answer,) = new(robin)
    assert answer.startswith("Hi, thanks for writing. A real person will answer, usually within 5 min.")
    assert "They can't see your number. Emergency: call 911. DELETE erases our copy" in answer
    assert answer.endswith("HELP tells you more.")
    assert segments.count(answer).number <= 2
    assert "greenroom" not in answer.lower()
    assert isinstance(robin, SmsPhone)
    first = next(call for call in line.town.twilio.calls[before:] if call.method == "Messages.create")
    assert first.parameters["To"] == robin.number


async def test_the_emergency_number_is_that_of_her_country(line: Stage) -> None:
    """Kit's phone is British: 999."""
    kit = line.town.sms_phone("+447700900123", name="Kit")
    await texts(kit, "hello")
    await kit.shows("Emergency: call 999.")


async def test_an_offer_by_sms_says_what_the_contract_says(line: Stage) -> None:
    """No content in an offer: it may stand on a lock screen."""
    alma = await line.on_call("Alma", "sms")
    await texts(line.texter("telegram"), "a secret")
    offer = (await alma.shows("New conversation")).text
    code = offer.split()[2]
    assert (
        offer == f"New conversation {code} · Telegram · English · waiting 0 min\nTAKE {code} or PASS {code}"
    )


async def test_an_offer_on_telegram_has_buttons(line: Stage) -> None:
    """The words of the offer are the same; the buttons stand for the commands; nobody can forward it."""
    alma = await line.on_call("Alma", "telegram")
    await texts(line.texter("sms"), "a secret")
    offer = await alma.shows("New conversation")
    code = offer.text.split()[2]
    assert offer.text == f"New conversation {code} · SMS · English · waiting 0 min"
    assert [key.label for key in offer.buttons] == ["Take", "Pass"]
    assert offer.protected
    assert not offer.preview


async def test_every_spelling_of_the_code_is_understood(line: Stage) -> None:
    """Lower case, marks, punctuation, a space in the middle and Cyrillic look-alikes are forgiven."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    twins = str.maketrans("ABCEHKMPTXYabcehkmptxy", "АВСЕНКМРТХУаbсеhкmртху")
    spellings = (
        f"{code} word",
        f"{code.lower()} word",
        f"#{code} word",
        f"@{code.lower()}, word",
        f"{code}: word",
        f"{code} - word",
        f"{code[:2]} {code[2:]} word",
        f"{code.translate(twins)} word",
        f"{code.lower().translate(twins)} word",
        f"  {code}\nword",
    )
    for count, spelling in enumerate(spellings, start=1):
        await alma.write(spelling)
        await robin.until(lambda count=count: robin.texts.count("word") == count, what=repr(spelling))
    await line.settled()
    assert new(robin) == ["word"] * len(spellings)
    assert alma.silent


async def test_a_burst_reaches_the_counselor_merged_and_in_order(line: Stage) -> None:
    """Twenty short texts before anybody has taken: one text in order, and the first one is never lost."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    burst = [f"text {number}" for number in range(20)]
    for text in burst:
        await texts(robin, text)
    code = await line.takes(alma)
    assert new(alma) == [f"{code} " + "\n".join(burst)]
    assert len(new(robin)) == 1


async def test_whatever_the_first_text_is_it_waits_for_the_counselor(line: Stage) -> None:
    """Even a bare word is a text when nothing is open."""
    alma = await line.on_call("Alma", "sms")
    for first in ("hi", "help", "ok", "yes", "start"):
        robin = line.texter("sms")
        await texts(robin, first)
        code = await line.takes(alma)
        assert f"{code} {first}" in alma.texts
        (answer,) = new(robin)
        assert answer.startswith("Hi, thanks for writing.")
        await alma.write(f"DONE {code}")
        await alma.shows("closed.")


async def test_a_text_to_a_closed_conversation_opens_a_new_one(line: Stage) -> None:
    """After DONE Robin writes again: a new code, a first answer, and nothing of before."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    first = await line.talk(robin, alma, "the first time")
    await alma.write(f"DONE {first}")
    await alma.shows(f"{first}: closed.")
    await robin.shows("This conversation has ended. You can write again at any time.")

    await texts(robin, "the second time")
    second = await line.takes(alma)
    assert second != first
    assert new(alma) == [f"{second} the second time"]
    await robin.shows("Hi, thanks for writing.")


async def test_three_texters_and_two_counselors_hear_only_their_own(line: Stage) -> None:
    """Words cross nowhere when everybody talks at the same time."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "telegram")
    people = {}
    for number, medium in enumerate(("sms", "telegram", "sms")):
        texter = line.texter(medium, f"Robin {number}")
        await texts(texter, f"from {number}")
        await line.settled()
        counselor = bo if any("New conversation" in m.text and not m.seen for m in bo.screen) else alma
        people[number] = (texter, counselor, await line.takes(counselor))
    for number, (texter, counselor, code) in people.items():
        await texts(texter, f"again {number}")
        await counselor.shows(f"{code} again {number}")
        await answers(counselor, code, f"to {number}")
    await line.settled()
    for number, (texter, _, _) in people.items():
        assert new(texter)[1:] == [f"to {number}"]
    assert len({counselor.name for _, counselor, _ in people.values()}) == 2
