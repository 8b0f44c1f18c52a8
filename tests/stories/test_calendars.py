"""Alma's shifts in her calendar program: behind a link that nobody guesses, with nothing about the line in it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import icalendar
import pytest

from bot import opening, rotafile, rotanames
from bot.feeds import Whose
from bot.redact import Secret
from bot.rota import Status, Swap
from handlers import calendars, duty, planning
from handlers import past as log_of_duty
from storage.tables import feeds
from storage.work import Work
from tests.stories.lives import moved_out, nursery
from tests.stories.stage import Stage

ROTA = """
[[schedule]]
name = "on call"
zone = "UTC"
[[schedule.layer]]
name = "nights"
zone = "UTC"
start = 2026-01-01T18:00:00
unit = "day"
participants = ["Alma", "Bo"]
days = ["mo", "tu", "we", "th", "fr", "sa", "su"]
from = "18:00"
to = "02:00"
[[schedule]]
name = "backup"
zone = "UTC"
[[schedule.layer]]
name = "weeks"
zone = "UTC"
start = 2026-01-05T00:00:00
unit = "week"
participants = ["Bo", "Alma"]
"""


async def planned(line: Stage, *, language: str = "en") -> None:
    """Alma and Bo are there, and the rota is applied."""
    await line.staff("Alma", "sms", languages=(language,))
    await line.staff("Bo", "telegram")
    document = rotafile.encode(rotanames.rename_all(rotafile.parse(ROTA), line.people))
    await line.do(lambda work: work.rota.save(document, by="test"))


async def link(line: Stage, whose: Whose) -> str:
    token = await line.do(lambda work: work.feeds.add(whose))
    assert isinstance(token, Secret)
    return f"/calendar/{token.reveal()}.ics"


@asynccontextmanager
async def fetching(line: Stage) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(line.town.twilio.webhooks.target) as http:
        yield http


async def events(http: aiohttp.ClientSession, path: str) -> dict[str, icalendar.Event]:
    async with http.get(path) as answer:
        assert answer.status == 200
        calendar = icalendar.Calendar.from_ical(await answer.read())
    return {str(one["UID"]): one for one in calendar.walk("VEVENT")}


async def test_a_calendar_shows_what_is_planned_and_nothing_else(line: Stage) -> None:
    """Hers: on call and backup, in her language. The schedule's: aliases. No name of the line, no texter, no number."""
    await planned(line, language="es")
    hers = await link(line, Whose(line.people["Alma"], None))
    alls = await link(line, Whose(None, "on call"))
    async with fetching(line) as http:
        mine = await events(http, hers)
        assert {str(one["SUMMARY"]) for one in mine.values()} == {"De guardia", "De guardia (reserva)"}
        assert {str(one["SUMMARY"]) for one in (await events(http, alls)).values()} == {"Alma", "Bo"}
        async with http.get(hers) as answer:
            body = await answer.text()
            tag = answer.headers["ETag"]
            assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
            assert answer.headers["Cache-Control"].startswith("private")
        assert not any(
            word in body for word in ("Greenroom", "greenroom", "Alma", "Bo", "+1", "sms", hers[10:30])
        )
        async with http.head(hers) as answer:
            assert (answer.status, answer.headers["ETag"], await answer.read()) == (200, tag, b"")
        for known in (tag, f'W/"x", W/{tag}', "*"):
            async with http.get(hers, headers={"If-None-Match": known}) as answer:
                assert (answer.status, await answer.read()) == (304, b"")
        async with http.get(hers, headers={"If-None-Match": '"older"'}) as answer:
            assert answer.status == 200


