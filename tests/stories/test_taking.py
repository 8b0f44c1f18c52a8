"""Somebody is asked, somebody takes: one by one, by language and load, and of any number at once exactly one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from tests.stories.stage import Stage, new, staged, texts


async def test_of_two_who_take_at_once_exactly_one_has_it(tmp_path: Path, database_url: str) -> None:
    """Round after round: one gets the transcript, the other hears that it is taken, and not by whom."""
    async with staged(tmp_path, database_url, open_conversations=20) as line:
        alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms")
        for number in range(8):
            await texts(line.texter("sms", f"Robin {number}"), f"hello {number}")
            await line.settled()
            await line.later(seconds=91)
            code = (await alma.shows("New conversation")).text.split()[2]
            await bo.shows(f"New conversation {code}")
            await asyncio.gather(alma.write(f"TAKE {code}"), bo.write(f"TAKE {code}"))
            await line.settled()
            had, missed = sorted((new(alma), new(bo)), key=len, reverse=True)
            assert len(had) == 2
            assert had[0].startswith(f"{code} is yours.")
            assert had[1] == f"{code} hello {number}"
            assert missed == [f"{code}: already taken."]


async def test_of_five_supervisors_who_are_asked_together_one_takes(
    tmp_path: Path, database_url: str
) -> None:
    """Five thumbs at the same moment, on SMS and Telegram alike."""
    async with staged(tmp_path, database_url) as line:
        people = [
            await line.staff(f"Sam {n}", medium, roles=("supervisor",))
            for n, medium in enumerate(("sms", "telegram", "sms", "telegram", "sms"))
        ]
        await texts(line.texter("sms"), "hello")
        offers = [await sam.shows("New conversation") for sam in people]
        code = offers[0].text.split()[2]
        await asyncio.gather(
            *(
                sam.press("Take", on=offer) if isinstance(sam, TelegramPhone) else sam.write(f"TAKE {code}")
                for sam, offer in zip(people, offers, strict=True)
            )
        )
        await line.settled()
        heard = [new(sam) for sam in people]
        assert sum(bool(one and "is yours" in one[0]) for one in heard) == 1
        assert heard.count([f"{code}: already taken."]) == 4


async def test_taking_twice_says_that_she_has_it(line: Stage) -> None:
    """An impatient thumb presses again: nothing is played twice."""
    alma = await line.on_call("Alma", "telegram")
    assert isinstance(alma, TelegramPhone)
    await texts(line.texter("sms"), "hello")
    offer = await alma.shows("New conversation")
    code = await line.takes_this(alma, offer)
    await alma.press("Take", on=offer)
    await alma.shows(f"{code}: you have it already.")
    await line.settled()
    assert alma.texts.count(f"{code} hello") == 1


async def test_pass_asks_the_next_at_once(line: Stage) -> None:
    """No blame, no waiting: Bo is asked in the same breath, and Alma not again."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "telegram")
    await texts(line.texter("sms"), "hello")
    code = (await alma.shows("New conversation")).text.split()[2]
    await line.settled()
    assert not any("New conversation" in text for text in bo.texts)
    await alma.write("pass")
    await alma.shows(f"{code}: passed. Thank you.")
    await bo.shows(f"New conversation {code}")
    await line.later(seconds=95)
    assert new(alma) == []


async def test_the_pass_button_does_the_same(line: Stage) -> None:
    """On Telegram she presses Pass."""
    alma, bo = await line.on_call("Alma", "telegram"), await line.on_call("Bo", "sms")
    assert isinstance(alma, TelegramPhone)
    await texts(line.texter("telegram"), "hello")
    offer = await alma.shows("New conversation")
    await alma.press("Pass", on=offer)
    await alma.shows("passed. Thank you.")
    await line.takes(bo)
    await alma.press("Take", on=offer)
    await alma.shows("already taken.")


async def test_who_is_silent_is_passed_over_and_may_still_take(line: Stage) -> None:
    """After ninety seconds Bo is asked as well; whoever is first has it."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms")
    await texts(line.texter("sms"), "hello")
    await alma.shows("New conversation")
    await line.later(seconds=80)
    assert bo.silent or "New conversation" not in " ".join(new(bo))
    await line.later(seconds=11)
    offer = await bo.shows("New conversation")
    assert "waiting 1 min" in offer.text
    await alma.write("TAKE")
    await alma.shows("is yours")


async def test_the_language_comes_before_the_load(line: Stage) -> None:
    """Robin's language is English: Bo speaks it and has two already; Alma has none and does not. Bo is asked first."""
    bo = await line.on_call("Bo", "sms")
    for name in ("Robin", "Kit"):
        await line.talk(line.texter("sms", name), bo)
    alma = await line.on_call("Alma", "sms", languages=("pl",))
    await texts(line.texter("sms", "Charlie"), "hello")
    await bo.shows("New conversation")
    await line.settled()
    assert not any("New conversation" in text for text in alma.texts)
    await bo.write("PASS")
    offer = await alma.shows("New conversation")
    assert "no English speaker" in offer.text.splitlines()[0]


