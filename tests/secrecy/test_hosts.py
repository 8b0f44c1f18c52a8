"""Several hosts on PostgreSQL, each with a keyring file of its own: a new key comes to all, and to nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.errors import UnknownEpoch
from handlers.rotation import Rotator, silent
from storage.engine import Store
from storage.keyring import Keyring
from storage.parcels import Host, Mailbox, sealed
from tests.secrecy.rotation import Keys, on_old_keys, opened, readable, rotated, until, written
from tests.secrecy.trial import Place
from tests.storage.cast import by_hand

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@asynccontextmanager
async def serving(*stores: Store) -> AsyncIterator[None]:
    """These processes look after their keys, as `greenroom run` does."""
    tasks = [asyncio.create_task(Rotator(store, serving=True).keep()) for store in stores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_new_key_comes_to_the_other_host(place: Place) -> None:
    """It has the key before anybody wraps under it, writes under it afterwards, and forgets the old one."""
    here = Keys(place.folder)
    there = here.copied("there")
    store, far = here.open(place.url), there.open(place.url)
    await written(store, 5)
    async with serving(store, far):
        assert await until(lambda: _heard(store, 2))
        await rotated(store)
        await written(far, 5, first=5)

        async def same() -> bool:
            return Keyring.load(there.file, (there.root,)).kids() == store.keyring.kids()

        assert await until(same)
    assert await far.do(readable) == await store.do(readable) == 10
    assert await on_old_keys(far, there) == 0
    assert by_hand(place.url, "SELECT count(*) FROM parcels") == [(0,)]
    for one in (store, far):
        await one.close()


async def test_a_process_that_slept_through_three_rotations_goes_on(place: Place) -> None:
    """Stopped and continued, or a command that was opened before: its next thought asks for the key, and is served."""
    here = Keys(place.folder)
    there = here.copied("there")
    store, far = here.open(place.url), there.open(place.url)
    await written(store, 5)
    for _ in range(3):
        await rotated(store)
    async with serving(store):
        assert await until(lambda: _heard(store, 1))
        await written(far, 1, first=5)
        command = await asyncio.to_thread(there.open, place.url)
    assert await far.do(readable) == await command.do(readable) == 6
    assert await on_old_keys(store, here) == 0
    for one in (store, far, command):
        await one.close()


async def test_a_host_that_is_switched_off_is_named(place: Place) -> None:
    """Its keyring file has the old key until somebody opens the line there; processes come and go on the others."""
    here = Keys(place.folder)
    there = here.copied("there")
    store, far = here.open(place.url), there.open(place.url)
    old = far.keyring.active
    away = Rotator(far, serving=True)
    await away.look()
    await away.leave()
    await far.close()
    assert await store.do(silent) == ()
    by_hand(place.url, "UPDATE hosts SET heard_at = heard_at / 2")
    await rotated(store)
    assert old not in store.keyring.kids()
    assert old in Keyring.load(there.file, (there.root,)).kids()
    assert len(await store.do(silent)) == 1

    async with serving(store):
        assert await until(lambda: _heard(store, 1))
        again = await asyncio.to_thread(there.open, place.url)
        assert old not in Keyring.load(there.file, (there.root,)).kids()
        assert await store.do(silent) == ()
    for one in (store, again):
        await one.close()


async def test_nobody_waits_for_keys_that_nobody_can_send(place: Place) -> None:
    """An old keyring on a line where nobody serves is refused at once."""
    here = Keys(place.folder)
    there = here.copied("there")
    store = here.open(place.url)
    await rotated(store)
    async with asyncio.timeout(5):
        with pytest.raises(UnknownEpoch):
            await asyncio.to_thread(there.open, place.url)
    await store.close()


async def test_who_lacks_the_root_key_is_sent_nothing_and_slips_in_nothing(place: Place) -> None:
    """Charlie has the database: the host that he writes into it gets no key, and a key of his is not taken."""
    here = Keys(place.folder)
    charlie = Keyring.create(place.folder / "charlie", b"c" * 32)
    store = here.open(place.url)
    his = Mailbox(charlie)
    await store.do(lambda work: work.hosts.publish(his.host))
    rotator = Rotator(store, serving=True)
    await rotator.look()
    await rotator.look()
    assert by_hand(place.url, "SELECT count(*) FROM parcels") == [(0,)]
    assert store.courier.rejected == 1

    ours = await store.do(lambda work: work.hosts.others(b""))
    kid = charlie.add_epoch(store.keyring.kids())
    by_hand(place.url, "INSERT INTO epochs (kid) VALUES (:kid)", kid=kid)
    for host in ours:
        parcel = sealed(charlie, Host(host.id, host.public, charlie.proof(b"host", b"")), kid)
        assert parcel is None
        made = Mailbox(charlie)
        forged = sealed(charlie, made.host, kid)
        assert forged is not None
        by_hand(
            place.url,
            "INSERT INTO parcels (host, kid, sealed) VALUES (:host, :kid, :made)",
            host=host.id,
            kid=kid,
            made=forged,
        )
    await rotator.look()
    assert kid not in store.keyring.kids()
    assert store.courier.rejected > 1
    await store.close()


async def test_a_host_with_the_previous_root_is_understood(place: Place) -> None:
    """While the root key is being changed, host by host."""
    here = Keys(place.folder)
    store = here.open(place.url)
    new_root = b"n" * 32
    (place.folder / "other").mkdir()
    keyring = place.folder / "other" / "keyring"
    keyring.write_bytes(here.file.read_bytes())
    keyring.chmod(0o600)
    other = Keyring.load(keyring, (new_root, here.root))
    other.save()
    assert sealed(other, Mailbox(store.keyring).host, other.active) is not None
    again = opened(place.url, keyring, new_root, here.pepper)
    await again.close()
    await store.close()


async def _heard(store: Store, number: int) -> bool:
    return len(await store.do(lambda work: work.hosts.others(b""))) >= number
