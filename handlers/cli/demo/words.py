"""Words that every show uses: for marks, for the program, for the disk and for the end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from handlers.rehearsal.play.events import CarrierBusy, Ended, Mark, OnDisk, Searched, State, TimePassed

MARKS = {
    Mark.WAITS: "not taken yet: the carrier tries again",
    Mark.SENT: "the line has it now",
    Mark.SEEN: "👀 sent",
    Mark.DELIVERED: "👌 delivered",
    Mark.FAILED: "💔 not sent",
    Mark.DELETED: "deleted",
}
STATES = {
    State.STARTS: "the program starts",
    State.RUNS: "the program serves",
    State.KILLED: "kill -9: the program is dead",
    State.STOPPED: "the program has ended in order",
}
SHOWN = 32
"""Bytes of a column that are shown."""


def hexed(content: bytes) -> str:
    """The first bytes in hex, in groups of four, and how many there are."""
    groups = content[:SHOWN].hex(" ", 4)
    more = " …" if len(content) > SHOWN else ""
    return f"{groups}{more} ({len(content)} bytes)"


def left(disk: OnDisk) -> str:
    """What is left of the erased conversation."""
    counts = ", ".join(f"{count} {what}" for what, count in disk.left)
    return f"Left of {disk.erased}'s conversation after DELETE: {counts}."


def searched(search: Searched) -> str:
    """What a search through every byte has found."""
    looked = (
        f"Searched {search.files} files, {search.size:,} bytes, for {search.texts} texts (also any three words in a"
        f" row) and {search.others} names, numbers, Telegram ids and links:"
    )
    if search.found:
        return f"{looked} FOUND {', '.join(search.found)}."
    return f"{looked} nothing found. (A word that is surely there was found: the search works.)"


def noted(event: CarrierBusy | TimePassed) -> str:
    """What happened that no phone shows."""
    if isinstance(event, TimePassed):
        hours, minutes = divmod(round(event.minutes), 60)
        return f"Time passes: {f'{hours} h ' if hours else ''}{minutes} min."
    if event.on:
        return "The SMS carrier is busy (429): what goes out has to wait."
    return "The SMS carrier has time again."


def ending(ended: Ended) -> str:
    """The last line."""
    return (
        f"Everything went as it should: {ended.messages} messages on five phones in {ended.seconds:.0f} s. "
        "Nothing of it is left on this machine."
    )


def disk_lines(disk: OnDisk, width: int) -> Iterator[str]:
    """The disk as plain lines."""
    yield from ("", "What is on the disk", "")
    yield f"  {disk.writer} wrote, and with the keys the program reads:"
    yield f"    {disk.words}"
    yield "  The same message as it lies there, and as a thief would find it:"
    for row in disk.rows:
        yield f"    {row.column}: {row.meaning}"
        yield f"      {hexed(row.content)}"
    yield ""
    for sentence in (*((left(disk),) if disk.erased else ()), searched(disk.search)):
        yield from textwrap.wrap(sentence, width, initial_indent="  ", subsequent_indent="  ")
