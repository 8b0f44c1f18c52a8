"""The database's schema: which one it has, and bringing it up to date, one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import SchemaTooNew, SettingsError
from storage.foreign import translated
from storage.postgres import url_of
from storage.sqlite import engine_for
from storage.tables import epochs

SchemaState = Literal["missing", "old", "current", "too new"]

_LOCK: Final = 0x6772656E  # any number, as long as nobody else locks it
_SCRIPTS: Final = Path(__file__).resolve().parent.parent / "migrations"


def file_of(url: str) -> Path | None:
    """The file of an "sqlite:///…" address, None for PostgreSQL; SettingsError for anything else."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return None
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        return Path(parsed.database)
    raise SettingsError(
        "database.url is neither a file nor a server.",
        'Write "sqlite:///PATH" or "postgresql://USER@HOST/NAME".',
    )


def migrate(url: str) -> None:
    """Makes the schema, or brings it up to date; a failure changes nothing. SchemaTooNew: a newer Greenroom made it."""
    with _connected(url) as conn:
        if _state(conn) == "too new":
            raise SchemaTooNew("The database was made by a newer Greenroom: install that version or newer.")
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def schema_state(url: str) -> SchemaState:
    """What `migrate` would find; nothing is made or changed."""
    path = file_of(url)
    if path is not None and not path.exists():
        return "missing"
    with _connected(url) as conn:
        return _state(conn)


def in_use(url: str) -> bool:
    """Whether keys have ever been used here: then only those open it. A schema alone belongs to nobody yet."""
    path = file_of(url)
    if path is not None and not path.exists():
        return False
    with _connected(url) as conn:
        return _state(conn) != "missing" and conn.execute(select(epochs.c.kid).limit(1)).first() is not None


def _state(conn: Connection) -> SchemaState:
    scripts = ScriptDirectory.from_config(_config())
    found = MigrationContext.configure(conn).get_current_revision()
    if found is None:
        return "missing"
    if found == scripts.get_current_head():
        return "current"
    return "old" if found in {script.revision for script in scripts.walk_revisions()} else "too new"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """One transaction in which nobody else migrates."""
    path = file_of(url)
    engine = create_engine(url_of(url), hide_parameters=True) if path is None else engine_for(path)
    failed: BaseException
    try:
        with engine.begin() as conn:
            if path is None:
                conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield conn
        return
    except SQLAlchemyError as error:
        failed = translated(error)
    finally:
        engine.dispose()
    raise failed
