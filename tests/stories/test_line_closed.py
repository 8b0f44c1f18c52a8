"""LINE CLOSED and LINE OPEN from a phone: an honest word for texters, nobody is asked, everybody knows who did it."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from tests.stories.planning import echo
from tests.stories.stage import Phone, Stage, answers, new, texts

HOME = ZoneInfo("America/New_York")


async def closes(sam: SmsPhone, words: str) -> None:
    """She texts it, and echoes the number that comes back."""
    await sam.write(words)
    told = await sam.shows("Is that you?")
    sam.look()
    await sam.write(echo(told.text))


async def test_closed_by_sms_until_an_hour(line: Stage) -> None:
    """Nothing happens before the echo; then texters hear until when, Kit's talk goes on, and at the hour whoever waits
    is offered first, by itself, also after a restart."""
    alma = await line.on_call("Alma", "sms")
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    kit = line.texter("sms", "Kit")
    code = await line.talk(kit, alma)
    assert isinstance(sam, SmsPhone)
    then = line.town.clock.now() + timedelta(minutes=40)
    hour = f"{then.astimezone(HOME):%H:%M}"
    await sam.write(f"LINE CLOSED until {hour}")
    asked = await sam.shows("Is that you? Text LINE")
    assert asked.text.startswith("Close the line until ")
    assert hour in asked.text
    await texts(line.texter("sms", "Early"), "hello")
    await alma.shows("New conversation")
    await sam.write("OK")
    await sam.shows("OK alone does nothing here: a sender can be forged. Text LINE and the number.")
    await sam.write("CAN'T")
    await sam.shows("Nothing was done.")
    sam.look()
    await sam.write(f"LINE CLOSED until {hour}")
    asked = await sam.shows("Is that you?")
    await sam.write("LINE 99999")
    await sam.shows("That number does not fit")
    await sam.write(echo(asked.text))
    await line.settled()
    assert not any("has closed the line" in text for text in charlie.texts)

    await closes(sam, f"LINE CLOSED until {hour}")
    told = await charlie.shows("Sam has closed the line until")
    assert hour in told.text
    alma.look()
    robin = line.texter("sms", "Robin")
    await texts(robin, "hello")
    await robin.shows(f"nobody can before {hour}")
    await texts(kit, "still there?")
    await alma.shows(f"{code} still there?")
    await answers(alma, code, "yes")
    await kit.shows("yes")
    await alma.write("ON")
    await alma.write("WHO")
    await alma.shows("The line is closed.")
    await line.later(minutes=5)
    assert not any("New conversation" in text for text in new(alma))
    await line.stop()
    await line.start()
    await line.later(minutes=37)
    await alma.shows("New conversation")
    trail = await line.do(lambda work: [one.what for one in work.audit.entries()])
    assert "line closed" in trail


async def test_opened_by_telegram(line: Stage) -> None:
    """An admin closes it without an end and is reminded of it the next morning; OPEN offers Robin at once."""
    alma = await line.on_call("Alma", "sms", languages=("en", "es", "uk"))
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    assert isinstance(charlie, TelegramPhone)
    await line.rounds()
    await charlie.write("/line closed")
    await charlie.shows("Charlie has closed the line.")
    await texts(line.texter("sms"), "hello")
    await line.settled()
    assert not any("New conversation" in text for text in alma.texts)
    now = line.town.clock.now().astimezone(HOME)
    # Closed after nine in the evening it is not twelve hours by nine.
    nine = (now + timedelta(days=2 if now.hour >= 20 else 1)).replace(hour=9, minute=5)
    await line.rounds(seconds=(nine - now).total_seconds())
    await charlie.shows("The line is still closed")
    await charlie.write("/line open")
    await charlie.shows("Charlie has opened the line.")
    await alma.shows("New conversation")
    await charlie.write("/line open")
    await charlie.shows("The line is open already.")


async def test_what_is_no_time_closes_nothing(line: Stage) -> None:
    """Nonsense, the past, next year; and it is not a counselor's to do."""
    alma = await line.on_call("Alma", "telegram")
    sam = await line.staff("Sam", "telegram", roles=("supervisor",))
    assert isinstance(sam, TelegramPhone)
    said: dict[str, str] = {
        "until the cows come home": "Nothing was done. Write LINE CLOSED until 08:00",
        "until 25:00": "Nothing was done. Write LINE CLOSED until 08:00",
        "until 1 Jan 2020 08:00": "That time has passed.",
        "until 24 Dec 2031 08:00": "more than a month away",
    }
    for words, answer in said.items():
        await sam.write(f"/line closed {words}")
        await _shows(sam, answer)
    for words in ("line", "line close", "line open now"):
        await sam.write(words)
        await _shows(sam, "LINE CLOSED for 2 hours")
    assert isinstance(alma, TelegramPhone)
    await alma.write("/line closed")
    await alma.shows("LINE is for supervisors and admins.")
    await texts(line.texter("sms"), "hello")
    await alma.shows("New conversation")


async def test_words_for_a_texter_close_nothing(line: Stage) -> None:
    """Who also counsels and writes that the line at the office is closed is asked, and nothing is lost."""
    sam = await line.staff("Sam", "sms", roles=("counselor", "admin"))
    await line.rota("Sam")
    kit = line.texter("sms", "Kit")
    await line.talk(kit, sam)
    await sam.write("Line closed at the office today")
    await sam.shows("It begins with the command LINE. Text SEND")
    await sam.write("SEND")
    await kit.shows("Line closed at the office today")


async def _shows(phone: Phone, answer: str) -> None:
    await phone.shows(answer)
    phone.look()
