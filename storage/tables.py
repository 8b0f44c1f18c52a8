"""Every table on one page; beside each column in the clear stands why it is not sealed.

Never in the clear, and never UNIQUE: a text, an address, a name, a carrier's message number. They are sealed
(`sealed`, formats of storage/vault) or a blind label (HMAC, 32 bytes). Exact times are sealed too; in the clear
are days, hours, and the moments at which a clock must ring.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = 3600
_DAY = 86400


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware instant as microseconds since 1970: the same number and order on both databases."""

    impl = sa.BigInteger
    cache_ok = True

    @staticmethod
    def micros(value: datetime) -> int:
        """The instant as it is stored."""
        return (value - _EPOCH) // _MICROSECOND

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else self.micros(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


class Bytes(sa.LargeBinary):
    """Bytes. SQLite lets anybody who can write into the file put a text or a number there: that is read as no bytes at
    all, which no seal, link or label ever is, so that it is a row that does not open and not an error of the program.
    """

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], bytes | None]:
        return _bytes


def _bytes(value: Any) -> bytes | None:
    return value if value is None or isinstance(value, bytes) else b""


def hour_of(at: datetime) -> int:
    """The UTC hour of an instant, counted since 1970."""
    return int(at.timestamp()) // _HOUR


def day_of(at: datetime) -> int:
    """The UTC day of an instant, counted since 1970."""
    return int(at.timestamp()) // _DAY


def start_of_day(day: int) -> datetime:
    """The first instant of a day counted since 1970."""
    return _EPOCH + timedelta(days=day)


def start_of_hour(hour: int) -> datetime:
    """The first instant of an hour counted since 1970."""
    return _EPOCH + timedelta(hours=hour)


Long = sa.BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both; SQLite counts up by itself only in a column declared INTEGER."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

# ── keys ──

epochs = Table(
    "epochs",
    metadata,
    Column("kid", Bytes, primary_key=True),  # key id: says which key, not the key
)

envelopes = Table(
    "envelopes",
    metadata,
    Column("owner", String, primary_key=True),  # whose key: a kind and an id, to find it
    Column("owner_id", Bytes, primary_key=True),
    Column("reader", String, primary_key=True),  # "server" or a supervisor's key
    Column(
        "kid", Bytes, ForeignKey("epochs.kid"), nullable=False, index=True
    ),  # what to rewrap in a rotation
    Column("wrapped", Bytes, nullable=False),
    sqlite_with_rowid=False,
)

hosts = Table(
    "hosts",
    metadata,
    Column("id", Bytes, primary_key=True),  # random id of a process that serves; or a place
    Column("public", Bytes, nullable=False),  # its one-time public key; empty: the row is of a place
    Column("proof", Bytes, nullable=False),  # that who published it has the root key
    Column("heard_at", Instant, nullable=False, index=True),  # a clock: who is silent is not waited for
    Column("knows", Bytes),  # the newest epoch that its keyring has
)

parcels = Table(
    "parcels",
    metadata,
    Column("host", Bytes, ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True),
    Column("kid", Bytes, primary_key=True),  # which epoch
    Column("sealed", Bytes, nullable=False),  # its key, for that host alone
    sqlite_with_rowid=False,
)

chores = Table(
    "chores",
    metadata,
    Column("name", String, primary_key=True),  # a fixed word of ours
    Column("due_at", Instant, nullable=False),  # clock
    Column("holder", Bytes),  # random id of the process that does it now
    Column("until", Instant),  # when that one is taken for dead
    sqlite_with_rowid=False,
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Bytes, primary_key=True),  # a random id whose keys are gone
    Column("day", Integer, nullable=False, index=True),  # when it may be forgotten
    sqlite_with_rowid=False,
)

archive_keys = Table(
    "archive_keys",
    metadata,
    Column("reader", String, primary_key=True),  # the key's name, a hash of it
    Column("staff", Integer, ForeignKey("staff.id"), nullable=False, index=True),  # staff id
    Column("public", Bytes, nullable=False),  # public by nature
    Column("standing", String, nullable=False),  # proposed, active, ended
    Column("due_at", Instant),  # when a proposed one becomes active by itself
    Column("created_day", Integer, nullable=False),  # the day, not the time
    Column("sealed", Bytes, nullable=False),  # nothing but the proof that the row was written here
    sqlite_with_rowid=False,
)

