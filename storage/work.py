"""One unit of work: one transaction, one instant, and the rooms of storage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.errors import SealBroken, UnknownEpoch
from storage import holdings
from storage.archive_keys import ArchiveKeys
from storage.asides import Asides
from storage.audit import Audit
from storage.aways import Aways
from storage.blocks import Blocks
from storage.chores import Chore, Chores
from storage.conversations import Conversations
from storage.copies import Copies
from storage.counts import Counts
from storage.covers import Covers
from storage.desk import Chance as Chance  # part of this room's face
from storage.desk import Desk
from storage.duty import DutyRoom
from storage.endings import Endings
from storage.feeds import Feeds
from storage.held import HeldRoom
from storage.holds import Holds
from storage.hosts import Hosts
from storage.line import LineRoom
from storage.offers import Offers
from storage.offsets import Offsets
from storage.optouts import OptOuts
from storage.outbox import Outbox
from storage.questions import Questions
from storage.rates import Rates
from storage.relabel import Relabel
from storage.removals import Removals
from storage.replay import Replay
from storage.requests import Requests
from storage.rota import RotaRoom
from storage.rotation import Rotation
from storage.sealed import Sealed
from storage.seen import Seen
from storage.staff import StaffRoom
from storage.sweep import Sweep
from storage.tallies import Tallies
from storage.told import Told
from storage.transcript import Transcript
from storage.vault import Vault

SOON: Final = timedelta(minutes=4)
"""So long after an erasure the keys are rotated: several erasures share one rotation, and of the ten minutes of the
promise (security.md, "Backups") more than half is left for it."""


class Work:
    """What a thought is given. It may be run again, so it does nothing that cannot be taken back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.copies = Copies(desk)
        self.outbox = Outbox(desk, self.copies)
        self.removals = Removals(desk)
        self.conversations = Conversations(desk, self.outbox, self.copies)
        self.staff = StaffRoom(desk, self.outbox)
        self.asides = Asides(desk)
        self.transcript = Transcript(desk)
        self.offers = Offers(desk)
        self.held = HeldRoom(desk)
        self.seen = Seen(desk)
        self.optouts = OptOuts(desk)
        self.rates = Rates(desk)
        self.tallies = Tallies(desk)
        self.counts = Counts(desk)
        self.offsets = Offsets(desk)
        self.line = LineRoom(desk)
        self.rota = RotaRoom(desk, self.line)
        self.duty = DutyRoom(desk, self.line)
        self.covers = Covers(desk)
        self.aways = Aways(desk)
        self.questions = Questions(desk)
        self.told = Told(desk)
        self.feeds = Feeds(desk)
        self.audit = Audit(desk, self.line)
        self.blocks = Blocks(desk, self.line)
        self.chores = Chores(desk)
        self.endings = Endings(desk)
        self.holds = Holds(desk)
        self.sweep = Sweep(desk, self.audit)
        self.hosts = Hosts(desk)
        self.rotation = Rotation(desk, self.hosts)
        self.relabel = Relabel(desk, self.staff)
        self.replay = Replay(desk, self.conversations, self.staff, self.outbox, self.rotation)
        self.archive_keys = ArchiveKeys(desk, self.staff)
        self.requests = Requests(desk)
        self.sealed = Sealed(desk, self.staff, self.archive_keys)

    @property
    def now(self) -> datetime:
        """One instant for the whole thought."""
        return self._desk.now

    @property
    def chance(self) -> Chance:
        """Where chance comes from."""
        return self._desk.chance

    @property
    def vault(self) -> Vault:
        """The keys and labels."""
        return self._desk.vault

    def notice(self, broken: SealBroken) -> None:
        """A row did not open, and the thought does without it: the audit trail tells of it afterwards."""
        self._desk.notice(broken)

    @property
    def letters_added(self) -> bool:
        """Whether this thought has put something into the outbox: then other processes are told."""
        return self._desk.letters_added

    @property
    def wakes(self) -> bool:
        """Whether something may be ready to be sent now: then this process's sender is woken after the commit."""
        return self._desk.letters_added or self._desk.lanes_moved

    @property
    def erased(self) -> bool:
        """Whether this thought has erased something: then the journal is emptied after the commit."""
        return self._desk.erased

    def holdings(self) -> dict[str, int]:
        """What there is, by count."""
        return holdings.of(self._desk)

    def ensure_epoch(self) -> tuple[bytes, ...]:
        """A fresh database begins with the epoch that wraps now; UnknownEpoch when one in use does not know that one.
        The epochs that it has, oldest first.

        Never put back what a rotation has ended: an old keyring would bring back what was erased with it.
        """
        kids = self.rotation.kids()
        if not kids:
            self.rotation.add(self.vault.active)
            return (self.vault.active,)
        if self.vault.active not in kids:
            raise UnknownEpoch("The keyring wraps under an epoch that this database does not know.")
        return kids

    def finish(self) -> None:
        """Writes what was collected; the transaction can be committed then."""
        self.outbox.flush()
        if self._desk.erased:
            self.chores.hasten(Chore.ROTATE, self.now + SOON)
        self.counts.flush()
