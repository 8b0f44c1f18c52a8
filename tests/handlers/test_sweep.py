"""Time goes by: what has been kept long enough is sealed, forgotten or erased; never early, never skipped."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import opening
from bot.conversation import Offer, OfferState, State
from bot.errors import SealBroken
from bot.people import ConversationId
from handlers import deleting, holding
from storage.engine import Store, open_store
from storage.keyring import Keyring
from storage.vault import Vault
from storage.work import Work
from tests.bot.test_unbuilt import config
from tests.clock import FakeClock
from tests.handlers.cast import address, ends, supervises, sweeper
from tests.storage.cast import ALMA, KIT, ROBIN, by_hand, count, joins, to_texter, writes

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def state_of(store: Store, one: ConversationId) -> State | None:
    found = await store.do(lambda work: work.conversations.get(one))
    return None if found is None else found.state


async def two_supervisors(store: Store) -> None:
    await store.do(lambda work: (supervises(work, "Sam"), supervises(work, "Toni")))


async def test_a_sealed_conversation_lives_its_whole_life(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """Sealed after two hours, the address forgotten after a day, erased after thirty, struck off after a year."""
    await two_supervisors(store)
    made = await store.do(lambda work: ends(work, ROBIN))
    broom = sweeper(store, clock)
    await broom.round()
    clock.advance(hours=1, minutes=59)
    await broom.round()
    assert await state_of(store, made.id) is State.CLOSED

    clock.advance(minutes=2)
    await broom.round()
    assert await state_of(store, made.id) is State.SEALED
    assert count(database_url, "transcript") == 1
    readers = by_hand(database_url, "SELECT reader FROM envelopes WHERE owner = 'conversation'")
    assert len(readers) == 2
    assert ("server",) not in readers
    assert await store.do(lambda work: work.conversations.address(made)) == ROBIN

    clock.advance(hours=22)
    await broom.round()
    assert by_hand(database_url, "SELECT texter FROM conversations") == [(None,)]
    assert await store.do(lambda work: work.conversations.by_address(ROBIN)) is None
    with pytest.raises(SealBroken):
        await store.do(lambda work: work.conversations.address(made))
    hers = await store.do(lambda work: work.conversations.all(ROBIN))
    assert [one.id for one in hers] == [made.id]  # she can still have it erased

    clock.advance(days=28)
    await broom.round()
    assert await state_of(store, made.id) is State.SEALED
    clock.advance(days=1)
    await broom.round()
    assert await state_of(store, made.id) is State.ERASED
    for table in ("transcript", "texter_contacts"):
        assert count(database_url, table) == 0
    assert (
        by_hand(database_url, "SELECT owner FROM envelopes WHERE owner IN ('conversation', 'contact')") == []
    )

    clock.advance(days=334)
    await broom.round()
    assert count(database_url, "conversations") == 1
    clock.advance(days=2)
    await broom.round()
    assert count(database_url, "conversations") == count(database_url, "endings") == 0


async def test_without_two_keys_it_is_erased_after_a_day(store: Store, clock: FakeClock) -> None:
    """One key alone is not sealed to; a second that comes in time still is."""
    await store.do(lambda work: supervises(work, "Sam"))
    first = await store.do(lambda work: ends(work, ROBIN))
    broom = sweeper(store, clock)
    clock.advance(hours=23, minutes=58)
    await broom.round()
    assert await state_of(store, first.id) is State.CLOSED
    second = await store.do(lambda work: ends(work, KIT))
    clock.advance(minutes=3)
    await broom.round()
    assert await state_of(store, first.id) is State.ERASED

    clock.advance(hours=10)
    await broom.round()
    assert await state_of(store, second.id) is State.CLOSED
    await store.do(lambda work: supervises(work, "Toni"))
    await broom.round()
    assert await state_of(store, second.id) is State.SEALED


async def test_a_supervisor_who_has_left_is_not_sealed_to(store: Store, clock: FakeClock) -> None:
    """Of three keys two are left; of two one, and that is not enough."""
    sam, toni, _ = await store.do(lambda work: [supervises(work, name)[0] for name in ("Sam", "Toni", "Uma")])
    await store.do(lambda work: work.staff.remove(sam))
    first = await store.do(lambda work: ends(work, ROBIN))
    broom = sweeper(store, clock)
    clock.advance(hours=3)
    await broom.round()
    assert await state_of(store, first.id) is State.SEALED
    await store.do(lambda work: work.staff.remove(toni))
    second = await store.do(lambda work: ends(work, KIT))
    clock.advance(hours=3)
    await broom.round()
    assert await state_of(store, second.id) is State.CLOSED


async def test_nothing_at_all_is_kept_where_the_settings_say_so(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """Periods of nothing, and of 36 seconds: at once, and after 36 seconds, not after the full minute."""
    clock.advance(seconds=7)
    await two_supervisors(store)
    made = await store.do(lambda work: ends(work, ROBIN))
    broom = sweeper(store, clock, seal=timedelta(0), address=0.01 * HOUR, transcript=0.02 * HOUR)
    await broom.round()
    assert await state_of(store, made.id) is State.SEALED
    for seconds, left in ((35.5, True), (0.5, False)):
        clock.advance(seconds=seconds)
        assert await broom.due() is not left or left
        await broom.round()
        assert (by_hand(database_url, "SELECT texter FROM conversations") != [(None,)]) is left
    clock.advance(seconds=35.5)
    await broom.round()
    assert await state_of(store, made.id) is State.SEALED
    clock.advance(seconds=0.5)
    await broom.round()
    assert await state_of(store, made.id) is State.ERASED


async def test_what_is_still_to_be_sent_is_sent_first(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """The closing line and the counselor's notice lie under the key: they leave, but are not waited for for ever."""
    made = await store.do(lambda work: ends(work, ROBIN))
    await store.do(lambda work: work.outbox.add(to_texter(work, made, "goodbye")))
    broom = sweeper(store, clock, transcript=timedelta(0), address=timedelta(0))
    await broom.round()
    assert count(database_url, "outbox") == 1
    assert await state_of(store, made.id) is State.CLOSED
    clock.advance(minutes=14)
    await broom.round()
    assert await state_of(store, made.id) is State.CLOSED
    clock.advance(minutes=2)
    await broom.round()
    assert await state_of(store, made.id) is State.ERASED
    assert count(database_url, "outbox") == 0


