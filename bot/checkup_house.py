"""Check-up of what lies on this machine: settings, secrets, folders, database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from bot import unbuilt
from bot.facts import Facts, Schema
from bot.findings import Finding, fail, ok, warning
from bot.settings import Config

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
EXAMPLE_HOSTS: Final = ("example.org", "example.com", "example.net")
"""Reserved names that never lead anywhere (RFC 2606)."""
EXAMPLE_ACCOUNT: Final = "AC" + "0" * 32

SCHEMA: Final = {
    Schema.MISSING: ("There is no database yet.", "Run: greenroom migrate"),
    Schema.OLD: ("The database is older than this Greenroom.", "Run: greenroom migrate"),
    Schema.TOO_NEW: (
        "The database was made by a newer Greenroom.",
        "Install that version or a newer one; this one leaves it alone.",
    ),
    Schema.AWAY: (
        "The database does not answer.",
        "See that it runs, that database.url is right, and that this user may use it.",
    ),
    Schema.LOCKED: (
        "The keys do not open this database.",
        "Bring back the root key, pepper and keyring that belong to it.",
    ),
}


def rehearsed(url: str) -> bool:
    """Whether a carrier's address leads to a stand-in on this machine."""
    return urlsplit(url).hostname in LOOPBACK


def carriers_call_us(config: Config) -> bool:
    """Whether a carrier must be able to reach web.public_url."""
    return config.sms is not None or (config.telegram is not None and config.telegram.updates == "webhook")


def a_way_in(facts: Facts) -> Iterator[Finding]:
    """Without a channel nobody can write."""
    if facts.config.sms is None and facts.config.telegram is None:
        yield fail(
            "channels",
            "There is no way to reach this line: neither SMS nor Telegram.",
            "Fill in [sms] or [telegram] in the configuration.",
        )


def still_the_example(facts: Facts) -> Iterator[Finding]:
    """What was never filled in leads to nobody, or to somebody else."""
    config = facts.config
    host = urlsplit(config.web.public_url).hostname or ""
    if carriers_call_us(config) and any(host == one or host.endswith(f".{one}") for one in EXAMPLE_HOSTS):
        yield fail(
            "web.public_url",
            "It is still the address of the example.",
            "Write the address at which this line can be reached from outside.",
        )
    if config.sms is not None and config.sms.account_sid == EXAMPLE_ACCOUNT:
        yield fail(
            "sms.account_sid",
            "It is still the account of the example.",
            "Copy the Account SID from Twilio's console.",
        )


def secrets_can_be_read(facts: Facts) -> Iterator[Finding]:
    """Every secret that the configuration points to is there, and nobody else can read it."""
    troubles = {key: trouble for key, trouble in facts.secrets.items() if trouble is not None}
    for key, trouble in troubles.items():
        said = trouble.what.removeprefix(f"{key}: ").removeprefix(f"{key} ")
        yield fail(key, said[:1].upper() + said[1:], trouble.cure)
    if not troubles:
        yield ok("secrets", f"All {len(facts.secrets)} can be read, by this user only.")


def keys_differ(facts: Facts) -> Iterator[Finding]:
    """Root and pepper in one would mean that whoever can test a number can open everything."""
    if ("keys.root", "keys.pepper") in facts.alike:
        yield fail(
            "keys.pepper",
            "It is the same key as keys.root.",
            "On a line that was never used: delete the pepper's file and run greenroom init. Otherwise ask for help: "
            "a new pepper finds nobody who is in the database.",
        )


def keys_lie_apart(facts: Facts) -> Iterator[Finding]:
    """A copy of the database's folder must not open what is in it."""
    for key in facts.beside:
        yield fail(
            key,
            "It lies in the database's folder: whoever copies that folder can open everything in it.",
            "Stop the line, move it to a folder of its own, and write the new place into the configuration.",
        )


def folders_are_private(facts: Facts) -> Iterator[Finding]:
    """Who may write in a folder can put another key there; who may look into it sees what there is."""
    for folder in facts.folders:
        if folder.mode & 0o022:
            finding = f"Others can write in the folder {folder.path}, which holds {folder.holds}."
            yield fail("folders", finding, f"Run: chmod 700 {folder.path}")
        elif folder.mode & 0o055:
            finding = f"Others can look into the folder {folder.path}, which holds {folder.holds}."
            yield warning("folders", finding, f"Run: chmod 700 {folder.path}")


def without_effect(facts: Facts) -> Iterator[Finding]:
    """Nobody should rely on what is not built."""
    for key in unbuilt.asked_for(facts.config):
        yield warning(key, "It has no effect yet.", "Do not rely on it; the changelog will say when it has.")


def database(facts: Facts) -> Iterator[Finding]:
    """It is there, of this Greenroom's making, and opens."""
    if facts.schema in SCHEMA:
        yield fail("database", *SCHEMA[facts.schema])
    elif facts.schema is None:
        yield warning(
            "database",
            "It could not be opened, so nothing is said about people and the rota.",
            "Cure what is said about secrets and keys, then check again.",
        )
    else:
        yield ok("database", "It is up to date, and the keys open it.")
