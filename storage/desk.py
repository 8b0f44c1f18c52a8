"""What all rooms of one unit of work share: the connection, the vault, the instant, chance, and the keys in use."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Executable, Row, Table, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.errors import SealBroken
from storage.box import SupervisorKey
from storage.payloads import Profile
from storage.tables import day_of, envelopes, erasures
from storage.vault import SERVER, Envelope, Key, Label, Owner, Vault

AnyRow = Row[*tuple[Any, ...]]
T = TypeVar("T")


class Chance(Protocol):
    """Where chance comes from; tests hand in their own."""

    def below(self, n: int) -> int:
        """0 … n-1."""
        ...

    def id(self) -> bytes:
        """16 random bytes."""
        ...

    def token(self) -> str:
        """128 random bits, fit for a URL."""
        ...


class Dice:
    """The system's own chance."""

    def below(self, n: int) -> int:
        return secrets.randbelow(n)

    def id(self) -> bytes:
        return secrets.token_bytes(16)

    def token(self) -> str:
        return secrets.token_urlsafe(16)


_ENVELOPE = select(envelopes.c.kid, envelopes.c.wrapped).where(
    envelopes.c.owner == bindparam("of"),
    envelopes.c.owner_id == bindparam("of_id"),
    envelopes.c.reader == SERVER,
)
_FORGET = delete(envelopes).where(
    envelopes.c.owner == bindparam("of"), envelopes.c.owner_id.in_(bindparam("of_ids", expanding=True))
)
_HAND_OVER = delete(envelopes).where(
    envelopes.c.owner == bindparam("of"),
    envelopes.c.owner_id == bindparam("of_id"),
    envelopes.c.reader == SERVER,
)
_NEW_ENVELOPE = envelopes.insert()


def key_of(owner: Owner, owner_id: ColumnElement[bytes], of: Any = envelopes) -> ColumnElement[bool]:
    """Joins the server's envelope of each row's owner; `of`: an alias, where another one is joined too."""
    return and_(of.c.owner == owner.value, of.c.owner_id == owner_id, of.c.reader == SERVER)


_ERASURES = frozenset({Owner.CONVERSATION, Owner.CONTACT, Owner.STAFF})


def insert_into(table: Table, *, shared: bool) -> postgresql.Insert | sqlite.Insert:
    """An INSERT in the words of the database, which can say what happens when the row is there already.

    Its rowcount is to be trusted only because of the option: without it SQLAlchemy gives -1 on PostgreSQL.
    """
    new = postgresql.insert(table) if shared else sqlite.insert(table)
    return new.execution_options(preserve_rowcount=True)


@cache
def once(table: Table, *, shared: bool) -> postgresql.Insert | sqlite.Insert:
    """INSERT … ON CONFLICT DO NOTHING."""
    return insert_into(table, shared=shared).on_conflict_do_nothing()


