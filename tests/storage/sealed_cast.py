"""A sealed conversation of Robin's, and supervisors' pairs: as storage knows them."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import Conversation, Step, step
from bot.messages import Address, Direction
from bot.people import Role, Staff
from bot.redact import Secret
from storage import archive
from storage.box import SupervisorKey
from storage.work import Work
from tests.storage.cast import ROBIN

SUPERVISOR = frozenset({Role.SUPERVISOR})
WORDS = ("are you there?", "yes", "he said \x1b[2Jnobody\u202e\nwould believe me")


def joins_as_supervisor(work: Work, name: str, pair: archive.Pair) -> Staff:
    """A supervisor with a key that is sealed to."""
    person = work.staff.by_name(name) or work.staff.add(name, roles=SUPERVISOR, languages=("en",))
    assert person is not None
    assert work.archive_keys.add(person.id, SupervisorKey(pair.public), pair.public)
    return person


def sealed_talk(work: Work, teller: Staff, address: Address = ROBIN) -> Conversation:
    """A conversation that has ended and been sealed to every active key."""
    made = work.conversations.new(address=address, language="en", at=work.now)
    for number, words in enumerate(WORDS):
        direction = Direction.OUT if number == 1 else Direction.IN
        who = teller.id if direction is Direction.OUT else None
        made, _ = work.transcript.add(made, direction, Secret(words), staff=who, at=work.now)
    made, _ = work.transcript.add(made, Direction.NOTE, Secret("a note"), staff=teller.id, at=work.now)
    made = step(step(made, Step.TAKE), Step.DONE)
    made = work.conversations.save(replace(made, counselor=teller.id))
    work.conversations.seal(made, work.archive_keys.active())
    return made
