"""`greenroom archive` and `staff key new`: sealed on the server, read on Sam's own machine; on both databases."""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from bot import fingerprint
from bot.people import Role
from storage import archive, archive_keyfile
from storage.archive_keyfile import Cost
from storage.box import SupervisorKey
from storage.work import Work
from tests.cli.conftest import HOUSE, Think, Type
from tests.storage.cast import by_hand
from tests.storage.sealed_cast import joins_as_supervisor, sealed_talk

SAM, CHARLIE = archive.new_pair(), archive.new_pair()
PASSPHRASE = "correct horse battery"
CHEAP = Cost(memory=128 * 1024, passes=1)


@pytest.fixture
def sam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sam's key file; its passphrase comes from the environment."""
    monkeypatch.setenv("GREENROOM_PASSPHRASE", PASSPHRASE)
    path = tmp_path / "sam.key"
    path.write_text(archive_keyfile.locked(SAM, PASSPHRASE, CHEAP))
    return path


def sealed(work: Work) -> str:
    """A conversation that Sam can read; its code."""
    return sealed_talk(work, joins_as_supervisor(work, "Sam", SAM)).code


def test_a_sealed_conversation_is_carried_to_sam(line: Type, think: Think, sam: Path, tmp_path: Path) -> None:
    """Listed and exported by the server, which cannot read it; opened where there is neither configuration nor keys."""
    code = think(sealed)
    (listed,) = line("archive", "list", "--json").json
    name = fingerprint.spoken(SupervisorKey(SAM.public).reader)
    assert (listed["code"], listed["lines"]) == (code, 4)
    assert listed["readers"] == [{"name": "Sam", "fingerprint": name}]

    assert line("archive", "export", code.lower(), "talk.greenroom", "--by", "sam").code == 0
    assert (tmp_path / "talk.greenroom").stat().st_mode & 0o777 == 0o600
    assert line("archive", "export", code, "talk.greenroom").code == 1
    entry = list(think(lambda work: list(work.audit.entries())))[-1]
    assert (entry.what, entry.detail) == ("archive exported", code)

    (tmp_path / "config.toml").unlink()
    shown = line("archive", "open", "talk.greenroom", "--key", "sam.key", "--zone", "Europe/Kyiv")
    assert shown.code == 0
    assert f"Conversation {code}" in shown.out
    assert "Texter: are you there?" in shown.out
    assert "Sam: yes" in shown.out
    assert "Sam, note: a note" in shown.out
    assert "Texter: he said \\x1b[2Jnobody\\u202e\n" in shown.out
    assert "\x1b" not in shown.out
    assert "4 lines, whole" in shown.out

    plain = line("archive", "open", "talk.greenroom", "--key", "sam.key", "--json").json
    assert [one["who"] for one in plain["lines"]] == ["Texter", "Sam", "Texter", "Sam, note"]
    assert plain["lines"][2]["text"] == "he said \x1b[2Jnobody\u202e\nwould believe me"

    kept = line("archive", "open", "talk.greenroom", "--key", "sam.key", "--out", "talk.txt")
    assert (kept.code, kept.err) == (0, "")
    assert (tmp_path / "talk.txt").stat().st_mode & 0o777 == 0o600
    assert "are you there?" in (tmp_path / "talk.txt").read_text()
    assert line("archive", "open", "talk.greenroom", "--key", "sam.key", "--out", "talk.txt").code == 1


