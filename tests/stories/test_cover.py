"""A shift changes hands among colleagues, from their phones: asked, taken once, given back, run out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import rota, rotafile, rotanames
from bot.changes import Status
from bot.covers import Cover, Deal
from handlers import covering
from handlers.rehearsal.clock import Clock
from storage.work import Work
from tests.stories.stage import Phone, Stage, new, staged, texts

THURSDAY = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
"""10:00 in New York, 17:00 in Kyiv."""
FRIDAY = (datetime(2026, 11, 28, 3, 0, tzinfo=UTC), datetime(2026, 11, 28, 12, 0, tzinfo=UTC))
"""Alma's night: 22:00 to 07:00 in New York."""

NIGHT = "Fri 27 Nov 22:00-07:00"

NIGHTS = """
[[schedule]]
name = "on call"
zone = "America/New_York"

[[schedule.layer]]
name = "nights"
zone = "America/New_York"
start = 2026-11-27T22:00:00
unit = "day"
count = 1
participants = [{names}]
days = ["mo", "tu", "we", "th", "fr", "sa", "su"]
from = "22:00"
to = "07:00"
advance = "active"
"""
"""One after the other, a night each; the first on Friday 27 November."""


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line on the Thursday morning before."""
    async with staged(tmp_path, database_url, town={"clock": Clock(THURSDAY)}) as stage:
        yield stage


async def nights(line: Stage, *names: str) -> None:
    """These take turns, a night each, from Friday on."""
    planned = rotafile.parse(NIGHTS.format(names=", ".join(f'"{name}"' for name in names)))
    document = rotafile.encode(rotanames.rename_all(planned, line.people))
    await line.do(lambda work: work.rota.save(document, by="test"))


async def three(line: Stage) -> tuple[Phone, Phone, Phone]:
    """Alma on Telegram; Bo and Cleo by SMS. Alma has the Friday night, Bo the Saturday's, Cleo the Sunday's."""
    alma = await line.staff("Alma", "telegram")
    bo, cleo = await line.staff("Bo", "sms"), await line.staff("Cleo", "sms")
    await nights(line, "Alma", "Bo", "Cleo")
    return alma, bo, cleo


async def says(line: Stage, phone: Phone, text: str) -> list[str]:
    """She texts; what she is answered, once all is settled."""
    from handlers.rehearsal.phones import TelegramPhone

    new(phone)
    if isinstance(phone, TelegramPhone):
        await phone.write(text, to="staff")
    else:
        await phone.write(text)
    await line.settled()
    return new(phone)


async def asks(line: Stage, name: str = "Alma", deal: Deal = Deal.COVER) -> Cover:
    """Her Friday night is put to the colleagues, as CAN'T to a reminder does it."""
    assert line.program is not None
    here = line.program.line

    def thought(work: Work) -> Cover:
        giver = work.staff.by_name(name)
        assert giver is not None
        return covering.open_request(
            work, here, giver=giver, schedule="on call", start=FRIDAY[0], end=FRIDAY[1], deal=deal
        )

    found: Cover = await line.do(thought)
    await line.settled()
    return found


async def serves(line: Stage, at: datetime = FRIDAY[0]) -> set[str]:
    """Who is on call then, by the rota in force."""
    assert line.program is not None
    here = line.program.line
    names = {number: name for name, number in line.people.items()}

    def thought(work: Work) -> set[str]:
        planned = here.rota(work).named("on call")
        assert planned is not None
        return {names[one] for one in rota.on_call(planned, at)}

    found: set[str] = await line.do(thought)
    return found


async def status(line: Stage, number: int) -> Status:
    found: Cover = await line.do(lambda work: work.covers.get(number))
    return found.status


async def expires(line: Stage) -> None:
    assert line.program is not None
    here = line.program.line
    await line.do(lambda work: covering.expire(work, here))
    await line.settled()


