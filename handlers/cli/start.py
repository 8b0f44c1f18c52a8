"""`greenroom init`: writes what is missing, never over what is there, and says what to do next."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from handlers.cli import asked
from handlers.cli.front import Code, Stopped

if TYPE_CHECKING:
    from bot.config import Config, Reference

TEMPLATE: Final = Path(__file__).parent / "config.example.toml"
"""The documented example is what init writes: there is no second truth."""
CHANNELS: Final = ("[sms]", "[telegram]", "[telegram.")
PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
KEY_FILE: Final = 0o400

NEXT = (
    "Next:",
    "  1. Take the # away from [sms] or [telegram] in the configuration, fill it in, and write the tokens",
    "     to the files that it names (chmod 400).",
    "  2. greenroom staff add NAME --languages en --sms +1…   (or --telegram)",
    "  3. greenroom rota apply rota.toml",
    "  4. greenroom check   (says what is missing or unsafe, with the cure)",
    "  5. greenroom run",
    "Keep a copy of the root key and the pepper apart from the copies of the database: without them nothing opens. Of",
    "the keyring, which changes every day, keep recovery capsules: docs/restore.md.",
)


def init(context: typer.Context) -> None:
    """Write what is missing: configuration, keys, folders, database. Never overwrites; harmless when repeated."""
    here = asked.of(context)
    made = [str(here.config)] if _write_configuration(here.config) else []
    config = here.settings()
    before = here.house.schema_state(config)
    made += _write_keys(here, config, fresh=not here.house.in_use(config))
    here.house.migrate(config)
    if before == "missing":
        made.append("database")
    lines = [f"Written: {what}" for what in made] or ["Everything was there already; nothing was changed."]
    here.answer({"written": made}, *lines, *NEXT)


def _write_configuration(path: Path) -> bool:
    """The example as the operator's own file, unless there is one."""
    if os.path.lexists(path):
        return False
    _folder(path.parent)
    return _write(path, template().encode(), PRIVATE_FILE)


def template() -> str:
    """The example with its channels commented out: the operator's are not those of the example."""
    lines, channel = [], False
    for line in TEMPLATE.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("["):
            channel = line.startswith(CHANNELS)
        lines.append(f"# {line}" if channel and line.strip() and not line.startswith("#") else line)
    return "".join(lines)


def _write_keys(here: asked.Asked, config: Config, *, fresh: bool) -> Iterator[str]:
    """Root, pepper and keyring. A key that is missing beside a database or keyring is lost, not new: refuse."""
    from bot.config import key_bytes

    keys, keyring = config.keys, Path(config.keys.keyring)
    missing = [reference for reference in (keys.root, keys.pepper) if _is_missing(reference)]
    if not fresh and (missing or not keyring.exists()):
        _lost("the database")
    if keyring.exists() and keys.root in missing:
        _lost("the keyring")
    for reference in missing:
        _folder(Path(reference.place).parent)
        _write(Path(reference.place), secrets.token_hex(32).encode() + b"\n", KEY_FILE)
        yield reference.place
    if not keyring.exists():
        _folder(keyring.parent)
        here.house.make_keyring(keyring, key_bytes(keys.root))
        yield str(keyring)


def _lost(what: str) -> None:
    raise Stopped(
        Code.SETTINGS,
        f"A key is missing, and a new one would not open {what}. Bring the keys back from your copy of them.",
    )


def _is_missing(reference: Reference) -> bool:
    """Whether init may write this key: only a file is ours to write."""
    return reference.kind == "file" and not os.path.lexists(reference.place)


def _folder(path: Path) -> None:
    """The folder, for its owner only if it is made here; an existing one keeps its mode."""
    if path.is_dir():
        return
    _folder(path.parent)
    path.mkdir(PRIVATE_FOLDER, exist_ok=True)


def _write(path: Path, content: bytes, mode: int) -> bool:
    """A new file, on the disk before we go on; False if something is there already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        return False
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    return True
