"""Nobody receives words meant for another: what could belong to two conversations is held and asked about."""

from __future__ import annotations

import pytest

from bot import casecode
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from storage.tables import casecodes
from tests.stories.stage import Stage, new, texts

TWINS = str.maketrans("ABCEHKMPTXY", "АВСЕНКМРТХУ")


class Two:
    """Alma with one phone, Robin and Kit both open with her."""

    def __init__(self, line: Stage, alma: SmsPhone, robin: SmsPhone, kit: SmsPhone) -> None:
        self.line, self.alma, self.robin, self.kit = line, alma, robin, kit
        self.to_robin = self.to_kit = ""

    async def says(self, text: str) -> list[str]:
        """Alma texts; what the line answers her, once all is settled."""
        await self.alma.write(text)
        await self.line.settled()
        return new(self.alma)

    def silence(self) -> bool:
        """Neither texter has heard anything new."""
        return self.robin.silent and self.kit.silent


@pytest.fixture
async def two(line: Stage) -> Two:
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("sms", "Kit")
    assert isinstance(alma, SmsPhone)
    assert isinstance(robin, SmsPhone)
    assert isinstance(kit, SmsPhone)
    both = Two(line, alma, robin, kit)
    both.to_robin = await line.talk(robin, alma, "I am Robin")
    both.to_kit = await line.talk(kit, alma, "I am Kit")
    return both


def either(first: str, second: str) -> tuple[str, str]:
    return f"{first} or {second}", f"{second} or {first}"


async def test_a_text_without_a_code_is_held_while_two_are_open(two: Two) -> None:
    """She is asked which; the code alone then sends it, and only to that one."""
    (question,) = await two.says("are you safe?")
    assert question == f"Not sent. Which conversation? {two.to_robin} or {two.to_kit}"
    assert two.silence()

    assert await two.says(two.to_kit) == []
    assert new(two.kit) == ["are you safe?"]
    assert two.robin.silent

    assert await two.says(two.to_kit) == [f"{two.to_kit}: nothing to send. Text {two.to_kit} and your words."]
    assert two.silence()


async def test_several_held_texts_leave_together_and_in_order(two: Two) -> None:
    """Two texts wait; one code sends both."""
    await two.says("first")
    (question,) = await two.says("second")
    assert question == f"Not sent (2 texts wait). Which conversation? {two.to_robin} or {two.to_kit}"
    await two.says(two.to_robin.lower())
    assert new(two.robin) == ["first", "second"]
    assert two.kit.silent


async def test_a_mistyped_code_sends_nothing(two: Two) -> None:
    """One wrong character, or two neighbours swapped: she is told, and nobody hears anything."""
    code = two.to_robin
    other = next(c for c in "23456789" if casecode.read(code[:3] + c) is None)
    at = next(i for i in range(3) if code[i] != code[i + 1])
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    for wrong in (code[:3] + other, swapped):
        for typed in (wrong, wrong.lower(), wrong.translate(TWINS)):
            told = await two.says(f"{typed} are you safe?")
            assert told == [f"{wrong}: no such conversation. Nothing was sent."]
            assert two.silence()


async def test_right_codes_in_any_dress_reach_the_right_one(two: Two) -> None:
    """Lower case and Cyrillic look-alikes are the same code."""
    assert await two.says(f"{two.to_robin.lower()} one") == []
    assert await two.says(f"{two.to_kit.translate(TWINS)} two") == []
    assert new(two.robin) == ["one"]
    assert new(two.kit) == ["two"]


