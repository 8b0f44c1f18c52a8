"""Nothing arrives late, and every reply ends as sent, delivered, or not sent because…"""

from __future__ import annotations

import pytest

from handlers.apply import DELIVERED, FAILED, SENT
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from tests.stories.stage import Stage, answers, new, texts


async def test_after_half_an_hour_the_counselor_is_asked(line: Stage) -> None:
    """Robin may not be alone any more: SEND or DROP; a text of hers opens the window again."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await line.later(minutes=29)
    await alma.write(f"{code} still here")
    await robin.shows("still here")
    await line.later(minutes=2)
    await alma.write(f"{code} are you safe?")
    await alma.shows(f"{code}: not sent. They last wrote 31 min ago. Text SEND to send it now, or DROP.")
    await alma.write("drop")
    await alma.shows("Dropped. Nothing was sent.")
    await alma.write(f"{code} one more try")
    await alma.shows(f"{code}: not sent. They last wrote 31 min ago.")
    await alma.write(code)
    await alma.shows(f"{code}: not sent. They last wrote 31 min ago.")
    await line.settled()
    assert robin.silent
    await alma.write(f"SEND {code}")
    await robin.shows("one more try")
    await texts(robin, "I am alone now")
    await alma.shows(f"{code} I am alone now")
    await alma.write(f"{code} good")
    await robin.shows("good")


async def test_the_line_itself_says_nothing_late(line: Stage) -> None:
    """After the window Alma passes, Bo takes and closes: not one automatic text reaches Robin."""
    alma, bo, robin = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await line.later(minutes=31)
    await alma.write(f"PASS {code}")
    await line.takes(bo)
    await bo.write(f"HISTORY {code}")
    await line.settled()
    assert not any("cut off" in text for text in new(bo))
    await bo.write(f"DONE {code}")
    await bo.shows(f"{code}: closed.")
    await line.settled()
    assert robin.silent


async def test_an_unanswered_texter_hears_nothing_late(line: Stage) -> None:
    """Everybody was silent while the line stood still: the honest text is not sent forty minutes later."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await texts(robin, "hello?")
    await alma.shows("New conversation")
    await line.settled()
    new(robin)
    await line.later(minutes=40)
    assert robin.silent
    await texts(robin, "anybody?")
    await line.later(minutes=1)
    assert [text[:29] for text in new(robin)] == ["Sorry, nobody can answer now."]


async def test_ok_holds_for_that_wait_only(line: Stage) -> None:
    """She said OK to being texted when somebody is there; once they talk, the window is the window again."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await alma.write("OFF")
    await alma.shows("You are OFF")
    await texts(robin, "hello?")
    await robin.shows("May we text you")
    await texts(robin, "ok")
    await robin.shows("Good, we will text you then.")
    new(robin)
    await line.later(hours=2)
    await alma.write("ON")
    code = await line.takes(alma)
    await robin.shows("Hi, still want to talk? Text OK.")
    await texts(robin, "yes please")
    await alma.shows(f"{code} yes please")
    await line.later(minutes=40)
    await alma.write(f"{code} where are you?")
    await alma.shows(f"{code}: not sent. They last wrote 40 min ago.")
    await line.settled()
    assert new(robin) == []


@pytest.mark.parametrize("counselor", ["sms", "telegram"])
async def test_a_reply_that_cannot_leave_in_time_goes_back_to_its_writer(line: Stage, counselor: str) -> None:
    """The carrier is down for ten minutes: Alma gets her words back, Robin never sees them."""
    alma, robin = await line.on_call("Alma", counselor), line.texter("sms")
    assert isinstance(robin, SmsPhone)
    code = await line.talk(robin, alma)
    before = line.calls_to(robin)
    line.town.twilio.faults.broken("Messages.create", times=None, where=lambda p: p["To"] == robin.number)
    own = await answers(alma, code, "where are you?")
    await line.tried(robin, before)
    line.town.clock.move(line.minutes(10))
    await alma.shows(f"{code}: not sent, because it could not leave in time. Your text: where are you?")
    if isinstance(alma, TelegramPhone):
        await alma.marked(own, FAILED)
    line.town.twilio.faults.off()
    await line.later(minutes=2)
    assert robin.silent


async def test_a_reply_may_not_outlast_the_window_either(line: Stage) -> None:
    """Robin wrote 25 minutes ago: a stuck reply goes back after five minutes, not after ten."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    code = await line.talk(robin, alma)
    await line.later(minutes=25)
    before = line.calls_to(robin)
    line.town.telegram.faults.broken("sendMessage", times=None)
    await alma.write(f"{code} where are you?")
    await line.tried(robin, before)
    line.town.clock.move(line.minutes(5))
    await alma.shows(f"{code}: not sent, because it could not leave in time.")


