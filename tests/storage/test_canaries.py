"""What somebody finds who takes the disk: ciphertext."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from bot.messages import Button, Side, Writer
from bot.people import Medium
from bot.redact import Secret
from storage.engine import Store
from storage.tables import metadata
from storage.work import Work
from tests.postgres import Server
from tests.storage.cast import (
    ALMA,
    BO,
    HOLDER,
    KIT,
    LEASE,
    LINE,
    ROBIN,
    SMS,
    by_hand,
    joins,
    sms_copy,
    to_texter,
    writes,
)

WORDS = ("he locked the door", "we are looking for somebody", "are you safe now", "goodbye and take care")
SIDS = ("SM0a1b2c3d4e5f60718293a4b5c6d7e8f9", "SM99887766554433221100ffeeddccbbaa")
NAMES = ("Alma Rosalind", "GreenroomStaffBot", "Bo Sunniva")


def story(work: Work) -> str:
    """A little of everything that is stored; returns a reference that went out."""
    alma, contact = joins(work, NAMES[0], ALMA)
    joins(work, NAMES[2], BO)
    work.line.set("staff bot", NAMES[1])
    work.optouts.add(ROBIN)
    work.rates.first_today("help", ROBIN)
    work.seen.first(Medium.SMS, LINE, Secret(SIDS[0]))
    work.rota.save(NAMES[2].encode(), by=NAMES[0])
    writes(work, KIT, WORDS[0])
    conversation = writes(work, ROBIN, WORDS[0])
    writer = Writer(alma.id, contact.id, Secret(SIDS[1]))
    letter = to_texter(work, conversation, WORDS[1])
    work.outbox.add(replace(letter, writer=writer, buttons=(Button("Take it now", "x"),)))
    work.outbox.add(replace(letter, text=Secret(WORDS[3]), about=None, address=ROBIN))
    work.copies.keep(
        sms_copy(SIDS[0]), side=Side.TEXTER, conversation=None, contact=None, line=None, writer=writer
    )
    due_at = work.now + timedelta(minutes=10)
    work.held.put(
        alma.id,
        contact.id,
        Secret(WORDS[2]),
        why="which",
        conversation=None,
        message=writer.message,
        due_at=due_at,
    )
    [one, *_] = work.outbox.claim({SMS: 1}, holder=HOLDER, lease=LEASE)
    work.outbox.sent(one, sms_copy(SIDS[1]))
    return one.reference.reveal()


def looks(canary: str) -> set[bytes]:
    """A canary as it might lie on a disk."""
    plain = canary.encode()
    return {
        plain,
        plain.lower(),
        plain.upper(),
        plain[::-1],
        canary.encode("utf-16-le"),
        canary.encode("utf-16-be"),
        plain.hex().encode(),
        plain.hex().upper().encode(),
        *(base64.b64encode(b" " * shift + plain)[4:-4] for shift in range(3)),
    }


def canaries(reference: str) -> set[bytes]:
    numbers = [address.place.reveal().lstrip("+") for address in (ROBIN, KIT, ALMA, BO)]
    packed = {int(number).to_bytes(8, order) for number in numbers for order in ("big", "little")}
    numbers.append(LINE.lstrip("+"))
    found = set[bytes]().union(*(looks(one) for one in (*WORDS, *SIDS, *NAMES, *numbers, reference)))
    return found | packed | {one.strip(b"\0") for one in packed}


async def test_nothing_readable_lies_in_any_row(store: Store) -> None:
    """No text, number, name, carrier's id or reference is in any column of any table."""
    reference = await store.do(story)

    def rows(work: Work) -> list[tuple[str, bytes]]:
        return [
            (table.name, value if isinstance(value, bytes) else str(value).encode())
            for table in metadata.sorted_tables
            for row in work._desk.conn.execute(select(table))
            for value in row
        ]

    stored = await store.do(rows)
    assert {name for name, _ in stored} >= {
        "held",
        "copies",
        "outbox",
        "staff",
        "rotas",
        "line",
        "transcript",
    }
    found = [(table, canary) for canary in canaries(reference) for table, value in stored if canary in value]
    assert not found


async def test_nothing_readable_lies_in_sqlites_files(store: Store, database_url: str) -> None:
    """Nor in the bytes of the database, its journal, or anything beside them, before and after closing."""
    if not database_url.startswith("sqlite"):
        pytest.skip("about SQLite's files")
    wanted = canaries(await store.do(story))
    folder = Path(str(make_url(database_url).database)).parent
    for _ in range(2):
        for file in folder.iterdir():
            content = file.read_bytes()
            assert not [canary for canary in wanted if canary in content], file.name
        await store.close()


async def test_nothing_readable_lies_in_postgresqls_files(
    store: Store, database_url: str, request: pytest.FixtureRequest
) -> None:
    """Nor in the server's tables and write-ahead log, as the disk holds them."""
    if not database_url.startswith("postgresql"):
        pytest.skip("about PostgreSQL's files")
    reference = await store.do(story)
    [[oid]] = by_hand(database_url, "SELECT oid FROM pg_database WHERE datname = current_database()")
    by_hand(database_url, "SELECT pg_switch_wal()")
    by_hand(database_url, "CHECKPOINT")
    server: Server = request.getfixturevalue("postgresql_server")
    files = [*(server.folder / "base" / str(oid)).iterdir(), *(server.folder / "pg_wal").glob("0*")]
    assert len(files) > 100
    plain = [one.encode() for one in (*WORDS, *SIDS, *NAMES, reference)]
    plain += [address.place.reveal().lstrip("+").encode() for address in (ROBIN, KIT, ALMA, BO)]
    for file in files:
        content = file.read_bytes()
        assert not [canary for canary in plain if canary in content], file.name


@pytest.mark.parametrize(
    "hidden",
    [
        WORDS[0].encode("utf-16-le"),
        base64.b64encode(b"x" + NAMES[0].encode()),
        b"447700900456",
        (7044900123).to_bytes(8, "little"),
        b"the reference"[::-1],
    ],
)
def test_the_search_would_find_it(hidden: bytes) -> None:
    """The net holds: each kind of canary is found where it is put."""
    wanted = canaries("the reference")
    assert [canary for canary in wanted if canary in b"..." + hidden + b"..."]