async def test_of_two_who_speak_it_the_one_with_less_to_do_is_asked(line: Stage) -> None:
    """Bo has one conversation, Alma none: Alma first, although she came later."""
    bo = await line.on_call("Bo", "sms")
    await line.talk(line.texter("sms", "Kit"), bo)
    alma = await line.on_call("Alma", "sms")
    await texts(line.texter("sms"), "hello")
    await alma.shows("New conversation")
    await line.settled()
    assert bo.silent


async def test_nobody_is_asked_beyond_what_she_may_have_open(tmp_path: Path, database_url: str) -> None:
    """With a limit of one, the second texter goes to Bo, and the third hears that nobody can answer now."""
    async with staged(tmp_path, database_url, open_conversations=1) as line:
        alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms")
        await texts(line.texter("sms", "One"), "hello")
        await line.takes(alma)
        await texts(line.texter("sms", "Two"), "hello")
        code = await line.takes(bo)
        third = line.texter("sms", "Three")
        await texts(third, "hello")
        await third.shows("Sorry, nobody can answer now.")
        await line.settled()
        assert not any("New conversation" in text for text in [*new(alma), *new(bo)])

        await bo.write(f"DONE {code}")
        await line.later(seconds=61)
        await bo.shows("New conversation")


async def test_who_has_enough_cannot_take_another(tmp_path: Path, database_url: str) -> None:
    """Two were offered to Alma before she took one: with a limit of one the other goes on waiting."""
    async with staged(tmp_path, database_url, open_conversations=1) as line:
        alma = await line.on_call("Alma", "sms")
        await texts(line.texter("sms", "One"), "hello")
        first = (await alma.shows("New conversation")).text.split()[2]
        await texts(line.texter("sms", "Two"), "hello")
        second = (await alma.shows("New conversation")).text.split()[2]
        await alma.write("TAKE")
        await alma.shows(lambda m: m.text.startswith("Which conversation?"))
        await alma.write(f"TAKE {first}")
        await alma.shows(f"{first} is yours")
        await alma.write(f"TAKE {second}")
        await alma.shows(f"{second}: you have 1 open already, that is the most.")
        await alma.write(f"DONE {first}")
        await alma.shows(f"{first}: closed.")
        await alma.write(f"TAKE {second}")
        await alma.shows(f"{second} is yours")


async def test_an_offer_that_does_not_arrive_is_skipped_at_once(line: Stage) -> None:
    """Alma's phone has no signal at all: Bo is asked in the same minute, nobody waits ninety seconds."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms")
    assert isinstance(alma, SmsPhone)
    line.town.twilio.trouble(alma.number, 30005)
    await texts(line.texter("sms"), "hello")
    await bo.shows("New conversation")


async def test_putting_a_conversation_back_tells_the_texter(line: Stage) -> None:
    """Alma passes what she has: Robin hears that somebody else is coming, Bo reads everything, Alma nothing more."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms")
    robin = line.texter("sms")
    code = await line.talk(robin, alma, "my story")
    await alma.write(f"{code} I hear you")
    await robin.shows("I hear you")
    await alma.write(f"PASS {code}")
    await alma.shows(f"{code}: passed on. Someone else will be asked.")
    await robin.shows("Your contact was cut off. Someone else is coming and will read what you wrote.")
    await line.takes(bo)
    assert f"{code} Texter: my story" in bo.texts
    assert f"{code} Counselor: I hear you" in bo.texts
    await texts(robin, "hello you")
    await bo.shows(f"{code} hello you")
    await alma.write(f"{code} I am back")
    await alma.shows(f"{code}: no such conversation. Nothing was sent.")
    await line.settled()
    assert robin.silent


async def test_who_is_off_is_not_asked(line: Stage) -> None:
    """OFF is a break: Bo is asked instead; ON brings Alma back."""
    alma, bo = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms")
    await alma.write("off")
    await alma.shows("You are OFF: no new offers.")
    await texts(line.texter("sms"), "hello")
    await bo.shows("New conversation")
    await bo.write("PASS")
    await line.settled()
    assert alma.silent
    await alma.write("On")
    await alma.shows("You are ON.")
    await alma.shows("New conversation")
