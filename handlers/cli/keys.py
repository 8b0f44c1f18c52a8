"""`greenroom keys`: the keys under which everything lies are changed every day, and this says how they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli import asked, newfile
from handlers.cli.front import Code, Stopped, answer_is_no

if TYPE_CHECKING:
    from bot.config import Config
    from handlers.rotation import Progress, Rotated, Rotator
    from storage.engine import Store
    from storage.work import Work

app = typer.Typer(help="The keys that everything is locked by: how they are, and new ones.")

WAITED = 180.0
"""Seconds that `keys rotate` waits for one that is under way: what a dead process began is free after one minute."""
AGAIN = 0.5
NOBODY = "There is no recovery capsule: no supervisor has a key yet. See: greenroom staff key --help"


@dataclass(frozen=True, slots=True)
class Standing:
    """What `keys status` says. `epochs`: by age, its state and how many keys it locks. `hosts`: who serves. `silent`:
    when hosts were last heard of that have been silent since the last change."""

    epochs: tuple[tuple[str, int], ...]
    hosts: int
    hosts_behind: int
    silent: tuple[datetime, ...]
    capsule_at: datetime | None
    readers: int
    rotated_at: datetime | None
    due_at: datetime | None
    now: datetime

    @property
    def behind(self) -> int:
        """Keys that are not locked by the present epoch."""
        return sum(number for state, number in self.epochs if state != "active")


@app.command()
def status(context: typer.Context) -> None:
    """How the keys are: when they were changed, when they will be, and whether anything still hangs on an old one."""
    from handlers.capsules import Capsules

    here = asked.of(context)
    config = here.settings()
    with here.store(config) as store:
        made = [at for at, _ in Capsules(store.keyring.path, _kept(config)).all()]
        standing = store.do_now(lambda work: _standing(work, store, made[-1] if made else None))
    here.answer(_plain(standing), *_in_words(standing))


@app.command()
def rotate(context: typer.Context) -> None:
    """Change the keys now, while the line goes on. What was erased is gone from every backup of the database then."""
    from handlers.rotation import Rotator

    here = asked.of(context)
    config = here.settings()
    store = here.opened(config)
    with _shown(quiet=here.json) as progress:
        rotated = asyncio.run(_rotate(Rotator(store, kept=_kept(config), progress=progress)))
    plain = {
        "rewrapped": rotated.rewrapped,
        "ended": rotated.ended,
        "broken": rotated.broken,
        "missing": rotated.missing,
        "capsule": None if rotated.capsule is None else str(rotated.capsule),
    }
    here.answer(plain, *_told(rotated))


@app.command()
def capsule(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Where; default: the folder capsules beside the keyring.")
    ] = None,
) -> None:
    """Write a recovery capsule: the keyring, sealed to the supervisors. With a backup it brings the line back."""
    from handlers.capsules import Capsules

    here = asked.of(context)
    config = here.settings()
    if file is not None:
        newfile.refuse_what_is_there(file)
    store = here.opened(config)

    async def make() -> tuple[Path | None, int]:
        try:
            return await Capsules(store.keyring.path, _kept(config)).make(store, file)
        finally:
            await store.close()

    path, readers = asyncio.run(make())
    if path is None:
        raise answer_is_no(NOBODY)
    here.answer(
        {"file": str(path), "readers": readers},
        f"{path} is written; {_number(readers, 'supervisor key')} can open it.",
        f"On her own machine: greenroom archive open {path.name} --key KEYFILE --out keyring",
    )


def _kept(config: Config) -> timedelta:
    return timedelta(days=config.retention.capsule_days)


async def _rotate(rotator: Rotator) -> Rotated:
    try:
        until = asyncio.get_running_loop().time() + WAITED
        while not await rotator.take(due_only=False):
            if asyncio.get_running_loop().time() > until:
                raise Stopped(
                    Code.NO, "Another process has been changing the keys for minutes. Try again later."
                )
            await asyncio.sleep(AGAIN)
        try:
            keyring = rotator.store.keyring
            # A process that serves with the previous root could not read the file any more.
            if await asyncio.to_thread(lambda: keyring.outdated) and await rotator.store.alone():
                await asyncio.to_thread(keyring.relock)
            return await rotator.rotate()
        except BaseException:
            await rotator.give_back()
            raise
    finally:
        await rotator.store.close()


@contextmanager
def _shown(*, quiet: bool) -> Iterator[Progress]:
    """How far it is, where a person looks."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda done, total: None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("Changing the keys", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _told(rotated: Rotated) -> Iterator[str]:
    yield (
        f"The keys are new. {_number(rotated.rewrapped, 'key')} taken over, {_number(rotated.ended, 'old epoch')} gone."
    )
    if rotated.unwritten:
        yield "The recovery capsule could not be written: see the folder capsules, and whether the disk is full."
    elif rotated.capsule is None:
        yield NOBODY
    else:
        yield f"A recovery capsule is in {rotated.capsule}; {_number(rotated.readers, 'supervisor key')} can open it."
    if rotated.broken:
        yield f"{_number(rotated.broken, 'key')} of them did not open: somebody changed the database by hand."
    if rotated.missing:
        yield (
            f"{_number(rotated.missing, 'old epoch')} could not be ended: this host's keyring does not have its key. "
            "Run this where the line has been served, too."
        )


