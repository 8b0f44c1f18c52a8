"""Secrets are not in the configuration: it says where each one lies. Read here, and only if nobody else can read it."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from bot.errors import SettingsError
from bot.redact import Secret

KEY_BYTES: Final = 32
_LONGEST: Final = 4096
_NAME: Final = {
    "credential": re.compile(r"[A-Za-z0-9_.-]{1,64}"),
    "env": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}"),
}
_TOKEN: Final = re.compile(r"[0-9A-Fa-f]{32,}|\d{5,}:[\w-]{20,}|[\w-]{60,}")
"""What a carrier's token or a key looks like: never quoted, wherever it was written by mistake."""


class Kind(StrEnum):
    """Where a secret lies."""

    FILE = "file"
    CREDENTIAL = "credential"
    ENVIRONMENT = "env"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the secret of a setting lies: `key` is the setting's name, `place` a path or a name, never the secret."""

    key: str
    kind: Kind
    place: str

    def __repr__(self) -> str:
        return f"Reference({self.key})"


def parse(key: str, written: str, folder: Path) -> Reference:
    """The reference as written in the configuration; SettingsError, which does not quote it, if it is none."""
    kind, colon, place = written.partition(":")
    if (
        colon
        and kind in {"credential", "env"}
        and _NAME[kind].fullmatch(place)
        and not _TOKEN.fullmatch(place)
    ):
        return Reference(key, Kind(kind), place)
    if colon and kind == "file" and place and place.isprintable() and not _TOKEN.search(place):
        return Reference(key, Kind.FILE, os.path.normpath(folder / place))
    raise SettingsError(
        f"{key} must say where the secret lies, and not be the secret itself.",
        f'Put the secret into a file that only you can read, and write {key} = "file:PATH", or use '
        '"credential:NAME" or "env:NAME"; a secret that stood here in the clear should be replaced.',
    )


def secret(reference: Reference) -> Secret[str]:
    """The secret, one line of text, without its line's end. SettingsError names key, place and cure."""
    text = _raw(reference).decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    if not text or not text.isprintable() or "\ufffd" in text:
        raise SettingsError(
            f"{reference.key}: {_where(reference)} holds no secret.",
            "It must be one line of text: write the secret into it.",
        )
    return Secret(text)


def key_bytes(reference: Reference) -> bytes:
    """A key of 32 bytes, kept as these bytes or as 64 hexadecimal digits. SettingsError names key, place and cure."""
    raw = _raw(reference)
    if len(raw) == KEY_BYTES:
        return raw
    if re.fullmatch(rb"[0-9A-Fa-f]{64}\r?\n?", raw):
        return bytes.fromhex(raw.decode("ascii"))
    raise SettingsError(
        f"{reference.key}: {_where(reference)} holds no key.",
        "A key is 32 random bytes, or 64 hexadecimal digits: restore it from its backup.",
    )


def _raw(reference: Reference) -> bytes:
    if reference.kind is Kind.ENVIRONMENT:
        value = os.environ.get(reference.place, "")
        if not value:
            raise _missing(reference, f"Set {reference.place} in the program's environment.")
        return value.encode("utf-8", "surrogateescape")
    if reference.kind is Kind.FILE:
        return _read(reference, Path(reference.place), private=True)
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        raise _missing(reference, "Start the program through systemd, with LoadCredential= in its unit.")
    # systemd guards its folder by itself, with an access list that shows as a mode of 0440.
    return _read(reference, Path(folder) / reference.place, private=False)


def _read(reference: Reference, path: Path, *, private: bool) -> bytes:
    try:
        facts = path.stat()
        if stat.S_ISREG(facts.st_mode) and private and facts.st_mode & 0o077:
            raise SettingsError(
                f"{reference.key}: others can read {_where(reference)}.", f"Run: chmod 400 {reference.place}"
            )
        if stat.S_ISREG(facts.st_mode) and facts.st_size <= _LONGEST:
            return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        ours = reference.key.startswith("keys.")
        cure = "Let `greenroom init` write it, or bring it back from your copy" if ours else "Write it there"
        raise _missing(reference, f"{cure}, then chmod 400.") from None
    except (OSError, ValueError):
        pass
    raise SettingsError(
        f"{reference.key}: {_where(reference)} cannot be read.",
        "It must be a small file that belongs to the user who runs Greenroom, with mode 400.",
    )


def _missing(reference: Reference, cure: str) -> SettingsError:
    return SettingsError(f"{reference.key}: {_where(reference)} does not exist.", cure)


def _where(reference: Reference) -> str:
    names = {
        Kind.FILE: "the file",
        Kind.CREDENTIAL: "the credential",
        Kind.ENVIRONMENT: "the environment variable",
    }
    return f"{names[reference.kind]} {reference.place}"