async def test_a_cover_is_off_in_hers_and_in_his(line: Stage) -> None:
    """Alma's night is Bo's: CANCELLED there, new here; all other nights keep their names. Two ask at once."""
    await planned(line)
    hers = await link(line, Whose(line.people["Alma"], None))
    his = await link(line, Whose(line.people["Bo"], None))
    async with fetching(line) as http:
        before, bos = await events(http, hers), await events(http, his)
        now = line.town.clock.now()
        night = next(
            one for one in before.values() if one["DTSTART"].dt > now and str(one["SUMMARY"]) == "On call"
        )
        taken = Swap(
            giver=line.people["Alma"],
            taker=line.people["Bo"],
            start=night["DTSTART"].dt,
            end=night["DTEND"].dt,
            status=Status.TAKEN,
        )

        def covers(work: Work) -> None:
            assert line.program is not None
            planning.change(
                work,
                line.program.line,
                lambda rota: replace(
                    rota, schedules=(replace(rota.schedules[0], swaps=(taken,)), *rota.schedules[1:])
                ),
                by=line.people["Bo"],
                what="covered",
            )

        await line.do(covers)
        after, again = await asyncio.gather(events(http, hers), events(http, hers))
        assert after == again
        off = after.pop(str(night["UID"]))
        assert (str(off["STATUS"]), off["SEQUENCE"]) == ("CANCELLED", 1)
        assert after.keys() == before.keys() - {str(night["UID"])}
        assert {one["SEQUENCE"] for one in after.values()} == {0}
        (new,) = (one for name, one in (await events(http, his)).items() if name not in bos)
        assert new["DTSTART"].dt == night["DTSTART"].dt


HOURLY = """
[[schedule]]
name = "on call"
zone = "UTC"
[[schedule.layer]]
name = "hours"
zone = "UTC"
start = 2026-01-01T00:18:00
unit = "hour"
participants = [{names}]
"""


async def test_a_shift_that_runs_ends_where_the_rota_was_changed(line: Stage) -> None:
    """Bo has served since 18 past; then Fay is on call. His shift is shortened, hers begins there, and the past before
    the first rota is nobody's. Without a change the clock takes nothing away, and another day neither."""
    people = ("Alma", "Bo", "Fay")
    # From the morning on, whenever the test is run: at midnight (UTC) a calendar reaches a day further.
    midnight = line.town.clock.now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
    line.town.clock.move(midnight + timedelta(hours=6) - line.town.clock.now())
    for name in people:
        await line.staff(name, "telegram")
    begun = line.town.clock.now()
    await line.plan(HOURLY.format(names='"Alma", "Bo"'))
    alls = await link(line, Whose(None, "on call"))
    async with fetching(line) as http:
        first = await events(http, alls)
        assert min(one["DTSTART"].dt for one in first.values()) == begun.replace(microsecond=0)
        line.town.clock.move(timedelta(hours=3, seconds=42))
        assert await events(http, alls) == first
        now = line.town.clock.now()
        (running,) = (one for one in first.values() if one["DTSTART"].dt <= now < one["DTEND"].dt)
        await line.plan(HOURLY.format(names='"Fay"'))
        edited = await events(http, alls)
        cut = edited[str(running["UID"])]
        whole = now.replace(microsecond=0)
        assert (cut["DTSTART"].dt, cut["DTEND"].dt) == (running["DTSTART"].dt, whole)
        assert (str(cut["STATUS"]), cut["SEQUENCE"]) == ("CONFIRMED", 1)
        (fays,) = (one for one in edited.values() if str(one["SUMMARY"]) == "Fay")
        assert fays["DTSTART"].dt == whole
        over = {name: one for name, one in first.items() if one["DTEND"].dt <= now}
        assert len(over) >= 3
        assert over == {name: edited[name] for name in over}
        line.town.clock.move(timedelta(minutes=7))
        assert await events(http, alls) == edited
        line.town.clock.move(timedelta(days=1))
        later = await events(http, alls)
        assert [later[name] for name in (str(cut["UID"]), *over)] == [cut, *over.values()]
        assert later[str(fays["UID"])]["DTSTART"].dt == whole
        fresh = await events(http, await link(line, Whose(None, "on call")))
        spans = {(one["DTSTART"].dt, str(one["SUMMARY"])) for one in fresh.values()}
        shown = {
            (one["DTSTART"].dt, str(one["SUMMARY"])) for one in later.values() if one["STATUS"] != "CANCELLED"
        }
        assert spans == shown


