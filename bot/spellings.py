"""Settings that are written as one text and mean more: places of secrets, paths, addresses, zones."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from bot import references, zones
from bot.errors import SettingsError
from bot.settings import Listen

Reader = Callable[[str, str, Path], object]
"""`read(key, written, folder)` → what it means; SettingsError if it means nothing."""


def resolve(table: dict[str, Any], folder: Path) -> None:
    """Replace, in place, every such text of a parsed file by its meaning, and fill in what is left out."""
    for key, read, default in _SPELLINGS:
        *sections, name = key.split(".")
        inner: Any = table
        for section in sections:
            inner = inner.get(section) if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            continue
        written = inner.get(name, default)
        if written is None:
            continue
        if not isinstance(written, str):
            raise SettingsError(f"{key} must be a text.", "Write it in quotes.")
        inner[name] = read(key, written, folder)


def _path(key: str, written: str, folder: Path) -> Path:
    if not written or not written.isprintable():
        raise SettingsError(f"{key} must be a path.", "Write the path of a file.")
    return folder / written


def _zone(key: str, written: str, folder: Path) -> str:
    if written not in zones.known():
        raise SettingsError(
            f"{key} is not a known time zone.", 'Write a name such as "America/New_York" or "Europe/Kyiv".'
        )
    return written


_HOST: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def _listen(key: str, written: str, folder: Path) -> Listen:
    host, _, port = written.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        good = _is_ip(host := host[1:-1])
    else:
        good = _HOST.fullmatch(host) is not None
    if not good or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise SettingsError(f"{key} must be a host and a port.", 'Write, for example, "127.0.0.1:8080".')
    return Listen(host, int(port))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _parts(written: str) -> SplitResult | None:
    """The parts of an address that is plain ASCII and has a valid port or none."""
    try:
        parts = urlsplit(written)
        _ = parts.port
    except ValueError:
        return None
    return parts if re.fullmatch(r"[!-~]{1,2000}", written) else None


def _web(key: str, written: str, folder: Path) -> str:
    """https anywhere, http on this machine only; no slash at the end."""
    parts = _parts(written)
    if parts is not None and (parts.username is not None or parts.password is not None):
        raise SettingsError(f"{key} must not hold a name or password.", "Write the address without them.")
    local = parts is not None and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    good = (
        parts is not None
        and (parts.scheme == "https" or (parts.scheme == "http" and local))
        and (parts.hostname == "::1" or _HOST.fullmatch(parts.hostname or "") is not None)
        and not (set("?#\\") & set(written))
    )
    if not good:
        raise SettingsError(
            f"{key} must begin with https:// (http:// on this machine only) and end before any ? or #.",
            'Write an address such as "https://line.example.org".',
        )
    return written.rstrip("/")


def _database(key: str, written: str, folder: Path) -> str:
    parts = _parts(written)
    if parts is not None and (parts.password is not None or "password" in parts.query.lower()):
        raise SettingsError(
            f"{key} must not hold the password.", 'Take it out, and write database.password = "file:PATH".'
        )
    if written.startswith("sqlite:///") and written.isprintable():
        name = written.removeprefix("sqlite:///")
        if name and not name.endswith("/") and not re.search(r"[?#%]|:memory:|^file:", name):
            return f"sqlite:///{folder / name}"
    if parts is not None and parts.scheme == "postgresql" and len(parts.path) > 1 and "#" not in written:
        return written
    raise SettingsError(
        f"{key} must name an SQLite file or a PostgreSQL database.",
        'Write "sqlite:///data/greenroom.db" or "postgresql://user@host/name".',
    )


_SPELLINGS: Final[tuple[tuple[str, Reader, str | None], ...]] = (
    ("line.time_zone", _zone, None),
    ("database.url", _database, "sqlite:///data/greenroom.db"),
    ("database.password", references.parse, None),
    ("keys.root", references.parse, "file:keys/root.key"),
    ("keys.pepper", references.parse, "file:keys/pepper.key"),
    ("keys.previous_root", references.parse, None),
    ("keys.previous_pepper", references.parse, None),
    ("keys.keyring", _path, "keys/keyring"),
    ("web.listen", _listen, "127.0.0.1:8080"),
    ("web.public_url", _web, None),
    ("sms.auth_token", references.parse, None),
    ("sms.next_auth_token", references.parse, None),
    ("sms.api_url", _web, None),
    ("telegram.texters.token", references.parse, None),
    ("telegram.texters.api_url", _web, None),
    ("telegram.staff.token", references.parse, None),
    ("telegram.staff.api_url", _web, None),
    ("policy.answers", _path, None),
    ("policy.alternatives", _path, None),
)
"""Key, what reads it, and what stands for it where it is left out."""
