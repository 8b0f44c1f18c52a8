"""The drill of docs/restore.md, step by step, with the real program; and what restoring refuses."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.conversation import State
from storage import archive, archive_keyfile
from storage.archive_keyfile import Cost
from storage.keyring import Keyring
from storage.tables import conversations
from storage.work import Work
from tests.cli.conftest import HOUSE, NUMBER, Think, Type
from tests.storage.cast import KIT, ROBIN, by_hand, writes
from tests.storage.sealed_cast import joins_as_supervisor

SAM = archive.new_pair()
PASSPHRASE = "correct horse battery"
CHEAP = Cost(memory=128 * 1024, passes=1)
STEPS = [
    "archive open newest.capsule --key sam.key --out keyring.restored",
    "migrate",
    "restore keyring.restored --erased erased",
    "keys rotate",
    "keys status",
    "check --offline",
    "run",
]
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def steps() -> list[str]:
    """What the page says to type, in its order."""
    page = (HOUSE / "docs" / "restore.md").read_text()
    return re.findall(r"^ {7}greenroom (.+)$", page, flags=re.M)


def _begins(work: Work) -> None:
    joins_as_supervisor(work, "Sam", SAM)
    writes(work, ROBIN, "Robin's words")
    writes(work, KIT, "Kit's words")


def states(work: Work) -> list[State]:
    return sorted(
        one.state for address in (ROBIN, KIT) if (one := work.conversations.by_address(address)) is not None
    )


def erases(work: Work) -> None:
    robin = work.conversations.by_address(ROBIN)
    assert robin is not None
    work.conversations.erase(robin)


@pytest.fixture
def lost(line: Type, think: Think, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Robin and Kit had written when the backup was made; then Robin erased, Alma left, and the disk broke. What is
    left lies in the folder `away`."""
    monkeypatch.setenv("GREENROOM_PASSPHRASE", PASSPHRASE)
    away = tmp_path / "away"
    away.mkdir()
    (tmp_path / "sam.key").write_text(archive_keyfile.locked(SAM, PASSPHRASE, CHEAP))
    think(_begins)
    line("staff", "add", "Alma", "--sms", NUMBER)
    shutil.copy(line("keys", "rotate", "--json").json["capsule"], away / "newest.capsule")
    with (
        closing(sqlite3.connect(tmp_path / "data" / "greenroom.db")) as database,
        closing(sqlite3.connect(away / "greenroom.db")) as backup,
    ):
        database.backup(backup)
    think(erases)
    line("staff", "remove", "Alma")
    line("keys", "rotate")
    shutil.copy(tmp_path / "keys" / "erased", away / "erased")
    for gone in (tmp_path / "data", tmp_path / "keys" / "capsules"):
        shutil.rmtree(gone)
    for name in ("keyring", "erased"):
        (tmp_path / "keys" / name).unlink()
    return away


@SQLITE
def test_the_drill(lost: Path, line: Type, think: Think, process: Type, tmp_path: Path) -> None:
    """Every step of the page, typed as it stands there: Kit is back, Robin stays erased, Alma stays off the line."""
    assert steps() == STEPS
    (tmp_path / "data").mkdir(mode=0o700)
    shutil.copy(lost / "greenroom.db", tmp_path / "data" / "greenroom.db")
    (tmp_path / "data" / "greenroom.db").chmod(0o600)
    for name in ("newest.capsule", "erased"):
        shutil.copy(lost / name, tmp_path / name)
    told = {}
    for step in STEPS[:-1]:
        told[step] = process(*step.split(), GREENROOM_PASSPHRASE=PASSPHRASE)
        if not step.startswith("check"):  # this line has no tokens, and Twilio's example account
            assert told[step].code == 0, (step, told[step].err)

    assert "conversations 1, addresses 0, staff 1" in told[STEPS[2]].out
    assert "locked by the present epoch" in told[STEPS[4]].out
    assert "The keys do not open" not in told[STEPS[5]].out
    assert think(states) == [State.WAITING]
    assert think(lambda work: work.conversations.by_address(ROBIN)) is None
    people = [one["name"] for one in line("staff", "list", "--json").json]
    assert people == ["Sam"]
    assert think(lambda work: [one.what for one in work.audit.entries()][-1]) == "restored from a backup"
    kept = by_hand(f"sqlite:///{tmp_path / 'data' / 'greenroom.db'}", "SELECT count(*) FROM transcript")
    assert kept == [(1,)]


