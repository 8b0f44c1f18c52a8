"""`greenroom check`: one line a finding, in plain words, with the cure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from handlers.cli import asked
from handlers.cli.front import Code

if TYPE_CHECKING:
    from bot.findings import Finding

COLOURS: Final = {"fail": "bold red", "warning": "yellow", "reminder": "cyan", "ok": "green"}
IN_WORDS: Final = (("fail", "to cure"), ("warning", "to think about"), ("reminder", "to look up"))


def check(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Skip what needs the network: clock, public address, carriers.")
    ] = False,
    policy: Annotated[
        bool,
        typer.Option("--policy", help="Only print how long what is kept, for the line's privacy notice."),
    ] = False,
) -> int:
    """Say what is missing or unsafe, with the cure. Changes nothing, writes to nobody; 1 if something would fail."""
    # Here, not above: they bring the rota and the numbers of all countries, which `--help` need not wait for.
    from bot import checkup
    from handlers.cli import lookaround

    here = asked.of(context)
    if policy:
        return _policy(here)
    findings = checkup.findings(lookaround.facts(here, offline=offline))
    if here.json:
        here.answer([finding.as_json() for finding in findings])
    else:
        _show(findings)
    return Code.NO if any(finding.level == "fail" for finding in findings) else Code.DONE


def _policy(here: asked.Asked) -> int:
    from bot import checkup_keeping
    from handlers.cli import lookaround

    sentences = [one.finding for one in checkup_keeping.policy(lookaround.facts(here, offline=True))]
    here.answer(sentences, *sentences)
    return Code.DONE


def _show(findings: Sequence[Finding]) -> None:
    """Each finding on one line, however narrow the terminal; colours only where a person looks."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for one in findings:
        line = Text(f"{one.level.value:<9} ", style=COLOURS[one.level])
        line.append(one.subject, style="bold").append(f": {one.finding}", style="default")
        if one.cure:
            line.append(f" {one.cure}", style="dim")
        console.print(line)
    counts = Counter(one.level.value for one in findings)
    told = [f"{counts[level]} {words}" for level, words in IN_WORDS if counts[level]]
    console.print(Text(f"{', '.join(told) or 'Nothing to do'}.", style="bold"))
