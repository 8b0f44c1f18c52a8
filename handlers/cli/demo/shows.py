"""Which show fits what the answer goes to."""

from __future__ import annotations

import sys

import typer

from handlers.cli.demo.plain import JsonLines, Lines
from handlers.rehearsal.play.events import Show

IN_A_TERMINAL = 1.0
"""Seconds of pace where a person watches."""


def fitting(*, json: bool) -> tuple[Show, float]:
    """A show, and its usual pace in seconds: phones in a terminal, else lines; JSON where it is asked for."""
    if json:
        return JsonLines(typer.echo), 0.0
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal or console.is_dumb_terminal or not sys.stdout.isatty():
        return Lines(typer.echo), 0.0
    from handlers.cli.demo.board import Board

    return Board(console), IN_A_TERMINAL
