"""Wrong use of the command line: one sentence on stderr, the right exit code, nothing secret quoted."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import typer

from bot import errors
from handlers.cli.commands import app
from handlers.cli.front import Code, hoisted, judged
from tests.cli.conftest import NUMBER, Type

TOKEN = "123456789:AAE-made-up-token-of-a-bot-00000000"


@pytest.mark.parametrize(
    ("words", "front"),
    [
        ("staff --json list", "--json staff list"),
        ("staff list --json --config here.toml", "--json --config here.toml staff list"),
        ("rota at --config=x --file y", "--config=x rota at --file y"),
        ("--json staff list", "--json staff list"),
        ("staff remove -- --json", "staff remove -- --json"),
        ("run --config", "--config run"),
    ],
)
def test_options_stand_anywhere(words: str, front: str) -> None:
    """--config and --json are understood wherever somebody puts them, except after `--`."""
    assert " ".join(hoisted(words.split())) == front


def commands(group: typer.Typer, *path: str) -> list[tuple[str, ...]]:
    found = [(*path, c.name or getattr(c.callback, "__name__", "")) for c in group.registered_commands]
    for g in group.registered_groups:
        assert g.typer_instance is not None
        found += [(*path, g.name or ""), *commands(g.typer_instance, *path, g.name or "")]
    return found


@pytest.mark.parametrize("words", commands(app), ids=" ".join)
def test_every_command_explains_itself(types: Type, words: tuple[str, ...]) -> None:
    """--help answers for every command, and says what may stand anywhere."""
    shown = types(*words, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert "Usage: greenroom" in shown.out


@pytest.mark.parametrize(
    "words",
    [
        ["bogus"],
        ["staff"],
        ["staff", "bogus"],
        ["staff", "add"],
        ["staff", "add", "Alma", NUMBER],
        ["staff", "add", "Alma", TOKEN],
        ["staff", "add", "Alma", f"--{NUMBER}"],
        ["staff", "add", "Alma", "--sms"],
        ["staff", "remove", "--sms", NUMBER],
        ["rehearse", "--port", TOKEN],
        ["rehearse", "--port", "70000"],
        ["rehearse", "--port", NUMBER],
        ["run", "--config"],
        ["--json"],
        ["rota", "at", "--fil", "x"],
        ["rota", "gaps", TOKEN],
    ],
    ids=" ".join,
)
def test_wrong_use_is_exit_2_and_one_line(types: Type, words: list[str]) -> None:
    """A slip of the fingers is answered by one line that repeats no number and no token."""
    shown = types(*words)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("greenroom: ")
    assert "--help" in shown.err
    assert NUMBER not in shown.err
    assert NUMBER[1:] not in shown.err
    assert TOKEN not in shown.err
    assert "Traceback" not in shown.err


def test_no_command_at_all_shows_the_commands(types: Type) -> None:
    """Somebody who types only `greenroom` learns what there is."""
    shown = types()
    assert shown.code == 2
    assert "rehearse" in shown.out


def test_the_version(types: Type) -> None:
    """--version names the version and needs nothing."""
    shown = types("--version")
    assert shown.code == 0
    assert shown.out.startswith("greenroom ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.SettingsError("line.country is missing.", "Add it."), Code.SETTINGS),
        (errors.SchemaTooNew(), Code.SETTINGS),
        (errors.SealBroken(""), Code.SETTINGS),
        (errors.UnknownEpoch(), Code.SETTINGS),
        (errors.RotaError("layer 1: end ≤ start."), Code.WRONG_USE),
        (errors.StorageError(), Code.OUTSIDE),
        (OSError(errno.EADDRINUSE, "secret"), Code.OUTSIDE),
        (OSError(errno.ECONNREFUSED, "secret"), Code.OUTSIDE),
        (OSError(errno.ENOSPC, "secret"), Code.OUTSIDE),
        (PermissionError(errno.EACCES, "secret"), Code.SETTINGS),
        (FileNotFoundError(errno.ENOENT, "secret"), Code.SETTINGS),
        (KeyError("secret"), Code.NO),
        (UnicodeEncodeError("ascii", "secret", 0, 1, "secret"), Code.NO),
    ],
)
def test_whose_fault_it_is(error: Exception, code: Code) -> None:
    """Every error has its exit code and a sentence; what an error quotes is not repeated."""
    judgement, sentence = judged(error)
    assert judgement is code
    assert sentence.endswith(".")
    assert "secret" not in sentence


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"[line", b"line = 3", b"[line]\nname = 'x'\n[unknown]\n", b"\x00" * 100],
    ids=["empty", "utf-16", "torn", "shape", "unknown", "zeros"],
)
def test_a_bad_configuration_is_exit_3(types: Type, tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, `run` stops with a sentence that names the cure."""
    (tmp_path / "config.toml").write_bytes(content)
    shown = types("run")
    assert shown.code == 3
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err


@pytest.mark.parametrize("path", ["missing.toml", ".", "/dev/null", "a\x01b", "x" * 5000])
def test_a_configuration_that_is_no_file_is_exit_3(types: Type, path: str) -> None:
    """A path that leads nowhere is answered, not thrown."""
    shown = types("staff", "list", "--config", path)
    assert shown.code == 3
    assert shown.err.count("\n") == 1


def test_a_secret_in_the_configuration_is_refused_and_not_repeated(types: Type, tmp_path: Path) -> None:
    """A token written out in the file is named by its key only."""
    (tmp_path / "config.toml").write_text(
        f'[line]\ncountry = "US"\ntime_zone = "UTC"\n[telegram.texters]\ntoken = "{TOKEN}"\n'
        '[telegram.staff]\ntoken = "env:X"\n[web]\npublic_url = "https://line.example.org"\n'
    )
    shown = types("run")
    assert shown.code == 3
    assert "telegram.texters.token" in shown.err
    assert TOKEN not in shown.err


def test_help_in_a_bare_environment(process: Type) -> None:
    """The real program answers without a home folder, a language or a configuration."""
    shown = process("--help", LC_ALL="C")
    assert (shown.code, shown.err) == (0, "")
    assert "rota" in shown.out


def test_debug_shows_the_place(process: Type) -> None:
    """The traceback is there for whoever asks for it, and only then."""
    assert "Traceback" in process("run", "--debug").err
    plain = process("run")
    assert plain.code == 3
    assert "Traceback" not in plain.err


def test_a_rehearsal_refuses_a_real_configuration(types: Type, tmp_path: Path) -> None:
    """What could reach real people is not for playing."""
    (tmp_path / "config.toml").write_text('[sms]\naccount_sid = "AC…"\n')
    assert types("rehearse", "--config", "config.toml").code == 3
    assert types("rehearse", "--config", "missing.toml").code == 3
