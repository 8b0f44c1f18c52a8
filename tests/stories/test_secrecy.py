"""What whoever takes the disk, or reads the log, finds of a conversation: nothing that was said, and nobody."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog
from sqlalchemy import update

from bot import logs
from handlers.rehearsal.phones import TelegramPhone
from storage.tables import outbox, transcript
from tests.postgres import Server
from tests.storage.cast import by_hand
from tests.stories.lives import Nursery, moved_out, nursery
from tests.stories.stage import Phone, Stage, answers, staged, texts

SAID = (
    "the man in the grey villa took my passport",
    "we can talk as long as you like tonight",
    "she sounds younger than sixteen to me",
    "this one belongs to nobody in particular",
)
NAMES = ("Rosalind", "Sunniva", "Wilhelmina")


@pytest.fixture(scope="module")
def cradle() -> Iterator[Nursery]:
    with nursery() as started:
        yield started


def looks(canary: str) -> set[bytes]:
    """A canary as it might lie on a disk or in a log."""
    plain = canary.encode()
    return {
        plain,
        plain.lower(),
        plain[::-1],
        canary.encode("utf-16-le"),
        canary.encode("utf-16-be"),
        plain.hex().encode(),
        plain.hex().upper().encode(),
        quote(canary).encode(),
        json.dumps(canary)[1:-1].encode(),
        *(base64.b64encode(b" " * shift + plain)[4:-4] for shift in range(3)),
    }


def canaries(stage: Stage, *phones: Phone) -> set[bytes]:
    """Everything that was said, and everybody's name, number, account and token."""
    people = [str(p.user["id"]) if isinstance(p, TelegramPhone) else p.number.lstrip("+") for p in phones]
    tokens = [bot.token.partition(":")[2] for bot in stage.town.telegram.bots.values()]
    tokens.append(stage.town.twilio.auth_token)
    found = set[bytes]().union(*(looks(one) for one in (*SAID, *NAMES, *people, *tokens)))
    return found | {int(one).to_bytes(8, order) for one in people for order in ("big", "little")}


async def story(stage: Stage, robin: Phone, alma: Phone) -> str:
    """A text, an answer, a note, something held, something read again; the code."""
    await texts(robin, SAID[0])
    code = await stage.takes(alma)
    await answers(alma, code, SAID[1])
    await robin.shows(SAID[1])
    await _writes(alma, f"NOTE {code} {SAID[2]}")
    await alma.shows("note kept")
    await _writes(alma, "WHO")
    await alma.shows("On call now")
    await _writes(alma, SAID[3])
    await alma.shows("Which conversation?")
    await _writes(alma, f"HISTORY {code}")
    await alma.shows(SAID[2])
    return code


async def _writes(phone: Phone, text: str) -> None:
    if isinstance(phone, TelegramPhone):
        await phone.write(text, to="staff")
    else:
        await phone.write(text)


def files(folder: Path, database_url: str, server: Server | None) -> Iterator[tuple[str, bytes]]:
    """Every file that the line, its log or its database wrote; not the configuration and the keys beside it."""
    for path in folder.rglob("*"):
        if path.is_file() and "keys" not in path.parts and path.name != "config.toml":
            yield path.name, path.read_bytes()
    if server is None:
        database = Path(database_url.removeprefix("sqlite:///"))
        for path in database.parent.iterdir():
            if path.is_file() and "keys" not in path.parts and path.name != "config.toml":
                yield path.name, path.read_bytes()
        return
    [[oid]] = by_hand(database_url, "SELECT oid FROM pg_database WHERE datname = current_database()")
    by_hand(database_url, "SELECT pg_switch_wal()")
    by_hand(database_url, "CHECKPOINT")
    for path in [*(server.folder / "base" / str(oid)).iterdir(), *(server.folder / "pg_wal").glob("0*")]:
        yield path.name, path.read_bytes()


@pytest.mark.parametrize(("texter", "counselor"), [("sms", "telegram"), ("telegram", "sms")])
async def test_after_a_story_and_a_kill_nothing_readable_is_left(
    tmp_path: Path,
    database_url: str,
    cradle: Nursery,
    request: pytest.FixtureRequest,
    texter: str,
    counselor: str,
) -> None:
    """Database, journal, log and temporary files: no text, number, account, name or token in any of many spellings."""
    async with staged(tmp_path, database_url) as stage:
        alma = await stage.staff(NAMES[0], counselor)
        await stage.rota(NAMES[0])
        async with moved_out(stage, tmp_path, cradle) as house:
            await house.runs()
            robin = stage.texter(texter, NAMES[1])
            await story(stage, robin, alma)
            await texts(robin, SAID[0])
            await house.killed()
            server = request.getfixturevalue("postgresql_server") if "postgresql" in database_url else None
            wanted = canaries(stage, robin, alma)
            held = list(files(tmp_path, database_url, server))
            assert any(len(content) > 10_000 for _, content in held)
            assert not [(name, one) for name, content in held for one in wanted if one in content]
            await house.runs()
            await alma.until(
                lambda: sum(SAID[0] in text for text in alma.texts) >= 3, what="the text of before the kill"
            )
            assert await house.stops() == 0
            assert not [one for one in wanted if one in house.logs().encode()]


async def test_the_search_finds_what_is_there(tmp_path: Path, database_url: str) -> None:
    """The same search over a file with one of the words in base64: it would have been seen."""
    (tmp_path / "leak").write_bytes(b"\0" * 1000 + base64.b64encode(b"x" + SAID[0].encode()) + b"\0" * 1000)
    if "postgresql" in database_url:
        return
    held = dict(files(tmp_path, database_url, None))
    assert [one for one in looks(SAID[0]) if one in held["leak"]]


@pytest.fixture
async def everything_logged() -> AsyncIterator[io.StringIO]:
    """Every logger at DEBUG into one text, asyncio's own included."""
    root, out = logging.getLogger(), io.StringIO()
    kept = (root.handlers[:], root.level, structlog.get_config())
    logs.set_up_logging(level=logging.DEBUG, json_lines=True, out=out)
    loop = asyncio.get_running_loop()
    logs.quiet_loop(loop)
    loop.set_debug(True)
    yield out
    loop.set_debug(False)
    root.handlers[:], root.level = kept[0], kept[1]
    structlog.configure(**kept[2])


async def test_nothing_is_logged_of_it_at_any_level_also_when_something_raises(
    line: Stage, everything_logged: io.StringIO
) -> None:
    """A whole story, then rows that do not open any more: class and place, and no word, number, name or token."""
    alma = await line.staff(NAMES[0], "telegram")
    await line.rota(NAMES[0])
    robin = line.texter("sms", NAMES[1])
    code = await story(line, robin, alma)
    broken = update(transcript).values(sealed=b"\x01" + b"\0" * 100)
    await line.do(lambda work: work._desk.conn.execute(broken))
    await _writes(alma, f"HISTORY {code}")
    line.town.twilio.faults.broken(status=500, times=1)
    await answers(alma, code, SAID[1])
    await line.do(lambda work: work._desk.conn.execute(update(outbox).values(sealed=b"\x01" + b"\0" * 100)))
    await line.town.twilio.settled()
    await asyncio.sleep(0.5)

    said = everything_logged.getvalue().encode()

    assert b"alarm, a row did not open" in said
    assert not [one for one in canaries(line, robin, alma) if one in said]
