"""Trials of sealing and erasing: killed at any moment, each conversation is whole, sealed whole, or gone whole."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from bot import opening
from bot.conversation import Conversation, State
from bot.errors import SealBroken
from bot.people import ConversationId
from handlers import deleting
from handlers.sweep import Sweeper
from storage import archive
from storage.archive import Pair
from storage.box import SupervisorKey
from storage.engine import Store
from storage.tables import conversations, envelopes, held, holds, offers, texter_contacts, transcript
from storage.vault import SERVER, Envelope, Owner
from storage.work import Work
from tests.bot.test_unbuilt import config
from tests.handlers.cast import USUAL, ends, supervises
from tests.secrecy.rotation import HER_WORDS, Keys, now, opened, texter
from tests.secrecy.trial import Outcome, Place
from tests.storage.cast import writes

LEASE: Final = timedelta(seconds=0.3)
"""A trial does not wait two minutes for each of two hundred dead."""
EACH: Final = 6
"""Conversations of each kind in one round: open, ended, and ended with a texter who writes DELETE."""
AT_ONCE: Final = replace(USUAL, seal=timedelta(0), address=timedelta(0))
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.secrecy.sweeping"])


def broom(store: Store) -> Sweeper:
    holder = secrets.token_bytes(16)
    return Sweeper(store, opening.line(config()), AT_ONCE, now, holder, lease=LEASE)


async def sweeps(store: Store, deleters: list[int]) -> None:
    """Seals and forgets what has ended, and obeys these texters' DELETE."""
    line = opening.line(config())
    await broom(store).round()
    for number in deleters:
        await store.do(lambda work, number=number: deleting.everything(work, line, texter(number)))


def _sweeps(url: str, keyring: Path, root: bytes, pepper: bytes, deleters: list[int]) -> None:
    """A process that does so again and again, until it is killed."""

    async def for_ever() -> None:
        store = opened(url, keyring, root, pepper)
        while True:
            await sweeps(store, deleters)

    asyncio.run(for_ever())


class Round:
    """Some conversations of a trial, by what is to become of them."""

    def __init__(self, first: int) -> None:
        self.open = list(range(first, first + EACH))
        self.ended = list(range(first + EACH, first + 2 * EACH))
        self.deleters = list(range(first + 2 * EACH, first + 3 * EACH))
        self.ids: dict[int, ConversationId] = {}

    async def begin(self, store: Store) -> None:
        for number in (*self.open, *self.ended, *self.deleters):
            begun = writes if number in self.open else ends
            made = await store.do(
                lambda work, n=number, begun=begun: begun(work, texter(n), f"{HER_WORDS} {n}")
            )
            self.ids[number] = made.id

    def broken(self, work: Work, pairs: list[Pair], *, over: bool) -> int:
        """How many are not as they must be; `over`: after everything has been done."""
        return sum(not self._well(work, number, pairs, over=over) for number in self.ids)

    def _well(self, work: Work, number: int, pairs: list[Pair], *, over: bool) -> bool:
        made = work.conversations.get(self.ids[number])
        assert made is not None
        if made.state is State.ERASED:
            return number in self.deleters and not rows_of(work, made.id)
        if made.state is State.SEALED:
            return (
                number not in self.open
                and not (over and number in self.deleters)
                and sealed(work, made, pairs)
            )
        return (number in self.open or not over) and whole(work, made)


def whole(work: Work, made: Conversation) -> bool:
    """Whether the server reads it to the last word."""
    with suppress(SealBroken):
        return all(HER_WORDS in line.text.reveal() for line in work.transcript.read(made))
    return False


def sealed(work: Work, made: Conversation, pairs: list[Pair]) -> bool:
    """Whether each supervisor can open it, and the server cannot."""
    found = work._desk.conn.execute(select(envelopes).where(envelopes.c.owner_id == made.id)).all()
    if len(found) != len(pairs) or SERVER in {row.reader for row in found}:
        return False
    by_reader = {row.reader: Envelope(row.kid, row.wrapped, row.reader) for row in found}
    for pair, envelope in zip(
        sorted(pairs, key=_reader), (by_reader[r] for r in sorted(by_reader)), strict=True
    ):
        inner = work.vault.exported(envelope, Owner.CONVERSATION, made.id)
        archive.opened(pair, inner, Owner.CONVERSATION, made.id)
    lines = select(func.count()).select_from(transcript).where(transcript.c.conversation == made.id)
    return work._desk.conn.execute(lines).scalar_one() == made.sequence


def _reader(pair: Pair) -> str:
    return SupervisorKey(pair.public).reader


def rows_of(work: Work, one: ConversationId) -> int:
    """What is left of an erased conversation beside its bare row."""
    count = select(func.count())
    left = sum(
        work._desk.conn.execute(count.select_from(table).where(table.c.conversation == one)).scalar_one()
        for table in (transcript, texter_contacts, offers, held, holds)
    )
    keys = count.select_from(envelopes).where(envelopes.c.owner_id == one)
    bare = count.select_from(conversations).where(
        conversations.c.id == one, conversations.c.sealed.is_not(None) | conversations.c.texter.is_not(None)
    )
    return int(left + sum(work._desk.conn.execute(asked).scalar_one() for asked in (keys, bare)))


async def kills(place: Place, count: int = 200) -> AsyncIterator[Outcome]:
    """kill -9 at a random moment of sealing and erasing: nothing by halves, and a second run completes it."""
    chance = random.Random(place.seed)
    keys = Keys(place.folder)
    store = keys.open(place.url)
    pairs = [await store.do(lambda work, name=name: supervises(work, name)[1]) for name in ("Sam", "Toni")]
    for number in range(count):
        some = Round(3 * EACH * number)
        await some.begin(store)
        process = _FORKS.Process(
            target=_sweeps, args=(place.url, keys.file, keys.root, keys.pepper, some.deleters)
        )
        process.start()
        first = some.ids[some.ended[0]]
        async with asyncio.timeout(60):
            while await store.do(lambda work, one=first: state_of(work, one)) == State.CLOSED:
                if number % 2 or not process.is_alive():
                    break
                await asyncio.sleep(0.002)
        await asyncio.sleep(chance.uniform(0, 1.2 if number % 2 else 0.1))
        process.kill()
        await asyncio.to_thread(process.join, 60)
        halves = await store.do(lambda work, some=some: some.broken(work, pairs, over=False))
        yield Outcome(1, halves, "a conversation was neither whole nor sealed nor gone after a kill")
        await asyncio.sleep(LEASE.total_seconds())
        await sweeps(store, some.deleters)
        left = await store.do(lambda work, some=some: some.broken(work, pairs, over=True))
        yield Outcome(1, left, "a second run did not complete it")
    await store.close()


def state_of(work: Work, one: ConversationId) -> State:
    made = work.conversations.get(one)
    assert made is not None
    return made.state
