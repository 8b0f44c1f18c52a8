"""Twilio took a text while nobody here answered: it reaches a person all the same, once, and nothing is said late."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from handlers import missed
from handlers.channels.sms import Sms
from handlers.rehearsal.phones import SmsPhone
from storage.tables import conversations
from tests.stories.stage import Stage, new, texts
from tests.stories.test_removals import until

LINE = "+12025550100"


def nobody_answers(line: Stage) -> str | None:
    """Webhooks lead nowhere, and Twilio does not try again; where they led before."""
    target = line.town.twilio.webhooks.target
    line.town.twilio.inbound = "/sms/inbound#rc=0"
    line.town.point_at(None)
    return target


async def unheard(line: Stage, phone: SmsPhone, *words: str, media: Sequence[str] = ()) -> None:
    """She texts while our address does not answer."""
    target = nobody_answers(line)
    for one in words:
        await line.town.twilio.text(phone.number, LINE, one, media=media)
    await line.town.twilio.settled()
    line.town.point_at(target)


async def looks(line: Stage) -> None:
    """What the line does every minute."""
    assert line.program is not None
    channel = line.program.ways.channels[next(key for key in line.program.ways.channels if key[1] == LINE)]
    assert isinstance(channel, Sms)
    oldest, youngest = missed.LOOKED_AT
    now = line.town.clock.now()
    found = await channel.missed(after=now - oldest, before=now - youngest)
    fresh = await line.do(lambda work: missed.sift(work, line.program.line, found))
    for one in fresh:
        await line.program.receive(None, [one], None)
    await line.settled()


def sms(line: Stage) -> SmsPhone:
    phone = line.texter("sms")
    assert isinstance(phone, SmsPhone)
    return phone


async def test_a_stop_of_the_line_loses_no_text(line: Stage) -> None:
    """Robin writes while the program is down; seconds after its start somebody is asked, and sees when she wrote."""
    alma, robin = await line.on_call("Alma", "sms"), sms(line)
    await line.settled()
    await line.stop()
    nobody_answers(line)
    await line.town.twilio.text(robin.number, LINE, "is anybody there?")
    await line.town.twilio.text(robin.number, LINE, "please")
    line.town.clock.move(line.minutes(5))
    await line.start()
    code = await line.takes(alma)
    shown = new(alma)
    assert [text for text in shown if "found late) is anybody there?" in text], shown
    assert await line.count(conversations) == 1
    await alma.write(f"{code} I am here")
    await robin.shows("I am here")


async def test_after_hours_nothing_automatic_is_said(line: Stage) -> None:
    """A first answer three hours late would be a lie; whoever is on call is asked, and is told that it is late."""
    alma, robin = await line.on_call("Alma", "sms"), sms(line)
    await unheard(line, robin, "hello", "hello?")
    await line.later(hours=3)
    await looks(line)
    await looks(line)
    code = await line.takes(alma)
    assert robin.silent
    await alma.write(f"{code} are you safe?")
    await alma.shows(f"{code}: not sent. They last wrote 180 min ago.")
    await texts(robin, "still me")
    await alma.shows(f"{code} still me")
    await alma.write(f"{code} good")
    await robin.shows("good")
    assert await line.count(conversations) == 1


async def test_an_older_text_joins_the_conversation_that_goes_on(line: Stage) -> None:
    """And does not close the window that a newer one has opened."""
    alma, robin = await line.on_call("Alma", "sms"), sms(line)
    code = await line.talk(robin, alma)
    await unheard(line, robin, "this one was lost")
    await line.later(minutes=40)
    await texts(robin, "did you get that?")
    await alma.shows(f"{code} did you get that?")
    await looks(line)
    await alma.shows("found late) this one was lost")
    await alma.write(f"{code} now I have")
    await robin.shows("now I have")


async def test_what_was_written_before_delete_does_not_come_back(line: Stage) -> None:
    """Robin's lost text is found after she has had everything erased: nobody reads it, and Twilio deletes it."""
    alma, robin = await line.on_call("Alma", "sms"), sms(line)
    await unheard(line, robin, "my name is on the list")
    await line.later(minutes=5)
    await texts(robin, "DELETE")
    await robin.shows("Our copy is gone")
    await line.later(minutes=1)
    await looks(line)
    assert await line.count(conversations) == 0
    assert alma.silent
    await line.later(minutes=1)
    await until(lambda: not [m for m in line.town.twilio.messages.values() if "my name" in m.body])


@pytest.mark.parametrize("word", ["DELETE", "STOP"])
async def test_a_missed_word_is_obeyed(line: Stage, word: str) -> None:
    """She wrote it hours ago: it is done now, without a late answer."""
    alma, robin = await line.on_call("Alma", "sms"), sms(line)
    code = await line.talk(robin, alma)
    new(robin)
    await unheard(line, robin, word)
    await line.later(hours=2)
    await looks(line)
    await alma.shows(code)
    assert robin.silent
    await alma.write(f"{code} hello?")
    await alma.shows("no such conversation" if word == "DELETE" else code)
    await line.settled()
    assert robin.silent


async def test_a_missed_reply_of_a_counselor_is_not_obeyed(line: Stage) -> None:
    """What she wrote to Robin two hours ago may be wrong by now: she is told, and nothing is sent."""
    alma, robin = await line.on_call("Alma", "sms"), sms(line)
    assert isinstance(alma, SmsPhone)
    code = await line.talk(robin, alma)
    new(robin)
    await unheard(line, alma, f"{code} wait there, I call the police")
    await line.later(minutes=20)
    await looks(line)
    await alma.shows("reached us too late")
    assert robin.silent


async def test_what_was_heard_of_is_not_heard_again(line: Stage) -> None:
    """Words, a picture, both, and DELETE with a picture: the list shows them all once more, and nothing happens."""
    alma, robin = await line.on_call("Alma", "sms"), sms(line)
    await texts(robin, "hello")
    for words in ("look", "", "DELETE"):
        await line.town.twilio.text(robin.number, LINE, words, media=["image/jpeg"])
    await line.settled()
    before = await line.count(conversations)
    new(robin), new(alma)
    await line.later(seconds=30)
    new(robin), new(alma)
    await looks(line)
    assert await line.count(conversations) == before
    assert robin.silent
    assert alma.silent


async def test_a_missed_picture_is_refused_with_a_word_to_the_counselor(line: Stage) -> None:
    """Nothing is silently dropped, also what came while we were away."""
    alma, robin = await line.on_call("Alma", "sms"), sms(line)
    await unheard(line, robin, "look at this", media=["image/jpeg"])
    await line.later(minutes=10)
    await looks(line)
    await line.takes(alma)
    shown = " ".join(new(alma))
    assert "look at this" in shown
    assert "refused" in shown
