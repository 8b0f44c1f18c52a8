"""`greenroom run` as a process among others: it starts, says how it is, loses its database, and stops in time."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import create_engine, text

from bot.__main__ import Roof
from handlers.cli.commands import app
from handlers.cli.front import obey
from handlers.rehearsal.phones import SmsPhone
from storage.postgres import SERVING, url_of
from tests.stories.lives import House, Nursery, moved_out, nursery
from tests.stories.stage import ROTA, Phone, staged, texts

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(scope="module")
def cradle() -> Iterator[Nursery]:
    with nursery() as started:
        yield started


@pytest.fixture
async def house(tmp_path: Path, database_url: str, cradle: Nursery) -> AsyncIterator[House]:
    """A line without people, not yet running."""
    async with staged(tmp_path, database_url) as stage, moved_out(stage, tmp_path, cradle) as house:
        yield house


async def healthy(house: House, status: int = 200) -> dict[str, object]:
    """Waits for this status of /healthz; what it says."""
    async with asyncio.timeout(60):
        while True:
            found, said = await house.health()
            if found == status:
                return dict(said)
            await asyncio.sleep(0.02)


async def types(house: House, *words: str) -> int:
    """A command, typed beside the running line."""
    return await asyncio.to_thread(obey, app, Roof(), [*words, "--config", str(house.config_file)])


def seen_from_outside(house: House, what: str) -> str:
    return Path(f"/proc/{house.life.pid}/{what}").read_text()


# ── How it is ──


async def test_it_is_ready_while_both_carriers_are_away(house: House) -> None:
    """What counts is whether a text can be received; the version is told, and nothing else."""
    await house.stage.town.twilio.server.go_down()
    await house.stage.town.telegram.server.go_down()
    await house.runs()
    said = await healthy(house)
    assert said.keys() == {"ready", "version"}
    assert said["ready"] is True
    assert await house.stops() == 0


async def test_nobody_can_dump_it_and_what_it_writes_is_its_own(house: House) -> None:
    """No core file, no other process of the same user looking in, files for itself only."""
    await house.runs("stored")
    assert "Umask:\t0077" in seen_from_outside(house, "status")
    limits = seen_from_outside(house, "limits").splitlines()
    core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    await texts(house.stage.texter("sms"), "hello")
    assert await house.life.ended() == -signal.SIGKILL
    assert '{"dumpable": 0}' in house.life.log.read_text()


# ── Stopping ──


async def test_a_stop_lets_what_is_in_flight_land(house: House) -> None:
    """SIGTERM while Twilio has accepted a text and not yet answered: it is marked as sent, and never repeated."""
    stage = house.stage
    await house.runs()
    robin = stage.texter("sms")
    gate = stage.town.twilio.faults.hold("Messages.create", accepted_first=True)
    assert isinstance(robin, SmsPhone)
    robin.receipts = False
    await texts(robin, "hello")
    await gate.reached()
    house.life.signal(signal.SIGTERM)
    await asyncio.sleep(0.1)
    assert house.life.code is None
    gate.open()
    assert await house.life.ended(within=10) == 0
    await house.runs()
    await stage.settled()
    assert sum("Hi, thanks for writing." in text for text in robin.texts) == 1


@SQLITE
async def test_a_stop_does_not_wait_for_a_carrier_that_hangs(house: House) -> None:
    """SIGTERM while a call hangs, a caller trickles his request and another says nothing: out within ten seconds.

    The text leaves at the next start, at once.
    """
    stage = house.stage
    await house.runs()
    stage.town.twilio.faults.hold("Messages.create")
    robin = stage.texter("sms")
    before = stage.calls_to(robin)
    await texts(robin, "hello")
    await stage.tried(robin, before)
    port = await house.life.port()
    _, silent = await asyncio.open_connection("127.0.0.1", port)
    _, slow = await asyncio.open_connection("127.0.0.1", port)
    slow.write(b"POST /sms/inbound HTTP/1.1\r\nHost: line\r\nContent-Length: 100\r\n\r\nFrom=")
    await slow.drain()
    assert await house.stops() == 0
    silent.close()
    slow.close()
    stage.town.twilio.faults.off()
    await house.runs()
    await robin.shows("Hi, thanks for writing.")


async def test_a_stop_while_it_starts_is_a_stop(house: House) -> None:
    """SIGTERM at any moment of the start: exit 0, no traceback."""
    for pause in (0.0, 0.02, 0.06):
        house.begins()
        await asyncio.sleep(pause)
        house.life.signal(signal.SIGTERM)
        assert await house.life.ended(within=10) in (0, -signal.SIGTERM)
        assert "Traceback" not in house.logs()


# ── Starting ──


@SQLITE
async def test_a_second_run_on_one_file_is_exit_4(house: House) -> None:
    """SQLite has one server at a time; the first one goes on."""
    await house.runs()
    second = house.begins_alone()
    assert await second.ended() == 4
    said = second.log.read_text()
    assert "greenroom: Another process serves this database" in said
    assert "Traceback" not in said
    del house.lives[-1]
    await healthy(house)


@POSTGRESQL
async def test_a_second_run_on_postgresql_serves_too(house: House) -> None:
    """Both take texts; each is answered once: that a person will read it, and that nobody is there now."""
    stage = house.stage
    await house.runs()
    first = house.life
    await house.runs()
    crowd = [stage.texter("sms", f"Robin {number}") for number in range(6)]
    for number, robin in enumerate(crowd):
        stage.town.point_at(f"http://127.0.0.1:{await (first, house.life)[number % 2].port()}")
        await texts(robin, "hello")
    await stage.settled()
    assert [len(robin.screen) for robin in crowd] == [2] * 6
    first.signal(signal.SIGTERM)
    assert await first.ended(within=10) == 0


async def test_a_port_that_is_taken_is_exit_4(house: House) -> None:
    """And the database stays free for whoever comes next."""
    await house.runs()
    port = await house.life.port()
    assert await house.stops() == 0
    squatter = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", port)
    setting = house.config_file.read_text()
    house.config_file.write_text(setting.replace("127.0.0.1:0", f"127.0.0.1:{port}"))
    house.begins()
    assert await house.life.ended() == 4
    assert "web.listen" in house.life.log.read_text()
    squatter.close()
    house.config_file.write_text(setting)
    await house.runs()


async def test_a_database_out_of_reach_is_exit_4(
    tmp_path: Path, database_url: str, cradle: Nursery, house: House
) -> None:
    """One sentence and the cure; the address is not quoted."""
    if database_url.startswith("sqlite"):
        (tmp_path / "wall").write_text("a file where a folder should be")
        away = f"sqlite:///{tmp_path}/wall/greenroom.db"
    else:
        away = "postgresql://greenroom@127.0.0.1:1/house"
    house.config_file.write_text(house.config_file.read_text().replace(database_url, away))
    house.begins()
    assert await house.life.ended() in ((3, 4) if database_url.startswith("sqlite") else (4,))
    said = house.life.log.read_text()
    assert said.startswith("greenroom: ") or "\ngreenroom: " in said
    assert "Traceback" not in said
    assert "127.0.0.1:1" not in said


async def test_a_newer_schema_is_exit_3(database_url: str, house: House) -> None:
    """A database that a newer Greenroom made is left alone."""
    engine = create_engine(database_url if "sqlite" in database_url else url_of(database_url))
    with engine.begin() as conn:
        before = conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        conn.execute(text("UPDATE alembic_version SET version_num = 'v9999'"))
    house.begins()
    assert await house.life.ended() == 3
    with engine.begin() as conn:
        assert conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "v9999"
        conn.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": before})
    engine.dispose()


# ── Others beside it ──


async def test_what_operators_type_is_noticed_while_it_runs(house: House, tmp_path: Path) -> None:
    """`staff add` invites at once, `rota apply` puts her on call: nobody restarts anything."""
    stage = house.stage
    await house.runs()
    alma = stage.texter("sms", "Alma")
    assert isinstance(alma, SmsPhone)
    added = await types(
        house, "staff", "add", "Alma", "--role", "counselor", "--languages", "en", "--sms", alma.number
    )
    assert added == 0
    await alma.shows("Reply OK")
    await alma.write("OK")
    await alma.shows("Welcome")
    rota = tmp_path / "rota.toml"
    rota.write_text(ROTA.format(names='"Alma"'))
    assert await types(house, "rota", "apply", str(rota)) == 0
    await texts(stage.texter("sms"), "hello")
    await alma.shows("New conversation")
    assert await types(house, "staff", "remove", "Alma") == 0


# ── The database goes away ──


class Lead:
    """The wire between a line and PostgreSQL: it can be cut, and it can go dead without a word."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._live = asyncio.Event()
        self._live.set()
        self.port = 0

    async def plug_in(self) -> None:
        self._live.set()
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for end in tuple(self._ends):
            end.transport.abort()

    def go_dead(self) -> None:
        self._live.clear()

    def revive(self) -> None:
        self._live.set()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            while piece := await reader.read(65536):
                await self._live.wait()
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._ends.discard(writer)
            writer.close()


