"""A sealed conversation leaves the database as a file, and is read from it whole or not at all; on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bot.errors import SealBroken, Unusable, WrongKey
from bot.messages import Direction
from storage import archive, archive_keyfile, archive_reading, keypaper, sealed_file
from storage.archive_keyfile import Cost
from storage.box import SupervisorKey
from storage.engine import Store
from storage.sealed_file import MAGIC, SealedFile, SealedLine
from storage.work import Work
from tests.storage.cast import ROBIN, by_hand
from tests.storage.sealed_cast import WORDS, joins_as_supervisor, sealed_talk

SAM, ALMA, CHARLIE = archive.new_pair(), archive.new_pair(), archive.new_pair()
CHEAP = Cost(memory=128 * 1024, passes=1)
"""The least that a key file may cost: a test would wait a second for the present one."""


def reader(pair: archive.Pair) -> str:
    return SupervisorKey(pair.public).reader


async def exported(store: Store) -> bytes:
    """The file of a conversation that Sam and Alma can read."""

    def thought(work: Work) -> bytes:
        sam = joins_as_supervisor(work, "Sam", SAM)
        joins_as_supervisor(work, "Alma", ALMA)
        made = sealed_talk(work, sam)
        (talk,) = work.sealed.all()
        assert (talk.code, talk.lines) == (made.code, 4)
        assert set(talk.readers) == {reader(SAM), reader(ALMA)}
        return work.sealed.exported(talk)

    return await store.do(thought)


async def test_each_of_her_readers_reads_it_whole(store: Store) -> None:
    """Without server keys, without an epoch, without the database: who, when, what, and who wrote it."""
    file = sealed_file.read(await exported(store))
    for pair in (SAM, ALMA):
        talk = archive_reading.opened(file, pair, reader(pair))
        assert [line.text.reveal() for line in talk.lines] == [*WORDS, "a note"]
        assert [line.direction for line in talk.lines] == [
            Direction.IN,
            Direction.OUT,
            Direction.IN,
            Direction.NOTE,
        ]
        assert talk.names[talk.lines[1].staff or 0] == "Sam"
        assert talk.private.chain == file.lines[-1].link


async def test_the_file_tells_nobody_else_anything(store: Store) -> None:
    """No word, no name, no code, no address; another supervisor's key is told that it is not among the readers."""
    content = await exported(store)
    for shown in (*(words.encode() for words in WORDS if len(words) > 8), b"Sam", b"Alma", b"55501"):
        assert shown not in content
    assert ROBIN.place.reveal().encode() not in content
    file = sealed_file.read(content)
    with pytest.raises(WrongKey, match="not sealed to this key"):
        archive_reading.opened(file, CHARLIE, reader(CHARLIE))
    with pytest.raises(Unusable):
        archive_reading.opened(file, CHARLIE, reader(SAM))


def _line(line: SealedLine, **changes: object) -> SealedLine:
    return msgspec.structs.replace(line, **changes)


EDITS: dict[str, Callable[[SealedFile], dict[str, object]]] = {
    "the last line is missing": lambda f: {"lines": f.lines[:-1]},
    "the first line is missing": lambda f: {"lines": f.lines[1:]},
    "all lines are missing": lambda f: {"lines": ()},
    "two are swapped": lambda f: {"lines": (f.lines[1], f.lines[0], *f.lines[2:])},
    "one stands twice": lambda f: {"lines": (*f.lines, _line(f.lines[-1], sequence=5))},
    "the texter's line became the counselor's": lambda f: {
        "lines": (_line(f.lines[0], direction="out"), *f.lines[1:])
    },
    "an unknown direction": lambda f: {"lines": (_line(f.lines[0], direction="up"), *f.lines[1:])},
    "another version": lambda f: {"version": f.version + 1},
    "another conversation": lambda f: {"conversation": b"k" * 16},
    "another file": lambda f: {"id": b"k" * 16},
    "an empty cover": lambda f: {"cover": b""},
    "an empty row": lambda f: {"row": b""},
    "an empty seal": lambda f: {"seals": {name: sealed_file.Seals(b"", b"") for name in f.seals}},
    "seals exchanged": lambda f: {"seals": dict(zip(f.seals, reversed(f.seals.values()), strict=True))},
}


async def test_whatever_was_edited_nothing_of_it_is_shown(store: Store) -> None:
    """One sentence, and no half of a conversation."""
    file = sealed_file.read(await exported(store))
    for name, edit in EDITS.items():
        edited = sealed_file.read(sealed_file.written(msgspec.structs.replace(file, **edit(file))))
        with pytest.raises(Unusable) as told:
            archive_reading.opened(edited, SAM, reader(SAM))
        assert "changed since it was exported" in str(told.value), name


