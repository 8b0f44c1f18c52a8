"""`greenroom keys`: how the keys are, and new ones; on both databases."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from storage.keyring import Keyring
from tests.cli.conftest import NUMBER, Think, Type
from tests.storage.cast import ROBIN, writes


def test_a_new_line_has_one_epoch(line: Type, tmp_path: Path) -> None:
    """In plain words, and for programs; nothing of a key is shown."""
    shown = line("keys", "status")
    assert shown.code == 0
    assert "never been changed yet" in shown.out
    assert line("keys", "status", "--json").json["epochs"] == [{"state": "active", "keys": 0}]


def test_the_keys_are_changed(line: Type, think: Think, tmp_path: Path) -> None:
    """Everything is under the new one, the old one is gone from file and database, and the people are still there."""
    line("staff", "add", "Alma", "--sms", NUMBER)
    old = think(lambda work: work.vault.active)

    shown = line("keys", "rotate", "--json")

    assert shown.code == 0
    assert shown.json["ended"] == 1
    assert shown.json["rewrapped"] >= 3
    assert shown.json["broken"] == shown.json["missing"] == 0
    assert old not in think(lambda work: (*work.vault.keyring.kids(), *work.rotation.kids()))
    assert "Alma" in line("staff", "list").out
    told = line("keys", "status").out
    assert "The keys were changed 0 minutes ago." in told
    assert "The next change is due in 24 hours" in told
    assert "locked by the present epoch" in told


def test_an_old_keyring_is_refused_in_plain_words(line: Type, think: Think, tmp_path: Path) -> None:
    """Whoever puts it back is told so, and brings nothing back."""
    keyring = tmp_path / "keys" / "keyring"
    old = keyring.read_bytes()
    line("staff", "add", "Alma", "--sms", NUMBER)
    line("keys", "rotate")
    keyring.write_bytes(old)

    shown = line("staff", "list")

    assert shown.code == 3
    assert "The keys do not open this database." in shown.err


def test_every_command_drops_the_keys_that_have_ended(line: Type, think: Think, tmp_path: Path) -> None:
    """On a host whose line does not run, or never does. Nothing is dropped that a database put back may need."""
    file, root = tmp_path / "keys" / "keyring", bytes.fromhex((tmp_path / "keys" / "root.key").read_text())

    def kids() -> tuple[bytes, ...]:
        return Keyring.load(file, (root,)).kids()

    line("staff", "add", "Alma", "--sms", NUMBER)
    other = Keyring.load(file, (root,))
    (old,) = other.kids()
    secret = other.secret_of(old)
    assert line("keys", "rotate").code == 0
    (new,) = kids()
    killed = Keyring.load(file, (root,))
    killed.take_in(old, secret)
    later = killed.add_epoch()  # as if another process were about to begin with it
    assert kids() == (old, new, later)

    assert line("staff", "list").code == 0
    assert kids() == (new, later)

    killed.take_in(old, secret)
    killed.drop_ended((later,))  # the epochs of a database that does not know the one that wraps
    assert kids() == (old, new, later)


def _change(folder: Path, name: str) -> None:
    """A new key in the place of the old one, which lies beside it from now on."""
    path = folder / "keys" / f"{name}.key"
    path.rename(path.with_suffix(".old"))
    path.write_text(secrets.token_hex(32))
    path.chmod(0o400)


def test_root_and_pepper_are_changed(line: Type, think: Think, tmp_path: Path) -> None:
    """With the previous ones beside them everything opens and is found; after one rotation they are not needed."""
    line("staff", "add", "Alma", "--sms", NUMBER)
    robin = think(lambda work: writes(work, ROBIN, "hello"))
    config = tmp_path / "config.toml"
    before = config.read_text()
    for name in ("root", "pepper"):
        _change(tmp_path, name)
    assert line("staff", "list").code == 3
    config.write_text(
        f'{before}\n[keys]\nprevious_root = "file:keys/root.old"\nprevious_pepper = "file:keys/pepper.old"\n'
    )
    assert "Alma" in line("staff", "list").out
    assert think(lambda work: work.conversations.by_address(ROBIN)) == robin
    assert think(lambda work: [one.id for one in work.conversations.all(ROBIN)]) == [robin.id]

    assert line("keys", "rotate").code == 0

    config.write_text(before)
    assert think(lambda work: work.conversations.by_address(ROBIN)) == robin
    assert think(lambda work: [one.id for one in work.conversations.all(ROBIN)]) == [robin.id]
    assert think(lambda work: work.staff.by_name("alma")) is not None
    assert line("staff", "contact", "Alma", "--sms", NUMBER).code == 1


@pytest.mark.parametrize("name", ["root", "pepper"])
def test_a_previous_key_that_is_the_current_one_is_refused(line: Type, tmp_path: Path, name: str) -> None:
    """Whether it is the same place, or the same key in another: nothing would be changed by it."""
    config = tmp_path / "config.toml"
    before = config.read_text()
    key = tmp_path / "keys" / f"{name}.key"
    copied = tmp_path / "keys" / "copied"
    copied.write_bytes(key.read_bytes())
    copied.chmod(0o400)
    for place in (f"keys/{name}.key", "keys/copied"):
        config.write_text(f'{before}\n[keys]\nprevious_{name} = "file:{place}"\n')
        shown = line("staff", "list")
        assert shown.code == 3
        assert f"keys.previous_{name}" in shown.err
