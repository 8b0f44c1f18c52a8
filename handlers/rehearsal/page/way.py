"""The way of the newest text through the rooms: which it has reached, and how long after it was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

ROOMS = ("phone", "carrier", "received", "written", "stored", "claimed", "sent", "arrived")
"""In the order of the way; those in the middle are steps that the program itself tells of (bot/app)."""


@dataclass(slots=True)
class Way:
    """`reached`: room → seconds since the text was written. `writer` and `reader` are names of phones."""

    seconds: Callable[[], float]
    writer: str = ""
    reader: str = ""
    reached: dict[str, float] = field(default_factory=dict)
    _began: float = 0.0

    def begins(self, writer: str) -> None:
        """A text is written: whatever was shown of another one goes."""
        self.writer, self.reader, self._began = writer, "", self.seconds()
        self.reached = {"phone": 0.0}
        self.reaches("carrier")

    def reaches(self, room: str) -> None:
        """A room is reached; only the first time counts, and only once those before it were."""
        place = ROOMS.index(room) if room in ROOMS else 0
        if place and room not in self.reached and ROOMS[place - 1] in self.reached:
            self.reached[room] = self.seconds() - self._began

    def arrives(self, reader: str) -> None:
        """Something has appeared on a phone: the end of the way, if the program has sent something since."""
        if "claimed" not in self.reached or "arrived" in self.reached:
            return
        # The carrier brings it before the program hears that it was taken.
        self.reached.setdefault("sent", self.seconds() - self._began)
        self.reaches("arrived")
        self.reader = reader
