"""DELETE at any time, in any state: everything of hers is gone in one transaction, and she hears one neutral line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.conversation import State
from handlers import holding
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from storage.tables import (
    conversations,
    copies,
    envelopes,
    held,
    holds,
    offers,
    outbox,
    texter_contacts,
    transcript,
)
from storage.work import Work
from tests.handlers.cast import supervises
from tests.stories.stage import Phone, Stage, answers, new, staged, texts

ERASED = "Done. Our copy is gone. Please delete this chat yourself."
NOTICE = "{code}: the texter erased the conversation. Please delete it from your phone too."
HERS = (transcript, texter_contacts, offers, held, outbox, holds)


async def states(line: Stage) -> list[str]:
    made = select(conversations.c.state).order_by(conversations.c.created_day, conversations.c.last_hour)
    return list(await line.do(lambda work: work._desk.conn.execute(made).scalars().all()))


async def nothing_left(line: Stage) -> None:
    """No row of a texter, no key of a conversation or of a texter's address; whoever works here has hers."""
    await line.settled()
    for table in HERS:
        assert await line.count(table) == 0, table.name
    kinds = select(envelopes.c.owner_id).where(envelopes.c.owner == "conversation")
    assert await line.do(lambda work: work._desk.conn.execute(kinds).all()) == []
    bare = select(conversations.c.id).where(
        conversations.c.sealed.is_not(None) | conversations.c.texter.is_not(None)
    )
    assert await line.do(lambda work: work._desk.conn.execute(bare).all()) == []


async def ended(line: Stage, robin: Phone, alma: Phone) -> str:
    code = await line.talk(robin, alma, "my secret")
    await alma.write(f"DONE {code}")
    await robin.shows("This conversation has ended.")
    await line.settled()
    robin.look()
    alma.look()
    return code


@pytest.mark.parametrize("hours", [0, 3, 30])
async def test_delete_after_the_end(line: Stage, hours: int) -> None:
    """Closed, sealed, and with the address long forgotten: she is still known by her label, and erased."""
    await line.do(lambda work: (supervises(work, "Sam"), supervises(work, "Toni")))
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await ended(line, robin, alma)
    await line.later(hours=hours)
    await line.sweeps()
    assert await states(line) == [State.SEALED if hours else State.CLOSED]
    for _ in range(2):
        await texts(robin, "DELETE 🙏!")
        await line.settled()
        assert new(robin) == [ERASED]
    assert await states(line) == [State.ERASED]
    await nothing_left(line)
    assert new(alma) == ([NOTICE.format(code=code)] if hours < 24 else [])


async def test_delete_with_a_picture_opens_nothing(line: Stage) -> None:
    """The word and its picture are one message: one farewell, and nobody is offered anything."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("telegram", "Kit")
    assert isinstance(robin, SmsPhone)
    assert isinstance(kit, TelegramPhone)
    for phone in (robin, kit):
        code = await line.talk(phone, alma, "my secret")
        await (robin.send_photo(text="DELETE") if phone is robin else kit.send_photo(caption="DELETE"))
        await line.settled()
        assert new(phone) == [ERASED]
        assert new(alma) == [NOTICE.format(code=code)]
    await nothing_left(line)


async def test_delete_takes_every_conversation_of_hers_and_no_other(line: Stage) -> None:
    """Two ended, one open, another texter's untouched; the counselor is told once for each."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("telegram"), line.texter("sms", "Kit")
    codes = [await ended(line, robin, alma) for _ in range(2)]
    codes.append(await line.talk(robin, alma, "again"))
    kits = await line.talk(kit, alma, "Kit's words")
    await texts(robin, "DELETE")
    await robin.shows(ERASED)
    await line.settled()
    assert sorted(new(alma)) == sorted(NOTICE.format(code=code) for code in codes)
    await alma.write(f"{kits} I am here")
    await kit.shows("I am here")
    assert await line.count(transcript) > 0
    assert sorted(await states(line)) == ["erased", "erased", "erased", "talking"]


async def test_delete_in_an_offer_and_in_the_instant_of_the_take(line: Stage) -> None:
    """Whoever is first: in the end nothing is left, Alma has nothing, and Robin hears one line."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    for _ in range(4):
        await texts(robin, "my secret")
        code = (await alma.shows("New conversation")).text.split()[2]
        await line.settled()
        robin.look()
        await asyncio.gather(alma.write(f"TAKE {code}"), texts(robin, "DELETE"))
        await line.settled()
        assert new(robin) == [ERASED]
        await nothing_left(line)
        alma.look()
        await alma.write(f"{code} hello?")
        await alma.shows(f"{code}: no such conversation.")


async def test_delete_while_texts_come_in(line: Stage) -> None:
    """What came before is gone; what comes in the same instant is gone or begins afresh, never half."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await line.talk(robin, alma, "my secret")
    await asyncio.gather(texts(robin, "one more"), texts(robin, "DELETE"), texts(robin, "and another"))
    await line.settled()
    assert ERASED in new(robin)
    left = sorted(await states(line))
    assert left in (["erased"], ["erased", "waiting"])
    lines = await line.do(
        lambda work: [
            one.text.reveal() for open_ in work.conversations.waiting() for one in work.transcript.read(open_)
        ]
    )
    assert "my secret" not in lines


