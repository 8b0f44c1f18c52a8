"""What exists, by count: for whoever is asked what this line holds. Nothing is opened."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from bot.conversation import State
from storage.desk import Desk
from storage.tables import (
    audit,
    blocks,
    conversations,
    copies,
    held,
    holds,
    optouts,
    outbox,
    staff,
    texter_contacts,
    transcript,
)

_BY_STATE = select(conversations.c.state, func.count().label("number")).group_by(conversations.c.state)
_COPIES = select(func.count()).select_from(copies)
_NUMBERS: dict[str, Select[Any]] = {
    "held": select(func.count()).select_from(holds),
    "transcript_lines": select(func.count()).select_from(transcript),
    "addresses": select(func.count())
    .select_from(texter_contacts)
    .where(func.length(texter_contacts.c.sealed) > 0),
    "carrier_copies": _COPIES,
    "letters": select(func.count()).select_from(outbox).where(outbox.c.state == "waiting"),
    "held_texts": select(func.count()).select_from(held),
    "optouts": select(func.count()).select_from(optouts),
    "blocks": select(func.count()).select_from(blocks),
    "people": select(func.count()).select_from(staff).where(staff.c.removed.is_(False)),
    "audit_entries": select(func.count()).select_from(audit),
}
_NAMES = {
    State.WAITING: "waiting",
    State.TALKING: "open",
    State.CLOSED: "closed",
    State.SEALED: "sealed",
    State.ERASED: "erased",
}


def of(desk: Desk) -> dict[str, int]:
    """Everything that there is, in the order in which it is read."""
    by_state = {row.state: int(row.number) for row in desk.conn.execute(_BY_STATE)}
    found = {name: by_state.get(state.value, 0) for state, name in _NAMES.items()}
    numbers = {name: int(desk.conn.execute(asked).scalar_one()) for name, asked in _NUMBERS.items()}
    return found | numbers
