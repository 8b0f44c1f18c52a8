"""Whoever has the database but not the keys changes rows: every bit, and each with every other."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, select, update

from bot.errors import SealBroken
from storage.keyring import Keyring
from storage.parcels import Mailbox, sealed
from storage.work import Work
from tests.secrecy.house import ELSEWHERE, READ, House, Row, Shut, furnished, sealed_columns
from tests.secrecy.trial import Outcome, Place

FOREIGN = 3
"""Rows of every other column that are put into each row."""
NOTED = "a row did not open"


def flips(place: Place, rows: int = 20, every: int = 1, *, told: int = 20) -> Iterator[Outcome]:
    """Every bit (or every so manieth) of so many rows of every sealed column: nothing opens, not even in part; the rows
    beside it do; one entry stands in the audit trail (looked at for the first `told` rows)."""
    chance = random.Random(place.seed)
    with furnished(place, rows) as house:
        for table, column in sealed_columns():
            name = f"{table.name}.{column}"
            if name in ELSEWHERE:
                continue
            if name not in READ:
                yield Outcome(1, 1, f"{name} is sealed, and nobody has tried it")
                continue
            chosen = keys(house, table, column, rows)
            if len(chosen) < min(rows, 2) and table.name != "rotas":
                yield Outcome(1, 1, f"{name} has no rows")
            for number, row in enumerate(chosen):
                yield from _bits(house, table, column, row, chosen[number - 1], number % every, every)
                if number < told:
                    yield _told(house, table, column, row, chance)


def keys(house: House, table: Table, column: str, most: int) -> list[Row]:
    """The primary keys of rows with something in that column; of the rota only the newest is ever read."""
    where = [table.c[column].is_not(None)]
    if table.name == "line":
        where.append(table.c.name.like("word %"))
    order = [key.desc() if table.name == "rotas" else key for key in table.primary_key.columns]
    most = 1 if table.name == "rotas" else most
    chosen = select(*table.primary_key.columns).where(*where).order_by(*order).limit(most)
    with house.engine.connect() as conn:
        return [tuple(row) for row in conn.execute(chosen)]


def value_of(conn: Connection, table: Table, column: str, row: Row) -> bytes:
    found: bytes = conn.execute(select(table.c[column]).where(*this(table, row))).scalar_one()
    return found


def this(table: Table, row: Row) -> list[Any]:
    return [key == one for key, one in zip(table.primary_key.columns, row, strict=True)]


def put(conn: Connection, table: Table, column: str, row: Row, value: object) -> None:
    conn.execute(update(table).where(*this(table, row)).values({column: value}))


def stays_shut(house: House, conn: Connection, name: str, row: Row) -> bool:
    """Whether the program refuses to read it; what it would have shown is nobody's to see."""
    try:
        READ[name](house.work(conn), row)
    except (SealBroken, Shut):
        return True
    return False


def _bits(
    house: House, table: Table, column: str, row: Row, beside: Row, first: int, every: int
) -> Iterator[Outcome]:
    """In one transaction that is never committed."""
    name = f"{table.name}.{column}"
    through = tried = 0
    with house.engine.connect() as conn, conn.begin() as transaction:
        whole = value_of(conn, table, column, row)
        if not _opens(house, conn, name, row):
            yield Outcome(1, 1, f"{name} does not open although nobody has touched it")
        for bit in range(first, len(whole) * 8, every):
            put(conn, table, column, row, flipped(whole, bit))
            tried += 1
            through += not stays_shut(house, conn, name, row)
        for cut in (whole[:-1], whole + b"\0", whole[:12], b""):
            put(conn, table, column, row, cut)
            tried += 1
            through += not stays_shut(house, conn, name, row)
        if not _apart(table, row, beside) and not _opens(house, conn, name, beside):
            through += 1
        transaction.rollback()
    yield Outcome(tried, through, f"{name}: a changed bit")


def _apart(table: Table, row: Row, beside: Row) -> bool:
    """Whether the two stand or fall together: the lines of one conversation, the entries of the trail."""
    return (
        table.name in {"audit", "rotas"}
        or row == beside
        or (table.name == "transcript" and row[0] == beside[0])
    )


def _opens(house: House, conn: Connection, name: str, row: Row) -> bool:
    return not stays_shut(house, conn, name, row)