async def test_the_first_ok_has_the_shift_and_the_others_hear_nothing(line: Stage) -> None:
    """Bo takes it, Alma hears who; Cleo gets no second SMS, and her later OK is answered."""
    alma, bo, cleo = await three(line)
    new(alma), new(bo), new(cleo)
    cover = await asks(line)
    n = cover.number
    asked = f"Alma asks for cover: {NIGHT} (your time). OK takes it, CAN'T if not. Later: COVER {n}."
    assert new(bo) == [asked]
    assert new(cleo) == [asked]
    assert new(alma) == [f"Cover {n}: Alma, {NIGHT}. Colleagues asked: 2. COVER {n} DROP takes it back."]

    told = f"You serve for Alma: {NIGHT} (your time). CAN'T gives it back (or COVER {n} CAN'T)."
    assert await says(line, bo, "ok") == [told]
    assert new(alma) == [f"Bo serves for you: {NIGHT} (your time)."]
    assert cleo.silent
    assert await serves(line) == {"Bo"}

    assert await says(line, bo, "OK") == [told]
    assert alma.silent
    assert await says(line, cleo, "OK") == [f"{n}: already taken. Thank you."]
    assert await serves(line) == {"Bo"}
    assert await line.do(lambda work: work.audit.verify())


async def test_what_was_taken_is_given_back_before_it_begins(line: Stage) -> None:
    """CAN'T to the confirmation: Alma serves again, knows it, and the admin too; nobody is asked by SMS twice, and
    whoever was asked may still say OK."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    cover = await asks(line)
    await says(line, bo, "OK")
    await line.later(hours=20)
    new(alma), new(bo), new(cleo), new(charlie)
    (given,) = await says(line, bo, "can’t")
    assert given.startswith(f"{cover.number}: given back")
    (told,) = new(alma)
    assert told.startswith(f"Bo cannot serve for you after all: {NIGHT}.")
    (told,) = new(charlie)
    assert told.startswith("Bo gave back the shift of Alma")
    assert cleo.silent
    assert await serves(line) == {"Alma"}
    assert await status(line, cover.number) is Status.OPEN

    (told,) = await says(line, cleo, "OK")
    assert told.startswith("You serve for Alma")
    assert await serves(line) == {"Cleo"}


async def test_nobody_takes_it(line: Stage) -> None:
    """The shift begins: it is Alma's, and she and the admin are told; an OK after that takes nothing."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    cover = await asks(line)
    assert await says(line, cleo, "CAN'T") == [
        f"{cover.number}: noted, thank you. COVER {cover.number} takes it after all."
    ]
    await line.later(hours=37)
    await expires(line)
    await expires(line)
    assert f"Nobody took your shift {NIGHT}, so it is yours." in new(alma)
    assert f"Nobody took the shift of Alma: {NIGHT}. It is still Alma's." in new(charlie)
    assert await says(line, bo, "OK") == ["Too late: that is over."]
    assert await serves(line) == {"Alma"}
    assert await status(line, cover.number) is Status.EXPIRED


async def test_an_ok_for_a_texter_takes_no_shift(line: Stage) -> None:
    """Bo talks with Robin. The request came before Robin's last words: his OK is for her."""
    _alma, bo, _cleo = await three(line)
    await line.rota("Bo")
    robin = line.texter("sms")
    code = await line.talk(robin, bo)
    await nights(line, "Alma", "Bo", "Cleo")
    cover = await asks(line)
    new(bo)
    await texts(robin, "can you wait?")
    await bo.shows(f"{code} can you wait?")
    await line.settled()
    assert await says(line, bo, "OK") == []
    assert "OK" in new(robin)
    assert await status(line, cover.number) is Status.OPEN

    assert await says(line, bo, f"{code} one moment") == []
    assert (await says(line, bo, "CAN'T"))[:1] != [f"{cover.number}: noted, thank you."]
    assert await status(line, cover.number) is Status.OPEN