async def test_what_comes_from_anywhere_is_refused_in_one_sentence(store: Store) -> None:
    """Cut, damaged, foreign, of another version, or made to hurt."""
    content = await exported(store)
    deep = b"\x91" * 100_000
    huge = b"\xc6\xff\xff\xff\xff"
    for hostile in (
        b"",
        b"\x00" * 100,
        b"PK\x03\x04 a letter",
        MAGIC,
        content[:-1],
        content[: len(content) // 2],
        content + b"x",
        content.replace(b"greenroom archive 1", b"greenroom archive 9"),
        MAGIC + hashlib.sha256(deep).digest() + deep,
        MAGIC + hashlib.sha256(huge).digest() + huge,
        MAGIC + hashlib.sha256(b"\xc0").digest() + b"\xc0",
    ):
        with pytest.raises(Unusable) as told:
            sealed_file.read(hostile)
        assert str(told.value).count("\n") == 0


async def test_a_line_taken_out_of_the_database_stops_the_export(store: Store, database_url: str) -> None:
    """The server cannot open it, and counts all the same."""
    await exported(store)
    by_hand(database_url, "DELETE FROM transcript WHERE sequence = 2")
    with pytest.raises(SealBroken):
        await store.do(lambda work: work.sealed.exported(work.sealed.all()[0]))


# ── Key files ──


def kept(folder: Path, text: str, name: str = "sam.key") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_key_file_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    """Also one that was typed off paper, with other accents, spaces at the ends of lines and other line ends."""
    text = archive_keyfile.locked(SAM, "café au lait à l'eau", CHEAP)
    copied = "\r\n\r\n".join(f"  {line} " for line in text.splitlines() if line)
    locked = archive_keyfile.read(kept(tmp_path, copied))
    assert locked.reader == reader(SAM)
    assert locked.unlocked("cafe\u0301 au lait a\u0300 l'eau").private == SAM.private
    with pytest.raises(WrongKey, match="not the passphrase"):
        locked.unlocked("café au lait a l'eau")
    assert SAM.private.hex() not in text


def resummed(text: str, old: str, new: str) -> str:
    """The text changed by somebody who mends the check line too."""
    lines = [line for line in text.replace(old, new).splitlines() if line][:-1]
    return "\n".join([*lines, f"check: {keypaper._sum(lines)}"])


def test_a_key_file_that_is_none_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    """Cut, changed, foreign, too dear or too cheap: one sentence each."""
    text = archive_keyfile.locked(SAM, "correct horse battery", CHEAP)
    public = archive_keyfile.public_paper(SAM)
    for number, (bad, said) in enumerate(
        (
            ("", "no key of Greenroom's"),
            ("-----BEGIN RSA PRIVATE KEY-----\n", "no key of Greenroom's"),
            (text[:-25], "cut off"),
            (text.replace("memory 131072", "memory 131073"), "changed or is cut"),
            (resummed(text, "memory 131072", "memory 99999999"), "not made by"),
            (resummed(text, "memory 131072", "memory 1024"), "not made by"),
            (resummed(text, "version 1", "version 7"), "another version"),
            (public, "is a public key"),
            ("x" * 20_000_000, "far too large"),
        )
    ):
        with pytest.raises(Unusable) as told:
            archive_keyfile.read(kept(tmp_path, bad, f"{number}.key"))
        assert said in str(told.value)
        assert str(told.value).count("\n") == 0


def test_a_private_key_handed_in_by_mistake_is_named(tmp_path: Path) -> None:
    """The server reads public halves only, and says what the other one is."""
    half, public = keypaper.half_of(kept(tmp_path, archive_keyfile.public_paper(SAM), "sam.key.pub"))
    assert (half.reader, public) == (reader(SAM), SAM.public)
    with pytest.raises(Unusable, match="PRIVATE key: it must never be on the server"):
        keypaper.half_of(kept(tmp_path, archive_keyfile.locked(SAM, "correct horse", CHEAP)))
    for wrong in (SAM.public[:-1], b"", SAM.public[:1184] + bytes(32)):
        paper = keypaper.written(keypaper.Paper(keypaper.PUBLIC, {}, wrong))
        with pytest.raises(Unusable, match="holds no public key"):
            keypaper.half_of(kept(tmp_path, paper, "wrong.pub"))
