"""The migrated schema is the one on the page of tables; on both databases."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect

from bot.errors import SchemaTooNew, SettingsError, StorageError
from storage.engine import migrate, open_store, schema_state
from storage.tables import metadata
from storage.vault import Vault
from tests.clock import FakeClock
from tests.storage.cast import by_hand, count


def engine_of(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def written(url: str) -> list[tuple[object, ...]]:
    """SQLite keeps the words by which tables were made, WITHOUT ROWID and AUTOINCREMENT among them; a column that came
    later stands behind the constraints there."""
    if not url.startswith("sqlite"):
        return []
    plain = "replace(replace(replace(sql, char(10), ''), char(9), ''), ' ', '')"
    ours = "name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite%'"
    rows = by_hand(url, f"SELECT name, {plain} FROM sqlite_master WHERE {ours} ORDER BY name")
    return [(name, sorted(str(words).rstrip(")").split(","))) for name, words in rows]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that is not there yet, or has no tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'greenroom.db'}"
        return
    with request.getfixturevalue("postgresql_server").empty() as url:
        yield url


def shape(engine: Engine) -> dict[str, object]:
    """Everything about the tables that an inspector can see."""
    seen = inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(name)],
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted((f["constrained_columns"], f["referred_table"]) for f in seen.get_foreign_keys(name)),
            sorted(u["column_names"] for u in seen.get_unique_constraints(name)),
            sorted((i["name"] or "", i["column_names"]) for i in seen.get_indexes(name)),
        )
        for name in sorted(seen.get_table_names())
        if name != "alembic_version"
    }


def test_the_steps_lead_to_the_page_of_tables(database_url: str) -> None:
    """A migrated database and one made from the page are the same, as the database and alembic see it."""
    engine = engine_of(database_url)
    with engine.connect() as conn:
        context = MigrationContext.configure(
            conn, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    migrated = shape(engine), written(database_url)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    assert (shape(engine), written(database_url)) == migrated
    engine.dispose()


def test_migrating_makes_the_database_and_may_be_repeated(empty_url: str) -> None:
    """From nothing to current; the second time nothing happens."""
    assert schema_state(empty_url) == "missing"
    migrate(empty_url)
    assert schema_state(empty_url) == "current"
    migrate(empty_url)
    assert schema_state(empty_url) == "current"
    if empty_url.startswith("sqlite"):
        file = Path(empty_url.removeprefix("sqlite:///"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert by_hand(empty_url, "PRAGMA auto_vacuum") == [(1,)]


def test_looking_makes_nothing(tmp_path: Path) -> None:
    """Asking for the state of a database that is not there leaves no file."""
    assert schema_state(f"sqlite:///{tmp_path / 'new' / 'greenroom.db'}") == "missing"
    assert list(tmp_path.iterdir()) == []


def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    """Three at once: one migrates, the others wait and find it done."""
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, [empty_url] * 3))
    assert schema_state(empty_url) == "current"
    assert count(empty_url, "alembic_version") == 1


def test_a_newer_database_is_left_alone(database_url: str) -> None:
    """An older Greenroom says so, and touches nothing."""
    by_hand(database_url, "UPDATE alembic_version SET version_num = '9999'")
    assert schema_state(database_url) == "too new"
    with pytest.raises(SchemaTooNew):
        migrate(database_url)
    assert by_hand(database_url, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_database_without_tables_is_not_opened(empty_url: str, vault: Vault, clock: FakeClock) -> None:
    """Whoever opens it before migrating is told."""
    with pytest.raises(StorageError):
        open_store(empty_url, vault, clock=clock)


def test_other_databases_are_refused() -> None:
    """With the cure, at start."""
    for url in ("mysql://localhost/x", "sqlite://", "sqlite:///:memory:"):
        with pytest.raises(SettingsError):
            migrate(url)