class Desk:
    """The connection and what goes with it, for one transaction.

    `known`: opened staff profiles by their sealed bytes, kept between transactions: a changed or removed row has
    other bytes or none, so nothing stale is ever shown. `notice` is told of a row that did not open and was done
    without; of one that ends the thought whoever carries it out knows by the error.
    """

    __slots__ = (
        "_keys",
        "chance",
        "conn",
        "erased",
        "known",
        "lanes_moved",
        "letters_added",
        "notice",
        "now",
        "vault",
    )

    def __init__(
        self,
        conn: Connection,
        *,
        vault: Vault,
        chance: Chance,
        now: datetime,
        known: dict[bytes, tuple[int, Profile]],
        notice: Callable[[SealBroken], None] = lambda broken: None,
    ) -> None:
        self.conn = conn
        self.vault = vault
        self.chance = chance
        self.now = now
        self.known = known
        self.notice = notice
        self.letters_added = False
        self.lanes_moved = False
        self.erased = False
        self._keys: dict[tuple[Owner, bytes], Key] = {}

    def opened(
        self, statement: Executable, opens: Callable[[AnyRow], T], params: Mapping[str, object] | None = None
    ) -> list[T]:
        """What stands in these rows; one that was changed is none, and stops no other."""
        found = []
        for row in self.conn.execute(statement, params).all():
            try:
                found.append(opens(row))
            except SealBroken as broken:
                self.notice(broken)
        return found

    @property
    def shared(self) -> bool:
        """Whether other transactions run at the same time (PostgreSQL), so that rows must be locked."""
        return self.conn.dialect.name == "postgresql"

    def key(self, owner: Owner, owner_id: bytes) -> Key:
        """The owner's key; SealBroken when there is none."""
        known = self._keys.get((owner, owner_id))
        if known is not None:
            return known
        row = self.conn.execute(_ENVELOPE, {"of": owner.value, "of_id": owner_id}).first()
        return self.unwrapped(owner, owner_id, kid=row and row.kid, wrapped=row and row.wrapped)

    def unwrapped(self, owner: Owner, owner_id: bytes, *, kid: bytes | None, wrapped: bytes | None) -> Key:
        """The key in an envelope that a query brought along; SealBroken when it brought none."""
        known = self._keys.get((owner, owner_id))
        if known is not None:
            return known
        if kid is None or wrapped is None:
            raise SealBroken("A key is gone.", column="envelopes.wrapped", owner=owner, owner_id=owner_id)
        key = self.vault.unwrap(Envelope(kid, wrapped), owner, owner_id)
        self._keys[owner, owner_id] = key
        return key

    def new_key(self, owner: Owner, owner_id: bytes) -> Key:
        """A new key for this owner, its envelope stored."""
        key = self.vault.new_key()
        self.conn.execute(_NEW_ENVELOPE, self._row(key, owner, owner_id))
        self._keys[owner, owner_id] = key
        return key

    def store_key(self, key: Key, owner: Owner, owner_id: bytes) -> None:
        """Stores the envelope of a key that has sealed something already."""
        self.conn.execute(_NEW_ENVELOPE, self._row(key, owner, owner_id))

    def new_keys(self, owner: Owner, owner_ids: list[bytes]) -> None:
        """A new key for each of these owners, in one statement; `key` hands them out."""
        made = {owner_id: self.vault.new_key() for owner_id in owner_ids}
        if made:
            self.conn.execute(_NEW_ENVELOPE, [self._row(key, owner, one) for one, key in made.items()])
        self._keys.update({(owner, owner_id): key for owner_id, key in made.items()})

    def seal_to(self, key: Key, owner: Owner, owner_id: bytes, halves: Iterable[SupervisorKey]) -> None:
        """Stores an envelope of this key for each of these supervisors."""
        for half in halves:
            made = self.vault.wrap_for(half, key, owner, owner_id)
            self.conn.execute(_NEW_ENVELOPE, _envelope(made, owner, owner_id))

    def own_key(self, owner: Owner, owner_id: bytes) -> Key:
        """The owner's key, made at the first need; of two who make it at once one does, and both use that."""
        found = self.conn.execute(_ENVELOPE, {"of": owner.value, "of_id": owner_id}).first()
        if found is None:
            self.put_once(envelopes, self._row(self.vault.new_key(), owner, owner_id))
        return self.key(owner, owner_id)

    def forget_keys(self, owner: Owner, owner_ids: Iterable[bytes]) -> None:
        """The owners' envelopes are gone, for every reader. Of people and conversations it is remembered that they are:
        the key copies in journals and backups must become useless soon, and a restored backup must not bring them back.
        """
        ids = list(owner_ids)
        if not ids:
            return
        self.conn.execute(_FORGET, {"of": owner.value, "of_ids": ids})
        if owner in _ERASURES:
            self.erased = True
            for owner_id in ids:
                self.put_once(erasures, {"id": owner_id, "day": day_of(self.now)})
        for owner_id in ids:
            self._keys.pop((owner, owner_id), None)

    def hand_over_key(self, owner: Owner, owner_id: bytes) -> None:
        """The server's envelope is gone, others' stay. Nothing was erased, but copies of this envelope in journals and
        backups must become useless as soon as those of an erased one."""
        self.conn.execute(_HAND_OVER, {"of": owner.value, "of_id": owner_id})
        self._keys.pop((owner, owner_id), None)
        self.erased = True

    def put_once(self, table: Table, row: Mapping[str, object]) -> bool:
        """Inserts unless some unique column of it is there already; False then.

        Not by catching the violation: its text prints values, and on PostgreSQL it ends the transaction.
        """
        return self.conn.execute(once(table, shared=self.shared), row).rowcount == 1

    def sender(self, medium: str, via: str) -> bytes:
        """The blind label of our own number or bot: what lanes and letters know of it."""
        return self.vault.label(Label.NAME, "sender " + medium, via)

    def senders(self, medium: str, via: str) -> tuple[bytes, ...]:
        """The same under every pepper in use."""
        return self.vault.labels(Label.NAME, "sender " + medium, via)

    def _row(self, key: Key, owner: Owner, owner_id: bytes) -> dict[str, object]:
        return _envelope(self.vault.wrap(key, owner, owner_id), owner, owner_id)


def _envelope(made: Envelope, owner: Owner, owner_id: bytes) -> dict[str, object]:
    return {
        "owner": owner.value,
        "owner_id": owner_id,
        "reader": made.reader,
        "kid": made.kid,
        "wrapped": made.wrapped,
    }