@asynccontextmanager
async def on_a_lead(house: House, database_url: str) -> AsyncIterator[Lead]:
    """The house's next lines reach PostgreSQL by a lead."""
    parts = urlsplit(database_url)
    lead = Lead(str(parts.hostname), int(parts.port or 0))
    await lead.plug_in()
    setting = house.config_file.read_text()
    house.config_file.write_text(setting.replace(f":{parts.port}/", f":{lead.port}/"))
    try:
        yield lead
    finally:
        lead.revive()
        await house.killed()
        await lead.cut()


async def _people(house: House) -> tuple[Phone, Phone, str]:
    """Robin and Alma talk."""
    stage = house.stage
    await house.runs()
    await healthy(house)
    alma = await stage.staff("Alma", "telegram")
    await stage.rota("Alma")
    robin = stage.texter("sms")
    return robin, alma, await stage.talk(robin, alma)


async def replies(alma: Phone, code: str, words: str) -> None:
    theirs = next(m for m in alma.screen if m.text == f"{code} hello")
    await alma.reply(theirs, words)  # type: ignore[union-attr]


@POSTGRESQL
async def test_a_database_that_goes_and_comes_back_loses_nothing(house: House, database_url: str) -> None:
    """Webhooks get 503 and come again, what was sent meanwhile is not sent twice, /healthz tells of it."""
    stage = house.stage
    async with on_a_lead(house, database_url) as lead:
        robin, alma, code = await _people(house)
        gate = stage.town.twilio.faults.hold("Messages.create", accepted_first=True)
        assert isinstance(robin, SmsPhone)
        robin.receipts = False
        await replies(alma, code, "one")
        await gate.reached()
        await lead.cut()
        said = await healthy(house, 503)
        assert said == {"ready": False, "why": "the database does not answer"}
        gate.open()
        await robin.write("from Robin")
        posted = next(p for p in stage.town.twilio.posted if p.parameters.get("Body") == "from Robin")
        assert posted.answers[0] == 503
        await replies(alma, code, "two")
        await lead.plug_in()
        await robin.shows("two")
        await alma.shows(f"{code} from Robin")
        await healthy(house)
        await stage.settled()
        assert robin.texts[1:] == ["one", "two"]
        assert [t for t in alma.texts if "from Robin" in t] == [f"{code} from Robin"]
        assert await house.stops() == 0


