"""DELETE against what happens in the same instant, and under keys of yesterday."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot import opening
from bot.conversation import State
from bot.people import ConversationId
from bot.redact import Secret
from handlers import deleting
from storage.engine import Store, open_store
from storage.keyring import Keyring
from storage.vault import Vault
from storage.work import Work
from tests.bot.test_unbuilt import config
from tests.clock import FakeClock
from tests.handlers.cast import ends, supervises
from tests.storage.cast import ALMA, ROBIN, by_hand, count, joins, writes

LINE = opening.line(config())


def deletes(work: Work) -> None:
    deleting.everything(work, LINE, ROBIN)


async def test_a_changed_pepper_hides_nothing_from_delete(
    database_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    """What was written under the pepper of yesterday is found by its label, also after the route has moved on."""
    root, old, new = (secrets.token_bytes(32) for _ in range(3))
    keyring = Keyring.create(tmp_path / "keyring", root)
    for peppers, many in (((old,), 2), ((new, old), 1)):
        vault = Vault(roots=(root,), peppers=peppers, keyring=keyring)
        store = open_store(database_url, vault, clock=clock)
        for _ in range(many):
            await store.do(lambda work: ends(work, ROBIN))
            clock.advance(minutes=1)
        if len(peppers) == 2:
            await store.do(deletes)
        await store.close()
    assert by_hand(database_url, "SELECT state, count(*) FROM conversations GROUP BY state") == [
        ("erased", 3)
    ]
    assert count(database_url, "transcript") == count(database_url, "texter_contacts") == 0


async def test_what_is_put_down_about_her_in_that_instant_goes_too(store: Store, database_url: str) -> None:
    """Alma's words are being held for Robin's conversation, not committed yet: DELETE waits, and takes them."""

    def begins(work: Work) -> ConversationId:
        alma, contact = joins(work, "Alma", ALMA)
        made = writes(work, ROBIN, "hi")
        talking = replace(
            made, state=State.TALKING, counselor=alma.id, counselor_contact=contact.id, due_at=None
        )
        return work.conversations.save(talking).id

    one = await store.do(begins)
    ready = threading.Event()

    def holds(work: Work) -> None:
        made = work.conversations.get(one)
        assert made is not None
        assert made.counselor is not None
        assert made.counselor_contact is not None
        work.conversations.stay([made])
        ready.set()
        time.sleep(0.3)
        work.held.put(
            made.counselor,
            made.counselor_contact,
            Secret("are you safe from him?"),
            why="late",
            conversation=made.id,
            message=None,
            due_at=work.now + timedelta(minutes=10),
        )

    async def erases() -> None:
        await asyncio.to_thread(ready.wait, 10)
        await asyncio.to_thread(store.do_now, deletes)

    await asyncio.gather(asyncio.to_thread(store.do_now, holds), erases())
    assert count(database_url, "held") == 0
    assert by_hand(database_url, "SELECT state FROM conversations") == [("erased",)]


async def test_delete_against_sealing(store: Store, clock: FakeClock, database_url: str) -> None:
    """Whoever is first: in the end it is erased, and no supervisor's envelope is left."""
    halves = await store.do(
        lambda work: (supervises(work, "Sam"), supervises(work, "Toni"), work.archive_keys.active())[2]
    )
    for number in range(5):
        made = await store.do(lambda work: ends(work, ROBIN))

        def seals(work: Work, one: ConversationId = made.id) -> None:
            found = work.conversations.get(one)
            if found is not None and found.state is State.CLOSED:
                work.conversations.seal(found, halves)

        both = [store.do(seals), store.do(deletes)]
        await asyncio.gather(*(both if number % 2 else reversed(both)))
        clock.advance(minutes=1)
    assert by_hand(database_url, "SELECT DISTINCT state FROM conversations") == [("erased",)]
    assert by_hand(database_url, "SELECT count(*) FROM envelopes WHERE owner = 'conversation'") == [(0,)]
    assert count(database_url, "transcript") == 0
