"""`greenroom migrate`, `run` and `rehearse`."""

from __future__ import annotations

import tomllib
from typing import Annotated
from urllib.parse import urlsplit

import typer

from handlers.cli import asked
from handlers.cli.front import Code, Stopped, wrong_use

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
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page of phones is served.")] = 8080,
    script: Annotated[
        str | None,
        typer.Option("--script", metavar="NAME", help='Play one script in this terminal; "list" names them.'),
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(min=0, max=60, help="Seconds to read; default: 1 for people, 0 into a pipe."),
    ] = None,
) -> int:
    """Play the whole line on this machine, without any account: a page of phones, or one script in this terminal.

    Loopback only; nothing is kept. The page is for one trainer or a whole room: every browser sees the same line.
    """
    here = asked.of(context)
    if here.config_named:
        _refuse_real(here)
    # Here, not above: they bring aiohttp, Jinja2 and rich, which `--help` need not wait for.
    from handlers.cli.demo import rehearsal, shows
    from handlers.rehearsal.play import script as scripts

    if script is None:
        from handlers.cli.demo import phones

        return phones.serve(here, port=port, pace=1.0 if pace is None else pace)
    if script == "list":
        here.table(
            [{"name": one.name, "title": one.told("en").title} for one in scripts.scripts().values()],
            ("name", "title"),
            [(one.name, one.told("en").title) for one in scripts.scripts().values()],
        )
        return Code.DONE
    if script not in scripts.scripts():
        raise wrong_use(
            f"--script: there is no script of that name. There are: {', '.join(scripts.scripts())}."
        )
    show, usual = shows.fitting(json=here.json)
    return rehearsal.rehearse(here.house, show, scripts.named(script), pace=usual if pace is None else pace)


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