@pytest.mark.parametrize("word", ["BYE", "STOP", "DELETE"])
async def test_leaving_takes_back_what_is_queued(line: Stage, word: str) -> None:
    """Two answers wait for the carrier when Robin leaves: neither is ever sent, and Alma hears of both."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    code = await line.talk(robin, alma)
    before = line.calls_to(robin)
    line.town.telegram.faults.broken("sendMessage", times=None)
    await alma.write(f"{code} first answer")
    await alma.write(f"{code} second answer")
    await line.tried(robin, before)
    await texts(robin, word)
    for answer in ("first answer", "second answer"):
        if word == "DELETE":
            await alma.shows(f"{code}: not delivered, because the conversation ended first.")
        else:
            await alma.shows(f"{code}: not sent, because the conversation ended first. Your text: {answer}")
    line.town.telegram.faults.off()
    await line.later(minutes=3)
    heard = " ".join(new(robin))
    assert "answer" not in heard
    assert heard.startswith({"BYE": "Bye.", "STOP": "", "DELETE": "Done. Our copy is gone."}[word])
    assert bool(heard) == (word != "STOP")


async def test_a_telegram_counselor_sees_sent_then_delivered(line: Stage) -> None:
    """👀 when the carrier has it, 👌 when Robin's phone has; no text about it."""
    alma, robin = await line.on_call("Alma", "telegram"), line.texter("sms")
    assert isinstance(alma, TelegramPhone)
    assert isinstance(robin, SmsPhone)
    code = await line.talk(robin, alma)
    robin.receipts = False
    first = await answers(alma, code, "one")
    await alma.marked(first, SENT)
    robin.receipts = True
    second = await answers(alma, code, "two")
    await alma.marked(second, DELIVERED)
    await line.settled()
    assert first.reactions == (SENT,)
    assert alma.silent


async def test_a_telegram_counselor_sees_what_failed(line: Stage) -> None:
    """Robin's network gives up: 💔 and the reason in our own words."""
    alma, robin = await line.on_call("Alma", "telegram"), line.texter("sms")
    assert isinstance(alma, TelegramPhone)
    assert isinstance(robin, SmsPhone)
    code = await line.talk(robin, alma)
    line.town.twilio.trouble(robin.number, 30007)
    own = await answers(alma, code, "one")
    await alma.marked(own, FAILED)
    await alma.shows(f"{code}: not delivered, because the network refused the wording. Please rephrase.")


async def test_by_sms_only_failures_are_told(line: Stage) -> None:
    """Silence means delivered; a phone that stays off for ten minutes is told."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    assert isinstance(robin, SmsPhone)
    code = await line.talk(robin, alma)
    await alma.write(f"{code} one")
    await robin.shows("one")
    await line.settled()
    assert alma.silent
    robin.switch_off()
    await alma.write(f"{code} two")
    await line.later(minutes=11)
    await alma.shows(f"{code}: not delivered, because their phone cannot be reached.")
    robin.switch_on()
    await line.settled()
    assert robin.silent


async def test_a_long_answer_is_marked_once_it_has_left_whole(line: Stage) -> None:
    """Three parts, one mark, after the last."""
    alma, robin = await line.on_call("Alma", "telegram"), line.texter("sms")
    assert isinstance(alma, TelegramPhone)
    code = await line.talk(robin, alma)
    own = await answers(alma, code, "word " * 800)
    await alma.marked(own, DELIVERED)
    await line.settled()
    assert len(new(robin)) == 3
