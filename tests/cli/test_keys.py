"""`greenroom keys`: how the keys are, and new ones; on both databases."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import NUMBER, Think, Type


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