@SQLITE
def test_without_the_erasures_it_would_come_back(
    lost: Path, line: Type, think: Think, tmp_path: Path
) -> None:
    """So that the drill is seen to do something: with no list Robin is there again, and the list mends it."""
    shutil.copytree(lost, tmp_path / "data")
    assert line("archive", "open", "away/newest.capsule", "--key", "sam.key", "--out", "back").code == 0
    assert line("restore", "back", "--incomplete", "--json").json["conversations"] == 0
    assert think(states) == [State.WAITING, State.WAITING]

    shown = line("restore", "back", "--erased", "away/erased", "--json")
    again = line("restore", "back", "--erased", "away/erased", "--json")

    assert (shown.json["conversations"], again.json["conversations"]) == (1, 0)
    assert think(states) == [State.WAITING]


@SQLITE
def test_what_cannot_be_restored_is_one_sentence(lost: Path, line: Type, tmp_path: Path) -> None:
    """No list of ids, a capsule that is too new, a keyring of another line, a running line: nothing is changed."""
    shutil.copytree(lost, tmp_path / "data")
    line("archive", "open", "away/newest.capsule", "--key", "sam.key", "--out", "back")
    before = (tmp_path / "data" / "greenroom.db").read_bytes()
    (tmp_path / "config.toml").chmod(0o644)
    shown = line("restore", "back")
    assert (shown.code, shown.err.count("\n")) == (1, 1)
    assert "--erased" in shown.err
    for file, code, said in (
        (tmp_path / "away" / "erased", 3, "does not open"),
        (tmp_path / "config.toml", 3, "chmod 600"),
        (tmp_path / "nowhere", 3, "cannot"),
    ):
        shown = line("restore", str(file), "--erased", "away/erased")
        assert (shown.code, shown.err.count("\n")) == (code, 1)
        assert said in shown.err
    root = (tmp_path / "keys" / "root.key").read_text()
    (tmp_path / "keys" / "root.key").chmod(0o600)
    (tmp_path / "keys" / "root.key").write_text("00" * 32)
    (tmp_path / "keys" / "root.key").chmod(0o400)
    assert "does not open with keys.root" in line("restore", "back", "--erased", "away/erased").err
    (tmp_path / "keys" / "root.key").chmod(0o600)
    (tmp_path / "keys" / "root.key").write_text(root)
    (tmp_path / "keys" / "root.key").chmod(0o400)
    Keyring.create(tmp_path / "newer", bytes.fromhex(root))
    shown = line("restore", "newer", "--erased", "away/erased")
    assert shown.code == 1
    assert "does not open this backup" in shown.err
    assert (tmp_path / "data" / "greenroom.db").read_bytes() == before
    assert not (tmp_path / "keys" / "keyring").exists()


@SQLITE
def test_a_list_that_is_not_whole_is_no_list(lost: Path, line: Type, think: Think, tmp_path: Path) -> None:
    """Garbage, nothing, a line too few, a cut end, another line's: nothing is changed, and Robin does not come back.
    Under the previous root key it still counts; and who has only half of it can say so."""
    shutil.copytree(lost, tmp_path / "data")
    line("archive", "open", "away/newest.capsule", "--key", "sam.key", "--out", "back")
    before = (tmp_path / "data" / "greenroom.db").read_bytes()
    whole = (lost / "erased").read_bytes()
    lines = whole.splitlines(keepends=True)
    robins = next(one for one in lines if one[:1].isdigit())
    foreign = Keyring.create(tmp_path / "foreign", bytes(32))
    body = b"".join(lines[:-1])
    for text in (
        b"",
        b"garbage\n",
        whole.replace(robins, b""),
        whole.replace(robins, robins.replace(b" ", b"1 ")),
        whole[:-1],
        whole[:-7],
        body,
        whole + b"\n",
        body + b"proof " + foreign.proof(b"erased", body).hex().encode() + b"\n",
    ):
        (tmp_path / "bad").write_bytes(text)
        shown = line("restore", "back", "--erased", "bad")
        assert (shown.code, shown.err.count("\n")) == (2, 1), text
        assert "newest whole copy" in shown.err
        assert (tmp_path / "data" / "greenroom.db").read_bytes() == before
        assert not (tmp_path / "keys" / "keyring").exists()

    shutil.copy(tmp_path / "keys" / "root.key", tmp_path / "keys" / "old.key")
    (tmp_path / "keys" / "root.key").chmod(0o600)
    (tmp_path / "keys" / "root.key").write_text("11" * 32)
    (tmp_path / "keys" / "root.key").chmod(0o400)
    with (tmp_path / "config.toml").open("a") as config:
        config.write('[keys]\nprevious_root = "file:keys/old.key"\n')
    shown = line("restore", "back", "--erased", "away/erased")
    assert shown.code == 0, shown.err
    assert "Erased again: conversations 1, addresses 0, staff 1." in shown.out
    assert re.search(r"is as of \d{4}-\d\d-\d\d .* UTC. Ids read: \d, from \d{4}-\d\d-\d\d to ", shown.out)
    assert think(states) == [State.WAITING]
    (tmp_path / "bad").write_bytes(whole[:-7])
    shown = line("restore", "back", "--erased", "bad", "--incomplete")
    assert shown.code == 0
    assert "is lost or damaged" in shown.out


