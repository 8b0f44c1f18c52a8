"""`greenroom staff key`: the keys with which supervisors read what is sealed. Private halves never see the server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot import fingerprint
from handlers.cli import archive_words, asked, known, newfile, passphrase
from handlers.cli.front import answer_is_no, wrong_use

if TYPE_CHECKING:
    from bot.people import Staff
    from storage.archive_keys import ArchiveKey
    from storage.requests import Request
    from storage.work import Work

app = typer.Typer(help="Supervisors' keys: who can read closed conversations.")

ALOUD: Final = "Fingerprint, to read aloud to whoever adds it (letters and digits, never 0 O 1 I L):"


@app.command()
def new(
    context: typer.Context,
    keyfile: Annotated[
        Path, typer.Argument(help="The new file for her private key; KEYFILE.pub comes beside it.")
    ],
    passphrase_file: passphrase.File = None,
) -> None:
    """Make a supervisor's key, on her own machine. Needs no configuration, no database, no network."""
    from storage import archive, archive_keyfile, box

    here = asked.of(context)
    public = keyfile.with_name(f"{keyfile.name}.pub")
    newfile.refuse_what_is_there(keyfile, public)
    words = passphrase.chosen(passphrase_file)
    passphrase.patience("Making the key and its lock")
    pair = archive.new_pair()
    newfile.write(keyfile, archive_keyfile.locked(pair, words.reveal()).encode())
    try:
        newfile.write(public, archive_keyfile.public_paper(pair).encode())
    except BaseException:
        keyfile.unlink()  # half a key would be in the way of the next try
        raise
    said = fingerprint.spoken(box.SupervisorKey(pair.public).reader)
    here.answer(
        {"key": str(keyfile), "public": str(public), "fingerprint": said},
        f"Written: {keyfile} (hers alone; nothing opens it without the passphrase, and nobody can reset that)",
        f"         {public} (send this one to whoever runs the server)",
        ALOUD,
        f"    {said}",
        f"Then, on the server: greenroom staff key add NAME {public.name}",
    )


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The supervisor whose key it is.")],
    pubfile: Annotated[Path, typer.Argument(help="The .pub file that `staff key new` wrote on her machine.")],
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="ADMIN", help="The admin who adds it: from the third key on."),
    ] = None,
) -> None:
    """Add a supervisor's key. The first two count at once; a later one when a second admin says yes, or in 72 hours."""
    from bot.people import Role
    from handlers import newkey
    from storage import keypaper

    here = asked.of(context)
    config = here.settings()
    half, public = keypaper.half_of(pubfile)
    line = here.house.line(config)

    def thought(work: Work) -> tuple[Staff, Request | None]:
        owner = known.person(work, name)
        if Role.SUPERVISOR not in owner.roles:
            raise answer_is_no(
                "Only supervisors have keys, and that person is none. See: greenroom staff list"
            )
        admin = None if by is None else known.admin(work, by)
        if admin is None and not newkey.at_once(work):
            raise wrong_use(
                "--by: from the third key on, name the admin who adds it. A second one must approve."
            )
        try:
            return owner, newkey.propose(work, line, owner, half, public, admin)
        except ValueError:
            raise answer_is_no(
                "That key has been on this line already. Make a new one: greenroom staff key new KEYFILE"
            ) from None

    with here.store(config) as store:
        owner, request = store.do_now(thought)
    said = fingerprint.spoken(half.reader)
    here.answer(
        {
            "name": owner.name,
            "fingerprint": said,
            "standing": "active" if request is None else "proposed",
            "counts_from": None if request is None else request.due_at.isoformat(timespec="seconds"),
        },
        f"{owner.name}'s key. Let her read her fingerprint to you; it must be this one:",
        f"    {said}",
        *(COUNTS if request is None else WAITS),
    )


COUNTS: Final = (
    "It counts from now on. If the fingerprint is another one: greenroom staff key end, at once.",
)
WAITS: Final = (
    "It does not count yet. Every admin and supervisor has been told; another admin answers APPROVE and the",
    "number from her own phone, or it counts in 72 hours unless somebody answers REFUSE.",
)


@app.command(name="list")
def list_(context: typer.Context) -> None:
    """Every key there ever was: whose, its fingerprint, whether it counts."""
    here = asked.of(context)

    def thought(work: Work) -> tuple[list[ArchiveKey], dict[int, str]]:
        return work.archive_keys.all(), {int(p.id): p.name for p in work.staff.everyone()}

    with here.store(here.settings()) as store:
        keys, names = store.do_now(thought)
    here.table(
        [
            {
                "name": names.get(one.staff),
                "fingerprint": fingerprint.spoken(one.reader),
                "standing": one.standing.value,
                "since": archive_words.day(one.created_day),
            }
            for one in keys
        ],
        ("name", "fingerprint", "standing", "since"),
        [
            (
                names.get(one.staff, "(left)"),
                fingerprint.spoken(one.reader),
                one.standing.value,
                archive_words.day(one.created_day),
            )
            for one in keys
        ],
    )


@app.command()
def end(
    context: typer.Context,
    which: Annotated[
        str, typer.Argument(metavar="NAME|FINGERPRINT", help="All keys of a person, or one key.")
    ],
    by: Annotated[str, typer.Option("--by", metavar="ADMIN", help="The admin who ends it.")],
) -> None:
    """End a key that was lost or stolen: nothing is sealed to it any more."""
    from handlers import newkey

    here = asked.of(context)
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> tuple[list[ArchiveKey], int]:
        admin = known.admin(work, by)
        keys = [one for one in _meant(work, which) if one.standing.value != "ended"]
        if not keys:
            raise answer_is_no("No key that counts is named so. See: greenroom staff key list")
        for one in keys:
            newkey.end(work, line, one, by=admin.id, why="on the command line")
        return keys, len(work.archive_keys.standing())

    with here.store(config) as store:
        keys, left = store.do_now(thought)
    few = "" if left >= newkey.FIRST else " With fewer than two nothing can be sealed: add one soon."
    here.answer(
        {"ended": [fingerprint.spoken(one.reader) for one in keys], "left": left},
        *(f"Ended: {fingerprint.spoken(one.reader)}" for one in keys),
        f"Keys that count now: {left}.{few}",
    )


def _meant(work: Work, which: str) -> list[ArchiveKey]:
    """A person's keys, or the one with this fingerprint."""
    person = work.staff.by_name(which.strip())
    if person is not None:
        return work.archive_keys.of(person.id)
    return [one for one in work.archive_keys.all() if fingerprint.means(which, one.reader)]
