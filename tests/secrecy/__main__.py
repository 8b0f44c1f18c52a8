"""`make secrecy`, or `python -m tests.secrecy [--only WORD] [--on sqlite|postgresql] [--seed N] [--list]`."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.redact import place as place_of
from bot.redact import safe_error
from storage.engine import migrate
from tests import postgres
from tests.secrecy import canaries, faults, flips, pieces, rotation, sweeping, vectors
from tests.secrecy.trial import BOTH, NEITHER, Outcome, Place, Sum, Trial, carried_out

TRIALS: tuple[Trial, ...] = (
    Trial("every bit of 20 rows of every sealed column", flips.flips),
    Trial("every bit of 20 keys on their way to a host", flips.parcels, NEITHER),
    Trial("a sealed value in another row, column, envelope", flips.swaps),
    Trial("old, missing, reordered rows; columns in the clear", pieces.pieces),
    Trial("1,000 canaries, in every byte that was written", canaries.canaries),
    Trial("200 kill -9 while sealing and erasing", sweeping.kills),
    Trial("a fault at each await with a text in hand, polling", faults.faults),
    Trial("the same, Telegram by webhook", partial(faults.faults, updates="webhook")),
    Trial("200 kill -9 while the keys change", rotation.kills),
    Trial("the disk full while the keys change", rotation.full_disk),
    Trial("no file may be renamed while the keys change", rotation.no_rename),
    Trial("all keys and an old backup, after a rotation", rotation.old_backup),
    Trial("50 texts a second while the keys change", rotation.under_load, ("postgresql",)),
    Trial("published vectors, not as published", vectors.vectors, NEITHER),
)
"""What `make secrecy` tries, in this order."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    trial: str
    database: str
    sum: Sum
    seconds: float


@contextmanager
def places(wanted: Sequence[str], seed: int) -> Iterator[dict[str, Maker]]:
    """Where trials may run; PostgreSQL's server is started once, when it is wanted at all."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="greenroom-secrecy-")))
        server = stack.enter_context(postgres.running()) if "postgresql" in wanted else None
        template = root / "template" / "house.db"
        migrate(f"sqlite:///{template}")
        yield {name: Maker(name, root, template, server, seed) for name in wanted}


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes a fresh place of one kind."""

    database: str
    root: Path
    template: Path
    server: postgres.Server | None
    seed: int

    @contextmanager
    def fresh(self) -> Iterator[Place]:
        folder = Path(tempfile.mkdtemp(dir=self.root))
        if self.database == "postgresql":
            assert self.server is not None
            with self.server.migrated() as url:
                yield Place(url, folder, self.seed, self.server)
        elif self.database == "sqlite":
            path = folder / "data" / "greenroom.db"
            path.parent.mkdir(mode=0o700)
            shutil.copy(self.template, path)
            path.chmod(0o600)
            yield Place(f"sqlite:///{path}", folder, self.seed)
        else:
            yield Place("", folder, self.seed)
        shutil.rmtree(folder, ignore_errors=True)


def run(trial: Trial, maker: Maker, progress: Progress) -> Row:
    """One trial on one database; what it raises has got through."""
    task = progress.add_task(_said(trial.name, maker.database), total=None, so_far="")
    begun = time.monotonic()

    def seen(so_far: Sum) -> None:
        progress.update(task, so_far=f"{so_far.tried:,} tried, {so_far.through:,} through")

    total = Sum()
    try:
        with maker.fresh() as place:
            asyncio.run(carried_out(trial.run(place), seen, total))
    except Exception as error:
        total.add(Outcome(1, 1, f"{safe_error(error)} at {place_of(error) or 'the trial itself'}"))
        progress.console.print_exception(show_locals=False, max_frames=6)
    progress.remove_task(task)
    return Row(trial.name, maker.database, total, time.monotonic() - begun)


def _said(name: str, database: str) -> str:
    return f"{name} ({database})" if database else name


def table(rows: Sequence[Row]) -> Table:
    """What was tried, how many, how many got through."""
    made = Table("what was tried", "on", title="make secrecy", title_justify="left")
    for heading in ("how many", "got through", "seconds"):
        made.add_column(heading, justify="right")
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "": "–"}
    for row in rows:
        total = row.sum
        through = f"[bold red]{total.through:,}" if total.through else "0"
        made.add_row(row.trial, names[row.database], f"{total.tried:,}", through, f"{row.seconds:.1f}")
    return made


def main() -> int:
    """Runs what is asked for; 1 when anything got through, or when nothing was tried."""
    parser = argparse.ArgumentParser(prog="make secrecy", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORD", help="only trials with this word in their name")
    parser.add_argument("--on", choices=BOTH, help="only on this database")
    parser.add_argument("--seed", type=int, default=None, help="chance: the same again (default: a new one)")
    parser.add_argument("--list", action="store_true", help="the trials' names")
    asked = parser.parse_args()
    seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    chosen = [one for one in TRIALS if asked.only.casefold() in one.name.casefold()]
    if asked.list:
        print("\n".join(one.name for one in chosen))
        return 0
    plan = [(one, on) for one in chosen for on in one.databases if asked.on in (None, on) or not on]
    console = Console(width=max(110, Console().width))
    rows = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.fields[so_far]}"))
    with (
        places(sorted({on for _, on in plan}), seed) as makers,
        Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress,
    ):
        for trial, on in plan:
            rows.append(run(trial, makers[on], progress))
            _tell(progress.console, rows[-1])
    console.print(table(rows))
    for what in dict.fromkeys(what for row in rows for what in row.sum.what):
        console.print(f"[red]got through:[/] {what}")
    through, tried = sum(row.sum.through for row in rows), sum(row.sum.tried for row in rows)
    console.print(f"{tried:,} tried, {through:,} got through. Seed {seed}.")
    return 1 if through or not tried else 0


def _tell(console: Console, row: Row) -> None:
    total, name = row.sum, _said(row.trial, row.database)
    console.print(f"{name}: {total.tried:,} tried, {total.through:,} got through, {row.seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