line = Table(
    "line",
    metadata,
    Column("name", String, primary_key=True),  # a fixed word of ours ("staff bot")
    Column("sealed", Bytes, nullable=False),
)

# ── people ──

staff = Table(
    "staff",
    metadata,
    Column("id", Integer, primary_key=True),  # small number that rotas and rows refer to; never given twice
    Column("name_label", Bytes, unique=True),  # blind; NULL once removed
    Column("available", Boolean, nullable=False),  # ON / OFF
    Column("unsettled", Boolean, nullable=False),  # a flag that changes with every hand-over
    Column("removed", Boolean, nullable=False),
    Column("sealed", Bytes),  # name, roles, languages, zone; NULL once removed
    Column("silent", Boolean, nullable=False, server_default=sa.false()),  # asked READY?, no answer yet
    sqlite_autoincrement=True,
)

staff_contacts = Table(
    "staff_contacts",
    metadata,
    Column("id", Bytes, primary_key=True),
    Column("staff", Integer, ForeignKey("staff.id"), nullable=False, index=True),  # staff id
    Column("position", Integer, nullable=False),  # which of her contacts comes first
    Column("medium", String, nullable=False),  # channel class
    Column("standing", String, nullable=False),  # state
    Column("address_label", Bytes, unique=True),  # blind; one address, one person
    Column("token_label", Bytes, unique=True),  # blind; NULL once used
    Column("token_until", Instant),  # when the token dies
    Column("last_from", Bytes),  # a conversation's id
    Column("sealed", Bytes),  # place and via; NULL until she has joined
    Column("last_question", Bytes),  # a question's id
)

# ── conversations ──

conversations = Table(
    "conversations",
    metadata,
    Column("id", Bytes, primary_key=True),
    Column("code", String, nullable=False),  # grants nothing; people say it aloud
    Column("state", String, nullable=False),
    Column("medium", String, nullable=False),  # channel class
    Column("language", String, nullable=False),
    Column("texter", Bytes),  # a contact's id; NULL once forgotten
    Column("counselor", Integer),  # staff id
    Column("counselor_contact", Bytes),  # a contact's id
    Column("version", Integer, nullable=False),  # counts changes
    Column("sequence", Integer, nullable=False),  # counts transcript lines
    Column("due_at", Instant, index=True),  # when the clock must look
    Column("created_day", Integer, nullable=False),  # the day, not the time
    Column("last_hour", Integer, nullable=False),  # the hour, not the time
    Column("sealed", Bytes),  # Private; NULL once erased
    Index("ix_conversations_state_counselor_last_hour", "state", "counselor", "last_hour"),
    Index("ix_conversations_state_last_hour", "state", "last_hour"),
)

endings = Table(
    "endings",
    metadata,
    Column("conversation", Bytes, ForeignKey("conversations.id"), primary_key=True),
    Column(
        "at", Instant, nullable=False
    ),  # from when its retention clocks run: the end, rounded up to a minute
    Column("look_at", Instant, nullable=False, index=True),  # when the next of them rings
    sqlite_with_rowid=False,
)

holds = Table(
    "holds",
    metadata,
    Column("conversation", Bytes, ForeignKey("conversations.id"), primary_key=True),
    Column("until", Instant, nullable=False, index=True),  # when it ends by itself
    Column("sealed", Bytes, nullable=False),  # who, and the reason
    sqlite_with_rowid=False,
)

requests = Table(
    "requests",
    metadata,
    Column("id", Bytes, primary_key=True),
    Column("kind", String, nullable=False),  # a fixed word of ours
    Column("staff", Integer, nullable=False, index=True),  # who asked
    Column("state", String, nullable=False),  # asked, granted, refused, lapsed
    Column("due_at", Instant, nullable=False, index=True),  # when it lapses
    Column("sealed", Bytes, nullable=False),  # what for, and the number by which it is answered
)

texter_contacts = Table(
    "texter_contacts",
    metadata,
    Column("id", Bytes, primary_key=True),
    Column("conversation", Bytes, ForeignKey("conversations.id"), nullable=False, index=True),
    Column("route_label", Bytes, unique=True),  # blind; NULL when a newer conversation has it
    Column("erase_label", Bytes, nullable=False, index=True),  # blind; all her conversations
    Column(
        "sealed", Bytes, nullable=False
    ),  # place and via, under the contact's own key; empty once forgotten
)

