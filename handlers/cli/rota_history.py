"""`greenroom rota export` and `history`: the whole rota as a file, and how it came to be."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot import rotadifference, rotafile
from bot.changes import Status, Swap
from bot.rota import Rota
from bot.rotanames import rename_all
from handlers.cli import asked
from handlers.cli.front import answer_is_no, wrong_use
from handlers.cli.rota_read import Given, Zone, names, read, shown

if TYPE_CHECKING:
    from bot.people import StaffId
    from handlers.line import Line
    from storage.rota import Accepted
    from storage.work import Work

NONE_YET: Final = "No rota has been applied. Write one, then: greenroom rota apply rota.toml"


def export(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Argument(metavar="[TO]", help="A new file; default: on the screen.")
    ] = None,
    file: Given = None,
    zone: Zone = None,
) -> None:
    """The whole rota as a file: layers, revisions, overrides, swaps, and what is still asked of colleagues as open.

    `rota apply` of it changes nothing. With --file a spreadsheet becomes TOML.
    """
    here = asked.of(context)
    text = rotafile.write(read(here, file, zone) if file else _of_line(here))
    if to is None:
        here.answer({"toml": text}, text.rstrip("\n"))
        return
    try:
        with os.fdopen(
            os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            out.write(text)
    except FileExistsError:
        raise wrong_use("There is a file of that name. Name a new one.") from None
    except (OSError, ValueError):
        raise wrong_use("The file cannot be written. See that its folder is there and may be used.") from None
    here.answer({"written": str(to)}, "Written. Change it and: greenroom rota apply")


def history(
    context: typer.Context,
    last: Annotated[int, typer.Option("--last", min=1, max=1000, help="How many versions, the newest.")] = 20,
) -> None:
    """Every version of the rota: when it was saved, by whom, and what it changed."""
    here = asked.of(context)
    config = here.settings()

    def thought(work: Work) -> list[dict[str, object]]:
        people = {person.id: person.name for person in work.staff.everyone()}
        return _told(work.rota.versions(last + 1), people, last)

    with here.busy("Comparing the versions"), here.store(config) as store:
        found = store.do_now(thought)
    if not found:
        raise answer_is_no(NONE_YET)
    here.table(
        found,
        ("version", "when (UTC)", "by", "what changed"),
        [
            (
                str(one["version"]),
                str(one["at"]),
                str(one["by"]),
                _short(one["changes"]),
            )
            for one in found
        ],
    )


def _of_line(here: asked.Asked) -> Rota[str]:
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> Rota[str]:
        planned = _with_open(line, work)
        return rename_all(planned, names(work.staff.everyone(), planned))

    with here.busy("Reading the rota"), here.store(config) as store:
        planned = store.do_now(thought)
    if not planned.schedules:
        raise answer_is_no(NONE_YET)
    return planned


def _with_open(line: Line, work: Work) -> Rota[StaffId]:
    """The rota in force and, in each schedule, what is still asked of colleagues."""
    asking = [one for one in work.covers.standing() if one.status is Status.OPEN]
    return Rota(
        tuple(
            replace(
                schedule,
                swaps=(
                    *schedule.swaps,
                    *(
                        Swap(giver=one.giver, start=one.start, end=one.end, status=Status.OPEN)
                        for one in asking
                        if one.schedule == schedule.name
                    ),
                ),
            )
            for schedule in line.rota(work).schedules
        )
    )


def _told(versions: list[Accepted], people: dict[StaffId, str], last: int) -> list[dict[str, object]]:
    """The newest first."""
    rotas = [rotafile.decode(one.document) for one in versions]
    none: Rota[StaffId] = Rota()
    before = [none, *rotas] if len(versions) <= last else rotas
    told = versions if len(versions) <= last else versions[1:]
    return [
        {
            "version": one.number,
            "at": shown(one.at.astimezone(UTC).replace(microsecond=0)),
            "by": _by(one.by, people),
            "changes": rotadifference.difference(old, new, people, local=True),
        }
        for one, (old, new) in zip(told, pairwise(before), strict=True)
    ][::-1]


def _by(by: str, people: dict[StaffId, str]) -> str:
    if not by.isdigit():
        return by
    number = next((person for person in people if int(person) == int(by)), None)
    return people[number] if number is not None else f"(removed, {by})"


def _short(changes: object) -> str:
    assert isinstance(changes, list)
    more = [f"… and {len(changes) - 5} more; --json gives all"] if len(changes) > 5 else []
    return "\n".join([*map(str, changes[:5]), *more])
