"""The floors of the house: imports go down only, and the ground has neither clock nor chance."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
ROOF = (
    "bot.__main__",
    "bot.app",
    "bot.inspection",
    "bot.logs",
    "bot.opening",
    "bot.rehearsed",
    "bot.ways",
)
DATA = frozenset(
    {"msgspec", "babel", "dateparser", "gsm0338", "holidays", "icalendar", "phonenumbers", "regex", "tzdata"}
)
"""Libraries that compute and never read or write; `tzdata` is a folder of tables."""

OUTSIDE_TIME = frozenset(
    [
        "asyncio",
        "threading",
        "multiprocessing",
        "concurrent",
        "subprocess",
        "signal",
        "selectors",
        "socket",
        "socketserver",
        "ssl",
        "http",
        "urllib.request",
        "ftplib",
        "smtplib",
        "sqlite3",
        "time",
        "sched",
        "random",
        "secrets",
        "uuid",
        "tempfile",
        "shutil",
    ]
)
"""Standard modules with a clock, chance, or a way out: never on the ground."""
FROM_OUTSIDE = frozenset({"now", "utcnow", "today", "urandom", "getrandom", "input", "print"})
"""Calls that bring time, chance or a person in, whatever they are called on."""
READ_ONCE = ("bot.config", "bot.configfile", "bot.references", "bot.phrases", "bot.zones")
"""Rooms of the ground that read files, once: at start, or when first asked for what is installed with us."""
SEALING = ("storage.parcels", "storage.vault", "storage.box", "storage.keyring", "storage.archive")


@dataclass(frozen=True, slots=True)
class Floor:
    """The rooms whose names begin with `rooms`: which of our rooms and which packages they may import."""

    rooms: tuple[str, ...]
    ours: tuple[str, ...]
    packages: frozenset[str] = frozenset()


WIRE = frozenset({"aiohttp", "multidict", "yarl", "structlog"})
"""aiohttp, with the two packages that its own types come from, and the log."""
HANDLERS = ("bot", "storage", "handlers")
FLOORS = (  # the first that fits
    Floor(ROOF, (*HANDLERS, "migrations"), frozenset({"*"})),
    Floor(("bot",), ("bot",), DATA),
    Floor(("storage.archive_keys",), ("bot", "storage"), frozenset({"sqlalchemy"})),
    Floor(SEALING, ("bot", "storage"), frozenset({"msgspec", "cryptography"})),
    Floor(("storage",), ("bot", "storage"), frozenset({"msgspec", "sqlalchemy", "alembic", "psycopg"})),
    Floor(
        ("handlers.channels.sms",),
        ("bot", "handlers.channels"),
        WIRE | {"twilio"},
    ),
    Floor(
        ("handlers.channels.telegram",),
        ("bot", "handlers.channels"),
        WIRE | {"telegram"},
    ),
    Floor(("handlers.channels",), ("bot", "handlers.channels"), WIRE),
    Floor(
        ("handlers.web",),
        HANDLERS,
        WIRE | {"jinja2", "msgspec", "prometheus_client"},
    ),
    Floor(("handlers.cli",), HANDLERS, frozenset({"typer", "rich", "msgspec"})),
    Floor(
        ("handlers.rehearsal.page",),
        ("bot", "handlers.rehearsal"),
        frozenset({"aiohttp", "babel", "jinja2", "markupsafe", "msgspec"}),
    ),
    Floor(
        ("handlers.rehearsal",),
        ("handlers.rehearsal",),
        frozenset({"aiohttp", "multidict", "yarl", "jinja2", "msgspec"}),
    ),
    Floor(("handlers",), HANDLERS, frozenset({"msgspec", "structlog"})),
    Floor(("migrations",), ("storage",), frozenset({"alembic", "sqlalchemy"})),
)
DOORS = ("handlers.channels", "handlers.web", "handlers.cli", "handlers.rehearsal")


def within(room: str, names: tuple[str, ...]) -> bool:
    """Whether a room is one of these, lies within one, or is a side room of one (`sms_errors` of `sms`)."""
    return any(room == name or room.startswith((f"{name}.", f"{name}_")) for name in names)


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every import, as (line, dotted name); `from bot import app` is `bot.app`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def wrong_imports(room: str, tree: ast.AST) -> Iterator[str]:
    floor = next(f for f in FLOORS if within(room, f.rooms))
    for line, name in imports(tree):
        package = name.partition(".")[0]
        ours = package in {"bot", "storage", "handlers", "migrations"}
        if ours and within(name, ROOF) and not within(room, ROOF):
            yield f"{room}:{line} imports the roof: {name}"
        elif ours and not within(name, floor.ours):
            yield f"{room}:{line} imports upward: {name}"
        elif ours and within(name, DOORS) and not within(room, (*DOORS, *ROOF)):
            yield f"{room}:{line} imports a door: {name}"
        elif not ours and package not in sys.stdlib_module_names and not floor.packages & {package, "*"}:
            yield f"{room}:{line} may not know {package}"
    if room in {"bot", "handlers", "storage"}:
        yield from (
            f"{room}:{line} hands something on: {name}" for line, name in imports(tree) if "__" not in name
        )


def wrong_ground(room: str, tree: ast.AST) -> Iterator[str]:
    """What brings a clock, chance or the outside into a room of the ground."""
    if not within(room, ("bot",)) or within(room, ROOF):
        return
    for line, name in imports(tree):
        if any(name == m or name.startswith(f"{m}.") for m in OUTSIDE_TIME):
            yield f"{room}:{line} may not import {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFor | ast.AsyncWith | ast.Await):
            yield f"{room}:{node.lineno} awaits"
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in FROM_OUTSIDE:
                yield f"{room}:{node.lineno} calls {called}"
            elif called in {"open", "read_text", "read_bytes"} and not within(room, READ_ONCE):
                yield f"{room}:{node.lineno} reads a file"


def rooms() -> Iterator[tuple[str, Path]]:
    for package in ("bot", "storage", "handlers", "migrations"):
        for path in sorted((HOUSE / package).rglob("*.py")):
            yield ".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__"), path


def test_imports_go_down_only() -> None:
    """No room knows one above it, nor a library that its floor may not know."""
    found = [w for room, path in rooms() for w in wrong_imports(room, ast.parse(path.read_bytes()))]
    assert not found, "\n".join(found)


def test_the_ground_has_no_clock_and_no_chance() -> None:
    """A rule is a plain function: time, chance and the outside come in through the door."""
    found = [w for room, path in rooms() for w in wrong_ground(room, ast.parse(path.read_bytes()))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("bot.relay", "from storage import work"),
        ("bot.relay", "import aiohttp"),
        ("bot.relay", "import asyncio"),
        ("bot.relay", "import secrets"),
        ("bot.relay", "from time import time"),
        ("bot.relay", "def f(): return datetime.now(UTC)"),
        ("bot.relay", "async def f(): await g()"),
        ("bot.relay", "from bot import app"),
        ("bot.relay", "open('x')"),
        ("bot", "from bot.people import Staff"),
        ("storage.work", "from handlers import apply"),
        ("storage.work", "import bot.logs"),
        ("storage.work", "from cryptography.hazmat.primitives.ciphers.aead import AESGCM"),
        ("storage.vault", "import sqlalchemy"),
        ("handlers.inbound", "from handlers.channels import sms"),
        ("handlers.inbound", "import sqlalchemy"),
        ("handlers.channels.sms", "import telegram"),
        ("handlers.channels.sms", "from storage import work"),
        ("handlers.rehearsal.twilio", "import twilio"),
        ("handlers.rehearsal.twilio", "from bot import people"),
        ("handlers.rehearsal.twilio", "from handlers import outbox"),
        ("handlers.cli.run", "from bot import app"),
        ("handlers.web.server", "import bot.__main__"),
    ],
)
def test_a_wrong_line_is_found(room: str, line: str) -> None:
    """The guard has teeth: each of these lines is named."""
    tree = ast.parse(line)
    assert [*wrong_imports(room, tree), *wrong_ground(room, tree)]


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("bot.relay", "from datetime import datetime, time"),
        ("bot.channel", "class Channel(Protocol):\n    async def send(self) -> None: ..."),
        ("bot.config", "path.read_bytes()"),
        ("bot.app", "import asyncio, aiohttp\nfrom handlers.channels import sms"),
        ("storage.vault", "from cryptography.hazmat.primitives import hashes"),
        ("handlers.outbox", "import asyncio"),
        ("handlers.cli.staff", "import typer\nfrom storage import work"),
    ],
)
def test_a_right_line_is_not(room: str, line: str) -> None:
    """The guard lets honest work pass."""
    tree = ast.parse(line)
    assert not [*wrong_imports(room, tree), *wrong_ground(room, tree)]
