"""Whom we know does not stand behind whom we do not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.messages import Address, Inbound, Kind, Side
from bot.people import Medium
from bot.redact import Secret
from handlers.turnstile import Turnstile


def text(place: str) -> list[Inbound]:
    sender = Address(Medium.SMS, Secret(place), "+12025550100")
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return [Inbound(Medium.SMS, Side.TEXTER, sender, Secret("SM"), Kind.TEXT, Secret("hello"), at)]


async def test_who_has_written_before_goes_before_a_flood_of_strangers() -> None:
    """Robin's second text overtakes a hundred numbers that write for the first time."""
    turnstile, order = Turnstile(places=1), list[str]()
    gate = asyncio.Event()

    async def writes(place: str) -> None:
        async with turnstile.turn(text(place)):
            await gate.wait()
            order.append(place)

    robin = asyncio.create_task(writes("robin"))
    await asyncio.sleep(0)
    strangers = [asyncio.create_task(writes(f"stranger {n}")) for n in range(100)]
    await asyncio.sleep(0)
    again = asyncio.create_task(writes("robin"))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(robin, again, *strangers)

    assert order[:2] == ["robin", "robin"]
    assert order[2:] == [f"stranger {n}" for n in range(100)]


async def test_who_hangs_up_while_waiting_takes_no_place_along() -> None:
    """Before her turn and at the very moment of it; then others still get in."""
    turnstile = Turnstile(places=1)
    inside, leave = asyncio.Event(), asyncio.Event()

    async def stays() -> None:
        async with turnstile.turn(text("robin")):
            inside.set()
            await leave.wait()

    async def comes(place: str) -> None:
        async with turnstile.turn(text(place)):
            pass

    first = asyncio.create_task(stays())
    await inside.wait()
    early, late = (asyncio.create_task(comes(place)) for place in ("early", "late"))
    await asyncio.sleep(0)
    early.cancel()
    leave.set()
    await first
    late.cancel()  # its place has just been given to it
    await asyncio.gather(early, late, return_exceptions=True)
    async with asyncio.timeout(1):
        await comes("kit")
    assert turnstile.places == 1
