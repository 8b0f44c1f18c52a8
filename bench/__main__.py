"""`make bench`, or `python -m bench [--messages N] [--only WORD] [--json]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import rotas, small, ways
from bench.cost import Cost
from bench.small import Small
from tests import postgres

LASTING = ("max_connections=80",)
"""PostgreSQL as it comes: a commit is on the disk. The tests' server cuts that corner."""
REFERENCE = "reference"
NOTES = (
    "One message: from a texter's signed webhook (or update) until the words stand on the counselor's phone; 24 are "
    "under way at a time, in 40 conversations with 4 counselors.",
    "cpu: user and system time of the program's process a message, receipts and all; PostgreSQL's own processes are "
    "not in it. a second: held down by this machine's cores, which also play carriers and phones (stand-ins: their "
    "time). alone: one message with nothing else going on, median.",
    "The reference leaves out encryption, rota, commands, transcript, outbox, retries, receipts and rates; it keeps "
    "the signature, the duplicate check and a commit on disk before the answer (bench/reference.py).",
    "Rates are lifted: a real Telegram bot may send 30 a second and 1 to a chat, a real long code 1 a second.",
)


async def measured(folder: Path, messages: int, only: str) -> AsyncIterator[Cost]:
    """Each way in turn, in a folder of its own."""
    count = 0

    def place() -> Path:
        nonlocal count
        count += 1
        made = folder / str(count)
        made.mkdir()
        return made

    async with AsyncExitStack() as stack:
        plans = [(REFERENCE, "", {"receipts": False}), *_plans("SQLite"), *_plans("PostgreSQL")]
        server: postgres.Server | None = None
        for way, database, options in plans:
            if only.casefold() not in way.casefold():
                continue
            here = place()
            if way == REFERENCE:
                yield await ways.reference(way, here, messages)
                continue
            url = f"sqlite:///{here}/data/greenroom.db"
            if database == "PostgreSQL":
                try:
                    server = server or stack.enter_context(postgres.running(LASTING))
                except RuntimeError as missing:
                    print(missing, file=sys.stderr)
                    return
                url = stack.enter_context(server.migrated())
            yield await ways.greenroom(way, here, url, messages, **options)  # type: ignore[arg-type]


def _plans(database: str) -> list[tuple[str, str, dict[str, object]]]:
    return [
        (f"SMS, {database}, no receipts", database, {"receipts": False}),
        (f"SMS, {database}, three receipts", database, {}),
        (f"Telegram, {database}", database, {"medium": "telegram"}),
    ]


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        yield Path(name)


def shown(costs: list[Cost], smalls: list[Small], console: Console) -> None:
    """Two tables, and how to read them."""
    plain = next((one for one in costs if one.way == REFERENCE), None)
    table = Table(title=f"inbound to the counselor's phone · {_machine()}")
    table.add_column("way", no_wrap=True)
    for name in ("a second", "cpu ms", "× ref.", "stand-ins", "p50 ms", "p95 ms", "alone", "MiB"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in costs:
        table.add_row(
            one.way,
            f"{one.rate:.0f}",
            f"{one.cpu:.2f}",
            f"{one.cpu / plain.cpu:.1f}" if plain else "",
            f"{one.stand_ins:.2f}",
            f"{one.p50:.0f}",
            f"{one.p95:.0f}",
            f"{one.alone:.1f}",
            f"{one.memory:.0f}",
        )
    console.print(table)
    for note in NOTES:
        console.print(note, highlight=False)
    calls = Table(title="single calls")
    for name in ("call", "cpu ms", "a second"):
        calls.add_column(name, justify="left" if name == "call" else "right")
    for call in smalls:
        calls.add_row(call.what, f"{call.cpu:.4f}", f"{call.rate:,.0f}")
    if smalls:
        console.print(calls)


def _machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}"


async def _main(asked: argparse.Namespace) -> None:
    console = Console(stderr=asked.json)
    console.width = max(console.width, 110)
    costs: list[Cost] = []
    smalls: list[Small] = []
    async with _folder() as folder:
        async for one in measured(folder, asked.messages, asked.only):
            costs.append(one)
            console.print(f"{one.way}: {one.rate:.0f} a second, {one.cpu:.2f} ms of CPU", highlight=False)
        if asked.only.casefold() in "single calls":
            here = folder / "small"
            here.mkdir()
            calls = max(200, asked.messages * 2)
            smalls = [*await small.all_of(here, calls), *rotas.queries(calls)]
    if asked.json:
        print(
            json.dumps(
                {
                    "machine": _machine(),
                    "ways": [asdict(one) | {"rate": one.rate} for one in costs],
                    "calls": [asdict(one) for one in smalls],
                },
                indent=2,
            )
        )
    else:
        shown(costs, smalls, console)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What a message costs on this machine."
    )
    parser.add_argument("--messages", type=int, default=1000, help="texts in each burst (default 1000)")
    parser.add_argument(
        "--only", default="", metavar="WORD", help='ways with this in their name, or "single calls"'
    )
    parser.add_argument("--json", action="store_true", help="figures as JSON on stdout")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_main(_asked()))