def test_what_does_not_open_is_one_sentence(
    line: Type, think: Think, sam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong passphrase, another's key, a cut file, a public key, no file, no time zone."""
    code = think(sealed)
    think(lambda work: work.staff.add("Alma", roles=frozenset({Role.COUNSELOR}), languages=("en",)))
    line("archive", "export", code, "talk.greenroom")
    entry = list(think(lambda work: list(work.audit.entries())))[-1]
    assert (entry.by, entry.detail) == (None, f"{code}: on the command line, nobody named")
    (tmp_path / "cut").write_bytes((tmp_path / "talk.greenroom").read_bytes()[:-9])
    (tmp_path / "charlie.key").write_text(archive_keyfile.locked(CHARLIE, PASSPHRASE, CHEAP))
    (tmp_path / "sam.key.pub").write_text(archive_keyfile.public_paper(SAM))
    opening = ["archive", "open", "talk.greenroom", "--key"]
    for words, exit_code, said in (
        ([*opening, "charlie.key"], 1, "not sealed to this key"),
        ([*opening, "sam.key.pub"], 2, "is a public key"),
        ([*opening, "nowhere"], 2, "cannot be read"),
        ([*opening, "sam.key", "--zone", "Europe/Nowhere"], 2, "--zone"),
        (["archive", "open", "cut", "--key", "sam.key"], 2, "cut or damaged"),
        (["archive", "open", "sam.key", "--key", "sam.key"], 2, "no archive of Greenroom's"),
        (["archive", "export", "ZZ9Z", "new"], 2, "CODE"),
        (["archive", "export", "2222", "new"], 1, "No sealed conversation"),
        (["archive", "export", code, "new", "--by", "Nobody"], 1, "Nobody on this line"),
        (["archive", "export", code, "new", "--by", "Alma"], 1, "only an admin or a supervisor"),
    ):
        shown = line(*words)
        assert (shown.code, shown.out) == (exit_code, ""), words
        assert shown.err.count("\n") == 1
        assert said in shown.err
    monkeypatch.setenv("GREENROOM_PASSPHRASE", "correct horse batterie")
    shown = line(*opening, "sam.key")
    assert shown.code == 1
    assert "not the passphrase" in shown.err
    assert not (tmp_path / "new").exists()


def test_what_is_not_whole_is_not_exported(
    line: Type, think: Think, tmp_path: Path, database_url: str
) -> None:
    """The server cannot read it, and sees all the same that a line is missing."""
    code = think(sealed)
    by_hand(database_url, "DELETE FROM transcript WHERE sequence = 2")
    shown = line("archive", "export", code, "talk.greenroom")
    assert (shown.code, shown.out) == (1, "")
    assert "changed or taken out" in shown.err
    assert not (tmp_path / "talk.greenroom").exists()


def test_of_two_with_one_code_the_id_tells(line: Type, think: Think) -> None:
    """Codes are given again after thirty days."""

    def twice(work: Work) -> str:
        sam = joins_as_supervisor(work, "Sam", SAM)
        first, second = sealed_talk(work, sam), sealed_talk(work, sam)
        work._desk.conn.exec_driver_sql(f"UPDATE conversations SET code = '{first.code}'")
        return second.id.hex()

    second = think(twice)
    code = line("archive", "list", "--json").json[0]["code"]
    shown = line("archive", "export", code, "talk")
    assert shown.code == 1
    assert second[:8] in shown.err
    assert line("archive", "export", second[:8], "talk", "--json").json["id"] == second


def test_a_key_is_made_in_a_bare_place(tmp_path: Path) -> None:
    """No configuration, no database: a passphrase typed twice on a real terminal, two files, a fingerprint."""
    master, slave = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE)}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "staff", "key", "new", "sam.key"],
        cwd=tmp_path,
        env=environment,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as made:
        for _ in range(2):
            seen = b""
            while not seen.endswith(b": "):  # the last space is written once the echo is off
                seen += os.read(master, 1000)
            os.write(master, PASSPHRASE.encode() + b"\n")
        out, _ = made.communicate(timeout=60)
    os.close(master)
    os.close(slave)
    assert made.returncode == 0
    locked = archive_keyfile.read(tmp_path / "sam.key")
    assert fingerprint.spoken(locked.reader) in out.decode()
    assert (tmp_path / "sam.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sam.key", "sam.key.pub"]
    pair = locked.unlocked(PASSPHRASE)
    assert SupervisorKey(pair.public).reader == locked.reader


def test_a_key_is_not_made_over_another_or_with_a_short_passphrase(types: Type, tmp_path: Path) -> None:
    """Each told in one sentence with the cure; nothing is written."""
    short = tmp_path / "short"
    short.write_text("too short\n")
    shown = types("staff", "key", "new", "sam.key", "--passphrase-file", "short")
    assert (shown.code, shown.out) == (2, "")
    assert "12 characters" in shown.err
    (tmp_path / "alma.key.pub").write_text("")
    assert types("staff", "key", "new", "alma.key", "--passphrase-file", "short").code == 1
    assert types("staff", "key", "new", "bo.key").code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alma.key.pub", "short"]