async def test_who_leaves_while_she_serves(line: Stage) -> None:
    """Fay is removed 42 minutes into her hour: there it ends, in the calendar and in the log, for ever; her name is
    gone from what she had served, and each event that says so has a new SEQUENCE and both stamps."""
    midnight = line.town.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    line.town.clock.move(midnight + timedelta(hours=6, minutes=18) - line.town.clock.now())
    for name in ("Fay", "Bo"):
        await line.staff(name, "telegram")
    await line.plan(HOURLY.format(names='"Fay", "Bo"'))
    alls = await link(line, Whose(None, "on call"))
    async with fetching(line) as http:
        line.town.clock.move(timedelta(hours=4, minutes=42))
        first = await events(http, alls)
        now = line.town.clock.now()
        if not any(str(one["SUMMARY"]) == "Fay" for one in running(first, now)):
            line.town.clock.move(timedelta(hours=1))
            now = line.town.clock.now()
        (hers,) = running(first, now)
        fay = line.people["Fay"]
        await line.remove("Fay")
        line.town.clock.move(timedelta(minutes=7))
        after = await events(http, alls)
        assert "Fay" not in {str(one["SUMMARY"]) for one in after.values()}
        told = line.town.clock.now()
        cut = after[str(hers["UID"])]
        assert near(cut["DTEND"].dt, now)
        assert str(cut["STATUS"]) == "CONFIRMED"
        past = [one for one in first.values() if one["DTEND"].dt <= now and str(one["SUMMARY"]) == "Fay"]
        assert past
        for one in (after[str(one["UID"])] for one in (*past, hers)):
            assert (str(one["SUMMARY"]), one["SEQUENCE"]) == ("On call", 1)
            assert one["DTSTAMP"].dt == one["LAST-MODIFIED"].dt
            assert near(told, one["DTSTAMP"].dt)
        line.town.clock.move(timedelta(days=2))
        line_of_it = line.program.line if line.program else None
        assert line_of_it is not None
        await line.do(lambda work: duty.write(work, line_of_it))
        later = await events(http, alls)
        assert later[str(hers["UID"])] == cut
        log = await line.do(lambda work: log_of_duty.written(work, midnight, line.town.clock.now()))
    served = [shift for shift in log["on call"] if fay in shift.people]
    assert near(served[-1].end, now)


def near(one: datetime, other: datetime) -> bool:
    """A stage's clock goes on while people type."""
    return abs(one - other) < timedelta(minutes=1)


def running(shown: dict[str, icalendar.Event], now: datetime) -> list[icalendar.Event]:
    return [one for one in shown.values() if one["DTSTART"].dt <= now < one["DTEND"].dt]


