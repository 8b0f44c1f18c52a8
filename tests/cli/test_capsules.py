"""Recovery capsules: made with each rotation, opened by a supervisor on her own machine, gone in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.capsules import Capsules
from storage import archive, archive_capsule, archive_keyfile, capsules
from storage.archive_keyfile import Cost
from storage.work import Work
from tests.cli.conftest import Think, Type
from tests.storage.sealed_cast import joins_as_supervisor

SAM, CHARLIE = archive.new_pair(), archive.new_pair()
PASSPHRASE = "correct horse battery"
CHEAP = Cost(memory=128 * 1024, passes=1)


@pytest.fixture
def sam(line: Type, think: Think, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sam is a supervisor with a key on this line; her key file."""
    monkeypatch.setenv("GREENROOM_PASSPHRASE", PASSPHRASE)
    think(_joins)
    for name, pair in (("sam.key", SAM), ("charlie.key", CHARLIE)):
        (tmp_path / name).write_text(archive_keyfile.locked(pair, PASSPHRASE, CHEAP))
    return tmp_path / "sam.key"


def _joins(work: Work) -> None:
    joins_as_supervisor(work, "Sam", SAM)


def test_a_rotation_leaves_a_capsule_that_sam_opens(line: Type, sam: Path, tmp_path: Path) -> None:
    """What she gets is the keyring of that moment, and the root key still locks it."""
    made = line("keys", "rotate", "--json").json["capsule"]
    keyring = (tmp_path / "keys" / "keyring").read_bytes()
    assert keyring not in Path(made).read_bytes()
    assert Path(made).stat().st_mode & 0o777 == 0o600
    assert Path(made).parent.stat().st_mode & 0o777 == 0o700

    assert line("archive", "open", made, "--key", "sam.key").code == 2
    shown = line("archive", "open", made, "--key", "sam.key", "--out", "out")

    assert (shown.code, shown.out) == (0, "")
    assert (tmp_path / "out").read_bytes() == keyring
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    status = line("keys", "status")
    assert "The newest recovery capsule was made 0 minutes ago." in status.out
    assert line("keys", "status", "--json").json["readers"] == 1


def test_nobody_else_opens_it(line: Type, sam: Path, tmp_path: Path) -> None:
    """Not with another key, nor cut, nor changed anywhere."""
    assert line("keys", "capsule", "one.capsule").code == 0
    assert line("keys", "capsule", "one.capsule").code == 1
    shown = line("archive", "open", "one.capsule", "--key", "charlie.key", "--out", "out")
    assert shown.code == 1
    assert "not sealed to this key" in shown.err
    whole = (tmp_path / "one.capsule").read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-1])
    assert line("archive", "open", "cut", "--key", "sam.key", "--out", "out").code == 2
    capsule = capsules.read(whole)
    for changed in (
        capsules.Capsule("2020-01-01T00:00:00+00:00", capsule.schema, capsule.seals),
        capsules.Capsule(capsule.made_at, "9", capsule.seals),
        capsules.Capsule(
            capsule.made_at, capsule.schema, {one: seal[:-1] + b"x" for one, seal in capsule.seals.items()}
        ),
    ):
        body = capsules._ENCODER.encode(changed)
        made = capsules.MAGIC + capsules.hashlib.sha256(body).digest() + body
        with pytest.raises(capsules.Unusable):
            archive_capsule.opened_capsule(SAM, made)
    assert not (tmp_path / "out").exists()


def test_without_a_supervisors_key_there_is_none(line: Type) -> None:
    """And it is said, by every command that could have made one."""
    shown = line("keys", "capsule")
    assert (shown.code, shown.out) == (1, "")
    assert "no supervisor has a key yet" in shown.err
    assert "no supervisor has a key yet" in line("keys", "rotate").out
    assert "no supervisor has a key yet" in line("keys", "status").out


def test_old_capsules_go_in_time_but_never_the_newest(tmp_path: Path) -> None:
    """Three days after it was made, to the second; files that are not ours stay."""
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    house = Capsules(tmp_path / "keyring", timedelta(days=3))
    house.folder.mkdir()
    for days in (0, 1, 2):
        (house.folder / f"{at + timedelta(days=days):%Y-%m-%dT%H%M%SZ}.capsule").write_bytes(b"")
    (house.folder / "mine.capsule").write_bytes(b"")

    assert house.prune(at + timedelta(days=3)) == 0
    assert house.prune(at + timedelta(days=3, seconds=1)) == 1
    assert house.prune(at + timedelta(days=99)) == 1
    assert [made for made, _ in house.all()] == [at + timedelta(days=2)]
    assert (house.folder / "mine.capsule").exists()
