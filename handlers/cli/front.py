"""The front of the command line: options that stand anywhere, and errors as one sentence with an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from enum import IntEnum

import typer

from bot import errors
from handlers.cli.house import House

ANYWHERE = {"--config": True, "--json": False, "--debug": False}
"""Options that may stand anywhere after the command, and whether each takes a value."""


class Code(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    NO = 1
    WRONG_USE = 2
    SETTINGS = 3
    OUTSIDE = 4


class Stopped(Exception):
    """A command cannot go on: the exit code, and one sentence with the cure. Quotes no number and no secret."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def answer_is_no(sentence: str) -> Stopped:
    return Stopped(Code.NO, sentence)


def wrong_use(sentence: str) -> Stopped:
    return Stopped(Code.WRONG_USE, sentence)


def hoisted(words: Sequence[str]) -> list[str]:
    """The words with --config, --json and --debug moved to the front, where typer reads them; `--` ends the search."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            rest += ["--", *left]
        elif ANYWHERE.get(word.partition("=")[0]) is None:
            rest.append(word)
        else:
            front += _with_value(word, left)
    return front + rest


def _with_value(word: str, left: Iterator[str]) -> list[str]:
    if ANYWHERE.get(word):
        value = next(left, None)
        return [word] if value is None else [word, value]
    return [word]


def obey(app: typer.Typer, house: House, words: Sequence[str]) -> int:
    """Runs one command; its exit code. Whatever goes wrong ends as a sentence on stderr, never as a traceback."""
    try:
        code = app(hoisted(words) or ["--help"], prog_name="greenroom", obj=house, standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # The reader has left (`| head`), for which typer exits by itself: nobody is there to be told, and the flush at
        # exit would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # type: ignore[union-attr]
        return Code.DONE
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _told(error, debug="--debug" in words)
    if not words:
        return Code.WRONG_USE
    return code if isinstance(code, int) else Code.DONE


def _told(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    code, sentence = judged(error)
    print(f"greenroom: {sentence}", file=sys.stderr)
    return code


def judged(error: Exception) -> tuple[Code, str]:
    """The exit code for an error, and what to say: whose fault it is, and the cure."""
    match error:
        case Stopped():
            return error.code, str(error)
        case typer.Abort():
            return Code.NO, "Stopped. Nothing was changed."
        case typer.TyperException():
            return Code.WRONG_USE, _usage(error)
        case errors.RotaError():
            return Code.WRONG_USE, str(error)
        case errors.WrongKey():
            return Code.NO, str(error)
        case errors.Unusable():
            return Code.WRONG_USE, str(error)
        case errors.SettingsError():
            return Code.SETTINGS, str(error)
        case errors.SchemaTooNew():
            return Code.SETTINGS, str(errors.SchemaTooNew.__doc__)
        case errors.AlreadyServing():
            return Code.OUTSIDE, str(errors.AlreadyServing.__doc__)
        case errors.SealBroken() | errors.UnknownEpoch():
            return Code.SETTINGS, (
                "The keys do not open this database. Use the root key, pepper and keyring that belong to it."
            )
        case errors.StorageError():
            return (
                Code.OUTSIDE,
                "The database does not answer. See that it runs and can be reached, then try again.",
            )
        case OSError():
            return _outside(error)
    return (
        Code.NO,
        f"This should not have happened ({type(error).__name__}). Run it again with --debug for the place.",
    )


def _usage(error: typer.TyperException) -> str:
    """What typer found, without the values that it quotes: a number typed in the wrong place stays off the screen."""
    said = str(getattr(error, "message", "") or "") or _missing(error)
    said = re.sub(r"unexpected extra argument.*", "more words than it takes.", said, flags=re.DOTALL)
    said = re.sub(r"\+?\d[\d ()-]{5,}", "…", said)
    said = re.sub(r"'[^']*' is not", "that is not", said)
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "greenroom"
    hint = getattr(error, "param", None)
    if hint is not None and isinstance(error, typer.BadParameter) and not said.startswith("Missing"):
        said = f"{hint.opts[0] if hint.opts else hint.name}: {said}"
    return f"{said.rstrip('. ')}. See: {command} --help"


def _missing(error: typer.TyperException) -> str:
    parameter = getattr(error, "param", None)
    if parameter is None:
        return "Something is missing"
    return f"Missing: {parameter.opts[0] if parameter.opts[0].startswith('-') else parameter.name.upper()}"


def _outside(error: OSError) -> tuple[Code, str]:
    """An error of the system: by its number, never by its text, which may quote a path or an address."""
    if error.errno == errno.EADDRINUSE:
        return Code.OUTSIDE, "The port is taken. Stop what listens there, or set another one in web.listen."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return Code.SETTINGS, "A file or folder may not be used by this user. See who owns it, and its mode."
    if error.errno in {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.ENAMETOOLONG,
        errno.ELOOP,
    }:
        return (
            Code.SETTINGS,
            "A file or folder is not where it should be. See the paths in the configuration.",
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Code.OUTSIDE, "The disk is full. Make room and try again."
    return Code.OUTSIDE, f"Something outside does not answer ({os.strerror(error.errno or 0)}). Try again."
