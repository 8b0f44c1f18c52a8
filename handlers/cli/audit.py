"""`greenroom audit`: who did what, in plain words and without content; and whether the trail is whole."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import SealBroken
from bot.harmless import harmless
from handlers.cli import asked
from handlers.cli.front import Code

if TYPE_CHECKING:
    from storage.audit import Entry
    from storage.work import Work


def audit(
    context: typer.Context,
    last: Annotated[int, typer.Option("--last", min=1, help="How many entries, the newest.")] = 50,
) -> int:
    """Who did what on this line: keys, staff, rota, exports, addresses. Exit 1 if the trail has a break."""
    here = asked.of(context)

    def thought(work: Work) -> tuple[list[Entry], bool, dict[int, str], dict[bytes, str]]:
        names = {int(person.id): person.name for person in work.staff.everyone()}
        found: list[Entry] = []
        try:
            found += work.audit.entries(last=last)
            whole = work.audit.verify()
        except SealBroken:
            found, whole = _up_to_the_break(work, last), False
        about = {one.conversation for one in found if one.conversation is not None}
        return found, whole, names, {one: work.conversations.name(one) for one in about}

    with here.store(here.settings()) as store:
        entries, whole, names, talks = store.do_now(thought)
    here.table(
        {"whole": whole, "entries": [_plain(one, names, talks) for one in entries]},
        ("when (UTC)", "what", "who", "about"),
        [
            (
                one.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
                one.what,
                _who(one, names),
                _about(one, names, talks),
            )
            for one in entries
        ],
    )
    if not whole:
        typer.echo(
            "greenroom: The trail is broken: an entry was changed, moved or taken out. Keep a copy of the database.",
            err=True,
        )
    return Code.DONE if whole else Code.NO


def _up_to_the_break(work: Work, last: int) -> list[Entry]:
    """What stands before the break."""
    found: list[Entry] = []
    try:
        for one in work.audit.entries():
            found.append(one)
    except SealBroken:
        pass
    return found[-last:]


def _who(entry: Entry, names: dict[int, str]) -> str:
    if entry.by is None:
        return "command line or clock"
    return names.get(entry.by, f"staff member {entry.by}, who left")


def _about(entry: Entry, names: dict[int, str], talks: dict[bytes, str]) -> str:
    """The conversation and the detail; where that begins with the number of a staff member, with her alias as long as
    she is here."""
    said = harmless(entry.detail).replace("\n", " ")
    talk = talks.get(entry.conversation or b"", "")
    if talk and not said.startswith(talk):
        said = f"{talk}: {said}" if said else talk
    if said.startswith("rota "):
        return re.sub(r"#(\d+)", lambda found: names.get(int(found[1]), found[0]), said)
    number, parted, rest = said.partition(": ") if ": " in said else (said, "", "")
    if entry.what.split()[0] in {"staff", "key", "contact"} and number.isdigit():
        return f"{names.get(int(number), f'staff member {number}, who left')}{parted}{rest}"
    return said


def _plain(entry: Entry, names: dict[int, str], talks: dict[bytes, str]) -> dict[str, object]:
    return {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "what": entry.what,
        "by": None if entry.by is None else int(entry.by),
        "name": None if entry.by is None else names.get(entry.by),
        "conversation": None if entry.conversation is None else entry.conversation.hex(),
        "about": talks.get(entry.conversation or b""),
        "detail": entry.detail,
    }