async def test_every_other_link_leads_nowhere(line: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Unknown, ended, cut, encoded, ten thousand letters: one bare answer, and none is written down."""
    await planned(line)
    whose = Whose(line.people["Alma"], None)
    old = await link(line, whose)
    path = await link(line, whose)
    token = path.removeprefix("/calendar/").removesuffix(".ics")
    assert len(token) >= 22
    wrong = [
        old,
        path[:-4],
        path + "/",
        path.replace(".ics", ".ICS"),
        path.upper(),
        path[:-5] + ".ics",
        f"/calendar/%{ord(token[0]):02x}{token[1:]}.ics",
        "/calendar/",
        "/calendar/.ics",
        "/calendar/../healthz.ics",
        f"/calendar/{'A' * 10_000}.ics",
        "/calendar/%00%ff%ed%a0%80.ics",
        "/calendar/%F0%9F%94%91.ics",
        f"/calendar//{token}.ics",
    ]
    async with fetching(line) as http:
        async with http.get(path) as answer:
            assert answer.status == 200
        for one in wrong:
            seen = await raw(http, one)
            assert seen == await raw(http, "/calendar/nobody.ics"), one
            assert seen[0] == 404
        async with http.post(path) as answer:
            assert answer.status == 405
        await line.remove("Alma")
        assert (await raw(http, path))[0] == 404
        async with http.get("/metrics") as answer:
            metrics = await answer.text()
    assert await line.count(feeds) == 0
    assert token not in metrics
    assert token not in caplog.text
    assert 'path="/calendar/",status="404"' in metrics


async def raw(http: aiohttp.ClientSession, path: str) -> tuple[int, bytes, list[str]]:
    """As it stands, not made tidy by a client."""
    host = http._base_url
    assert host is not None
    reader, writer = await asyncio.open_connection(host.host, host.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(30):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *headers = head.decode().split("\r\n")
    return int(first.split()[1]), body, sorted(one for one in headers if not one.startswith("Date"))


async def test_a_rota_that_does_not_open_cancels_nothing(line: Stage) -> None:
    """503: the calendar keeps what it has, and asks again. The links of others, of nobody's rota, as well."""
    await planned(line)
    path = await link(line, Whose(line.people["Alma"], None))
    async with fetching(line) as http:
        await events(http, path)
        await line.do(lambda work: work._desk.conn.exec_driver_sql("UPDATE rotas SET version = version + 1"))
        async with http.get(path) as answer:
            assert (answer.status, await answer.read()) == (503, b"")
            assert answer.headers["Retry-After"]


async def test_who_asks_without_end_does_not_pile_up(line: Stage) -> None:
    """A hundred at once: each is answered, or told to come again; the next one is answered as ever."""
    await planned(line)
    path = await link(line, Whose(line.people["Alma"], None))

    async def status(http: aiohttp.ClientSession) -> int:
        async with http.get(path) as answer:
            return answer.status

    assert calendars.MOST_WAITING < 200
    async with fetching(line) as http:
        found = await asyncio.gather(*(status(http) for _ in range(200)))
        assert set(found) <= {200, 503}
        assert found.count(200) >= calendars.MOST_WAITING
        assert await status(http) == 200


KHAL = """
[calendars]
[[hers]]
path = {folder}/hers
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
default_timezone = UTC
local_timezone = UTC
[sqlite]
path = {folder}/khal.db
"""


def khal(folder: Path, *words: str) -> list[str]:
    """Debian's calendar program."""
    done = subprocess.run(
        ["/usr/bin/khal", "--config", "khal.conf", *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


async def test_two_processes_tell_the_same(line: Stage) -> None:
    """Twenty ask both at once, before anybody was told anything and after a change: one answer, the same names."""
    await planned(line)
    assert line.program is not None
    beside = opening.open_store(line.config, line.town.clock.now)
    doors = [calendars.Calendars(store, line.program.line) for store in (line.program.store, beside)]
    token = await line.do(lambda work: work.feeds.add(Whose(None, "on call")))
    bodies = []
    for day in range(2):
        found = await asyncio.gather(*(door.sheet(token) for door in doors for _ in range(10)))
        assert len({sheet and sheet.tag for sheet in found}) == 1
        bodies.append(found[0] and found[0].body)
        line.town.clock.move(timedelta(days=day + 1))
    assert bodies[0] != bodies[1]
    await beside.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_another_program_shows_the_same_shifts(tmp_path: Path, line: Stage) -> None:
    """khal reads what the real process has served, before a kill -9 and after it: the same events, each once; the
    names of the shifts outlive the process."""
    assert os.access("/usr/bin/khal", os.X_OK), "Debian's khal is missing: make system"
    await planned(line)
    path = await link(line, Whose(line.people["Alma"], None))
    (tmp_path / "khal.conf").write_text(KHAL.format(folder=tmp_path))
    (tmp_path / "hers").mkdir()
    with nursery() as cradle:
        async with moved_out(line, tmp_path, cradle) as house:
            await house.runs()
            async with fetching(line) as http:
                before = await events(http, path)
                body = await (await http.get(path)).read()
            await house.killed()
            await house.runs()
            async with fetching(line) as http:
                assert await events(http, path) == before
                assert await (await http.get(path)).read() == body
            assert path[10:30] not in house.logs()
    (tmp_path / "served.ics").write_bytes(body)
    for _ in range(2):
        khal(tmp_path, "import", "--batch", "served.ics")
    now = datetime.now(UTC)
    start, end = now - timedelta(days=70), 300
    shown = khal(
        tmp_path, "list", f"{start:%Y-%m-%d}", f"{end}d", "--once", "--day-format", "",
        "--format", "{uid} {start-long-full} {end-long-full} {title}",
    )  # fmt: skip
    wanted = {
        f"{name} {one['DTSTART'].dt:%Y-%m-%d %H:%M} {one['DTEND'].dt:%Y-%m-%d %H:%M} {one['SUMMARY']}"
        for name, one in before.items()
    }
    assert {one.strip() for one in shown if one.strip()} == wanted
    assert len(wanted) > 50