offers = Table(
    "offers",
    metadata,
    Column("conversation", Bytes, ForeignKey("conversations.id"), primary_key=True),
    Column("staff", Integer, primary_key=True),  # staff id
    Column("contact", Bytes, nullable=False),  # a contact's id
    Column("state", String, nullable=False),
    Column("due_at", Instant, nullable=False),  # when it lapses
    Column("sealed", Bytes, nullable=False),  # when it was made
    Index("ix_offers_staff_due_at", "staff", "due_at"),
)

casecodes = Table(
    "casecodes",
    metadata,
    Column("code", String, primary_key=True),
    Column("conversation", Bytes, nullable=False),  # whom it stands for, or stood for last
    Column("rested_day", Integer, index=True),  # the day it was laid down; NULL while alive
)

transcript = Table(
    "transcript",
    metadata,
    Column("conversation", Bytes, ForeignKey("conversations.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),  # order
    Column("id", Bytes, nullable=False),
    Column("direction", String, nullable=False),  # part of what is authenticated
    Column("sealed", Bytes, nullable=False),
    Column("link", Bytes, nullable=False),
)

held = Table(
    "held",
    metadata,
    Column("position", Long, primary_key=True),  # order
    Column("id", Bytes, nullable=False, unique=True),
    Column("staff", Integer, nullable=False, index=True),  # staff id
    Column("contact", Bytes, nullable=False),  # a contact's id
    Column("conversation", Bytes, index=True),
    Column("why", String, nullable=False),  # a fixed word of ours
    Column("due_at", Instant, nullable=False),  # when it is forgotten
    Column("sealed", Bytes, nullable=False),  # text, carrier's number of her message
    Index("ix_held_contact_position", "contact", "position"),
    sqlite_autoincrement=True,
)

# ── what is remembered about strangers: labels only ──

seen = Table(
    "seen",
    metadata,
    Column("label", Bytes, primary_key=True),
    Column("day", Integer, nullable=False, index=True),  # when it may be forgotten
    sqlite_with_rowid=False,
)
optouts = Table(
    "optouts",
    metadata,
    Column("label", Bytes, primary_key=True),
    sqlite_with_rowid=False,
)
rates = Table(
    "rates",
    metadata,
    Column("label", Bytes, primary_key=True),
    Column("day", Integer, nullable=False, index=True),  # the last day it happened
    sqlite_with_rowid=False,
)
blocks = Table(
    "blocks",
    metadata,
    Column("label", Bytes, primary_key=True),
    Column("until", Instant, nullable=False, index=True),  # when it ends by itself
    sqlite_with_rowid=False,
)
tallies = Table(
    "tallies",
    metadata,
    Column("label", Bytes, primary_key=True),  # blind, and of the hour: what is counted
    Column("hour", Integer, nullable=False, index=True),  # when it may be forgotten
    Column("number", Integer, nullable=False),
    sqlite_with_rowid=False,
)
counts = Table(
    "counts",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("name", String, primary_key=True),  # a fixed word of ours
    Column("number", Integer, nullable=False),  # how often, that day
    sqlite_with_rowid=False,
)
offsets = Table(
    "offsets",
    metadata,
    Column("bot", String, primary_key=True),  # "texters" or "staff"
    Column("next_offset", sa.BigInteger, nullable=False),  # a counter of the carrier's
)

# ── what goes out ──

lanes = Table(
    "lanes",
    metadata,
    Column("lane", Bytes, primary_key=True),  # a conversation's and a contact's id
    Column("medium", String, nullable=False),  # channel class
    Column("sender", Bytes, nullable=False),  # blind label of our number or bot
    Column("priority", String, nullable=False),
    Column(
        "ready_at", Instant, nullable=False, index=True
    ),  # when it may be claimed: head's due time, or lease's end
    Column("leased_by", Bytes, index=True),  # random id of a process
    Index("ix_lanes_sender_priority_ready_at", "sender", "priority", "ready_at"),
    sqlite_with_rowid=False,
)

outbox = Table(
    "outbox",
    metadata,
    Column("position", Long, primary_key=True),  # order
    Column("id", Bytes, nullable=False, unique=True),
    Column("lane", Bytes),  # NULL once buried
    Column("state", String, nullable=False),  # waiting or buried
    Column("conversation", Bytes, index=True),
    Column("contact", Bytes, nullable=False, index=True),  # a contact's id, not the address
    Column("side", String, nullable=False),
    Column("task", String, nullable=False),
    Column("medium", String, nullable=False),  # channel class
    Column("sender", Bytes, nullable=False),  # blind label of our number or bot
    Column("priority", String, nullable=False),
    Column("due_at", Instant, nullable=False),  # clock
    Column("deadline", Instant, nullable=False),  # clock
    Column("attempts", Integer, nullable=False),
    Column("unsure", Boolean, nullable=False),  # the carrier may have it already
    Column("owner", String, nullable=False),  # under which key: the conversation's or its own
    Column("owner_id", Bytes, nullable=False),
    Column("reference_label", Bytes, nullable=False, unique=True),  # blind
    Column("sealed", Bytes, nullable=False),
    Column("question", Bytes),  # a question's id
    Index("ix_outbox_lane_position", "lane", "position"),
    Index("ix_outbox_state_deadline", "state", "deadline"),
    sqlite_autoincrement=True,
)

copies = Table(
    "copies",
    metadata,
    Column("id", Bytes, primary_key=True),
    Column("label", Bytes, nullable=False, unique=True),  # blind: medium, via, chat, message
    Column("reference_label", Bytes, unique=True),  # blind; NULL for what came in
    Column("conversation", Bytes, index=True),
    Column("contact", Bytes, index=True),  # staff: a contact's id; texters: a blind label of the chat
    Column("line", Bytes),  # a transcript line's id
    Column("side", String, nullable=False),
    Column("medium", String, nullable=False),  # channel class
    Column("standing", String, nullable=False),  # sent, delivered, failed; slipped: it stayed there too long
    Column("offer", Boolean, nullable=False),
    Column("created_day", Integer, nullable=False, index=True),  # the day, not the time
    Column("due_at", Instant, index=True),  # when the carrier is asked to delete its copy, at the latest
    Column("attempts", Integer, nullable=False),
    Column("sealed", Bytes, nullable=False),  # via, chat, message, writer: under its own key
)

# ── the rota, and who changed what ──

rotas = Table(
    "rotas",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),  # counts changes
    Column("sealed", Bytes, nullable=False),
)

duty = Table(
    "duty",
    metadata,
    Column("id", Long, primary_key=True),  # order
    Column("staff", Integer, nullable=False, index=True),  # who was on call: staff id
    Column("day", Integer, nullable=False, index=True),  # the day it ended, not the time
    Column("sealed", Bytes, nullable=False),  # which schedule, from when to when
    sqlite_autoincrement=True,
)

covers = Table(
    "covers",
    metadata,
    Column("number", Long, primary_key=True),  # by which people speak of it
    Column("staff", Integer, nullable=False, index=True),  # whose shift it is
    Column("state", String, nullable=False),  # open, taken, expired, cancelled
    Column("due_at", Instant, nullable=False, index=True),  # when it expires: its shift begins, or ends
    Column("sealed", Bytes, nullable=False),  # which shift, what is given for it, who was asked, who took it
    sqlite_autoincrement=True,
)

aways = Table(
    "aways",
    metadata,
    Column("id", Bytes, primary_key=True),
    Column("staff", Integer, nullable=False, index=True),  # who is away
    Column("until", Instant, nullable=False, index=True),  # when it may be forgotten
    Column("sealed", Bytes, nullable=False),  # from when
)

questions = Table(
    "questions",
    metadata,
    Column("id", Bytes, primary_key=True),
    Column("kind", String, nullable=False),  # a fixed word of ours
    Column("staff", Integer, nullable=False, index=True),  # who was asked
    Column("contact", Bytes, nullable=False),  # a contact's id
    Column("due_at", Instant, nullable=False, index=True),  # when an answer comes too late
    Column("sealed", Bytes, nullable=False),  # what about
)

told = Table(
    "told",
    metadata,
    Column("label", Bytes, primary_key=True),  # blind: what was said, to whom, about which shift
    Column("day", Integer, nullable=False, index=True),  # until when it must not be said again
    sqlite_with_rowid=False,
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Bytes, primary_key=True),
    Column("label", Bytes, nullable=False, unique=True),  # blind: the link's token
    Column("staff", Integer, index=True),  # whose calendar; NULL for a schedule's
    Column("sealed", Bytes, nullable=False),  # what it shows, and the events that were handed out
)

audit = Table(
    "audit",
    metadata,
    Column("id", Long, primary_key=True),  # order
    Column("day", Integer, nullable=False, index=True),  # the day, not the time
    Column("sealed", Bytes, nullable=False),
    Column("link", Bytes, nullable=False),
    sqlite_autoincrement=True,
)
