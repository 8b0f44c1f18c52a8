"""Links to calendars, as they are kept: a label and a seal; on both databases."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from bot.feeds import Event, Handed, Stretch, Whose
from bot.people import StaffId
from storage.engine import Store, open_store
from storage.vault import Vault
from tests.clock import FakeClock
from tests.storage.cast import ALMA, BO, by_hand, count, joins

FRIDAY = datetime(2026, 3, 6, 21, tzinfo=UTC)
EVERYBODY = Whose(None, "on call")


def told(staff: StaffId) -> Handed:
    stretch = Stretch("on call", staff, FRIDAY, FRIDAY + timedelta(hours=8))
    return Handed((Event(stretch, 0, FRIDAY), Event(stretch, 3, FRIDAY, cancelled=True, title=b"Alma")), 4)


async def test_a_link_leads_to_one_calendar_until_it_ends(store: Store, database_url: str) -> None:
    """The next one of the same calendar ends it; another calendar's does not."""
    alma, _ = await store.do(lambda work: joins(work, "Alma", ALMA))
    hers = Whose(alma.id, None)
    first = await store.do(lambda work: work.feeds.add(hers))
    alls = await store.do(lambda work: work.feeds.add(EVERYBODY))
    second = await store.do(lambda work: work.feeds.add(hers))

    assert await store.do(lambda work: work.feeds.find(first)) is None
    found = [await store.do(lambda work, one=one: work.feeds.find(one)) for one in (second, alls)]
    assert [feed and feed.whose for feed in found] == [hers, EVERYBODY]
    assert await store.do(lambda work: work.feeds.end(Whose(None, "backup"))) == 0
    assert await store.do(lambda work: work.feeds.end(EVERYBODY)) == 1
    await store.do(lambda work: work.staff.remove(alma.id))
    assert count(database_url, "feeds") == 0


async def test_a_link_that_has_ended_does_not_come_back_with_a_backup(store: Store, clock: FakeClock) -> None:
    """Its id is remembered beside those of what was erased, and a restore ends it once more."""
    alma, _ = await store.do(lambda work: joins(work, "Alma", ALMA))
    for whose in (Whose(alma.id, None), EVERYBODY):
        token = await store.do(lambda work, whose=whose: work.feeds.add(whose))
        feed = await store.do(lambda work, token=token: work.feeds.find(token))
        assert feed is not None
        await store.do(lambda work, whose=whose: work.feeds.end(whose))
        today = await store.do(lambda work: work.rotation.erasures())
        assert feed.id in today
        kept = await store.do(lambda work, whose=whose: work.feeds.add(whose))
        back = await store.do(lambda work, kept=kept: work.feeds.find(kept))
        assert back is not None
        await store.do(lambda work, back=back: work.replay.erase_again({back.id: 20_000}))
        assert await store.do(lambda work, kept=kept: work.feeds.find(kept)) is None


async def test_what_was_handed_out_is_remembered_once(store: Store) -> None:
    """Of two processes at the same moment one writes it down, the other looks again."""
    token = await store.do(lambda work: work.feeds.add(EVERYBODY))
    feed = await store.do(lambda work: work.feeds.find(token))
    assert feed is not None
    assert (feed.looked, feed.handed) == (None, Handed())
    events = told(StaffId(7))
    mark = await store.do(lambda work: work.feeds.remember(feed, events, FRIDAY))
    assert await store.do(lambda work: work.feeds.remember(feed, Handed(), FRIDAY)) is None
    again = await store.do(lambda work: work.feeds.find(token))
    assert again is not None
    assert (again.mark, again.looked, again.handed) == (mark, FRIDAY, events)


async def test_a_label_put_on_another_row_leads_nowhere(store: Store, database_url: str) -> None:
    """Whoever can write into the database does not see Alma's calendar by Bo's link; the trail tells of it."""
    alma, bo = [(await store.do(lambda work, a=a: joins(work, *a)))[0] for a in (("Alma", ALMA), ("Bo", BO))]
    hers, his = [await store.do(lambda work, o=o: work.feeds.add(Whose(o.id, None))) for o in (alma, bo)]
    rows = await store.do(lambda work: {feed.whose.staff: feed.id.hex() for feed in work.feeds.all()})
    labels = await store.do(lambda work: work.feeds._labels(his.reveal())[0].hex())
    shape = "'\\x{}'" if database_url.startswith("postgresql") else "x'{}'"
    for of, to in ((rows[bo.id], "00" * 32), (rows[alma.id], labels)):
        by_hand(database_url, f"UPDATE feeds SET label = {shape.format(to)} WHERE id = {shape.format(of)}")
    assert await store.do(lambda work: work.feeds.find(his)) is None
    assert await store.do(lambda work: work.feeds.find(hers)) is None
    noted = await store.do(lambda work: [one.what for one in work.audit.entries()])
    assert noted.count("a row did not open") == 1


async def test_a_link_outlives_a_new_pepper(
    store: Store, vault: Vault, database_url: str, clock: FakeClock
) -> None:
    """Fetched once while the previous one is there, it is found without it afterwards."""
    token = await store.do(lambda work: work.feeds.add(EVERYBODY))
    new = secrets.token_bytes(32)
    old = vault._peppers[0]
    for peppers in ((new, old), (new,)):
        changed = Vault(roots=(secrets.token_bytes(32),), peppers=peppers, keyring=vault.keyring)
        beside = open_store(database_url, changed, clock=clock)
        assert await beside.do(lambda work: work.feeds.find(token)) is not None
        await beside.close()
    assert await store.do(lambda work: work.feeds.find(token)) is None
