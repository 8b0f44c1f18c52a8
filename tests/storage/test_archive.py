"""Seals to a supervisor: the server makes them and cannot open them; she can, on a machine without any server key."""

from __future__ import annotations

import ast
import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import errors
from storage import archive
from storage.keyring import Keyring
from storage.vault import Envelope, Key, Owner, Place, SupervisorKey, Vault

ROBIN, KIT = b"robin's talk 16.", b"kit's talk, 16 ."
HERE = Place("transcript.sealed", Owner.CONVERSATION, ROBIN, b"a row of 16 byte", 7, "in")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = Key(b"k" * 32)
SAM = archive.pair_of(bytes(range(96)))
CHARLIE = archive.new_pair()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "keyring", b"R" * 32)


@pytest.fixture
def vault(keyring: Keyring) -> Vault:
    return Vault(roots=(b"R" * 32,), peppers=(b"P" * 32,), keyring=keyring)


@pytest.fixture
def envelope(vault: Vault) -> Envelope:
    return vault.wrap_for(SupervisorKey(SAM.public), KEY, Owner.CONVERSATION, ROBIN)


def test_sam_reads_an_archive_that_the_server_cannot(vault: Vault, envelope: Envelope) -> None:
    """No message is sealed again: the same row opens with the key from her envelope."""
    sealed = vault.seal(KEY, HERE, b"are you safe?", NOON)

    with pytest.raises(errors.SealBroken):
        vault.unwrap(envelope, Owner.CONVERSATION, ROBIN)
    exported = vault.exported(envelope, Owner.CONVERSATION, ROBIN)
    key = archive.opened(SAM, exported, Owner.CONVERSATION, ROBIN)

    assert Vault.open(key, HERE, sealed).body == b"are you safe?"


def test_a_rotation_leaves_the_inner_part_untouched(
    vault: Vault, keyring: Keyring, envelope: Envelope
) -> None:
    """The server rewraps what it cannot open, and dropping the epoch still erases it."""
    keyring.activate(keyring.add_epoch())

    new = vault.rewrap(envelope, Owner.CONVERSATION, ROBIN)

    assert (new.kid, new.reader) == (keyring.active, envelope.reader)
    exported = [vault.exported(one, Owner.CONVERSATION, ROBIN) for one in (envelope, new)]
    assert exported[0] == exported[1]
    keyring.drop(envelope.kid)
    with pytest.raises(errors.UnknownEpoch):
        vault.exported(envelope, Owner.CONVERSATION, ROBIN)


def test_charlie_opens_nothing(vault: Vault, envelope: Envelope) -> None:
    """Another pair, another owner, another kind of owner: shut."""
    exported = vault.exported(envelope, Owner.CONVERSATION, ROBIN)

    for pair, owner, owner_id in (
        (CHARLIE, Owner.CONVERSATION, ROBIN),
        (SAM, Owner.CONVERSATION, KIT),
        (SAM, Owner.CONTACT, ROBIN),
    ):
        with pytest.raises(errors.SealBroken):
            archive.opened(pair, exported, owner, owner_id)


def test_a_changed_or_cut_seal_stays_shut(vault: Vault, envelope: Envelope) -> None:
    """Whatever the damage, it is one error."""
    exported = vault.exported(envelope, Owner.CONVERSATION, ROBIN)
    flipped = [
        exported[:n] + bytes([exported[n] ^ 1]) + exported[n + 1 :] for n in range(0, len(exported), 37)
    ]
    point = exported[: 1 + 1088] + bytes(32) + exported[1 + 1120 :]  # one that X25519 refuses

    for damaged in (*flipped, point, exported[:-1], exported + b"x", exported[:1], b""):
        with pytest.raises(errors.SealBroken):
            archive.opened(SAM, damaged, Owner.CONVERSATION, ROBIN)


def test_the_server_s_own_key_is_never_exported(vault: Vault) -> None:
    """An export carries supervisors' seals only, also when the reader's name was changed in the table."""
    own = vault.wrap(KEY, Owner.CONVERSATION, ROBIN)

    for envelope in (own, replace(own, reader=SupervisorKey(SAM.public).reader)):
        with pytest.raises(errors.SealBroken):
            vault.exported(envelope, Owner.CONVERSATION, ROBIN)


def test_a_private_half_does_not_show() -> None:
    """Printing a pair gives the public half only."""
    assert "private" not in repr(SAM)


@pytest.mark.parametrize("public", [b"", SAM.public[:-1], SAM.public + b"x", b"\xff" * 1216])
def test_what_is_no_public_half_is_refused(public: bytes) -> None:
    """A key cut short while copying is noticed when it is added."""
    with pytest.raises(ValueError, match="public key"):
        SupervisorKey(public)


def test_a_point_that_gives_no_secret_is_refused_when_sealing(vault: Vault) -> None:
    """Nobody can hand in a public half whose seals everyone opens."""
    weak = SupervisorKey(SAM.public[:1184] + bytes(32))

    with pytest.raises(ValueError, match="shared key"):
        vault.wrap_for(weak, KEY, Owner.CONVERSATION, ROBIN)


PRIVATE = ("storage.archive", "storage.archive_capsule", "storage.archive_keyfile", "storage.archive_reading")
"""The rooms that hold a private half."""
ON_HER_MACHINE = frozenset(
    {
        "handlers/cli/archive.py",  # `archive open`
        "handlers/cli/archive_words.py",  # types only
        "handlers/cli/staff_key.py",  # `staff key new`
        "storage/archive_keyfile.py",
        "storage/archive_reading.py",
        "storage/archive_capsule.py",
    }
)


