"""New files of a command: for this user only, on the disk before it is said, never over what is there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from handlers.cli.front import answer_is_no


def refuse_what_is_there(*paths: Path) -> None:
    """The answer is no when one of these exists: asked before anybody types a passphrase for nothing."""
    for path in paths:
        if os.path.lexists(path):
            raise answer_is_no(f"{path} is there already, and is not overwritten. Choose another name.")


def write(path: Path, content: bytes) -> None:
    """The file, 0600, whole or not at all; the answer is no when something is there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        refuse_what_is_there(path)
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise answer_is_no(f"There is no folder for {path}. Make it first.") from None
    except PermissionError:
        raise answer_is_no(f"{path} may not be written by this user. Choose another folder.") from None
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
