"""What a phone shows: an ordered screen of messages, and waiting for one to appear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

PATIENCE = 30.0
"""Seconds that `shows` waits unless told otherwise: enough for a slow machine, bearable when a test fails."""


@dataclass(frozen=True, slots=True)
class Key:
    """A button under a message: what is written on it, and what pressing it sends."""

    label: str
    data: str


@dataclass(slots=True, eq=False)
class Shown:
    """One message on a phone. `id` is the carrier's; `sender` a number, a bot's name, or "me".

    `reactions` are the other side's marks on an own message. `status` of an own SMS: "sent", or "failed" when the
    line did not take it at the first try. `protected`: the app does not forward or save it. `seen`: a test has
    looked at it.
    """

    id: str
    text: str
    at: datetime
    sender: str
    chat: str
    buttons: tuple[Key, ...] = ()
    reply_to: str | None = None
    protected: bool = False
    deleted: bool = False
    edited: bool = False
    reactions: tuple[str, ...] = ()
    status: str = ""
    kind: str = "text"
    preview: bool = False
    seen: bool = False

    def __str__(self) -> str:
        notes = [note for note, holds in (("deleted", self.deleted), ("edited", self.edited)) if holds]
        notes += [f"[{key.label}]" for key in self.buttons] + list(self.reactions)
        return f"{self.at:%H:%M:%S} {self.sender}: {self.text!r}{' ' if notes else ''}{' '.join(notes)}"


Wanted = str | Callable[[Shown], bool]


class Screen:
    """A phone's face: `screen` is what it received, `sent` what its owner wrote, both oldest first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.screen: list[Shown] = []
        self.sent: list[Shown] = []
        self._news = asyncio.Event()
        self._watchers: list[Callable[[], None]] = []
        self._before: list[Callable[[], None]] = []

    @property
    def silent(self) -> bool:
        """Nothing has come that `shows` or `look` has not dealt with."""
        return all(message.seen for message in self.screen)

    @property
    def last(self) -> Shown:
        """The newest message received. Raises IndexError on an empty screen."""
        return self.screen[-1]

    @property
    def texts(self) -> list[str]:
        """The received texts that are still there, oldest first."""
        return [message.text for message in self.screen if not message.deleted]

    def look(self) -> list[Shown]:
        """The messages not yet seen; from now on they are."""
        fresh = [message for message in self.screen if not message.seen]
        for message in fresh:
            message.seen = True
        return fresh

    async def shows(self, wanted: Wanted, *, within: float | None = PATIENCE) -> Shown:
        """Waits for the first message not yet seen that contains `wanted` (or satisfies it); then it is seen.

        Raises AssertionError with the whole screen when none came.
        """
        found: list[Shown] = []

        def there() -> bool:
            found.extend(m for m in self.screen if not m.seen and not m.deleted and _fits(m, wanted))
            return bool(found)

        await self.until(
            there, within=within, what=repr(wanted) if isinstance(wanted, str) else "that message"
        )
        found[0].seen = True
        return found[0]

    async def until(
        self, holds: Callable[[], bool], *, within: float | None = PATIENCE, what: str = "that"
    ) -> None:
        """Waits until something about this phone holds: a reaction, a deletion … None: for ever."""
        try:
            async with asyncio.timeout(within):
                while not holds():
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} never showed {what}; the screen:\n{self.face()}") from None

    async def marked(self, message: Shown, mark: str, *, within: float = PATIENCE) -> None:
        """Waits until an own message carries the reaction."""
        await self.until(lambda: mark in message.reactions, within=within, what=f"{mark} on {message.text!r}")

    def face(self) -> str:
        """The screen as lines, own messages among the received ones."""
        lines = sorted([*self.screen, *self.sent], key=lambda message: message.at)
        return "\n".join(f"  {message}" for message in lines) or "  (empty)"

    def changed(self) -> None:
        """Tells everybody who waits to look again."""
        news, self._news = self._news, asyncio.Event()
        news.set()
        for watcher in self._watchers:
            watcher()

    def acts(self) -> None:
        """Tells everybody who wants to know it first: its owner sends or presses something now."""
        for watcher in self._before:
            watcher()

    def on_act(self, watcher: Callable[[], None]) -> None:
        """From now on calls the watcher before anything that its owner sends has left the phone."""
        self._before.append(watcher)

    def on_change(self, watcher: Callable[[], None]) -> None:
        """From now on calls the watcher after each change."""
        self._watchers.append(watcher)


def _fits(message: Shown, wanted: Wanted) -> bool:
    return wanted in message.text if isinstance(wanted, str) else wanted(message)
