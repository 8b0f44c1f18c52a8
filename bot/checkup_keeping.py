"""Check-up of what is kept: the line's retention policy, to be copied into its privacy notice."""

from __future__ import annotations

from collections.abc import Iterator

from bot import notice
from bot.endings import KEYS_TO_SEAL
from bot.facts import Facts
from bot.findings import Finding, ok, warning


def policy(facts: Facts) -> Iterator[Finding]:
    """One sentence a line."""
    for sentence in notice.sentences(facts.config, sealing=sealing(facts)):
        yield ok("policy", sentence)


def carriers_copies(facts: Facts) -> Iterator[Finding]:
    """`run` asks carriers to delete what they hold, each copy in its time; Telegram deletes under 48 hours only."""
    if facts.line is not None and facts.line.overdue:
        yield warning(
            "carriers",
            f"{facts.line.overdue} messages should have been deleted at their carrier by now, and nobody asks for it.",
            "Start the line, and leave every channel in the configuration whose messages are not deleted yet.",
        )


def sealing(facts: Facts) -> bool:
    """Whether enough supervisors have keys; where the database did not open, nobody may rely on it."""
    if facts.line is None or facts.line.keys is None:
        return False
    here = {person.id for person in facts.line.people if person.is_supervisor}
    return sum(key.counts and key.owner in here for key in facts.line.keys) >= KEYS_TO_SEAL
