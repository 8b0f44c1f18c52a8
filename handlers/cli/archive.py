"""`greenroom archive`: sealed conversations, exported on the server, opened on a supervisor's own machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot import casecode
from bot.errors import SealBroken
from handlers.cli import archive_words, asked, known, newfile, passphrase
from handlers.cli.front import Stopped, answer_is_no, wrong_use

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from storage.archive import Pair
    from storage.archive_keyfile import KeyFile
    from storage.sealed import SealedTalk
    from storage.work import Work

app = typer.Typer(help="Closed conversations that only supervisors can read.")

PREFIX: Final = 6
"""Digits of an id by which a conversation may be named where its code has been given twice."""

By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Which admin or supervisor asks: stands in the audit trail."),
]


@app.command(name="list")
def list_(context: typer.Context) -> None:
    """What is sealed, and whose keys open it. Nothing is opened."""
    here = asked.of(context)

    def thought(work: Work) -> tuple[list[SealedTalk], dict[str, str]]:
        people = {person.id: person.name for person in work.staff.everyone()}
        whose = {
            one.reader: people.get(one.staff, "somebody who left")
            + (" (key ended)" if one.standing.value == "ended" else "")
            for one in work.archive_keys.all()
        }
        return work.sealed.all(), whose

    with here.store(here.settings()) as store:
        talks, whose = store.do_now(thought)
    here.table(
        [archive_words.plain_of_sealed(one, whose) for one in talks],
        ("code", "began", "lines", "can be opened by", "id"),
        [
            (
                one.code,
                archive_words.day(one.day),
                str(one.lines),
                ", ".join(dict.fromkeys(whose.get(reader, "?") for reader in one.readers)),
                one.id.hex()[: PREFIX + 2],
            )
            for one in talks
        ],
    )


@app.command()
def export(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="Its code, or how its id begins where a code was given twice.")],
    file: Annotated[Path, typer.Argument(help="The new file, to be carried to a supervisor's own machine.")],
    by: By = None,
) -> None:
    """Write a sealed conversation into a file. It stays sealed: only a supervisor's key and passphrase open it."""
    here = asked.of(context)
    newfile.refuse_what_is_there(file)

    def thought(work: Work) -> tuple[bytes, SealedTalk, int]:
        talk = _named(work.sealed.all(), code)
        who = None if by is None else known.answers(work, by)
        exported = work.sealed.exported(talk)
        said = talk.code if who else f"{talk.code}: on the command line, nobody named"
        work.audit.add("archive exported", by=who.id if who else None, conversation=talk.id, detail=said)
        return exported, talk, len(talk.readers)

    with here.store(here.settings()) as store:
        try:
            content, talk, readers = store.do_now(thought)
        except SealBroken:
            raise answer_is_no(
                "A line of that conversation was changed or taken out of the database: it cannot be exported whole. "
                "See: greenroom audit"
            ) from None
    newfile.write(file, content)
    here.answer(
        {"code": talk.code, "id": talk.id.hex(), "file": str(file), "readers": readers},
        f"{talk.code} is in {file}, still sealed; {readers} keys can open it.",
        f"On her own machine: greenroom archive open {file} --key KEYFILE",
    )


@app.command(name="open")
def open_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `archive export` wrote on the server.")],
    key: Annotated[Path, typer.Option("--key", help="Her key file; its passphrase is asked for.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it to this new file, not to the screen.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="The time zone of the times shown.")] = "UTC",
    passphrase_file: passphrase.File = None,
) -> None:
    """Read a sealed conversation, on the supervisor's own machine. Needs no configuration, no database, no network.

    A recovery capsule is opened as well: with --out, what is in it is what `greenroom restore` needs.
    """
    from storage import archive_keyfile, archive_reading, capsules, sealed_file

    here = asked.of(context)
    shown_in = _zone(zone)
    if out is not None:
        newfile.refuse_what_is_there(out)
    content = sealed_file.raw(file)
    if content.startswith(capsules.MAGIC):
        _open_capsule(content, key, out, passphrase_file)
        return
    sealed = sealed_file.read(content)
    locked = archive_keyfile.read(key)
    archive_reading.check_reader(sealed, locked.reader)
    talk = archive_reading.opened(sealed, _unlocked(locked, passphrase_file), locked.reader)
    if here.json:
        text = json.dumps(archive_words.plain(talk), indent=2)
    else:
        text = "\n".join(archive_words.lines(talk, shown_in))
    if out is None:
        typer.echo(text)
        return
    newfile.write(out, f"{text}\n".encode("utf-8", "backslashreplace"))
    here.answer(
        {"file": str(out), "lines": len(talk.lines)},
        f"{len(talk.lines)} lines, whole and unchanged, are in {out}. Delete it when you have read it.",
    )


def _unlocked(locked: KeyFile, words_in: Path | None) -> Pair:
    """Her pair, by her passphrase; who looks on is told that it takes a moment."""
    words = passphrase.asked(words_in)
    passphrase.patience("Unlocking the key")
    return locked.unlocked(words.reveal())


def _open_capsule(content: bytes, key: Path, out: Path | None, words_in: Path | None) -> None:
    """Writes the keyring that is in a recovery capsule; the root key still locks it."""
    from storage import archive_capsule, archive_keyfile, capsules

    if out is None:
        raise wrong_use("--out: that is a recovery capsule. Say into which new file its keyring shall go.")
    locked = archive_keyfile.read(key)
    archive_capsule.check_reader(capsules.read(content), locked.reader)
    newfile.write(out, archive_capsule.opened_capsule(_unlocked(locked, words_in), content))
    typer.echo(f"The keyring is in {out}. On the line's machine: greenroom restore {out.name}", err=True)


def _named(talks: list[SealedTalk], words: str) -> SealedTalk:
    """The one that is meant; the answer is no when none is, or more than one."""
    code = casecode.read(words)
    begins = words.strip().lower()
    if code is None and (len(begins) < PREFIX or not set(begins) <= set("0123456789abcdef")):
        raise wrong_use(f"CODE: write a code such as K7R2, or {PREFIX} or more digits of its id.")
    found = [one for one in talks if (one.code == code if code else one.id.hex().startswith(begins))]
    if not found:
        raise _none()
    if len(found) > 1:
        ids = ", ".join(f"{one.id.hex()[: PREFIX + 2]} ({archive_words.day(one.day)})" for one in found[:5])
        raise answer_is_no(f"More than one is meant. Name it by its id: {ids}.")
    return found[0]


def _none() -> Stopped:
    return answer_is_no("No sealed conversation has that code. See: greenroom archive list")


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise wrong_use("--zone: write a time zone such as UTC or Europe/Kyiv.") from None
