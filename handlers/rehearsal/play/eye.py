"""Watches every phone, and tells what has become new on it: each message once, each mark when it changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handlers.rehearsal.play.events import Event, Mark, Marked, Message
from handlers.rehearsal.play.marks import Phone, mark_of
from handlers.rehearsal.screens import Shown
from handlers.rehearsal.town import Town

JOINED = re.compile(r"^/start \S+$")
"""What a link that works once makes the app send: a token, which is nobody's to see."""


@dataclass(slots=True)
class _Known:
    """What has been told of a message: its number, its mark and its buttons."""

    bubble: int
    mark: Mark
    buttons: tuple[str, ...]


class Eye:
    """`tell` hears of everything in the order in which it happened."""

    def __init__(self, phones: Mapping[str, Phone], town: Town, tell: Callable[[Event], None]) -> None:
        self.messages = 0
        self.shut = False
        self._phones = phones
        self._town = town
        self._tell = tell
        self._known: dict[Shown, _Known] = {}

    def look(self) -> None:
        """Compares every phone with what was told of it; nothing while `shut`."""
        if self.shut:
            return
        all_of_them = [
            (shown, name) for name, phone in self._phones.items() for shown in (*phone.sent, *phone.screen)
        ]
        for shown, name in sorted(all_of_them, key=lambda one: one[0].at):
            known = self._known.get(shown)
            if known is None:
                self._appeared(shown, name)
            else:
                self._changed(shown, name, known)

    def _appeared(self, shown: Shown, name: str) -> None:
        self.messages += 1
        known = _Known(self.messages, mark_of(shown, self._phones[name], self._town), _labels(shown))
        self._known[shown] = known
        own = shown.sender == "me"
        quoted = self._quoted(shown, name)
        text = JOINED.sub("/start …", shown.text)
        self._tell(Message(known.bubble, name, own, text, known.buttons, quoted, known.mark))

    def _changed(self, shown: Shown, name: str, known: _Known) -> None:
        mark, buttons = mark_of(shown, self._phones[name], self._town), _labels(shown)
        if (mark, buttons) != (known.mark, known.buttons):
            known.mark, known.buttons = mark, buttons
            self._tell(Marked(known.bubble, name, mark, buttons))

    def _quoted(self, shown: Shown, name: str) -> str:
        """The words of the message that this one answers by a swipe."""
        phone = self._phones[name]
        if shown.reply_to is None:
            return ""
        return next((m.text for m in (*phone.screen, *phone.sent) if m.id == shown.reply_to), "")


def _labels(shown: Shown) -> tuple[str, ...]:
    return tuple(key.label for key in shown.buttons)