async def test_not_hers_looks_exactly_like_unknown(line: Stage) -> None:
    """Bo's code, a closed one of hers, one that was never given: Alma reads the same sentence."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    closed = await line.talk(robin, alma)
    await alma.write(f"DONE {closed}")
    await alma.shows("closed.")
    bo, kit = await line.staff("Bo", "sms"), line.texter("sms", "Kit")
    await line.rota("Bo")
    others = await line.talk(kit, bo)
    await line.settled()
    given = await line.do(lambda work: set(work._desk.conn.execute(casecodes.select()).scalars()))
    unknown = next(code for code in casecode.every() if code not in given)
    new(alma), new(robin), new(kit)

    for code in (others, closed, unknown):
        for words in ("{} hello", "DONE {}", "HISTORY {}", "NOTE {} she lies", "PASS {}", "TAKE {}", "{}"):
            await alma.write(words.format(code))
            await line.settled()
            assert new(alma) == [f"{code}: no such conversation. Nothing was sent."], words
    assert robin.silent
    assert kit.silent
    assert bo.silent


@pytest.mark.parametrize("word", ["BYE", "STOP", "DELETE"])
async def test_when_one_of_two_ends_just_before_a_bare_reply_it_is_held(two: Two, word: str) -> None:
    """Alma answered Kit, who has just gone: the words must not go to Robin. The code alone then sends them."""
    await two.kit.write("do I have to go?")
    await two.line.settled()
    await two.kit.write(word)
    await two.line.settled()
    new(two.alma), new(two.kit)

    assert await two.says("no, you do not") == [f"Not sent. Which conversation? {two.to_robin}"]
    assert two.silence()
    assert await two.says(two.to_robin) == []
    assert new(two.robin) == ["no, you do not"]
    assert two.kit.silent


@pytest.mark.parametrize("word", ["BYE", "STOP", "DELETE"])
async def test_a_held_text_never_moves_to_the_one_that_is_left(two: Two, word: str) -> None:
    """She names the one that has ended meanwhile: no such conversation, and nobody hears it."""
    await two.says("this is between us")
    await two.kit.write(word)
    await two.line.settled()
    new(two.alma), new(two.kit)
    assert await two.says(two.to_kit) == [f"{two.to_kit}: no such conversation. Nothing was sent."]
    assert two.silence()


async def test_a_reply_right_after_done_is_held(two: Two) -> None:
    """She has just closed Kit's: what she texts next could still be for Kit."""
    await two.says(f"DONE {two.to_kit}")
    new(two.kit)
    assert await two.says("take it easy") == [
        "Not sent. It begins with the command TAKE. Text SEND to send it as it is, or DROP."
    ]
    assert await two.says("DROP") == ["Dropped. Nothing was sent."]
    assert await two.says("easy now") == [f"Not sent. Which conversation? {two.to_robin}"]
    assert two.silence()


async def test_with_one_conversation_she_just_types(line: Stage) -> None:
    """One open, the last thing that came was from it: no code needed."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await alma.write("I am here")
    await robin.shows(lambda message: message.text == "I am here")
    await texts(robin, "good")
    await alma.shows(f"{code} good")
    await line.settled()
    await alma.write("tell me")
    await robin.shows(lambda message: message.text == "tell me")
    await line.settled()
    assert alma.silent


async def test_after_an_answer_of_the_line_itself_she_is_asked(line: Stage) -> None:
    """The last thing on her screen did not come from Robin."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    for word in ("WHO", "HELP", "ON"):
        await texts(robin, "well?")
        await alma.shows(f"{code} well?")
        await alma.write(word)
        await line.settled()
        new(alma)
        await alma.write("thanks")
        await alma.shows(f"Not sent. Which conversation? {code}")
        await alma.write("DROP")
        await alma.shows("Dropped.")
        assert robin.silent


async def test_while_another_is_offered_she_is_asked(line: Stage) -> None:
    """An offer of Kit's lies on her screen; fifteen minutes after it is gone she may just type again."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("sms", "Kit")
    code = await line.talk(robin, alma)
    await texts(kit, "hello")
    offered = (await alma.shows("New conversation")).text.split()[2]
    await alma.write("I am here")
    await alma.shows(f"Not sent. Which conversation? {code}")
    await alma.write("DROP")
    await alma.write(f"PASS {offered}")
    await alma.shows(f"{offered}: passed.")
    await texts(robin, "are you there?")
    await alma.shows(f"{code} are you there?")
    await alma.write("yes, I am")
    await alma.shows(f"Not sent. Which conversation? {code}")
    await line.settled()
    assert "I am here" not in new(robin)

    await line.later(minutes=16)
    await texts(robin, "hello?")
    await alma.shows(f"{code} hello?")
    await line.settled()
    await alma.write("now I am")
    await robin.shows("now I am")
    assert "now I am" not in kit.texts


async def test_a_text_that_begins_like_a_command_is_held(line: Stage) -> None:
    """ "Take care" is asked about; SEND sends it as it is, DROP throws it away."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    for text, word in (("Take care", "TAKE"), ("done that too", "DONE"), (f"{code} note that", "NOTE")):
        await alma.write(text)
        await alma.shows(f"{code}: not sent. It begins with the command {word}. Text SEND to send it")
        await line.settled()
        assert robin.silent, text
        await alma.write("SEND")
        await robin.shows(lambda m, text=text: m.text == text.removeprefix(f"{code} "))
        await texts(robin, "thanks")
        await alma.shows(f"{code} thanks")
        await line.settled()
    await alma.write("Pass me the phone")
    await alma.shows("It begins with the command PASS.")
    await alma.write("drop")
    await alma.shows("Dropped. Nothing was sent.")
    await alma.write("SEND")
    await alma.shows("Nothing is waiting to be sent.")
    await line.settled()
    assert robin.silent


