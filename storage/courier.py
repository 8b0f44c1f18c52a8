"""Finds the epoch keys that this process lacks, in the keyring file or with another host, and hands on those it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.errors import SealBroken
from storage.keyring import Keyring
from storage.parcels import Host, Mailbox, sealed

if TYPE_CHECKING:
    from datetime import datetime

    from storage.work import Work

BEAT: Final = 5.0
"""Seconds after which a process that serves says again that it is there."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the database says: the epochs, oldest first, whether the newest wraps already, what was sent `to` us, and
    who else is there. `active`: which one this process wrapped under when it asked."""

    kids: tuple[bytes, ...]
    active: bytes
    in_use: bool = False
    to: bytes = b""
    parcels: tuple[tuple[bytes, bytes], ...] = ()
    others: tuple[Host, ...] = ()


class Courier:
    """One a process. `rejected` counts parcels that were not sent by a host of this line."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._mailbox: Mailbox | None = None
        self._told: tuple[datetime, bytes | None] | None = None
        self._used: bytes | None = None
        self._sent: set[tuple[bytes, bytes]] = set()
        self.rejected = 0

    def visit(self, work: Work, *, serving: bool = False) -> Found:
        """A thought: what the database says. Who serves, or lacks a key, is seen there from now on."""
        active = self._keyring.active  # before the epochs are read: its row was there before it wrapped
        kids = work.rotation.kids()
        in_use = bool(kids) and work.rotation.in_use(kids[-1])
        if not work.hosts.many:
            return Found(kids, active, in_use)
        if serving or self.lacking(kids):
            self._publish(work, kids)
        if self._used is not None:
            work.hosts.leave(self._used)
        to = b"" if self._mailbox is None else self._mailbox.host.id
        return Found(kids, active, in_use, to, tuple(work.hosts.parcels(to)), tuple(work.hosts.others(to)))

    def lacking(self, kids: tuple[bytes, ...]) -> bool:
        """Whether some epoch's key is not here."""
        return not set(kids) <= set(self._keyring.kids())

    def settle(self, found: Found) -> bool:
        """Takes in what came, and wraps under the newest epoch once everybody can open that.

        Whether it is worth while to wait for more: a key is lacking, and somebody else is there.
        """
        self._take_in(found)
        keyring = self._keyring
        known = [kid for kid in found.kids if kid in keyring.kids()]
        if known and found.active != known[-1]:
            newest = known[-1]
            everybody = newest == found.kids[-1] and (found.in_use or knows_all(newest, found.others))
            if everybody or found.active not in found.kids:
                keyring.activate(newest, instead_of=found.active)
        return self.lacking(found.kids) and bool(found.others)

    def outgoing(self, found: Found) -> list[tuple[bytes, bytes, bytes]]:
        """What other hosts lack and this one has, sealed to each of them: for `Hosts.send`."""
        parcels = []
        for host in found.others:
            for kid in found.kids:
                here = kid in self._keyring.kids() and (host.id, kid) not in self._sent
                if here and (host.knows is None or host.knows < kid):
                    self._sent.add((host.id, kid))
                    made = sealed(self._keyring, host, kid)
                    if made is None:
                        self.rejected += 1
                    else:
                        parcels.append((host.id, kid, made))
        return parcels

    def note(self, work: Work) -> None:
        """A thought: this host's keyring file has just been looked after. On SQLite nobody else has one."""
        if work.hosts.many:
            work.hosts.note(self._keyring.place())

    def leave(self, work: Work) -> None:
        """A thought: this process is not here any more, its keyring file still is."""
        self.note(work)
        mailbox = None if self._mailbox is None else self._mailbox.host.id
        for host_id in (mailbox, self._used):
            if host_id is not None:
                work.hosts.leave(host_id)

    def _publish(self, work: Work, kids: tuple[bytes, ...]) -> None:
        mailbox = self._mailbox = self._mailbox or Mailbox(self._keyring)
        knows = self._knows(kids)
        told = self._told
        if told is not None and told[1] == knows and abs((work.now - told[0]).total_seconds()) < BEAT:
            return
        host = mailbox.host
        work.hosts.publish(Host(host.id, host.public, host.proof, knows))
        self.note(work)
        self._told = (work.now, knows)

    def _knows(self, kids: tuple[bytes, ...]) -> bytes | None:
        """The newest epoch up to which none is lacking."""
        here, newest = set(self._keyring.kids()), None
        for kid in kids:
            if kid not in here:
                break
            newest = kid
        return newest

    def _take_in(self, found: Found) -> None:
        """Keys that came by parcel go into the keyring file; the pair that they were sealed to is not used again."""
        mailbox = self._mailbox
        if mailbox is None or mailbox.host.id != found.to or not found.parcels:
            return
        for kid, parcel in found.parcels:
            if kid not in found.kids or kid in self._keyring.kids():
                continue
            try:
                self._keyring.take_in(kid, mailbox.opened(self._keyring, kid, parcel))
            except SealBroken:
                self.rejected += 1
        self._mailbox, self._told, self._used = None, None, found.to


def knows_all(kid: bytes, hosts: tuple[Host, ...]) -> bool:
    """Whether each of these has every key up to this epoch's."""
    return all(host.knows is not None and host.knows >= kid for host in hosts)
