"""Check-up of what only people can keep in order: supervisors' keys, and the trail of who did what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from bot.facts import Facts
from bot.findings import Finding, fail, ok, warning

ENOUGH: Final = 2
LATE: Final = timedelta(minutes=10)
"""How late a change of the epoch keys may be, while a long one is under way."""
YEAR: Final = timedelta(days=366)
NEW: Final = (
    "On her own machine: greenroom staff key new KEYFILE. Then here: greenroom staff key add NAME PUBFILE"
)


def audit_trail(facts: Facts) -> Iterator[Finding]:
    """An entry that was changed, moved or taken out is a matter for people."""
    if facts.line is None:
        return
    if facts.line.trail:
        yield ok("audit", "The audit trail is whole: nothing in it was changed or taken out.")
    else:
        yield fail(
            "audit",
            "The audit trail is broken: an entry was changed, moved or taken out.",
            "Keep a copy of the database as it is, see how far it goes with greenroom audit, and find out who has had "
            "access to this machine or its backups.",
        )


def two_keys(facts: Facts) -> Iterator[Finding]:
    """With one key, losing it loses everything; with none, nothing can be sealed."""
    if facts.line is None or facts.line.keys is None:
        return
    here = {person.id for person in facts.line.people if person.is_supervisor}
    count = sum(key.counts and key.owner in here for key in facts.line.keys)
    if count >= ENOUGH:
        yield ok("supervisor keys", f"{count} keys: what is closed is sealed to them.")
    else:
        yield warning(
            "supervisor keys",
            f"{count} of at least {ENOUGH} supervisors' keys are there: what is closed cannot be sealed, and is erased "
            f"after 24 hours.{'' if count else ' Nor is there a recovery capsule: a lost disk is a lost line.'}",
            NEW,
        )


def epoch_keys(facts: Facts) -> Iterator[Finding]:
    """What was erased opens from an old backup until the keys have changed; `run` changes them."""
    due = None if facts.line is None else facts.line.rotation
    if due is not None and due < facts.now - LATE:
        yield warning(
            "keys",
            "They should have been changed by now: what was erased meanwhile still opens from an old backup.",
            "Start the line, which does it, or run: greenroom keys rotate",
        )


def silent_hosts(facts: Facts) -> Iterator[Finding]:
    """A host that is switched off keeps the keys of that day in its keyring file until the line is opened there."""
    for at in () if facts.line is None else facts.line.silent:
        yield warning(
            "keys",
            f"A host has not been heard of since {at:%Y-%m-%d %H:%M} UTC, before the keys were last changed: its "
            "keyring file may still open what was erased.",
            "Start the line there, or run there: greenroom keys status. If it is gone for good, destroy that file; it "
            "is named here for 30 days.",
        )


def owners_are_here(facts: Facts) -> Iterator[Finding]:
    """A key whose owner has left, or is no supervisor any more, is only in the way."""
    if facts.line is None or facts.line.keys is None:
        return
    here = {person.id for person in facts.line.people if person.is_supervisor}
    stray = sum(key.owner not in here for key in facts.line.keys)
    if stray:
        yield warning(
            "supervisor keys",
            f"{stray} keys belong to somebody who is no supervisor here any more; nothing is sealed to them.",
            "See greenroom staff key list, and end them: greenroom staff key end FINGERPRINT --by ADMIN",
        )


def yearly(facts: Facts) -> Iterator[Finding]:
    """A new key every year: a copy that somebody took of the old one opens nothing new."""
    if facts.line is None or facts.line.keys is None:
        return
    before = (facts.now - YEAR).date()
    old = sum(key.counts and key.since < before for key in facts.line.keys)
    if old:
        yield warning(
            "supervisor keys",
            f"{old} keys are older than a year.",
            f"{NEW}. End the old one then, and keep its file.",
        )
