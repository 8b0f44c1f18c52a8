"""The cast of the stories about the rota: a Thursday morning, and nights that people take in turn."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot import rota, rotafile, rotanames
from bot.changes import Status
from bot.covers import Cover, Deal
from handlers import covering
from handlers.rehearsal.phones import TelegramPhone
from storage.work import Work
from tests.stories.stage import Phone, Stage, new

THURSDAY = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
"""10:00 in New York, 17:00 in Kyiv."""
FRIDAY = (datetime(2026, 11, 28, 3, 0, tzinfo=UTC), datetime(2026, 11, 28, 12, 0, tzinfo=UTC))
"""Alma's night: 22:00 to 07:00 in New York."""
SATURDAY = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
"""Bo's begins."""
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


async def nights(line: Stage, *names: str, backup: str = "", weeks: bool = False) -> None:
    """These take turns, a night each, from Friday on; one is their backup in all of them, or whole weeks."""
    written = NIGHTS.format(names=", ".join(f'"{name}"' for name in names))
    if backup:
        second = NIGHTS.format(names=f'"{backup}"').replace("on call", "backup")
        if weeks:
            second = second.partition("days =")[0].replace('"day"', '"week"')
        written += second
    planned = rotafile.parse(written)
    document = rotafile.encode(rotanames.rename_all(planned, line.people))
    await line.do(lambda work: work.rota.save(document, by="test"))


async def three(line: Stage) -> tuple[Phone, Phone, Phone]:
    """Alma on Telegram; Bo and Cleo by SMS. Alma has the Friday night, Bo the Saturday's, Cleo the Sunday's."""
    alma = await line.staff("Alma", "telegram")
    bo, cleo = await line.staff("Bo", "sms"), await line.staff("Cleo", "sms")
    await nights(line, "Alma", "Bo", "Cleo")
    return alma, bo, cleo


async def says(line: Stage, phone: Phone, text: str) -> list[str]:
    """She texts; what she is answered, once all is settled. Alarms about gaps come at their own pace beside it."""
    new(phone)
    if isinstance(phone, TelegramPhone):
        await phone.write(text, to="staff")
    else:
        await phone.write(text)
    await line.settled()
    return [text for text in new(phone) if not text.startswith("New rota gap")]


def echo(told: str) -> str:
    """What she is to send back: "ADD 48213"."""
    found = re.search(r"Is that you\? Text ([A-Z]+ [0-9]{5}) to do it\.", told)
    assert found is not None, told
    return found[1]


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


async def serves(line: Stage, at: datetime = FRIDAY[0], schedule: str = "on call") -> set[str]:
    """Who is on call then, by the rota in force."""
    assert line.program is not None
    here = line.program.line
    names = {number: name for name, number in line.people.items()}

    def thought(work: Work) -> set[str]:
        planned = here.rota(work).named(schedule)
        assert planned is not None
        return {names[one] for one in rota.on_call(planned, at)}

    found: set[str] = await line.do(thought)
    return found


async def status(line: Stage, number: int) -> Status:
    found: Cover = await line.do(lambda work: work.covers.get(number))
    return found.status


async def expires(line: Stage) -> None:
    """What the clock does with requests whose time has come."""
    assert line.program is not None
    here = line.program.line
    await line.do(lambda work: covering.expire(work, here))
    await line.settled()
