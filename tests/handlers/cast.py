"""A line without carriers, its clock in the test's hand, and conversations that have ended on it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from bot import opening
from bot.conversation import Conversation, State
from bot.endings import Keeping
from bot.messages import Address
from bot.people import Medium, Role, StaffId
from bot.redact import Secret
from handlers.sweep import Sweeper
from storage import archive
from storage.box import SupervisorKey
from storage.engine import Store
from storage.work import Work
from tests.bot.test_unbuilt import config
from tests.clock import FakeClock
from tests.storage.cast import LINE, writes

USUAL = opening.keeping(config())
"""The periods of a line that has set nothing."""


def address(number: int) -> Address:
    """A texter's address, one of many."""
    return Address(Medium.SMS, Secret(f"+1202555{number:04d}"), LINE)


def ends(work: Work, where: Address, words: str = "please help", **more: Any) -> Conversation:
    """A conversation with this address that ends at once, had by nobody."""
    made = writes(work, where, words)
    private = msgspec.structs.replace(made.private, closed_at=work.now, ended_by="done")
    return work.conversations.save(replace(made, state=State.CLOSED, private=private, **more))


def sweeper(store: Store, clock: FakeClock, keeping: Keeping = USUAL, **periods: timedelta) -> Sweeper:
    """One process's sweeper; another call is another process, or the same after a restart."""
    kept = replace(keeping, **periods)
    return Sweeper(store, opening.line(config()), kept, clock, holder=secrets.token_bytes(16))


def supervises(work: Work, name: str) -> tuple[StaffId, archive.Pair]:
    """A supervisor with a key of her own."""
    person = work.staff.add(name, roles=frozenset({Role.SUPERVISOR}), languages=("en",))
    assert person is not None
    pair = archive.new_pair()
    work.archive_keys.add(person.id, SupervisorKey(pair.public), pair.public)
    return person.id, pair