def test_nothing_that_the_server_runs_imports_the_archive() -> None:
    """Only the commands that work on a supervisor's own machine may: no code of the server loads a private half."""
    house = Path(__file__).parents[2]
    rooms = [room for package in ("bot", "storage", "handlers") for room in (house / package).rglob("*.py")]

    told = {room.relative_to(house).as_posix() for room in rooms if _imports(room) & set(PRIVATE)}

    assert told <= ON_HER_MACHINE


def test_no_way_leads_from_the_running_line_to_a_private_half() -> None:
    """Not through other rooms either: what `greenroom run` brings in, and what that brings in, and so on."""
    house = Path(__file__).parents[2]
    reached, left = set[str](), ["bot.app"]
    while left:
        name = left.pop()
        room = house / Path(*name.split(".")).with_suffix(".py")
        if name not in reached and room.exists():
            reached.add(name)
            left += _imports(room)

    assert len(reached) > 80
    assert not reached & set(PRIVATE)


def _imports(room: Path) -> set[str]:
    """The modules that a room imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(room.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


SEALED_BY_THE_FIRST_RELEASE = base64.b64decode(
    "AhvRfmchvAPdeCYf1aZo0c2mLeCGDIsA8bSkRgcdFfOM0S+gp3eoHeKfi0RUGRXERdGS2/J1NdvbSxxcQWOLDwtxFatbUZLg28Z3"
    "b+REvzZQm1Am3kStWt8SZFwyJ42nAgCzvvWZsOaDoatBsGwfrXuOjDbTDUnAPQmPPzWUbAX8Z/pCLaLAKRmhUNfGTcFyo9TZKTc8"
    "Ov5LjKApFSuOpFBslS3u2utLlsuGO02L0KzxqQppbZONPktaJs+k/uAb/Lzt6ahpobRiK3Iyk00R+9932vQSbVWyAGpM60lYn17Q"
    "IoeEfa4yr+MZYSWEWWJW0mJEXR284KTBF326Vh+zvu3S0HxbKHSIMstV2vEunoWcdHMsGSfv2l+kqGprMrcqMzys7UAcqEvvuoo9"
    "kcJVhzOIUtBqyYdiK8PWgIibnFx1LciaFFj18f87NtUJBoUToYHL7m36QtpILl3GU/AbOgCoHuZc9fVGbc9paObT69St8UAc+MsO"
    "uxDryIlWF9Y9OHxaA0i3D7GoSSKa0InMgRWTDkfYWmOkwDNpX8sjExSPz6ravF54f2md0p9s5apWVEjj3ykUSmR4DW+IX5TpVtGt"
    "T4DjaqCjdV2CTF7GQiSQV5YgaP+sCwvAGx8IHu6bZPLADL1daqvYgc4w+3qJV/noq0Q7ToJIARUF/rm1TO2Jr08rakc9/lnXQCmz"
    "t7IpQU511TzjlCgui8AkfRcqqG0HebiSjjGqn6bE/UbrYS3pJb4uR5H6wG/goLywIXm+dhHM5lSXgk5FeaLeI6PKOukhsoWtUNIH"
    "ifC1nijxrX0QSKIFEkCYAkh4SNDibCTR7jAam0JIwXV57btbN9cPIchE3uq6Wbd8uGvCyrHU9VQ26lg7BI1gmaifOfuMHrxA+FrU"
    "JWPrW81iIrcAzq+daQuPBQxP6FyegiwjzX3g7lSbKv43wEHrrJrIWFlxYusQuh/0BPBVHGvLnPW2wkMnYJnQdXkjW2TLerL1zgh5"
    "iAJE9S3yMRGIt6QdCE8RBsPkbRAoIlcCRd0tctQIff5eURxnTqsTMrMr44R3e43w6+wCwf5PPuvtGJPVGxHUEzMtsZPyJShc1yFE"
    "IrU7rSn41dYJ7/9egsbebUpOCAvw4rijayAkwxK/icSIq7WqdUvBhTQG+WI/kLjyHN20BJ45aK/GvLKj53P487raGwJmKaSv29xq"
    "JMozZASZH3XDiir7gZp7J+dAjroq0ySxxzB1WMJnN/4mtmYiOio8Lq052j3IZCT02VSHMaaVrGL0AeKvaFzhQppidPtIlfsxW2pe"
    "fB552J/1kG9GC4SO0/LRZjYUkqVOa9DXpa150iA426ju2sp7Zb0WvSnzTbI5fKlULJn+Txxl6zVb8L0n7I/tqgrG6wDXS1UDUkOg"
    "8jThzoX+lHh4RsXTabku/tjygzl0ZyTtH7C4kIZNhu2HhB3Xs2/GcxcZl8+vHN9ZoyiNETbCjYN+KZgbNf1yvgCpRRmEpCja8iAk"
    "K1lE4Vu7H6aR6Q7Vhj9yjL3RLpK96yxdgN0b4FRlS7S/Vr/wX7wjqoL3n5Y="
)


def test_a_seal_of_the_first_release_still_opens() -> None:
    """The hybrid is a draft: should the library change it, archives must stay readable."""
    key = archive.opened(SAM, SEALED_BY_THE_FIRST_RELEASE, Owner.CONVERSATION, b"c" * 16)

    sealed = Vault.seal(Key(bytes(range(32))), HERE, b"yes", NOON)
    assert Vault.open(key, HERE, sealed).body == b"yes"
