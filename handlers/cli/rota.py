"""`greenroom rota`: the table of its commands."""

from __future__ import annotations

import typer

from handlers.cli import rota_apply, rota_change, rota_fair, rota_gaps, rota_history, rota_look

app = typer.Typer(help="Who is on call, when nobody is, and how that is planned.")
for command in (
    rota_apply.apply,
    rota_look.show,
    rota_look.at,
    rota_gaps.gaps,
    rota_change.cover,
    rota_change.swap,
    rota_fair.fair,
    rota_history.export,
    rota_history.history,
):
    app.command()(command)
