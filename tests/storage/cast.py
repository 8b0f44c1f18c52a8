"""The cast as storage knows it: texters Robin and Kit, counselors Alma and Bo."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import create_engine, text

from bot.conversation import Conversation
from bot.messages import Address, Copy, Direction, Letter, Priority, Side
from bot.people import Contact, Medium, Role, Staff, Standing
from bot.redact import Secret
from storage.work import Work

LINE = "+12025550100"
ROBIN = Address(Medium.SMS, Secret("+12025550123"), LINE)
KIT = Address(Medium.TELEGRAM, Secret("7044900123"), "texters")
ALMA = Address(Medium.SMS, Secret("+447700900456"), LINE)
BO = Address(Medium.TELEGRAM, Secret("7044900789"), "staff")
SMS = (Medium.SMS, LINE)
HOLDER = b"first process ..."[:16]
OTHER = b"second process.."[:16]
LEASE = timedelta(seconds=30)


def writes(work: Work, address: Address, words: str) -> Conversation:
    """A texter's text is stored: in her open conversation, else in a new one."""
    conversation = work.conversations.by_address(address)
    if conversation is None or not conversation.is_open:
        conversation = work.conversations.new(address=address, language="en", at=work.now)
    conversation, _ = work.transcript.add(conversation, Direction.IN, Secret(words), staff=None, at=work.now)
    return work.conversations.save(conversation)


def joins(work: Work, name: str, address: Address) -> tuple[Staff, Contact]:
    """A counselor is added and her contact has joined."""
    staff = work.staff.add(name, roles=frozenset({Role.COUNSELOR}), languages=("en",))
    assert staff is not None
    added = work.staff.add_contact(staff.id, address.medium, address, token_until=None)
    assert added is not None
    work.staff.set_standing(added[0].id, Standing.JOINED)
    found = work.staff.by_address(address)
    assert found is not None
    return found


def to_texter(work: Work, conversation: Conversation, words: str, *, via: str = LINE) -> Letter:
    """A letter to the texter of this conversation, good for ten minutes."""
    assert conversation.texter is not None
    return Letter(
        to=conversation.texter,
        side=Side.TEXTER,
        medium=conversation.medium,
        via=via,
        text=Secret(words),
        deadline=work.now + timedelta(minutes=10),
        priority=Priority.TALK,
        about=conversation.id,
    )


def sms_copy(sid: str, chat: Address = ROBIN) -> Copy:
    """What the carrier says that it holds."""
    return Copy(Medium.SMS, LINE, chat.place, Secret(sid))


def sms_claim(work: Work, *, most: int = 10, holder: bytes = HOLDER) -> list[str]:
    """The texts of all letters that may be sent by SMS now."""
    found = work.outbox.claim({SMS: most}, holder=holder, lease=LEASE)
    return [one.letter.text.reveal() if one.letter else "?" for one in found]


def by_hand(database_url: str, statement: str, **values: object) -> list[tuple[object, ...]]:
    """What somebody does who has the database, but not the keys."""
    url = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    try:
        with engine.begin() as conn:
            found = conn.execute(text(statement), values)
            return [tuple(row) for row in found] if found.returns_rows else []
    finally:
        engine.dispose()


def count(database_url: str, table: str) -> int:
    """How many rows a table has."""
    return int(str(by_hand(database_url, f"SELECT count(*) FROM {table}")[0][0]))
