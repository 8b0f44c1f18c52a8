"""`greenroom staff key`: the keys with which supervisors read what is sealed. Private halves never see the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from bot import fingerprint
from handlers.cli import asked, newfile, passphrase

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
    typer.echo("Making the key and its lock, a second or two…", err=True)
    pair = archive.new_pair()
    newfile.write(keyfile, archive_keyfile.locked(pair, words.reveal()).encode())
    newfile.write(public, archive_keyfile.public_paper(pair).encode())
    said = fingerprint.spoken(box.SupervisorKey(pair.public).reader)
    here.answer(
        {"key": str(keyfile), "public": str(public), "fingerprint": said},
        f"Written: {keyfile} (hers alone; nothing opens it without the passphrase, and nobody can reset that)",
        f"         {public} (send this one to whoever runs the server)",
        ALOUD,
        f"    {said}",
        f"Then, on the server: greenroom staff key add NAME {public.name}",
    )
