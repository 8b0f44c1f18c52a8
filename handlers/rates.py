"""How fast each sender and each chat may be used: token buckets in memory, filled by the clock that is passed in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from bot.people import ContactId, Medium

Sender = tuple[Medium, str]
"""A medium and one of our numbers or bots."""

BOT_RATE = 30.0
"""Messages a second for one bot (Bot API FAQ, "My bot is hitting limits")."""
CHATS_REMEMBERED = 4096
"""A chat that has been silent longer than its own second need not be remembered; the oldest are dropped."""


@dataclass(slots=True)
class Bucket:
    """Lets `rate` messages a second through, evenly; bursts of a twentieth of a second's worth."""

    rate: float
    tokens: float = 1.0
    filled_at: float = 0.0

    def ready(self, now: float) -> int:
        """How many may leave now; `now` in seconds of a monotonic clock."""
        room = max(1.0, self.rate / 20)
        self.tokens = min(room, self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now
        return int(self.tokens + 1e-9)

    def use(self, count: int) -> None:
        self.tokens -= count

    def wait(self) -> float:
        """Seconds until the next one may leave."""
        return max(0.0, (1 - self.tokens) / self.rate)


class Rates:
    """The buckets of one process. `senders`: messages a second for each; `chat`: seconds between two to one chat."""

    def __init__(self, senders: Mapping[Sender, float], chat: Mapping[Medium, float]) -> None:
        self._senders = {sender: Bucket(rate) for sender, rate in senders.items()}
        self._pause = dict(chat)
        self._chats: OrderedDict[ContactId, tuple[float, float]] = OrderedDict()

    def ready(self, now: float) -> dict[Sender, int]:
        return {sender: count for sender, bucket in self._senders.items() if (count := bucket.ready(now)) > 0}

    def use(self, sender: Sender, count: int = 1) -> None:
        if sender in self._senders:
            self._senders[sender].use(count)

    def wait(self) -> float:
        """Seconds until some sender that is used up may send again; infinite if none is."""
        return min((b.wait() for b in self._senders.values() if b.tokens < 1), default=float("inf"))

    def chat_wait(self, medium: Medium, chat: ContactId, now: float, *, offer: bool = False) -> float:
        """Seconds that this chat must rest; 0 books it. Offers rest twice as long between each other, so that whoever
        talks in the chat has every second place while a hundred of them wait."""
        pause = self._pause.get(medium, 0.0)
        if not pause:
            return 0.0
        free, last_offer = self._chats.get(chat, (0.0, -pause * 2))
        free = max(free, last_offer + pause * 2) if offer else free
        if free > now:
            return free - now
        self._chats[chat] = (now + pause, now if offer else last_offer)
        self._chats.move_to_end(chat)
        if len(self._chats) > CHATS_REMEMBERED:
            self._chats.popitem(last=False)
        return 0.0


def chat_rests() -> dict[Medium, float]:
    """Seconds between two messages to one chat: about one a second (Bot API FAQ, the same place)."""
    return {Medium.TELEGRAM: 1.0}
