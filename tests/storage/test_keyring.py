"""The keyring file: written whole or not at all, opened with its root only, and never readable by others."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import errors
from storage import box
from storage.keyring import Keyring, State

ROOT, OLD_ROOT = b"R" * 32, b"O" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring"


@pytest.fixture
def keyring(path: Path) -> Keyring:
    return Keyring.create(path, ROOT)


def opens(keyring: Keyring, kid: bytes, sealed: bytes) -> bool:
    return keyring.box(kid).open(sealed, b"here") == b"a key"


def test_a_new_keyring_has_one_active_epoch(keyring: Keyring) -> None:
    """Wrapping can begin at once."""
    assert keyring.kids() == (keyring.active,)
    assert len(keyring.active) == 8
    assert keyring.state(keyring.active) is State.ACTIVE


def test_what_was_wrapped_opens_after_a_restart(path: Path, keyring: Keyring) -> None:
    """The file holds the same keys as the memory did."""
    sealed = keyring.box(keyring.active).shut(b"a key", b"here")

    again = Keyring.load(path, (ROOT,))

    assert again.active == keyring.active
    assert opens(again, again.active, sealed)


def test_an_existing_file_is_never_overwritten(path: Path) -> None:
    """`init` run twice does not destroy every conversation."""
    path.write_bytes(b"something")

    with pytest.raises(errors.SettingsError, match="never overwritten"):
        Keyring.create(path, ROOT)
    assert path.read_bytes() == b"something"


def test_nor_is_a_link_to_a_disk_that_is_not_mounted_yet(path: Path) -> None:
    """The keyring is there, only its disk is not."""
    path.symlink_to(path.parent / "not mounted" / "keyring")

    with pytest.raises(errors.SettingsError):
        Keyring.create(path, ROOT)
    assert path.is_symlink()


def test_a_rotation_goes_from_waiting_to_active_to_draining_to_gone(path: Path, keyring: Keyring) -> None:
    """At every step what is on the disk is what is in memory, and each epoch opens until it is dropped."""
    old = keyring.active
    sealed = keyring.box(old).shut(b"a key", b"here")

    new = keyring.add_epoch()
    assert (keyring.active, keyring.state(new)) == (old, State.WAITING)
    assert Keyring.load(path, (ROOT,)).kids() == (old, new)

    keyring.activate(new)
    assert (keyring.active, keyring.state(old)) == (new, State.DRAINING)
    assert opens(Keyring.load(path, (ROOT,)), old, sealed)

    keyring.drop(old)
    assert keyring.kids() == Keyring.load(path, (ROOT,)).kids() == (new,)
    with pytest.raises(errors.UnknownEpoch):
        keyring.box(old)


def test_each_step_may_be_repeated_after_a_crash(keyring: Keyring) -> None:
    """Nobody has to remember how far the rotation came."""
    old, new = keyring.active, keyring.add_epoch()

    for _ in range(2):
        keyring.activate(new)
    for _ in range(2):
        keyring.drop(old)

    assert keyring.kids() == (new,)
    assert keyring.state(new) is State.ACTIVE


def test_the_active_epoch_cannot_be_dropped(keyring: Keyring) -> None:
    """With it everything would be gone."""
    with pytest.raises(ValueError, match="active"):
        keyring.drop(keyring.active)
    keyring.box(keyring.active)


def test_an_epoch_that_nobody_knows_cannot_become_active(keyring: Keyring) -> None:
    """And the one that was active still is."""
    active = keyring.active

    with pytest.raises(errors.UnknownEpoch):
        keyring.activate(b"8 others")
    assert keyring.active == active


def test_another_process_rotates_while_this_one_runs(path: Path, keyring: Keyring) -> None:
    """After `reload` this one wraps under the new epoch as well."""
    theirs = Keyring.load(path, (ROOT,))
    theirs.activate(theirs.add_epoch())
    with pytest.raises(errors.UnknownEpoch):
        keyring.box(theirs.active)

    keyring.reload()

    assert keyring.active == theirs.active


def test_changes_of_two_processes_do_not_lose_each_other(path: Path, keyring: Keyring) -> None:
    """Eight writers with memories of their own add four epochs each: all 33 are there."""

    def four_epochs() -> None:
        mine = Keyring.load(path, (ROOT,))
        for _ in range(4):
            mine.add_epoch()

    writers = [threading.Thread(target=four_epochs) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    keyring.reload()
    assert len(keyring.kids()) == 33


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777])
def test_a_file_that_others_can_use_is_refused(path: Path, keyring: Keyring, mode: int) -> None:
    """The operator is told the cure."""
    path.chmod(mode)

    with pytest.raises(errors.SettingsError, match="chmod 600"):
        Keyring.load(path, (ROOT,))
    with pytest.raises(errors.SettingsError, match="chmod 600"):
        keyring.reload()


def test_the_file_is_private_whatever_the_umask_says(path: Path) -> None:
    """0600 from its first byte, after every change."""
    before = os.umask(0)
    try:
        keyring = Keyring.create(path, ROOT)
        modes = [stat.S_IMODE(path.stat().st_mode)]
        keyring.add_epoch()
        modes.append(stat.S_IMODE(path.stat().st_mode))
    finally:
        os.umask(before)

    assert modes == [0o600, 0o600]


def test_no_draft_stays_behind(path: Path, keyring: Keyring) -> None:
    """One left by a crash holds keys that were dropped since: the next change removes it."""
    draft = path.with_name("keyring.new")
    draft.write_bytes(path.read_bytes())

    keyring.add_epoch()

    assert [entry.name for entry in path.parent.iterdir()] == ["keyring"]


def test_a_change_that_cannot_be_written_changes_nothing(path: Path, keyring: Keyring) -> None:
    """Nothing is ever wrapped under a key that is not on the disk."""
    kids, on_disk = keyring.kids(), path.read_bytes()
    path.with_name("keyring.new").mkdir()  # the draft cannot be written

    with pytest.raises(IsADirectoryError):
        keyring.add_epoch()

    assert (keyring.kids(), path.read_bytes()) == (kids, on_disk)


def test_a_keyring_behind_a_link_stays_where_it_is(tmp_path: Path) -> None:
    """A change must not move the keys next to the backups."""
    far = tmp_path / "far"
    far.mkdir()
    Keyring.create(far / "keyring", ROOT)
    (tmp_path / "keyring").symlink_to(far / "keyring")

    keyring = Keyring.load(tmp_path / "keyring", (ROOT,))
    keyring.add_epoch()

    assert (tmp_path / "keyring").is_symlink()
    assert len(Keyring.load(far / "keyring", (ROOT,)).kids()) == 2


def test_another_root_does_not_open_it(path: Path, keyring: Keyring) -> None:
    """The operator is told which key does not fit."""
    with pytest.raises(errors.SettingsError, match=r"keys\.root"):
        Keyring.load(path, (OLD_ROOT,))


def test_a_root_is_changed_by_saving(path: Path) -> None:
    """The previous one opens, the current one locks; afterwards the previous one is no use any more."""
    active = Keyring.create(path, OLD_ROOT).active

    Keyring.load(path, (ROOT, OLD_ROOT)).save()

    assert Keyring.load(path, (ROOT,)).active == active
    with pytest.raises(errors.SettingsError):
        Keyring.load(path, (OLD_ROOT,))


def test_a_missing_file_and_a_missing_folder_have_a_cure(path: Path) -> None:
    """No traceback and no path, but what to do."""
    with pytest.raises(errors.SettingsError, match="greenroom init"):
        Keyring.load(path, (ROOT,))
    with pytest.raises(errors.SettingsError, match="greenroom init"):
        Keyring.create(path / "keyring", ROOT)


@pytest.mark.parametrize("root", [b"", b"x" * 31, b"x" * 33])
def test_a_root_of_the_wrong_length_is_refused(path: Path, root: bytes) -> None:
    """A key cut short while copying is noticed at once, and nothing is written."""
    with pytest.raises(errors.SettingsError, match="32 bytes"):
        Keyring.create(path, root)
    with pytest.raises(errors.SettingsError, match="32 bytes"):
        Keyring.load(path, (root,))
    assert not path.exists()


def test_no_flipped_bit_and_no_cut_goes_unnoticed(path: Path, keyring: Keyring) -> None:
    """At start it is the operator's to mend; while running the present keys stay."""
    whole = path.read_bytes()
    active = keyring.active

    @settings(max_examples=80, deadline=None)
    @given(st.integers(0, len(whole) * 8 - 1), st.booleans())
    def damaged(bit: int, cut: bool) -> None:
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(whole[: bit // 8] if cut else bytes(changed))
        with pytest.raises(errors.SettingsError):
            Keyring.load(path, (ROOT,))
        with pytest.raises(errors.SealBroken):
            keyring.reload()
        assert keyring.active == active

    damaged()


def test_neither_the_file_nor_a_printed_keyring_shows_a_key(path: Path, keyring: Keyring) -> None:
    """Nothing of what is inside stands in the clear, key ids included."""
    inside = box.Box(box.derived(ROOT, b"keyring")).open(path.read_bytes(), box.canon(b"keyring", b"\x01"))
    entry = json.loads(inside)["epochs"][0]
    stored = path.read_bytes()

    for secret in (entry["key"], entry["kid"]):
        assert secret.encode() not in stored
        assert bytes.fromhex(secret) not in stored
    assert entry["key"] not in repr(keyring) + repr(keyring._epochs)


def test_a_file_of_the_first_release_still_opens(path: Path) -> None:
    """A change of format would make everything unreadable."""
    epochs = [
        {"kid": "01" * 8, "key": "aa" * 32, "state": "draining"},
        {"kid": "02" * 8, "key": "bb" * 32, "state": "active"},
        {"kid": "03" * 8, "key": "cc" * 32, "state": "waiting"},
    ]
    sealed = box.Box(box.derived(ROOT, b"keyring")).shut(
        json.dumps({"epochs": epochs}).encode(), box.canon(b"keyring", b"\x01")
    )
    path.write_bytes(sealed)
    path.chmod(0o600)

    keyring = Keyring.load(path, (ROOT,))

    assert keyring.kids() == (b"\1" * 8, b"\2" * 8, b"\3" * 8)
    assert keyring.active == b"\2" * 8
    assert opens(keyring, b"\1" * 8, box.Box(b"\xaa" * 32).shut(b"a key", b"here"))


def test_a_command_that_knows_both_roots_locks_nobody_out(tmp_path: Path) -> None:
    """A process serves with the previous root while a command changes the keys; who begins to serve goes over."""
    path, old, new = tmp_path / "keyring", b"o" * 32, b"n" * 32
    serving = Keyring.create(path, old)

    command = Keyring.load(path, (new, old))
    kid = command.add_epoch(())
    command.activate(kid)

    serving.reload()
    assert serving.active == kid
    assert command.relock()
    assert Keyring.load(path, (new,)).active == kid
