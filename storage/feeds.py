"""Links to calendars: of each a blind label is stored, and sealed what it shows and what was handed out there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from bot.errors import SealBroken
from bot.feeds import Event, Handed, Stretch, Whose
from bot.people import StaffId
from bot.redact import Secret
from storage.desk import AnyRow, Desk
from storage.line import LINE_ID
from storage.payloads import pack, unpack
from storage.tables import day_of, erasures, feeds
from storage.vault import Key, Label, Owner, Place

_ALL = select(feeds).order_by(feeds.c.id)
_BY_LABEL = select(feeds).where(feeds.c.label.in_(bindparam("labels", expanding=True)))
_HERS = select(feeds.c.id).where(feeds.c.staff == bindparam("of"))
_INSERT = insert(feeds).inline()
_THIS = feeds.c.id == bindparam("of")
_GONE = delete(feeds).where(_THIS)
_REMEMBER = update(feeds).where(_THIS, feeds.c.sealed == bindparam("was")).values(sealed=bindparam("value"))
_RELABEL = update(feeds).where(_THIS, feeds.c.label != bindparam("value")).values(label=bindparam("value"))


class _Handed(msgspec.Struct, frozen=True, array_like=True):
    """One event; `schedule` is a place in the list of names beside it."""

    schedule: int
    staff: int
    start: datetime
    end: datetime
    sequence: int
    changed: datetime
    cancelled: bool
    title: bytes


class _Shows(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: feeds.sealed. `proof`: a hash of the link, so that nobody can put a label on another row."""

    proof: bytes
    schedule: str | None
    made: datetime
    looked: datetime | None = None
    names: tuple[str, ...] = ()
    events: tuple[_Handed, ...] = ()
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """One link. `made`: when; `looked`: when the rota was last compared, None when nobody has fetched it yet;
    `handed`: what was handed out then; `mark`: stands for all of this."""

    id: bytes
    whose: Whose
    made: datetime
    looked: datetime | None
    handed: Handed
    mark: bytes
    proof: bytes


class Feeds:
    """A person's under her own key, so that it goes with her; a schedule's under the line's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(self, whose: Whose) -> Secret[str]:
        """A new link; the one before ends. Its token, of which only a label and a hash stay here."""
        self.end(whose)
        token = self._desk.chance.token()
        feed_id = self._desk.chance.id()
        shows = _Shows(_hash(token), whose.schedule, self._desk.now)
        row = {
            "id": feed_id,
            "label": self._labels(token)[0],
            "staff": whose.staff,
            "sealed": self._sealed(feed_id, whose, shows),
        }
        self._desk.conn.execute(_INSERT, row)
        return Secret(token)

    def end(self, whose: Whose) -> int:
        """Links to this calendar lead nowhere any more, after a restore neither; how many there were."""
        if whose.staff is not None:
            ended = self._desk.conn.execute(_HERS, {"of": whose.staff}).scalars().all()
        else:
            ended = [feed.id for feed in self.all() if feed.whose == whose]
        for one in ended:
            self._desk.conn.execute(_GONE, {"of": one})
            self._desk.put_once(erasures, {"id": one, "day": day_of(self._desk.now)})
        self._desk.erased = self._desk.erased or bool(ended)
        return len(ended)

    def all(self) -> list[Feed]:
        """Every link; without those whose row does not open."""
        return self._desk.opened(_ALL, self._opened)

    def find(self, token: Secret[str]) -> Feed | None:
        """Where this link leads; None when it is none, or none any more."""
        labels = self._labels(token.reveal())
        found = self._desk.opened(_BY_LABEL, self._opened, {"labels": labels})
        if not found:
            return None
        feed = found[0]
        if not compare_digest(feed.proof, _hash(token.reveal())):
            self._desk.notice(
                SealBroken("A link leads to another calendar.").at(*_where(feed.whose), feed.id)
            )
            return None
        if self._desk.vault.has_previous_pepper:  # the link itself is at hand only now
            self._desk.conn.execute(_RELABEL, {"of": feed.id, "value": labels[0]})
        return feed

    def remember(self, feed: Feed, told: Handed, looked: datetime) -> bytes | None:
        """What is handed out now; its mark. None, and nothing changed, when another process did so meanwhile."""
        names = tuple(sorted({event.stretch.schedule for event in told.events}))
        place = {name: n for n, name in enumerate(names)}
        handed = tuple(_handed(event, place[event.stretch.schedule]) for event in told.events)
        shows = _Shows(feed.proof, feed.whose.schedule, feed.made, looked, names, handed, told.floor)
        sealed = self._sealed(feed.id, feed.whose, shows)
        params = {"of": feed.id, "was": feed.mark, "value": sealed}
        return sealed if self._desk.conn.execute(_REMEMBER, params).rowcount == 1 else None

    def _labels(self, token: str) -> tuple[bytes, ...]:
        return self._desk.vault.labels(Label.FEED, "", token.encode("utf-8", "surrogatepass"))

    def _opened(self, row: AnyRow) -> Feed:
        staff = None if row.staff is None else StaffId(row.staff)
        whose = Whose(staff, None)
        opened = self._desk.vault.open(self._key(whose), _place(row.id, whose), row.sealed)
        shows = unpack(_Shows, opened.body)
        return Feed(
            id=row.id,
            whose=Whose(staff, shows.schedule),
            made=shows.made,
            looked=shows.looked,
            handed=Handed(tuple(_event(one, shows.names) for one in shows.events), shows.floor),
            mark=row.sealed,
            proof=shows.proof,
        )

    def _sealed(self, feed_id: bytes, whose: Whose, shows: _Shows) -> bytes:
        place = _place(feed_id, whose)
        return self._desk.vault.seal(self._key(whose), place, pack(shows), self._desk.now)

    def _key(self, whose: Whose) -> Key:
        _, owner, owner_id = _where(whose)
        if owner is Owner.LINE:
            return self._desk.own_key(owner, owner_id)
        return self._desk.key(owner, owner_id)


def _where(whose: Whose) -> tuple[str, Owner, bytes]:
    if whose.staff is None:
        return "feeds.sealed", Owner.LINE, LINE_ID
    return "feeds.sealed", Owner.STAFF, whose.staff.to_bytes(16, "big")


def _place(feed_id: bytes, whose: Whose) -> Place:
    column, owner, owner_id = _where(whose)
    return Place(column, owner, owner_id, feed_id)


def _hash(token: str) -> bytes:
    """Of 128 random bits: nobody finds them by trying."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _handed(event: Event, name: int) -> _Handed:
    one = event.stretch
    return _Handed(
        name, one.staff, one.start, one.end, event.sequence, event.changed, event.cancelled, event.title
    )


def _event(one: _Handed, names: tuple[str, ...]) -> Event:
    stretch = Stretch(names[one.schedule], StaffId(one.staff), one.start, one.end)
    return Event(stretch, one.sequence, one.changed, one.cancelled, one.title)
