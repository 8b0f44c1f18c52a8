"""Phones: waiting for a screen, saying what it shows instead, and a clock that is moved under them."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import pytest
from telegram import Bot

from handlers.rehearsal.clock import Clock
from handlers.rehearsal.town import LINE, Town

ROBIN = "+12025550111"


async def test_shows_waits_and_marks_as_seen(town: Town) -> None:
    """Each message is found once; then the phone is silent again."""
    robin = town.sms_phone(ROBIN, "Robin")
    waiting = asyncio.create_task(robin.shows("second"))
    await asyncio.sleep(0)
    robin.receive(LINE, "first")
    robin.receive(LINE, "second")
    assert (await waiting).text == "second"
    assert not robin.silent
    assert [m.text for m in robin.look()] == ["first"]
    assert robin.silent
    with pytest.raises(AssertionError):
        await robin.shows("second", within=0.01)


async def test_a_failed_wait_tells_what_is_on_the_screen(town: Town) -> None:
    """Whoever reads the failure sees the conversation, own words included."""
    robin = town.sms_phone(ROBIN, "Robin")
    await robin.write("is anybody there?")
    robin.receive(LINE, "Hi, thanks for writing.")
    with pytest.raises(AssertionError) as caught:
        await robin.shows("are you safe?", within=0.01)
    said = str(caught.value)
    assert "Robin never showed 'are you safe?'" in said
    assert "me: 'is anybody there?'" in said
    assert f"{LINE}: 'Hi, thanks for writing.'" in said


async def test_a_blocked_number_shows_nothing(town: Town) -> None:
    """The owner blocks a number on her phone; the carrier notices nothing."""
    robin = town.sms_phone(ROBIN)
    robin.block()
    robin.receive(LINE, "hello")
    assert robin.screen == []
    robin.unblock()
    robin.receive(LINE, "hello")
    assert robin.texts == ["hello"]


async def test_a_telegram_phone_with_two_bots_must_say_which(town: Town) -> None:
    """The same account may be a texter and a counselor."""
    sam = town.telegram_phone("Sam")
    await sam.start("texters")
    await sam.write("hi")
    await sam.start("staff")
    with pytest.raises(ValueError, match="say which"):
        await sam.write("hi")
    assert [m.chat for m in sam.sent] == ["texters", "texters", "staff"]


async def test_a_moved_clock_wakes_those_who_wait_for_an_instant() -> None:
    """And nobody else: real sleeping goes on as it was."""
    clock = Clock()
    woken = asyncio.create_task(clock.reaches(clock.now() + timedelta(hours=3)))
    asleep = asyncio.create_task(asyncio.sleep(30))
    await asyncio.sleep(0)
    clock.move(timedelta(hours=2))
    await asyncio.sleep(0.01)
    assert not woken.done()
    clock.move(timedelta(hours=1))
    await asyncio.wait_for(woken, 5)
    assert not asleep.done()
    asleep.cancel()


def test_a_clock_can_start_anywhere() -> None:
    """A rehearsal on a given night."""
    night = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
    assert timedelta() <= Clock(night).now() - night < timedelta(minutes=1)


POLLER = """
import sys, time, urllib.request
print(urllib.request.urlopen(sys.argv[1]).status, flush=True)
time.sleep(60)
"""


async def test_a_program_killed_before_it_confirmed_gets_its_updates_again(town: Town, bot: Bot) -> None:
    """kill -9 after the answer, and during a poll: the next program is handed everything that was not confirmed."""
    robin = town.telegram_phone("Robin")
    url = f"{town.telegram.api_url}/bot{town.telegram.bots['texters'].token}/getUpdates?timeout=20"
    await robin.start("texters")

    program = await _program(url)
    assert program.stdout is not None
    assert await program.stdout.readline() == b"200\n"
    await _kill(program)
    again = await bot.get_updates()
    assert [u.message.text for u in again if u.message] == ["/start"]

    gate = town.telegram.faults.hold("getUpdates")
    program = await _program(f"{url}&offset={again[-1].update_id + 1}")
    await gate.reached()
    gate.open()
    await _kill(program)
    await robin.write("told to nobody")
    texts = [u.message.text for u in await bot.get_updates(again[-1].update_id + 1, timeout=5) if u.message]
    assert texts == ["told to nobody"]


async def _program(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", POLLER, url, stdout=asyncio.subprocess.PIPE
    )


async def _kill(program: asyncio.subprocess.Process) -> None:
    program.kill()
    await program.wait()
