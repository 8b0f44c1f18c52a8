"""A supervisor's passphrase: typed without being shown, or handed in by a script. Never an option's value, which every
user of the machine could read."""

from __future__ import annotations

import sys
from os import environ
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.redact import Secret
from handlers.cli.front import wrong_use

SHORTEST: Final = 12
"""Characters."""
LONGEST: Final = 1024
VARIABLE: Final = "GREENROOM_PASSPHRASE"

File = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        help=f"For scripts: the first line of this file is the passphrase. Or set {VARIABLE}.",
    ),
]


def asked(file: Path | None) -> Secret[str]:
    """The passphrase of a key that exists."""
    return _given(file) or Secret(_typed("Passphrase"))


def chosen(file: Path | None) -> Secret[str]:
    """A new passphrase, typed twice; too short a one is refused with the cure."""
    given = _given(file)
    if given is not None:
        _long_enough(given.reveal())
        return given
    words = _typed(f"New passphrase ({SHORTEST} characters or more; four words are easy to keep)")
    _long_enough(words)
    if words != _typed("The same once more"):
        raise wrong_use("The two were not the same. Nothing was written; try again.")
    return Secret(words)


def patience(what: str) -> None:
    """Says that something takes a second or two, to somebody who looks on."""
    if sys.stderr.isatty():
        typer.echo(f"{what}, a second or two…", err=True)


def _given(file: Path | None) -> Secret[str] | None:
    if file is None:
        said = environ.get(VARIABLE)
        return Secret(said) if said else None
    try:
        with file.open("rb") as opened:
            line = opened.readline(LONGEST + 2).decode("utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise wrong_use(
            "--passphrase-file: it cannot be read. It must be a text file that is yours to read."
        ) from None
    if not line or len(line) > LONGEST:
        raise wrong_use("--passphrase-file: its first line must be the passphrase.")
    return Secret(line)


def _typed(words: str) -> str:
    if not sys.stdin.isatty():
        raise wrong_use(f"Nobody can type a passphrase here. Use --passphrase-file, or set {VARIABLE}.")
    typed: str = typer.prompt(words, hide_input=True, err=True)
    return typed


def _long_enough(words: str) -> None:
    if len(words) < SHORTEST or len(set(words)) < SHORTEST // 3:
        raise wrong_use(
            f"That passphrase is too short: use {SHORTEST} characters or more, such as four words."
        )