async def test_what_begins_like_a_command_goes_where_it_would_have_gone(two: Two) -> None:
    """With two open SEND alone cannot know: she is asked which, and the code sends it."""
    (question,) = await two.says("Take care")
    assert "It begins with the command TAKE" in question
    assert await two.says("SEND") == [f"Not sent. Which conversation? {two.to_robin} or {two.to_kit}"]
    assert two.silence()
    assert await two.says(two.to_robin) == []
    assert new(two.robin) == ["Take care"]
    assert two.kit.silent


async def test_send_after_the_conversation_ended_says_so(line: Stage) -> None:
    """Between "Take care" and SEND the texter leaves: her words come back, nobody hears them."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await alma.write("Take care")
    await alma.shows(f"{code}: not sent.")
    await texts(robin, "BYE")
    await line.settled()
    new(alma), new(robin)
    await alma.write("SEND")
    await line.settled()
    assert robin.silent
    assert new(alma) == [f"{code}: not sent, because the conversation ended first. Your text: Take care"]


async def test_code_and_swipe_that_disagree_are_held(line: Stage) -> None:
    """Alma swipes Robin's text and types Kit's code: held, until a code says it."""
    alma = await line.on_call("Alma", "telegram")
    robin, kit = line.texter("sms"), line.texter("sms", "Kit")
    assert isinstance(alma, TelegramPhone)
    to_robin = await line.talk(robin, alma, "I am Robin")
    to_kit = await line.talk(kit, alma, "I am Kit")
    robins = next(m for m in alma.screen if m.text == f"{to_robin} I am Robin")

    await alma.reply(robins, f"{to_kit} for whom is this?")
    await alma.shows(f"Not sent. Which conversation? {to_robin} or {to_kit}")
    await line.settled()
    assert robin.silent
    assert kit.silent
    await alma.write(to_kit)
    await kit.shows(lambda message: message.text == "for whom is this?")
    await line.settled()
    assert robin.silent

    await alma.reply(robins, f"{to_robin} and this?")
    await robin.shows(lambda message: message.text == "and this?")
    await alma.reply(robins, "the swipe is enough")
    await robin.shows(lambda message: message.text == "the swipe is enough")
    await line.settled()
    assert kit.silent


async def test_a_swipe_on_a_closed_conversation_reaches_nobody(line: Stage) -> None:
    """Robin has gone, Kit is there: a swipe on Robin's text says that there is no such conversation."""
    alma = await line.on_call("Alma", "telegram")
    robin, kit = line.texter("sms"), line.texter("sms", "Kit")
    assert isinstance(alma, TelegramPhone)
    to_robin = await line.talk(robin, alma, "I am Robin")
    await line.talk(kit, alma, "I am Kit")
    robins = next(m for m in alma.screen if m.text == f"{to_robin} I am Robin")
    line.nothing_vanishes()
    await texts(robin, "bye")
    await line.settled()
    new(alma), new(robin)
    await alma.reply(robins, "wait, Robin")
    await alma.shows(f"{to_robin}: no such conversation. Nothing was sent.")
    await line.settled()
    assert robin.silent
    assert kit.silent


async def test_without_any_conversation_her_words_come_to_nobody(line: Stage) -> None:
    """She types into the void and is told so."""
    alma = await line.on_call("Alma", "sms")
    await alma.write("is anybody there?")
    await alma.shows("Not sent: no conversation is open with you.")
