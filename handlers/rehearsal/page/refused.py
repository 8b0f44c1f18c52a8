"""What cannot be done on the page now."""

from __future__ import annotations


class Refused(Exception):
    """Carries the place of the sentence that says why, and what it is filled with."""

    def __init__(self, place: str, **arguments: str) -> None:
        super().__init__(place)
        self.place = place
        self.arguments = arguments