def flipped(whole: bytes, bit: int) -> bytes:
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _told(house: House, table: Table, column: str, row: Row, chance: random.Random) -> Outcome:
    """The same with one bit for good, met three times through the store: one entry more in the trail."""
    name = f"{table.name}.{column}"
    house.clock.advance(days=1)  # one entry a day and place: another row's day is over
    before = entries(house)
    with house.engine.begin() as conn:
        whole = value_of(conn, table, column, row)
        put(conn, table, column, row, flipped(whole, chance.randrange(len(whole) * 8)))
    opened = 0
    for _ in range(3):
        try:
            house.store.do_now(lambda work: READ[name](work, row))
            opened += 1
        except (SealBroken, Shut):
            pass
    with house.engine.begin() as conn:
        put(conn, table, column, row, whole)
    more = entries(house) - before
    return Outcome(1, int(opened > 0 or more != 1), f"{name}: {more} entries instead of one")


def entries(house: House) -> int:
    """How many entries the trail has about broken rows."""

    def thought(work: Work) -> int:
        return sum(one.what == NOTED for one in work.audit.entries())

    return house.store.do_now(thought)


def parcels(place: Place, count: int = 20, every: int = 1) -> Iterator[Outcome]:
    """Keys on their way to another host: each bit of the parcel, of the host's public key and of its proof, and each
    parcel in another host's box."""
    keyring = Keyring.create(place.folder / "sender", secrets.token_bytes(32))
    kid = keyring.active
    boxes = [Mailbox(keyring) for _ in range(count)]
    sent = [sealed(keyring, box.host, kid) for box in boxes]
    for number, (box, whole) in enumerate(zip(boxes, sent, strict=True)):
        if whole is None or box.opened(keyring, kid, whole) != keyring.secret_of(kid):
            yield Outcome(1, 1, "a parcel that nobody touched does not open")
            continue
        first = number % every
        changed = [flipped(whole, bit) for bit in range(first, len(whole) * 8, every)]
        others = [one for at, one in enumerate(sent) if at != number and one is not None]
        opened = sum(not _refused(box, keyring, kid, one) for one in changed + others)
        yield Outcome(len(changed) + len(others), opened, "a parcel that was changed, or is another host's")
        host = box.host
        hosts = [replace(host, proof=flipped(host.proof, bit)) for bit in range(first, 256, every)]
        hosts += [
            replace(host, public=flipped(host.public, bit))
            for bit in range(first, len(host.public) * 8, every)
        ]
        answered = sum(sealed(keyring, one, kid) is not None for one in hosts)
        yield Outcome(len(hosts), answered, "a host that cannot prove what it says is sent a key")


def _refused(box: Mailbox, keyring: Keyring, kid: bytes, parcel: bytes) -> bool:
    try:
        box.opened(keyring, kid, parcel)
    except SealBroken:
        return True
    return False


def swaps(place: Place, rows: int = 20) -> Iterator[Outcome]:
    """The value of one row in another: within a conversation, across conversations, across columns and envelopes."""
    columns = [one for one in sealed_columns() if f"{one[0].name}.{one[1]}" in READ]
    with furnished(place, rows) as house:
        chosen = {(table.name, column): keys(house, table, column, rows) for table, column in columns}
        with house.engine.connect() as conn, conn.begin() as transaction:
            values = {
                (table.name, column): {
                    row: value_of(conn, table, column, row) for row in chosen[table.name, column]
                }
                for table, column in columns
            }
            for table, column in columns:
                mine = values[table.name, column]
                foreign = [
                    value
                    for where, theirs in values.items()
                    if where != (table.name, column)
                    for value in list(theirs.values())[:FOREIGN]
                ]
                for row, whole in mine.items():
                    others = [value for there, value in mine.items() if there != row] + foreign
                    yield _instead(house, conn, table, column, row, others)
                    put(conn, table, column, row, whole)
            transaction.rollback()


def _instead(
    house: House, conn: Connection, table: Table, column: str, row: Row, others: Sequence[bytes]
) -> Outcome:
    name, through = f"{table.name}.{column}", 0
    for value in others:
        put(conn, table, column, row, value)
        through += not stays_shut(house, conn, name, row)
    return Outcome(len(others), through, f"{name}: a value from elsewhere")
