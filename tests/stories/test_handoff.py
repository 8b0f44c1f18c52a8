"""A shift ends while somebody talks: the conversation stays with its counselor until a colleague takes it."""

from __future__ import annotations

import asyncio

import pytest

from handlers.rehearsal.phones import TelegramPhone
from tests.stories.rotas import turns, whole_hour
from tests.stories.stage import Phone, Stage, answers, new, texts


async def _talking(line: Stage, alma: Phone, *others: str) -> tuple[Phone, str]:
    """Alma has just taken Robin's conversation, and her shift ends in an hour; the others' begins then."""
    begun = whole_hour(line.town.clock.now(), ahead=-11)
    await line.plan(turns("Alma", " ".join(others) or "Alma", start=begun))
    robin = line.texter("sms")
    code = await line.talk(robin, alma)
    return robin, code


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_it_stays_hers_until_the_next_takes_it(line: Stage, medium: str) -> None:
    """Alma's shift ends: Bo is offered it and reads all of it when she takes it; Robin hears one line; nothing that
    Alma wrote is lost, and what she writes without a code afterwards is held."""
    alma, bo = await line.staff("Alma", medium), await line.staff("Bo", medium)
    robin, code = await _talking(line, alma, "Bo")

    await line.rounds(minutes=62)
    over = await alma.shows("Your shift is over")
    assert code in over.text
    offer = await bo.shows(f"Hand-off {code}")
    await texts(robin, "are you there?")
    await alma.shows("are you there?")
    await answers(alma, code, "yes, I am")
    await robin.shows("yes, I am")
    await line.settled()

    if isinstance(bo, TelegramPhone):
        await bo.press("Take", on=offer)
    else:
        await bo.write("take")
    await bo.shows("is yours")
    await robin.shows("A colleague goes on from here")
    await alma.shows("a colleague has taken it over")
    await line.settled()
    assert any("are you there?" in text and "yes, I am" not in text for text in bo.texts)
    assert any("yes, I am" in text for text in bo.texts)

    new(alma), new(robin)
    await texts(robin, "hello Bo")
    await bo.shows(f"{code} hello Bo")
    await alma.write("one more thing")
    await line.settled()
    assert "Bo" not in " ".join(new(alma))
    assert not any("one more" in text for text in robin.texts)
    await answers(bo, code, "I have read it")
    await robin.shows("I have read it")


async def test_of_two_who_take_it_at_once_one_has_it(line: Stage) -> None:
    """The other hears that it is taken, as does whoever comes later."""
    alma, bo, dora = [await line.staff(name, "sms") for name in ("Alma", "Bo", "Dora")]
    _, code = await _talking(line, alma, "Bo", "Dora")
    await line.rounds(minutes=62)
    await line.later(seconds=91)
    await asyncio.gather(bo.write(f"TAKE {code}"), dora.write(f"TAKE {code}"))
    await line.settled()
    heard = [[text for text in phone.texts if code in text] for phone in (bo, dora)]
    assert sum(any("is yours" in text for text in texts) for texts in heard) == 1
    assert sum(any("already taken" in text for text in texts) for texts in heard) == 1


async def test_nobody_takes_it_and_she_keeps_it(line: Stage) -> None:
    """Bo passes, nobody is left: Alma is told, and goes on. Hours later Bo takes it all the same."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    robin, code = await _talking(line, alma, "Bo")
    await line.rounds(minutes=62)
    await bo.shows("Hand-off")
    await bo.write(f"PASS {code}")
    await alma.shows("It stays with you")
    await texts(robin, "hello?")
    await alma.shows(f"{code} hello?")
    await answers(alma, code, "still me")
    await robin.shows("still me")
    await line.rounds(hours=1)
    assert sum("Your shift is over" in text for text in alma.texts) == 1
    await bo.write(f"TAKE {code}")
    await bo.shows(f"{code} is yours")
    await alma.shows("a colleague has taken it over")


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_who_was_silent_takes_it_late(line: Stage, medium: str) -> None:
    """Bo's ninety seconds pass and Alma keeps it: his Take has it all the same."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", medium)
    robin, code = await _talking(line, alma, "Bo")
    await line.rounds(minutes=62)
    offer = await bo.shows("Hand-off")
    await line.later(seconds=95)
    await alma.shows("It stays with you")
    for _ in range(2):
        if isinstance(bo, TelegramPhone):
            await bo.press("Take", on=offer)
        else:
            await bo.write("TAKE" if not any("is yours" in text for text in bo.texts) else f"TAKE {code}")
        await line.settled()
    assert any("is yours" in text for text in bo.texts)
    assert not any("already taken" in text for text in bo.texts)
    await alma.shows("a colleague has taken it over")
    await texts(robin, "hello?")
    await bo.shows(f"{code} hello?")


async def test_it_ends_meanwhile(line: Stage) -> None:
    """Alma closes it herself while it is offered: whoever takes it then is told that it is over."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    robin, code = await _talking(line, alma, "Bo")
    await line.rounds(minutes=62)
    await bo.shows("Hand-off")
    await alma.write(f"DONE {code}")
    await line.settled()
    new(bo), new(robin)
    await bo.write(f"TAKE {code}")
    await line.settled()
    assert not any("is yours" in text for text in new(bo))
    assert new(robin) == []


async def test_whoever_is_on_call_next_as_well_keeps_it_in_peace(line: Stage) -> None:
    """Back to back is one shift: nothing is offered, nobody is told anything."""
    alma, bo = await line.staff("Alma", "sms"), await line.staff("Bo", "sms")
    await _talking(line, alma, "Alma Bo")
    new(alma), new(bo)
    await line.rounds(minutes=62)
    assert not any("Your shift is over" in text for text in alma.texts)
    assert not any("Hand-off" in text for text in bo.texts)


async def test_off_hands_on_what_is_open(line: Stage) -> None:
    """Alma must go in the middle of her shift: Bo, on call with her, is offered Robin."""
    alma, bo = await line.on_call("Alma", "telegram"), await line.staff("Bo", "sms")
    robin = line.texter("sms")
    code = await line.talk(robin, alma)
    await line.rota("Alma", "Bo")
    await alma.write("/off")
    await bo.shows(f"Hand-off {code}")
    await bo.write("TAKE")
    await alma.shows("a colleague has taken it over")
    await robin.shows("A colleague goes on from here")
