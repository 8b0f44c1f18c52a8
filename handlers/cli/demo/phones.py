"""`greenroom rehearse`: the page of phones, until Ctrl-C."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from handlers.cli.asked import Asked
from handlers.cli.demo.backstage import Backstage
from handlers.cli.demo.rehearsal import throw_away, until_signalled
from handlers.cli.front import Code
from handlers.rehearsal.page import server
from handlers.rehearsal.page.room import Room
from handlers.rehearsal.play.nursery import Nursery


def serve(here: Asked, *, port: int, pace: float) -> int:
    """Serves the page until a signal ends it; nothing is left. Raises OSError when the port is taken."""
    with throw_away() as folder:
        asyncio.run(until_signalled(_serve(here, folder, port, pace)))
    return Code.DONE


async def _serve(here: Asked, folder: Path, port: int, pace: float) -> None:
    async with Nursery() as nursery:
        room = Room(folder, nursery, lambda program: Backstage(here.house, program), pace)
        async with server.served(room, port) as listening, room.open():
            _announce(here, f"http://127.0.0.1:{listening}")
            await asyncio.Event().wait()


def _announce(here: Asked, url: str) -> None:
    here.answer(
        {"url": url},
        f"The page of phones: {url}",
        "Everything runs on this machine, and nothing is kept. Ctrl-C ends it.",
    )
    typer.get_text_stream("stdout").flush()