async def test_whom_it_was_just_offered_to_is_not_guessed_about(store: Store, clock: FakeClock) -> None:
    """Her offer goes with the conversation; her next words without a code are asked about all the same."""

    def offered(work: Work) -> None:
        alma, contact = joins(work, "Alma", ALMA)
        made = writes(work, ROBIN, "hi")
        due_at = work.now + timedelta(seconds=90)
        work.offers.put(Offer(made.id, alma.id, contact.id, OfferState.OPEN, work.now, due_at))
        private = msgspec.structs.replace(made.private, closed_at=work.now)
        work.conversations.save(replace(made, state=State.CLOSED, private=private))

    await store.do(offered)
    await sweeper(store, clock, transcript=timedelta(0)).round()
    [alma] = await store.do(lambda work: work.staff.everyone())
    assert alma.unsettled


async def test_a_damaged_row_holds_up_nobody_and_goes_in_its_time(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """It cannot be sealed; its neighbour is, and both are erased."""
    await two_supervisors(store)
    broken = await store.do(lambda work: ends(work, ROBIN))
    whole = await store.do(lambda work: ends(work, KIT))
    wrecked = "UPDATE envelopes SET wrapped = :bits WHERE owner = 'conversation' AND owner_id = :of"
    by_hand(database_url, wrecked, bits=b"\x01" * 60, of=broken.id)
    broom = sweeper(store, clock)
    clock.advance(hours=3)
    await broom.round()
    assert await state_of(store, whole.id) is State.SEALED
    assert sorted(by_hand(database_url, "SELECT state FROM conversations")) == [("closed",), ("sealed",)]
    clock.advance(days=31)
    await broom.round()
    assert by_hand(database_url, "SELECT state FROM conversations") == [("erased",), ("erased",)]


async def test_a_damaged_line_key_keeps_nothing_from_being_erased(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """What the line remembers about itself, the trail and who holds what do not open: time goes on all the same."""
    made = await store.do(lambda work: ends(work, ROBIN))
    held = await store.do(lambda work: ends(work, KIT))
    sam, _ = await store.do(lambda work: supervises(work, "Sam"))
    until = clock.now + 5 * DAY
    await store.do(lambda work: holding.begin(work, held.id, until=until, by=sam, reason="court order"))
    broom = sweeper(store, clock)
    await broom.round()
    by_hand(database_url, "UPDATE envelopes SET wrapped = :bits WHERE owner = 'line'", bits=b"\x01" * 60)
    clock.advance(days=2)
    await broom.round()
    assert await state_of(store, made.id) is State.ERASED
    assert await state_of(store, held.id) is State.CLOSED
    await store.do(lambda work: deleting.everything(work, opening.line(config()), KIT))
    assert await state_of(store, held.id) is State.ERASED


async def test_one_that_fails_is_put_aside(store: Store, clock: FakeClock, database_url: str) -> None:
    """A row that no transaction gets past, here by a trigger: the sixty others are erased all the same."""
    made = [await store.do(lambda work, n=n: ends(work, address(n))) for n in range(61)]
    stuck = made[7].id.hex()
    if database_url.startswith("sqlite"):
        by_hand(
            database_url,
            f"CREATE TRIGGER stuck BEFORE UPDATE OF state ON conversations WHEN OLD.id = X'{stuck}' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
    else:
        by_hand(
            database_url,
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        )
        by_hand(
            database_url,
            "CREATE TRIGGER stuck BEFORE UPDATE OF state ON conversations FOR EACH ROW "
            f"WHEN (OLD.id = '\\x{stuck}') EXECUTE FUNCTION no()",
        )
    clock.advance(days=2)
    broom = sweeper(store, clock)
    await broom.round()
    states = by_hand(database_url, "SELECT state, count(*) FROM conversations GROUP BY state ORDER BY state")
    assert states == [("closed", 1), ("erased", 60)]
    assert not await broom.round()
    by_hand(database_url, "DROP TRIGGER stuck" + ("" if "sqlite" in database_url else " ON conversations"))
    clock.advance(hours=1)
    await broom.round()
    assert await state_of(store, made[7].id) is State.ERASED


async def test_changed_settings_count_at_once(store: Store, clock: FakeClock) -> None:
    """After a restart with shorter periods all is looked at again; with longer ones nothing is taken back."""
    made = await store.do(lambda work: ends(work, ROBIN))
    clock.advance(hours=5)
    await sweeper(store, clock).round()
    assert await state_of(store, made.id) is State.CLOSED
    await sweeper(store, clock, transcript=4 * HOUR).round()
    assert await state_of(store, made.id) is State.ERASED


async def test_what_ended_before_there_were_clocks_gets_one(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    """A line that is brought up to date erases what lies there already, a day later."""
    made = await store.do(lambda work: ends(work, ROBIN))
    by_hand(database_url, "DELETE FROM endings")
    clock.advance(hours=12)
    broom = sweeper(store, clock)
    await broom.round()
    assert await state_of(store, made.id) is State.CLOSED
    clock.advance(hours=13)
    await broom.round()
    assert await state_of(store, made.id) is State.ERASED


async def test_an_end_in_the_clear_is_rounded_up(store: Store, clock: FakeClock, database_url: str) -> None:
    """To the minute, and never down: nothing goes early."""
    clock.advance(seconds=1)
    await store.do(lambda work: ends(work, ROBIN))
    [(at,)] = by_hand(database_url, "SELECT at FROM endings")
    assert isinstance(at, int)
    assert at == (clock.now.replace(second=0) + timedelta(minutes=1)).timestamp() * 1_000_000


async def test_two_processes_do_it_once(store: Store, clock: FakeClock, database_url: str) -> None:
    """Whoever comes while the other is at it goes away again; both together do everything once."""
    for n in range(70):
        await store.do(lambda work, n=n: ends(work, address(n)))
    clock.advance(days=2)
    done = await asyncio.gather(*(sweeper(store, clock).round() for _ in range(4)))
    assert sum(done) == 70
    assert by_hand(database_url, "SELECT DISTINCT state FROM conversations") == [("erased",)]


# ── Clocks that jump ──


@dataclass
class _Told:
    """One conversation as the property expects it. `end`: when it ended, by the clock of then; never in the future."""

    id: ConversationId
    end: datetime
    erased: bool = False
    sealed: bool = False
    forgotten: bool = False


@dataclass
class _World:
    store: Store
    clock: FakeClock
    told: list[_Told] = field(default_factory=list)
    keys: int = 0

    async def swept(self, periods: dict[str, timedelta], *, again: bool) -> None:
        if again:
            self.broom = sweeper(self.store, self.clock, **periods)
        await self.broom.round()
        kept = self.broom.keeping
        for one in self.told:
            one.end = min(one.end, self.clock.now)
            found = await self.store.do(lambda work, one=one: work.conversations.get(one.id))
            assert found is not None
            state = found.state
            age = self.clock.now - one.end
            slack = timedelta(0) if kept.hasty and not one.sealed else timedelta(minutes=1)
            longest = kept.transcript if self.keys >= 2 or one.sealed else min(kept.transcript, DAY)
            if state is State.ERASED and not one.erased:
                assert age >= longest, "erased early"
            if state is State.SEALED and not one.sealed:
                assert age >= kept.seal, "sealed early"
            if found.texter is None and not one.forgotten:
                assert age >= min(kept.address, longest), "forgotten early"
            one.forgotten |= found.texter is None
            assert one.forgotten or age < kept.address + slack, "not forgotten"
            one.erased |= state is State.ERASED
            one.sealed |= state is State.SEALED
            assert one.erased or age < longest + slack, "not erased"
            assert one.erased or one.sealed or self.keys < 2 or age < kept.seal + slack, "not sealed"


EXAMPLES = int(os.environ.get("GREENROOM_EXAMPLES", "10"))
"""Of lives on a real database; more by hand."""
PERIODS = st.fixed_dictionaries(
    {
        "seal": st.sampled_from([timedelta(0), 0.01 * HOUR, 2 * HOUR, DAY]),
        "transcript": st.sampled_from([timedelta(0), 0.02 * HOUR, 5 * HOUR, 30 * DAY]),
        "address": st.sampled_from([timedelta(0), HOUR, DAY, 7 * DAY]),
    }
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("close")),
        st.tuples(st.just("key")),
        st.tuples(st.just("goes"), st.floats(min_value=0.001, max_value=10**6)),
        st.tuples(st.just("back"), st.floats(min_value=0.001, max_value=10**5)),
        st.tuples(st.just("restart"), PERIODS),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(periods=PERIODS, steps=STEPS)
def test_never_early_and_never_skipped(
    migrated_file: Path, periods: dict[str, timedelta], steps: list[tuple]
) -> None:
    """Whatever the clock, the settings and the process do: each act falls between its due time and the next round."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "greenroom.db"
        shutil.copy(migrated_file, path)
        root = secrets.token_bytes(32)
        keys = Keyring.create(Path(folder) / "keyring", root)
        vault = Vault(roots=(root,), peppers=(secrets.token_bytes(32),), keyring=keys)
        clock = FakeClock()
        asyncio.run(
            _lives(_World(open_store(f"sqlite:///{path}", vault, clock=clock), clock), periods, steps)
        )


async def _lives(world: _World, periods: dict[str, timedelta], steps: list[tuple]) -> None:
    await world.swept(periods, again=True)
    for step in steps:
        again = step[0] == "restart"
        if again:
            periods = step[1]
        elif step[0] == "close":
            where = address(len(world.told))
            made = await world.store.do(lambda work, where=where: ends(work, where))
            world.told.append(_Told(made.id, world.clock.now))
        elif step[0] == "key":
            world.keys += 1
            name = f"Sam {world.keys}"
            await world.store.do(lambda work, name=name: supervises(work, name))
        else:
            world.clock.advance(seconds=step[1] if step[0] == "goes" else -step[1])
        await world.swept(periods, again=again)
    await world.store.close()