@POSTGRESQL
async def test_a_database_that_says_nothing_does_not_keep_it_from_stopping(
    house: House, database_url: str
) -> None:
    """No error, no answer: /healthz says so, and SIGTERM still ends it with 0 in time."""
    async with on_a_lead(house, database_url) as lead:
        await house.runs()
        await healthy(house)
        lead.go_dead()
        await healthy(house, 503)
        assert await house.stops() == 0


@SQLITE
async def test_a_file_that_somebody_locks_is_waited_for(house: House, database_url: str) -> None:
    """Somebody else writes for a long time: /healthz tells of it, the text is stored when he is done."""
    stage = house.stage
    await house.runs()
    await healthy(house)
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        robin = stage.texter("sms")
        writing = asyncio.create_task(texts(robin, "hello"))
        await healthy(house, 503)
        other.execute("ROLLBACK")
        await writing
    await robin.shows("Hi, thanks for writing.")
    await healthy(house)


# ── A kill on PostgreSQL ──


@POSTGRESQL
async def test_what_a_killed_process_held_is_free_although_the_server_has_not_noticed(
    house: House, database_url: str
) -> None:
    """Its lock outlives it by a moment: the next process asks again, and sends what the dead one had claimed."""
    async with on_a_lead(house, database_url):
        await house.runs("claimed")
        robin = house.stage.texter("sms")
        with psycopg.connect(database_url, autocommit=True) as ghost:
            await texts(robin, "hello")
            assert await house.life.ended() == -signal.SIGKILL
            # The server notices once the lead has passed the end on, which takes this loop a turn or two; then a ghost
            # holds the lock for the dead.
            async with asyncio.timeout(30):
                while True:
                    if ghost.execute("SELECT pg_try_advisory_lock(%s)", (SERVING,)).fetchone()[0]:  # type: ignore[index]
                        break
                    await asyncio.sleep(0.01)
            await house.runs()
            await asyncio.sleep(0.5)
            assert robin.silent
        await robin.shows("Hi, thanks for writing.")
