"""Gathers what `greenroom check` judges: secrets, folders, database, people and rota; the network through the roof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot import config as settings
from bot import rotafile
from bot.errors import SealBroken, SettingsError, StorageError, UnknownEpoch
from bot.facts import Facts, Folder, HeldKey, Line, Schema, Trouble
from bot.redact import Secret
from bot.references import Kind, Reference
from bot.settings import Config
from handlers.cli.asked import Asked

if TYPE_CHECKING:
    from storage.work import Work

SQLITE = "sqlite:///"
KEYS = ("keys.root", "keys.pepper")
TOKENS = ("telegram.texters.token", "telegram.staff.token")
KEYRING = "keys.keyring"
TO_OPEN = (*KEYS, "keys.previous_root", "keys.previous_pepper", KEYRING, "database.password")
"""What the database cannot be opened without."""


def facts(here: Asked, *, offline: bool) -> Facts:
    """Everything there is to know. SettingsError only if the configuration itself cannot be read."""
    config = here.settings()
    secrets, alike = _secrets(config)
    if not any(trouble for key, trouble in secrets.items() if key.startswith("keys.")):
        secrets[KEYRING] = _trouble_of_keyring(here, config)
    schema, line = _database(here, config, secrets)
    return Facts(
        config=config,
        now=datetime.now(UTC).replace(microsecond=0),
        secrets=secrets,
        alike=alike,
        beside=tuple(_beside(config)),
        folders=tuple(_folders(config)),
        schema=schema,
        line=line,
        outside=None if offline else here.house.look_outside(config),
    )


def _references(config: Config) -> Iterator[Reference]:
    """Every secret that the configuration points to."""
    yield from (config.keys.root, config.keys.pepper)
    previous = (config.keys.previous_root, config.keys.previous_pepper)
    yield from (one for one in previous if one is not None)
    if config.database.password is not None:
        yield config.database.password
    if config.sms is not None:
        yield from (one for one in (config.sms.auth_token, config.sms.next_auth_token) if one is not None)
    if config.telegram is not None:
        yield from (config.telegram.texters.token, config.telegram.staff.token)


def _secrets(config: Config) -> tuple[dict[str, Trouble | None], tuple[tuple[str, str], ...]]:
    """What is wrong with each secret, and which are alike; the secrets themselves end here."""
    troubles: dict[str, Trouble | None] = {}
    values: dict[str, object] = {}
    for reference in _references(config):
        key = reference.key
        try:
            values[key] = (
                settings.key_bytes(reference)
                if key.startswith("keys.")
                else _bot_of(key, settings.secret(reference))
            )
            troubles[key] = None
        except SettingsError as error:
            troubles[key] = Trouble(error.what, error.cure)
    pairs = (KEYS, TOKENS)
    return troubles, tuple(
        pair for pair in pairs if all(key in values for key in pair) and values[pair[0]] == values[pair[1]]
    )


def _bot_of(key: str, secret: Secret[str]) -> object:
    """A bot's token begins with its number, which stays when the rest is changed."""
    return secret.reveal().partition(":")[0] if key in TOKENS else secret


def _trouble_of_keyring(here: Asked, config: Config) -> Trouble | None:
    try:
        here.house.try_keys(config)
    except SettingsError as error:
        return Trouble(error.what, error.cure)
    return None


def _database(
    here: Asked, config: Config, secrets: dict[str, Trouble | None]
) -> tuple[Schema | None, Line | None]:
    """How the database was found and, if it opens, who works on the line."""
    if secrets.get("database.password") is not None:
        return None, None
    try:
        schema = Schema(here.house.schema_state(config))
        if schema is not Schema.CURRENT:
            return schema, None
        if any(secrets.get(key) is not None for key in TO_OPEN):
            return None, None
        store = here.house.open_store(config)
        try:
            return schema, store.do_now(_line)
        finally:
            store.close_now()
    except (SealBroken, UnknownEpoch):
        return Schema.LOCKED, None
    except (StorageError, OSError):
        return Schema.AWAY, None


def _line(work: Work) -> Line:
    # Here, not above: it brings SQLAlchemy.
    from handlers.rotation import silent
    from storage.chores import Chore

    document = work.rota.current()
    return Line(
        people=tuple(work.staff.everyone()),
        rota=rotafile.decode(document) if document else None,
        keys=tuple(
            HeldKey(
                counts=one.standing.value == "active",
                owner=one.staff,
                since=date(1970, 1, 1) + timedelta(days=one.created_day),
            )
            for one in work.archive_keys.all()
            if one.standing.value != "ended"
        ),
        trail=work.audit.verify(),
        rotation=work.chores.due_at(Chore.ROTATE),
        silent=silent(work),
        overdue=work.removals.overdue(timedelta(hours=1)),
    )


def _data(config: Config) -> Path | None:
    """The folder of an SQLite database."""
    url = config.database.url
    return Path(url.removeprefix(SQLITE)).parent if url.startswith(SQLITE) else None


def _files(config: Config) -> Iterator[tuple[str, Path]]:
    """Every secret that lies in a file, by its key."""
    yield KEYRING, Path(config.keys.keyring)
    for reference in _references(config):
        if reference.kind is Kind.FILE:
            yield reference.key, Path(reference.place)


def _beside(config: Config) -> Iterator[str]:
    """The keys of this line whose files lie in the database's folder or below it, wherever links lead."""
    data = _data(config)
    if data is None:
        return
    for key, path in _files(config):
        if key in TO_OPEN and path.resolve().is_relative_to(data.resolve()):
            yield key


def _folders(config: Config) -> Iterator[Folder]:
    """The folders that hold secrets or the database, each once."""
    held: dict[Path, str] = {path.resolve().parent: "keys" for _, path in _files(config)}
    data = _data(config)
    if data is not None:
        held.setdefault(data.resolve(), "the database")
    for folder, holds in held.items():
        try:
            yield Folder(holds, folder, folder.stat().st_mode & 0o777)
        except OSError:
            continue  # what is not there is said where its secret is missing
