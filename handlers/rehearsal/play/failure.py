"""How a rehearsal fails."""

from __future__ import annotations


class NotPlayed(Exception):
    """The rehearsal cannot go on; its one sentence says what was not as it should be, and quotes no secret."""


class NameTaken(NotPlayed):
    """Somebody in the cast has that name."""
