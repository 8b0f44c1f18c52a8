"""Who comes first when more comes in than can be stored at once: whom we know goes before whom we do not."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from bot.messages import Address, Inbound

AT_ONCE: Final = 7
"""Texts that are being stored at the same time. Fewer than the database's connections (storage/postgres), so that
sending and the clocks never wait for a flood; SQLite has one writer, before which the rest would only queue."""
REMEMBERED: Final = 8192
"""Addresses of each kind that are remembered, as numbers that say nothing; the longest silent are forgotten."""


@dataclass(slots=True)
class Turnstile:
    """One a process. Known is who has written before since the process began: two texts make a flooder known too, but
    not the thousand numbers that write once, and a talk that goes on does not stand behind them."""

    places: int = AT_ONCE
    _known: deque[asyncio.Future[None]] = field(default_factory=deque)
    _others: deque[asyncio.Future[None]] = field(default_factory=deque)
    _once: OrderedDict[int, None] = field(default_factory=OrderedDict)
    _again: OrderedDict[int, None] = field(default_factory=OrderedDict)

    @asynccontextmanager
    async def turn(self, inbounds: Sequence[Inbound]) -> AsyncIterator[None]:
        """Inside, these may be stored. A batch of a bot's is one call and never stands in line."""
        if len(inbounds) != 1:
            yield
            return
        await self._enter(known=self._knows(inbounds[0].sender))
        try:
            yield
        finally:
            self._leave()

    def _knows(self, sender: Address) -> bool:
        who = hash((sender.medium, sender.place))
        if who in self._again or who in self._once:
            self._once.pop(who, None)
            _remember(self._again, who)
            return True
        _remember(self._once, who)
        return False

    async def _enter(self, *, known: bool) -> None:
        if self.places > 0:
            self.places -= 1
            return
        line = self._known if known else self._others
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place was ours already
            else:
                with suppress(ValueError):
                    line.remove(turn)
            raise

    def _leave(self) -> None:
        """The place goes to the next who still waits."""
        for line in (self._known, self._others):
            while line:
                turn = line.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self.places += 1


def _remember(addresses: OrderedDict[int, None], who: int) -> None:
    addresses[who] = None
    addresses.move_to_end(who)
    if len(addresses) > REMEMBERED:
        addresses.popitem(last=False)
