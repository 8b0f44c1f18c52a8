"""From a configuration to an open line: its keys, its database and its ways, without the carriers.

Part of the roof beside `bot.app`: the command line opens a store without waiting for two carriers' SDKs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import make_url

from bot import config as settings
from bot.budget import Budget
from bot.endings import Keeping
from bot.errors import SettingsError
from bot.ladder import Pace
from bot.redact import Secret
from bot.references import Reference
from bot.settings import Config
from bot.voice import Voice
from handlers.line import Line
from handlers.purse import Purse
from storage import engine
from storage.box import derived
from storage.engine import Store
from storage.keyring import Keyring
from storage.vault import Vault

Now = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


def database_url(config: Config) -> str:
    """The database's address with its password, where there is one."""
    url = make_url(config.database.url)
    if config.database.password is not None:
        url = url.set(password=settings.secret(config.database.password).reveal())
    return url.render_as_string(hide_password=False)


def vault(config: Config, keyring: Path | None = None) -> Vault:
    """The keys, from where the configuration says that they are; `keyring`: but this one."""
    keys = config.keys
    roots = _with_previous("keys.previous_root", keys.root, keys.previous_root)
    peppers = _with_previous("keys.previous_pepper", keys.pepper, keys.previous_pepper)
    return Vault(roots=roots, peppers=peppers, keyring=Keyring.load(keyring or keys.keyring, roots))


def _with_previous(key: str, now: Reference, before: Reference | None) -> tuple[bytes, ...]:
    """The current key, and the one before it while that is still accepted."""
    current = settings.key_bytes(now)
    if before is None:
        return (current,)
    previous = settings.key_bytes(before)
    if previous == current:
        raise SettingsError(f"{key} is the same key as {now.key}.", f"Write a new key to {now.key}'s place.")
    return (current, previous)


def hook_secret(config: Config, via: str) -> Secret[str]:
    """What Telegram sends back with every update of one bot: derived from the root key, so it is stored nowhere."""
    root = settings.key_bytes(config.keys.root)
    return Secret(derived(root, b"telegram webhook", via.encode()).hex())


def open_store(config: Config, now: Now = wall_clock) -> Store:
    """The database behind its keys; it must be up to date."""
    return engine.open_store(database_url(config), vault(config), clock=now)


def keeping(config: Config) -> Keeping:
    """How long the line keeps what."""
    return Keeping(
        address=timedelta(hours=config.retention.address_hours),
        seal=timedelta(hours=config.retention.seal_hours),
        transcript=timedelta(days=config.retention.transcript_days),
        dedup=timedelta(hours=config.retention.dedup_hours),
        audit=timedelta(days=config.retention.audit_days),
        capsule=timedelta(days=config.retention.capsule_days),
    )


def open_backup(config: Config, keyring: Path, now: Now = wall_clock) -> Store:
    """The database behind this keyring, for `greenroom restore`: nothing is read in it, nor written."""
    return engine.new_store(database_url(config), vault(config, keyring), clock=now)


def line(config: Config) -> Line:
    """The line as the handlers know it."""
    ladder = config.ladder
    return Line(
        voice=Voice(config.line.name, ZoneInfo(config.line.time_zone)),
        pace=Pace(
            offer=timedelta(seconds=ladder.offer_seconds),
            looking=timedelta(minutes=ladder.still_looking_minutes),
            supervisors=timedelta(minutes=ladder.supervisors_minutes),
            nobody=timedelta(minutes=ladder.nobody_minutes),
            window=timedelta(minutes=ladder.window_minutes),
            most=config.limits.open_conversations,
        ),
        country=config.line.country,
        default_language=config.line.default_language,
        languages=config.line.languages,
        numbers=config.sms.numbers if config.sms else (),
        reveal=config.policy.reveal,
        reply_deadline=timedelta(minutes=ladder.reply_deadline_minutes),
        block_days=config.retention.block_days,
        countries=frozenset(config.limits.countries),
        purse=Purse(Budget(config.limits.daily_segments, config.limits.reserve_percent)),
        weekly_hours=timedelta(hours=config.limits.weekly_hours),
        keeps_during_hold=config.policy.delete_during_hold == "keep",
    )
