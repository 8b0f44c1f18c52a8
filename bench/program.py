"""Greenroom as the process that is measured: `python -m bench.program CONFIG HURRY`, ended by the end of its stdin.

It is what `greenroom run` serves, but for the clock that paces sending: it runs HURRY times as fast, so that Telegram's
thirty messages a second (a rule, not a cost) do not hide what a message costs.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from bot import app, config, logs


async def _serve(path: Path, hurry: float) -> None:
    logs.set_up_logging(json_lines=True)
    settings = config.load(path)
    async with app.running(settings, seconds=lambda: time.monotonic() * hurry) as (_, port):
        print(port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), float(sys.argv[2])))
