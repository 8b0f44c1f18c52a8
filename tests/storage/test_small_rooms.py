"""What is seen, opted out, rated, offset, and what the line knows of itself; on both databases."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import SealBroken
from bot.messages import Address
from bot.people import Medium
from bot.redact import Secret
from storage.engine import Store
from tests.clock import FakeClock
from tests.storage.cast import KIT, LINE, ROBIN, by_hand, count


async def test_of_fifty_equal_messages_one_is_the_first(store: Store, database_url: str) -> None:
    """A carrier may repeat itself as often as it likes, also all at once."""
    sid = Secret("SM0123456789abcdef0123456789abcdef")
    firsts = await asyncio.gather(
        *(store.do(lambda work: work.seen.first(Medium.SMS, LINE, sid)) for _ in range(50))
    )
    assert sorted(firsts) == [False] * 49 + [True]
    assert await store.do(lambda work: work.seen.first(Medium.SMS, LINE + "1", sid))
    assert await store.do(lambda work: work.seen.first(Medium.TELEGRAM, LINE, sid))
    assert count(database_url, "seen") == 3


async def test_a_message_is_not_seen_when_its_thought_fails(store: Store) -> None:
    """What was rolled back comes again, and is the first then."""

    def fails(work: object) -> None:
        work.seen.first(Medium.SMS, LINE, Secret("SM1"))  # type: ignore[attr-defined]
        raise KeyError

    with pytest.raises(KeyError):
        await store.do(fails)
    assert await store.do(lambda work: work.seen.first(Medium.SMS, LINE, Secret("SM1")))


async def test_an_opt_out_holds_for_all_our_numbers(store: Store) -> None:
    """STOP to one of our numbers is STOP to all, until START."""
    other = Address(ROBIN.medium, ROBIN.place, "+12025550101")
    await store.do(lambda work: work.optouts.add(ROBIN))
    await store.do(lambda work: work.optouts.add(ROBIN))
    assert await store.do(lambda work: work.optouts.has(other))
    assert not await store.do(lambda work: work.optouts.has(KIT))
    assert await store.do(lambda work: work.optouts.remove(other))
    assert not await store.do(lambda work: work.optouts.remove(ROBIN))
    assert not await store.do(lambda work: work.optouts.has(ROBIN))


async def test_once_a_day_is_once_a_utc_day(store: Store, clock: FakeClock) -> None:
    """Each purpose and address counts for itself, and midnight (UTC) begins anew."""
    answers = [
        await store.do(lambda work, p=purpose, a=address: work.rates.first_today(p, a))
        for purpose, address in [("help", ROBIN), ("help", ROBIN), ("held", ROBIN), ("help", KIT)]
    ]
    assert answers == [True, False, True, True]
    clock.advance(hours=11, minutes=59)
    assert not await store.do(lambda work: work.rates.first_today("help", ROBIN))
    clock.advance(minutes=1)
    assert await store.do(lambda work: work.rates.first_today("help", ROBIN))


async def test_an_offset_never_goes_backwards(store: Store) -> None:
    """A late writer repeats no update."""
    assert await store.do(lambda work: work.offsets.get("staff")) is None
    for offset in (5, 9_000_000_000, 7):
        await store.do(lambda work, offset=offset: work.offsets.set("staff", offset))
    assert await store.do(lambda work: work.offsets.get("staff")) == 9_000_000_000
    assert await store.do(lambda work: work.offsets.get("texters")) is None


async def test_the_line_remembers_sealed_values(store: Store, database_url: str) -> None:
    """A bot's name comes back, also after it changed; under another name it does not open."""
    assert await store.do(lambda work: work.line.get("staff bot")) is None
    for name in ("GreenroomStaffBot", "OtherBot"):
        await store.do(lambda work, name=name: work.line.set("staff bot", name))
    assert await store.do(lambda work: work.line.get("staff bot")) == "OtherBot"
    by_hand(database_url, "UPDATE line SET name = 'texters bot'")
    with pytest.raises(SealBroken):
        await store.do(lambda work: work.line.get("texters bot"))


async def test_every_rota_is_kept_and_the_newest_counts(store: Store, database_url: str) -> None:
    """Saving appends; two who save at once both get a version."""
    assert await store.do(lambda work: (work.rota.version(), work.rota.current())) == (0, None)
    versions = await asyncio.gather(
        *(store.do(lambda work, n=n: work.rota.save(b"rota %d" % n, by="Sam")) for n in range(3))
    )
    assert sorted(versions) == [1, 2, 3]
    newest = b"rota %d" % versions.index(3)
    assert await store.do(lambda work: work.rota.current()) == newest
    assert count(database_url, "rotas") == 3
    by_hand(
        database_url,
        "UPDATE rotas SET sealed = (SELECT sealed FROM rotas WHERE version = 1) WHERE version = 3",
    )
    with pytest.raises(SealBroken):
        await store.do(lambda work: work.rota.current())
