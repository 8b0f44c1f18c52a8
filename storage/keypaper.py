"""Keys as short text files that a person can print, and copy from paper: a title, named lines, bytes, a check line."""

from __future__ import annotations

import base64
import binascii
import hashlib
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.errors import Unusable
from bot.harmless import harmless
from storage.box import SupervisorKey

PUBLIC: Final = "Greenroom public key"
PRIVATE: Final = "Greenroom private key"
VERSION: Final = "version 1"
LARGEST: Final = 16 * 1024
"""Bytes; a public key's file has about 1,700."""
_WIDTH: Final = 64
_CHECK: Final = "check"
_LINES: Final = 200


@dataclass(frozen=True, slots=True)
class Paper:
    """One file: what it is, its named lines ("salt: …"), and the bytes below them."""

    title: str
    named: Mapping[str, str]
    body: bytes = field(repr=False)


def written(paper: Paper) -> str:
    """The file's text."""
    lines = [f"{paper.title}, {VERSION}", *(f"{name}: {value}" for name, value in paper.named.items()), ""]
    lines += textwrap.wrap(base64.b64encode(paper.body).decode(), _WIDTH)
    return "\n".join([*lines, "", f"{_CHECK}: {_sum(lines)}", ""])


def read(path: Path, title: str) -> Paper:
    """The file at this place, which must be of this title. Unusable says in one sentence what it is instead."""
    text = _text(path)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _LINES or not lines or not lines[0].startswith("Greenroom "):
        raise Unusable("That file is no key of Greenroom's.", _cure(title))
    kind, _, version = lines[0].partition(",")
    if kind == PRIVATE and title == PUBLIC:
        raise Unusable(
            "That is a PRIVATE key: it must never be on the server.",
            "Delete this copy of it, and hand in the file beside it that ends in .pub.",
        )
    if kind != title:
        raise Unusable(f"That file is a {harmless(kind.removeprefix('Greenroom '))[:40]}.", _cure(title))
    if version.strip() != VERSION:
        raise Unusable("That key is of another version than this Greenroom reads.", "Update Greenroom.")
    name, _, check = lines[-1].partition(": ")
    if name != _CHECK:
        raise Unusable("That key's file is cut off: its last line is missing.", "Copy the whole file again.")
    if check != _sum(lines[:-1]):
        raise Unusable("That key's file was changed or is cut.", "Copy the whole file again.")
    return _parsed(title, lines[1:-1])


def half_of(path: Path) -> tuple[SupervisorKey, bytes]:
    """The public half in a file, and its bytes; Unusable."""
    paper = read(path, PUBLIC)
    try:
        half = SupervisorKey(paper.body)
        half.sealed(b"a trial", PUBLIC, b"")  # a point without a secret would stop every sealing to come
        return half, paper.body
    except ValueError:
        raise Unusable("That file holds no public key.", _cure(PUBLIC)) from None


def _parsed(title: str, lines: list[str]) -> Paper:
    named: dict[str, str] = {}
    body = ""
    for line in lines:
        name, parted, value = line.partition(": ")
        if parted:
            named[name] = value
        else:
            body += line
    try:
        return Paper(title, named, base64.b64decode(body, validate=True))
    except (binascii.Error, ValueError):
        raise Unusable("That key's file was changed or is cut.", "Copy the whole file again.") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError:
        raise Unusable("The key's file cannot be read.", "See that it is there and yours to read.") from None
    if len(raw) > LARGEST:
        raise Unusable(
            "That file is far too large for a key.", "Give the file that ends in .pub, or her key."
        )
    return raw.decode("utf-8-sig", "replace")


def _sum(lines: list[str]) -> str:
    """The check of all lines above it: a slip of the pen is noticed before anybody trusts the key."""
    text = "\n".join(line.strip() for line in lines if line.strip())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cure(title: str) -> str:
    if title == PUBLIC:
        return "Give the .pub file that `greenroom staff key new` wrote."
    return "Give the file that `greenroom staff key new` wrote, not the .pub beside it."