@SQLITE
def test_the_line_mends_its_own_list(line: Type, think: Think, tmp_path: Path) -> None:
    """Whatever stands in the file's place: from the database, which knows every id as long, it is written anew."""
    think(_begins)
    think(erases)
    assert line("keys", "rotate").code == 0
    ids = (tmp_path / "keys" / "erased").read_text().splitlines()[2:-1]
    (tmp_path / "keys" / "erased").write_text("20783 " + "ab" * 16 + "\n20783 ab")
    assert line("keys", "rotate").code == 0
    mended = (tmp_path / "keys" / "erased").read_text().splitlines()[2:-1]
    assert ids
    assert set(mended) == set(ids)
    today = int(ids[0].split()[0])
    assert len(think(lambda work: work.rotation.erasures(today))) == len(ids)
    assert think(lambda work: work.rotation.erasures(today + 1)) == {}


def test_a_running_line_is_not_restored(line: Type, database_url: str, tmp_path: Path) -> None:
    """It is stopped first."""
    (tmp_path / "config.toml").write_text(
        f'[line]\ncountry = "US"\ntime_zone = "UTC"\n[database]\nurl = "{database_url}"\n'
        '[web]\nlisten = "127.0.0.1:0"\n'
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert running.stdout is not None
        end = time.monotonic() + 30
        while "serving" not in running.stdout.readline():
            assert time.monotonic() < end
        shown = line("restore", "keys/keyring", "--incomplete")
        assert shown.code == 4
        assert "Stop greenroom run" in shown.err
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=20)


def test_ids_that_the_backup_does_not_know_are_not_given_again(
    line: Type, think: Think, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bo came and went after the backup: whoever comes next must not get his number, for the list still names it."""
    line("staff", "add", "Alma", "--sms", NUMBER)
    bo = 7
    (tmp_path / "erased").write_text(f"20783 {bo.to_bytes(16).hex()}\n")
    assert line("restore", "keys/keyring", "--erased", "erased", "--incomplete", "--json").json["people"] == 0
    shown = line("staff", "add", "Bo", "--sms", "+12025550148", "--json")
    assert shown.code == 0, shown.err
    added = shown.json
    assert added["id"] > bo
    assert line("restore", "keys/keyring", "--erased", "erased", "--incomplete", "--json").json["people"] == 0
    assert [one["name"] for one in line("staff", "list", "--json").json] == ["Alma", "Bo"]


def test_both_databases_erase_again(line: Type, think: Think, tmp_path: Path) -> None:
    """Robin's words, address, queued letters and keys go, and Kit's stay; a rotation is due at once."""
    think(_begins)
    robin = think(lambda work: work.conversations.by_address(ROBIN))
    assert robin is not None
    (tmp_path / "erased").write_text(
        f"20783 {robin.id.hex()}\n20783 {robin.texter.hex()}\nnot an id\n20783 ab"
    )
    shown = line("restore", "keys/keyring", "--erased", "erased", "--incomplete", "--json")
    assert (shown.code, shown.json["conversations"], shown.json["ids"]) == (0, 1, 2)
    assert think(states) == [State.WAITING]

    def gone(work: Work) -> tuple[object, ...]:
        row = work._desk.conn.execute(conversations.select().where(conversations.c.id == robin.id)).one()
        return row.state, row.sealed, row.texter

    assert think(gone) == ("erased", None, None)
    assert line("keys", "status").out.count("The next change is due: ") == 1
