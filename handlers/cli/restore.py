"""`greenroom restore`: a backup of the database was put back, and with a capsule's keyring the line opens again.

What had been erased since is erased again before anything is opened. docs/restore.md is the drill.
"""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import SettingsError
from handlers.cli import asked
from handlers.cli.front import Code, Stopped, answer_is_no, wrong_use

if TYPE_CHECKING:
    from handlers.erased import Listed
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
    incomplete: Annotated[
        bool,
        typer.Option(
            "--incomplete",
            help="That list is lost or damaged: erase again what can be read of it. The rest comes back.",
        ),
    ] = False,
) -> None:
    """Open a line again from a backup of its database, once that was put back; what had been erased stays erased.

    Stop the line first. Nothing is opened before the erasures have been repeated. Harmless when repeated.
    """
    here = asked.of(context)
    config = here.settings()
    here.up_to_date(config)
    store = _opened(here, keyring)
    try:
        listed = _listed(
            erased or config.keys.keyring.resolve().with_name("erased"), store, incomplete=incomplete
        )
    except BaseException:
        store.close_now()
        raise
    replayed = asyncio.run(_replay(store, listed.ids, config.keys.keyring))
    with here.store(config) as store:
        store.do_now(_written_down)
    here.answer(
        {
            "conversations": replayed.conversations,
            "addresses": replayed.addresses,
            "people": replayed.people,
            "ids": len(listed.ids),
            "from": _day(min(listed.ids.values(), default=None)),
            "to": _day(max(listed.ids.values(), default=None)),
            "written": None if listed.written is None else listed.written.isoformat().replace("+00:00", "Z"),
        },
        "The line opens again.",
        _read_of(listed),
        f"Erased again: conversations {replayed.conversations}, addresses {replayed.addresses}, "
        f"staff {replayed.people}.",
        "Lost is what came after the backup: opt-outs, blocks and shifts too.",
        "The keys are changed as soon as the line runs: greenroom run",
    )


def _listed(file: Path, store: Store, *, incomplete: bool) -> Listed:
    """The list of what was erased; Stopped where it is not whole and nobody said that it need not be."""
    # Here, not above: it brings SQLAlchemy, half a second that `--help` need not wait for.
    from handlers.erased import Listed, read

    try:
        listed = read(file, store.keyring)
    except OSError:
        if incomplete:
            return Listed({}, None)
        raise answer_is_no(
            f"The list of what was erased cannot be read: {file}. Give it with --erased; if it is lost, say "
            "--incomplete, and know that whatever was erased since the backup comes back."
        ) from None
    if listed.written is None and not incomplete:
        raise wrong_use(
            f"That is no whole list of what this line erased (cut off, changed, or another line's): {file}. Give the "
            "newest whole copy; if there is none, say --incomplete, and know that what is not in it comes back."
        )
    return listed


def _read_of(listed: Listed) -> str:
    """How much was read, so that an old copy is seen to be one."""
    said = "The list of what was erased is lost or damaged: what is not in it came back. "
    if listed.written is not None:
        said = f"The list of what was erased is as of {listed.written:%Y-%m-%d %H:%M} UTC. "
    days = listed.ids.values()
    return f"{said}Ids read: {len(days)}" + (
        f", from {_day(min(days))} to {_day(max(days))}." if days else "."
    )


def _day(day: int | None) -> str | None:
    return None if day is None else (date(1970, 1, 1) + timedelta(days=day)).isoformat()


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
