"""`greenroom migrate`, `run` and `rehearse`."""

from __future__ import annotations

import tomllib
from typing import Annotated
from urllib.parse import urlsplit

import typer

from handlers.cli import asked
from handlers.cli.front import Code, Stopped

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def migrate(context: typer.Context) -> None:
    """Bring the database up to date; `run` does it too."""
    here = asked.of(context)
    config = here.settings()
    before = here.house.schema_state(config)
    here.house.migrate(config)
    done = "was up to date" if before == "current" else "is up to date"
    here.answer({"before": before, "now": "current"}, f"The database {done}.")


def run(context: typer.Context) -> int:
    """Serve the line until SIGTERM; then finish what is under way, within 10 s."""
    here = asked.of(context)
    return here.house.serve(here.settings())


def rehearse(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the phones are shown.")] = 8080,
    script: Annotated[bool, typer.Option("--script", help="Play one conversation in this terminal.")] = False,
) -> int:
    """Play the whole line on this machine, without any account; loopback only, nothing is kept."""
    here = asked.of(context)
    if here.config_named:
        _refuse_real(here)
    return here.house.rehearse(port=port, script=script)


def _refuse_real(here: asked.Asked) -> None:
    """A rehearsal reads no configuration; one that could reach real people is refused aloud."""
    try:
        tables = tomllib.loads(here.config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise Stopped(
            Code.SETTINGS, "--config cannot be read, and a rehearsal needs none. Leave it out."
        ) from None
    telegram = tables.get("telegram", {})
    carriers = [
        tables.get("sms"),
        *(telegram.get(bot) for bot in ("texters", "staff") if isinstance(telegram, dict)),
    ]
    if any(_real(carrier) for carrier in carriers if carrier is not None):
        raise Stopped(Code.SETTINGS, "This configuration reaches real carriers. Rehearse without --config.")


def _real(carrier: object) -> bool:
    if not isinstance(carrier, dict):
        return True
    return urlsplit(str(carrier.get("api_url", ""))).hostname not in LOOPBACK