def _standing(work: Work, store: Store, capsule_at: datetime | None) -> Standing:
    from handlers.rotation import ROTATED, silent
    from storage.chores import Chore
    from storage.courier import knows_all

    kids, counts, keyring = work.rotation.kids(), work.rotation.counts(), store.keyring
    known = keyring.kids()
    hosts, rotated_at = work.hosts.others(b""), work.line.get(ROTATED)
    return Standing(
        epochs=tuple(
            (keyring.state(kid).value if kid in known else "missing", counts.get(kid, 0)) for kid in kids
        ),
        hosts=len(hosts),
        hosts_behind=sum(not knows_all(kids[-1], (host,)) for host in hosts),
        silent=silent(work),
        capsule_at=capsule_at,
        readers=len(work.archive_keys.active()),
        rotated_at=None if rotated_at is None else datetime.fromisoformat(rotated_at),
        due_at=work.chores.due_at(Chore.ROTATE),
        now=work.now,
    )


def _plain(standing: Standing) -> dict[str, object]:
    return {
        "epochs": [{"state": state, "keys": number} for state, number in standing.epochs],
        "behind": standing.behind,
        "hosts": standing.hosts,
        "hosts_behind": standing.hosts_behind,
        "hosts_silent": [_instant(at) for at in standing.silent],
        "capsule_at": _instant(standing.capsule_at),
        "readers": standing.readers,
        "rotated_at": _instant(standing.rotated_at),
        "due_at": _instant(standing.due_at),
    }


def _in_words(standing: Standing) -> Iterator[str]:
    if standing.rotated_at is None:
        yield "The keys have never been changed yet."
    else:
        yield f"The keys were changed {_ago(standing.now, standing.rotated_at)}."
    if standing.due_at is None or standing.due_at <= standing.now:
        yield "The next change is due: `greenroom run` does it, or greenroom keys rotate."
    else:
        yield f"The next change is due in {_span(standing.due_at, standing.now)}, or within 10 minutes of an erasure."
    if standing.behind:
        yield f"{_number(standing.behind, 'key')} still hang on an old epoch: a change is under way, or was cut off."
    else:
        yield f"All {sum(number for _, number in standing.epochs)} keys are locked by the present epoch."
    if standing.capsule_at is not None:
        yield f"The newest recovery capsule was made {_ago(standing.now, standing.capsule_at)}."
    if standing.readers:
        yield f"{_number(standing.readers, 'supervisor key')} can open the next one."
    else:
        yield "No recovery capsule is made: no supervisor has a key yet. See: greenroom staff key --help"
    if standing.hosts_behind:
        serving = _number(standing.hosts, "process")
        yield f"{standing.hosts_behind} of {serving} that serve do not have the newest key yet."
    for at in standing.silent:
        yield (
            f"A host has not been heard of since {at:%Y-%m-%d %H:%M} UTC, before the last change: its keyring file "
            "may still open what was erased. Start the line or run this there, or destroy that file; it is "
            "named for 30 days."
        )
    lost = sum(state == "missing" for state, _ in standing.epochs)
    if lost:
        yield f"{_number(lost, 'epoch')} cannot be opened here: a line that runs on another host sends the key."


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _ago(now: datetime, then: datetime) -> str:
    return f"{_span(now, then)} ago"


def _span(later: datetime, earlier: datetime) -> str:
    minutes = max(0, round((later - earlier).total_seconds() / 60))
    return _number(minutes, "minute") if minutes < 120 else _number(round(minutes / 60), "hour")


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 'es' if what.endswith('s') else 's'}"
