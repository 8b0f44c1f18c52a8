"""`greenroom restore`: a backup of the database was put back, and with a capsule's keyring the line opens again.

What had been erased since is erased again before anything is opened. docs/restore.md is the drill.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import SettingsError
from handlers.cli import asked
from handlers.cli.front import Code, Stopped, answer_is_no

if TYPE_CHECKING:
    from storage.engine import Store
    from storage.replay import Replayed
    from storage.work import Work


def restore(
    context: typer.Context,
    keyring: Annotated[Path, typer.Argument(help="The keyring that `archive open` took out of a capsule.")],
    erased: Annotated[
        Path | None,
        typer.Option(
            "--erased",
            metavar="FILE",
            help="Ids of what was erased; default: the file erased beside the keyring.",
        ),
    ] = None,
) -> None:
    """Open a line again from a backup of its database, once that was put back; what had been erased stays erased.

    Stop the line first. Nothing is opened before the erasures have been repeated. Harmless when repeated.
    """
    # Here, not above: it brings SQLAlchemy, half a second that `--help` need not wait for.
    from handlers.erased import read

    here = asked.of(context)
    config = here.settings()
    list_of_ids = erased or config.keys.keyring.resolve().with_name("erased")
    try:
        ids = read(list_of_ids)
    except OSError:
        raise answer_is_no(
            f"The list of what was erased cannot be read: {list_of_ids}. Give it with --erased; if it is lost, give an "
            "empty file, and know that whatever was erased since the backup comes back."
        ) from None
    here.up_to_date(config)
    replayed = asyncio.run(_replay(_opened(here, keyring), ids, config.keys.keyring))
    with here.store(config) as store:
        store.do_now(_written_down)
    here.answer(
        {
            "conversations": replayed.conversations,
            "addresses": replayed.addresses,
            "people": replayed.people,
            "ids": len(ids),
        },
        "The line opens again.",
        f"Erased again: conversations {replayed.conversations}, addresses {replayed.addresses}, "
        f"staff {replayed.people}.",
        "Lost is what came after the backup: opt-outs, blocks and shifts too.",
        "The keys are changed as soon as the line runs: greenroom run",
    )


def _opened(here: asked.Asked, keyring: Path) -> Store:
    try:
        return here.house.open_backup(here.settings(), keyring)
    except SettingsError as error:
        if not error.what.startswith("keys.keyring"):
            raise
        said = error.what.replace("keys.keyring", "That keyring")
        cure = (
            "Use the root key of that time." if "keys.root" in error.what else "See its path; chmod 600 it."
        )
        raise SettingsError(said, cure) from None


async def _replay(store: Store, ids: dict[bytes, int], to: Path) -> Replayed:
    """The erasures, then the keyring in its place: cut off in between, the command is run again."""
    try:
        if not await store.alone():
            raise Stopped(
                Code.OUTSIDE, "The line is running. Stop greenroom run, on every host, then restore."
            )
        missing = await store.do(lambda work: work.replay.missing(work.vault.keyring.kids()))
        if missing:
            raise answer_is_no(
                "That keyring does not open this backup: a key in it is missing. Take the newest capsule that was made "
                "before the backup, or the next one after it."
            )
        replayed = await store.do(lambda work: work.replay.erase_again(ids))
        store.keyring.install(to)
        return replayed
    finally:
        await store.close()


def _written_down(work: Work) -> None:
    work.audit.add("restored from a backup")
