"""The table of commands, and what stands before all of them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from handlers.cli import archive, audit, check, hold, keys, restore, rota, rota_link, serve, staff, start
from handlers.cli.asked import DEFAULT, Asked

ANYWHERE = "--config FILE, --json and --debug may stand anywhere after the command."

app = typer.Typer(
    help="A confidential counseling hotline that lives in text messages.",
    epilog=ANYWHERE
    + " Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 configuration, 4 something outside.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    start.init,
    check.check,
    serve.migrate,
    serve.run,
    serve.rehearse,
    audit.audit,
    hold.holdings,
    restore.restore,
):
    app.command(epilog=ANYWHERE)(command)
rota.app.command()(rota_link.link)
for group, name in (
    (staff.app, "staff"),
    (rota.app, "rota"),
    (keys.app, "keys"),
    (archive.app, "archive"),
    (hold.app, "hold"),
):
    app.add_typer(group, name=name, epilog=ANYWHERE)


def _version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"greenroom {version('greenroom')}")
        except PackageNotFoundError:
            typer.echo("greenroom, not installed")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="The configuration; default: GREENROOM_CONFIG, or config.toml."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Options for every command."""
    from os import environ

    chosen = config or Path(environ.get("GREENROOM_CONFIG") or DEFAULT)
    context.obj = Asked(house=context.obj, config=chosen, config_named=config is not None, json=as_json)
