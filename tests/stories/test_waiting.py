"""Nobody waits in silence: the ladder keeps its promises out loud, and is honest when nobody is there."""

from __future__ import annotations

from datetime import timedelta

from bot import rotafile, rotanames
from tests.stories.stage import Stage, new, texts

NOBODY = "Sorry, nobody can answer now. May we text you when someone can? Text OK; if not, we won't."


async def shift_in(line: Stage, name: str, hours: int) -> str:
    """One shift a day for her, the first so many hours from now; its beginning as the line's clock shows it."""
    start = (line.town.clock.now() + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
    planned = rotafile.parse(
        f"""
[[schedule]]
name = "on call"
zone = "UTC"

[[schedule.layer]]
name = "the only one"
zone = "UTC"
start = {start:%Y-%m-%dT%H:%M:%S}
unit = "week"
count = 1
participants = ["{name}"]
"""
    )
    document = rotafile.encode(rotanames.rename_all(planned, line.people))
    await line.do(lambda work: work.rota.save(document, by="test"))
    assert line.program is not None
    return start.astimezone(line.program.line.voice.zone).strftime("%H:%M")


async def test_with_nobody_at_all_she_hears_it_at_once(line: Stage) -> None:
    """No staff, no rota: the first answer and the honest text, in this order, and no more however long she waits."""
    robin = line.texter("sms")
    await texts(robin, "hello?")
    await line.settled()
    first, second = new(robin)
    assert "A real person will read this, but nobody can answer right now." in first
    assert second == f"{NOBODY} Emergency: 911."
    for _ in range(4):
        await line.later(minutes=5)
    await texts(robin, "still here")
    await line.settled()
    assert robin.silent


async def test_whoever_says_on_is_offered_who_waits(line: Stage) -> None:
    """Alma was on a break when Robin wrote; her ON brings the offer, and everything that was said."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await alma.write("OFF")
    await alma.shows("You are OFF")
    await texts(robin, "hello?")
    await robin.shows(NOBODY)
    await texts(robin, "please")
    await line.later(minutes=12)
    await alma.write("ON")
    await alma.write("ON")
    code = await line.takes(alma)
    assert sum("New conversation" in text for text in alma.texts) == 1
    assert f"{code} hello?\nplease" in alma.texts
    await alma.write(f"{code} I am here now")
    await robin.shows("I am here now")


async def test_the_hour_is_told_and_the_shift_brings_the_offer(line: Stage) -> None:
    """Alma's shift begins in some hours: Robin hears when, and Alma is asked the minute it begins."""
    alma, robin = await line.staff("Alma", "sms"), line.texter("sms")
    hour = await shift_in(line, "Alma", 3)
    await texts(robin, "hello?")
    await line.settled()
    first, second = new(robin)
    assert f"A real person will answer, but nobody can before {hour}." in first
    assert second.startswith(f"Sorry, nobody can answer now. From {hour} someone can. May we text you then?")
    await line.later(hours=1)
    assert alma.silent
    await line.later(hours=2)
    await alma.shows("New conversation")
    await line.settled()
    assert robin.silent


async def test_who_said_ok_is_texted_when_somebody_is_there(line: Stage) -> None:
    """OK to "may we text you then?": hours later Alma takes, and the news text asks whether she still wants to talk."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await alma.write("OFF")
    await alma.shows("You are OFF")
    await texts(robin, "hello?")
    await robin.shows(NOBODY)
    await texts(robin, "Ok!")
    await robin.shows("Good, we will text you then.")
    await line.later(hours=2)
    new(robin), new(alma)
    await alma.write("ON")
    code = await line.takes(alma)
    await robin.shows("Hi, still want to talk? Text OK.")
    assert any("They said OK to being texted." in text for text in alma.texts)
    await texts(robin, "ok")
    await alma.shows(f"{code} ok")
    await alma.write(f"{code} I am here")
    await robin.shows("I am here")


async def test_who_did_not_say_ok_is_left_in_peace(line: Stage) -> None:
    """Hours later nothing leaves by itself; Alma is told, and only her SEND sends."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await alma.write("OFF")
    await alma.shows("You are OFF")
    await texts(robin, "hello?")
    await robin.shows(NOBODY)
    await line.later(hours=2)
    new(alma), new(robin)
    await alma.write("ON")
    code = await line.takes(alma)
    assert any("They did not say OK to being texted now." in text for text in alma.texts)
    await alma.write(f"{code} are you there?")
    await alma.shows(f"{code}: not sent. They last wrote 120 min ago. Text SEND to send it now, or DROP.")
    await line.settled()
    assert robin.silent
    await alma.write("SEND")
    await robin.shows("are you there?")
    await line.settled()
    assert robin.silent


async def test_a_silent_line_climbs_to_the_supervisors_and_then_says_so(line: Stage) -> None:
    """Alma never reacts: Sam is asked, Robin hears "still looking" after 4 minutes and the honest text after 10."""
    alma = await line.on_call("Alma", "sms")
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    robin = line.texter("sms")
    await texts(robin, "hello?")
    await alma.shows("New conversation")
    await line.settled()
    new(robin), new(sam)
    await line.later(minutes=4, seconds=1)
    heard = new(robin)
    assert heard == ["Still looking for someone, about 6 more minutes. You can keep writing."]
    await line.later(minutes=2)
    offer = await sam.shows("New conversation")
    await line.later(minutes=4)
    await robin.shows(NOBODY)
    await line.later(minutes=20)
    assert robin.silent
    await line.takes_this(sam, offer)


async def test_when_all_have_passed_the_supervisors_are_asked_at_once(line: Stage) -> None:
    """Nobody waits six minutes for a rung that is empty; when they pass too, Robin hears it at once."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms")
    sam = await line.staff("Sam", "telegram", roles=("supervisor",))
    robin = line.texter("sms")
    await texts(robin, "hello?")
    for phone in (alma, bo, sam):
        await phone.shows("New conversation")
        await phone.write("PASS")
        await phone.shows("passed. Thank you.")
    await robin.shows(NOBODY)


async def test_only_a_supervisor_is_there(line: Stage) -> None:
    """Nobody on call: Robin hears that somebody answers as soon as one is free, and Sam is asked at once."""
    sam, robin = await line.staff("Sam", "sms", roles=("supervisor",)), line.texter("sms")
    await texts(robin, "hello?")
    await robin.shows("A real person will answer as soon as one is free.")
    await line.takes(sam)


async def test_an_admin_is_never_asked(line: Stage) -> None:
    """Who is only an admin reads nothing and takes nothing."""
    charlie, robin = await line.staff("Charlie", "sms", roles=("admin",)), line.texter("sms")
    await line.rota("Charlie")
    await texts(robin, "hello?")
    await robin.shows(NOBODY)
    code = await line.code_of(robin)
    for words in ("TAKE", f"TAKE {code}", f"HISTORY {code}", f"{code} hello"):
        await charlie.write(words)
    await line.settled()
    assert not any("hello?" in text or "is yours" in text for text in charlie.texts)
    assert new(robin)[1:] == []


async def test_the_usual_wait_is_told(line: Stage) -> None:
    """Kit waited three minutes; the next texter is told 5 min, the next round number."""
    alma, kit = await line.on_call("Alma", "sms"), line.texter("sms", "Kit")
    await texts(kit, "hello")
    await alma.shows("New conversation")
    await line.later(minutes=3)
    await alma.write("TAKE")
    await alma.shows("is yours")
    robin = line.texter("sms")
    await texts(robin, "hello")
    await robin.shows("usually within 5 min.")
    await alma.shows("New conversation")