async def test_delete_by_who_has_opted_out(line: Stage) -> None:
    """STOP, then DELETE: erased, and not a word is sent to who wanted none."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await line.talk(robin, alma, "my secret")
    await texts(robin, "STOP")
    await alma.shows("opted out")
    await line.settled()
    robin.look()
    before = line.calls_to(robin)
    await texts(robin, "DELETE")
    await alma.shows("the texter erased the conversation")
    await nothing_left(line)
    assert line.calls_to(robin) == before


async def test_delete_as_a_first_text_leaves_nothing_at_all(line: Stage) -> None:
    """No conversation is opened for it, nobody is asked."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await texts(robin, "Стерти!!")
    await line.settled()
    assert len(new(robin)) == 1
    assert await line.count(conversations) == 0
    assert alma.silent


async def test_what_was_held_because_it_could_be_hers_goes_too(line: Stage) -> None:
    """Alma's bare words could be for Robin or Kit: gone with Robin's, and Alma is told, unquoted."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("sms", "Kit")
    code = await line.talk(robin, alma, "my secret")
    kits = await line.talk(kit, alma, "hi")
    await alma.write("are you safe from him?")
    await alma.shows("Not sent. Which conversation?")
    await line.settled()
    alma.look()
    await texts(robin, "DELETE")
    await alma.shows(f"{code}: what you wrote and we held for a question is gone as well")
    assert await line.count(held) == 0
    assert not any("safe from him" in text for text in new(alma))
    await alma.write(f"{kits} are you safe?")
    await kit.shows("are you safe?")


async def test_a_letter_in_flight_is_the_last(line: Stage) -> None:
    """Alma's answer is with the carrier while Robin erases: it may arrive, and the copy of it is known, by no name."""
    alma, robin = await line.on_call("Alma", "telegram"), line.texter("sms")
    code = await line.talk(robin, alma, "my secret")
    gate = line.town.twilio.faults.hold("Messages.create")
    await answers(alma, code, "an answer")
    await gate.reached()
    await texts(robin, "DELETE")
    await alma.shows("the texter erased the conversation")
    gate.open()
    await robin.shows(ERASED)
    await nothing_left(line)
    assert await line.count(copies) > 0


# ── HOLD ──


@pytest.fixture
async def keeping(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line that the law obliges to keep what is held."""
    async with staged(tmp_path, database_url, more='delete_during_hold = "keep"\n') as stage:
        yield stage


async def held_for(line: Stage, code: str, **long: float) -> None:
    def thought(work: Work) -> None:
        sam = work.staff.by_name("Sam") or work.staff.add("Sam", roles=frozenset(), languages=("en",))
        found = work.conversations.by_code(code)
        assert sam is not None
        assert found is not None
        holding.begin(work, found.id, until=work.now + timedelta(**long), by=sam.id, reason="court order")

    await line.do(thought)


async def test_a_hold_stops_time_and_nothing_else(line: Stage) -> None:
    """Sealed as ever, neither forgotten nor erased; a day after its end it goes on as if it had never been."""
    await line.do(lambda work: (supervises(work, "Toni"), supervises(work, "Uma")))
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await ended(line, robin, alma)
    await held_for(line, code, days=60)
    await line.later(days=59)
    await line.sweeps()
    assert await states(line) == [State.SEALED]
    kept = await line.do(lambda work: work.conversations.by_code(code))
    assert kept.texter is not None
    await line.later(days=2)
    await line.sweeps()
    # Another process had found it over at the same moment: once is enough for the trail.
    await line.do(lambda work: holding.end(work, kept.id))
    assert await states(line) == [State.ERASED]
    assert await line.count(holds) == 0
    whats = await line.do(lambda work: [entry.what for entry in work.audit.entries()])
    assert [what for what in whats if "hold" in what] == ["hold begun", "hold ended"]


async def test_delete_during_a_hold_erases_by_default(line: Stage) -> None:
    """What the texter wants comes first unless the operator has said otherwise; the trail says that it happened."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma, "my secret")
    await held_for(line, code, days=60)
    await texts(robin, "DELETE")
    await robin.shows(ERASED)
    await nothing_left(line)
    whats = await line.do(lambda work: [entry.what for entry in work.audit.entries()])
    assert whats == ["hold begun", "erased by its texter during a hold"]


async def test_delete_during_a_hold_waits_and_says_so(keeping: Stage) -> None:
    """She is told the truth, as often as she asks; all else ends at once; it is erased when the hold ends."""
    line = keeping
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma, "my secret")
    await held_for(line, code, days=60)
    for _ in range(2):
        await texts(robin, "DELETE")
        await line.settled()
        [told] = new(robin)
        assert told.startswith("Sorry: by law we must keep our copy until ")
        day = told.removeprefix("Sorry: by law we must keep our copy until ").split(";")[0]
    assert new(alma) == [
        f"{code}: the texter asked to erase the conversation; by law our copy is kept until {day}. "
        "Please delete it from your phone."
    ]
    assert await states(line) == [State.CLOSED]
    await alma.write(f"{code} hello?")
    await alma.shows(f"{code}: no such conversation.")

    again = await line.talk(robin, alma, "somebody else may read this")
    found = await line.do(lambda work: work.conversations.by_code(again))
    assert found.private.before is None
    await alma.write(f"DONE {again}")
    await robin.shows("This conversation has ended.")
    await line.later(days=59)
    await line.sweeps()
    assert sorted(await states(line)) == [State.CLOSED, State.ERASED]
    await line.later(days=2)
    await line.sweeps()
    assert await states(line) == [State.ERASED, State.ERASED]
    await nothing_left(line)
