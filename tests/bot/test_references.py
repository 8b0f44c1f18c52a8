"""A secret is read from where the configuration says, and only if nobody else can read it."""

import os
from pathlib import Path

import pytest

from bot import references
from bot.errors import SettingsError
from bot.references import Kind, Reference

KEY = bytes(range(32))


def a_file(folder: Path, content: bytes, mode: int = 0o400) -> Reference:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return references.parse("sms.auth_token", "file:secret", folder)


@pytest.mark.parametrize("content", [b"token", b"token\n", b"token\r\n"])
def test_a_file_of_one_line_is_a_secret(tmp_path: Path, content: bytes) -> None:
    """An editor's last line end does not become part of a token."""
    got = references.secret(a_file(tmp_path, content))

    assert got.reveal() == "token"
    assert "token" not in repr(got)


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644, 0o420, 0o401])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The cure is one command, with the path in it."""
    with pytest.raises(SettingsError) as refusal:
        references.secret(a_file(tmp_path, b"hunter2", mode))

    assert refusal.value.cure == f"Run: chmod 400 {tmp_path}/secret"
    assert "sms.auth_token" in refusal.value.what
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"hunter2\nhunter3\n", b"hunter2\x00", b"hunter2\xff", b"h" * 5000]
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, two lines, no text, a whole book: none is a token, and none is repeated."""
    with pytest.raises(SettingsError) as refusal:
        references.secret(a_file(tmp_path, content))

    assert "hunter" not in str(refusal.value)


def test_a_missing_file_a_folder_and_a_pipe_are_answered(tmp_path: Path) -> None:
    """Key, place and cure; nobody waits on a pipe."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for place, says in [("none", "does not exist"), (".", "cannot be read"), ("pipe", "cannot be read")]:
        with pytest.raises(SettingsError) as refusal:
            references.secret(references.parse("keys.root", f"file:{place}", tmp_path))
        assert refusal.value.what.startswith("keys.root: the file ")
        assert says in refusal.value.what


@pytest.mark.parametrize("content", [KEY, KEY.hex().encode(), KEY.hex().upper().encode() + b"\n"])
def test_a_key_is_32_bytes_or_64_digits(tmp_path: Path, content: bytes) -> None:
    """Both forms give the same key."""
    assert references.key_bytes(a_file(tmp_path, content)) == KEY


def test_a_key_may_end_in_a_line_feed(tmp_path: Path) -> None:
    """One random key in 256 does: nothing is stripped from raw bytes."""
    assert references.key_bytes(a_file(tmp_path, KEY[:31] + b"\n")) == KEY[:31] + b"\n"


@pytest.mark.parametrize("content", [b"", KEY[:31], KEY + b"\n", b"g" * 64, KEY.hex().encode()[:-1]])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """A short key is not stretched."""
    with pytest.raises(SettingsError, match="holds no key"):
        references.key_bytes(a_file(tmp_path, content))


def test_a_credential_lies_in_systemds_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd guards its folder by an access list that shows as 0440: that is accepted there."""
    reference = references.parse("keys.root", "credential:root", tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SettingsError, match="LoadCredential"):
        references.key_bytes(reference)

    (tmp_path / "root").write_bytes(KEY)
    (tmp_path / "root").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert references.key_bytes(reference) == KEY


def test_an_environment_variable_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For development; missing or empty is the same."""
    reference = references.parse("telegram.staff.token", "env:STAFF_TOKEN", tmp_path)
    monkeypatch.setenv("STAFF_TOKEN", "")
    with pytest.raises(SettingsError, match=r"telegram.staff.token: the environment variable STAFF_TOKEN"):
        references.secret(reference)

    monkeypatch.setenv("STAFF_TOKEN", "token")
    assert references.secret(reference).reveal() == "token"


@pytest.mark.parametrize(
    "written", ["", "file:", "env:", "env:A B", "credential:../x", "FILE:x", "file:a\nb", "token"]
)
def test_what_is_no_reference_is_refused(tmp_path: Path, written: str) -> None:
    """A kind, a colon and a place, or nothing."""
    with pytest.raises(SettingsError):
        references.parse("keys.root", written, tmp_path)


def test_a_reference_prints_its_key_only(tmp_path: Path) -> None:
    """Not even the place goes into a log."""
    assert repr(Reference("keys.root", Kind.FILE, "/somewhere")) == "Reference(keys.root)"
