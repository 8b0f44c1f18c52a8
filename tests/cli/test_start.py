"""`greenroom init` and `migrate`: what is missing is written, what is there is left alone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bot.config import load
from handlers.cli.start import TEMPLATE, template
from tests.cli.conftest import Type


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_init_writes_what_is_missing(process: Type, tmp_path: Path) -> None:
    """One command, and the line's own commands work; keys are nobody else's to read."""
    shown = process("init")
    assert (shown.code, shown.err) == (0, "")
    assert "greenroom run" in shown.out
    assert mode(tmp_path / "config.toml") == 0o600
    assert [mode(tmp_path / "keys" / name) for name in ("root.key", "pepper.key")] == [0o400, 0o400]
    assert mode(tmp_path / "keys" / "keyring") == 0o600
    assert [mode(tmp_path / name) for name in ("keys", "data")] == [0o700, 0o700]
    assert mode(tmp_path / "data" / "greenroom.db") == 0o600
    listed = process("staff", "list", "--json")
    assert (listed.code, listed.json, listed.err) == (0, [], "")


def test_init_twice_changes_nothing(types: Type, tmp_path: Path) -> None:
    """It may be run again at any time."""
    assert types("init", "--json").json["written"] != []
    before = contents(tmp_path)
    again = types("init", "--json")
    assert (again.code, again.json) == (0, {"written": []})
    assert contents(tmp_path) == before


def test_init_goes_on_from_a_configuration(types: Type, tmp_path: Path) -> None:
    """A configuration of one's own is used as it is, from wherever the command is typed."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    own = '[line]\ncountry = "DE"\ntime_zone = "Europe/Berlin"\n[web]\npublic_url = "https://line.example.org"\n'
    (place / "line.toml").write_text(own)
    assert types("init", "--config", "elsewhere/line.toml").code == 0
    assert (place / "line.toml").read_text() == own
    assert (place / "keys" / "root.key").is_file()
    assert (place / "data" / "greenroom.db").is_file()


def test_the_example_is_what_init_writes(types: Type, tmp_path: Path) -> None:
    """There is one documented file; init comments out what only the operator can know, and nothing else."""
    assert re.sub(r"(?m)^# ?", "", template()) == re.sub(r"(?m)^# ?", "", TEMPLATE.read_text())
    assert not {"sms", "telegram"} & tomllib.loads(template()).keys()
    types("init")
    assert (tmp_path / "config.toml").read_text() == template()
    config = load(tmp_path / "config.toml")
    assert config.sms is None
    assert config.telegram is None


@pytest.mark.parametrize("lost", ["root.key", "pepper.key", "keyring"])
def test_a_lost_key_is_not_replaced(types: Type, tmp_path: Path, lost: str) -> None:
    """Beside a database, a new key would only hide that nothing opens any more."""
    types("init")
    types("staff", "list")
    (tmp_path / "keys" / lost).unlink()
    shown = types("init")
    assert shown.code == 3
    assert "copy" in shown.err
    assert not (tmp_path / "keys" / lost).exists()


def test_a_keyring_without_its_root_is_not_locked_out(types: Type, tmp_path: Path) -> None:
    """The database may be gone, but the keyring still belongs to the root key that is missing."""
    types("init")
    (tmp_path / "data" / "greenroom.db").unlink()
    (tmp_path / "keys" / "root.key").unlink()
    assert types("init").code == 3


def test_a_folder_that_may_not_be_written(types: Type, tmp_path: Path) -> None:
    """A path through a file leads nowhere: one sentence."""
    (tmp_path / "file").write_text("")
    shown = types("init", "--config", "file/config.toml")
    assert shown.code == 3
    assert shown.err.count("\n") == 1


def test_commands_before_init_name_the_cure(types: Type, tmp_path: Path) -> None:
    """Without a configuration, keys or database, the sentence says which command makes them."""
    assert "greenroom init" in types("staff", "list").err
    (tmp_path / "config.toml").write_text(template())
    for words in (["staff", "list"], ["rota", "show"], ["run"]):
        shown = types(*words)
        assert shown.code == 3
        assert "greenroom " in shown.err


def test_a_schema_alone_belongs_to_nobody_yet(types: Type, tmp_path: Path) -> None:
    """Somebody who migrates before init has lost nothing."""
    (tmp_path / "config.toml").write_text(template())
    assert types("migrate", "--json").json == {"before": "missing", "now": "current"}
    assert len(types("init", "--json").json["written"]) == 3
    assert types("staff", "list", "--json").json == []


def test_the_environment_names_a_configuration(process: Type, tmp_path: Path) -> None:
    """GREENROOM_CONFIG is the default; --config goes before it."""
    (tmp_path / "a").mkdir()
    assert process("init", "--config", "a/here.toml").code == 0
    assert process("staff", "list", GREENROOM_CONFIG="a/here.toml").code == 0
    assert process("staff", "list", "--config", "b.toml", GREENROOM_CONFIG="a/here.toml").code == 3


def test_migrate(line: Type) -> None:
    """A database that is up to date is left as it is, on either kind."""
    shown = line("migrate", "--json")
    assert (shown.code, shown.json) == (0, {"before": "current", "now": "current"})


@pytest.mark.parametrize("words", [["migrate"], ["staff", "list"], ["init"]], ids=" ".join)
def test_a_database_that_does_not_answer_is_exit_4(types: Type, tmp_path: Path, words: list[str]) -> None:
    """Nobody listens on that port; the sentence names no address."""
    types("init")
    path = tmp_path / "config.toml"
    path.write_text(
        path.read_text().replace("[database]", '[database]\nurl = "postgresql://line@127.0.0.1:1/line"')
    )
    shown = types(*words)
    assert shown.code == 4
    assert "127.0.0.1" not in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 50, b"\0" * 4096])
def test_a_file_that_is_no_database(types: Type, tmp_path: Path, content: bytes) -> None:
    """Somebody else's file is not written over."""
    types("init")
    (tmp_path / "data" / "greenroom.db").write_bytes(content)
    shown = types("staff", "list")
    assert shown.code in {3, 4}
    assert shown.err.count("\n") == 1
    assert (tmp_path / "data" / "greenroom.db").read_bytes() == content
