"""What is on the disk after the conversation: one message's rows beside its words, and a search through every byte."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.people import ConversationId
from handlers.cli.house import House
from handlers.rehearsal.phones import SmsPhone
from handlers.rehearsal.play.events import OnDisk, Row, Searched
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.play.marks import Phone
from handlers.rehearsal.play.script import Script

if TYPE_CHECKING:
    from bot.config import Config
    from storage.work import Work

SHORTEST = 4
"""Letters of the shortest name that is searched for: three occur by chance among so many random bytes."""
A_RUN = 3
"""Words in a row that are searched for apart from the whole text."""
CONTROL = b"CREATE TABLE transcript"
"""Surely in the database: a search that does not find this one is broken, and proves nothing."""
TOKEN = re.compile(r"[\w-]{20,}\Z")
"""What a link that works once carries."""
WORD = re.compile(r"\w+(?:['’]\w+)?")


class Disk:
    """The rehearsal's own disk, read once as its owner, with the keys, and once as a thief, without."""

    def __init__(self, house: House, config: Config, files: Iterable[Path], database: Path) -> None:
        self._house = house
        self._config = config
        self._files = tuple(files)
        self._database = database

    def read(self, script: Script, codes: Mapping[str, str], phones: Mapping[str, Phone]) -> OnDisk:
        """Everything to show; `codes` by the script's words. NotPlayed when the words cannot be read with the keys."""
        kept, erased = script.kept, script.erased
        with self._open() as connection:
            conversation = _conversation(connection, codes[kept.code])
            sequence = self._sequence(conversation, kept.text)
            gone = _conversation(connection, codes[erased.code]) if erased else None
            return OnDisk(
                writer=kept.writer,
                words=kept.text,
                rows=tuple(_rows(connection, conversation, sequence)),
                erased=erased.writer if erased else "",
                left=tuple(_left(connection, gone)) if gone else (),
                search=self._search(phones),
            )

    def newest(self) -> tuple[str, tuple[Row, ...]] | None:
        """The newest line of any transcript, as the program reads it with its keys, and its rows."""
        with self._open() as connection:
            found = connection.execute(
                "SELECT conversation, sequence FROM transcript ORDER BY rowid DESC LIMIT 1"
            ).fetchone()
            if found is None:
                return None
            conversation, sequence = bytes(found[0]), int(found[1])
            words = next((text for number, text in self._lines(conversation) if number == sequence), None)
            return None if words is None else (words, tuple(_rows(connection, conversation, sequence)))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            yield connection
        finally:
            connection.close()

    def _sequence(self, conversation: bytes, words: str) -> int:
        """Which line of the transcript says so, as the program itself reads it with its keys."""
        sequence = next((number for number, text in self._lines(conversation) if text == words), None)
        if sequence is None:
            raise NotPlayed("The rehearsal's message cannot be read back with the keys.")
        return sequence

    def _lines(self, conversation: bytes) -> list[tuple[int, str]]:
        def thought(work: Work) -> list[tuple[int, str]]:
            found = work.conversations.get(ConversationId(conversation))
            lines = work.transcript.read(found) if found else []
            return [(line.sequence, line.text.reveal()) for line in lines]

        store = self._house.open_store(self._config)
        try:
            return store.do_now(thought)
        finally:
            store.close_now()

    def _search(self, phones: Mapping[str, Phone]) -> Searched:
        """Looks for everything that was said and everybody who said it."""
        texts, others = _said(phones), _who(phones)
        contents = [path.read_bytes() for path in self._files if path.is_file()]
        if not any(CONTROL in content for content in contents):
            raise NotPlayed("The search through the disk does not find what is surely there.")
        found = [kind for kind, needle in (*_needles(texts), *others) if _anywhere(needle, contents)]
        return Searched(
            files=len(contents),
            size=sum(map(len, contents)),
            texts=len(texts),
            others=len(others),
            found=tuple(sorted(set(found))),
        )


def _conversation(connection: sqlite3.Connection, code: str) -> bytes:
    """Whom a code stands for, or stood for last: in the clear, as it grants nothing."""
    row = connection.execute("SELECT conversation FROM casecodes WHERE code = ?", (code,)).fetchone()
    assert row is not None
    return bytes(row[0])


def _rows(connection: sqlite3.Connection, conversation: bytes, sequence: int) -> Iterator[Row]:
    line = connection.execute(
        "SELECT sealed, link FROM transcript WHERE conversation = ? AND sequence = ?",
        (conversation, sequence),
    ).fetchone()
    yield Row("transcript.sealed", "the words, padded so that yes and no look alike", line[0])
    yield Row("transcript.link", "ties each line to the one before", line[1])
    envelope = connection.execute(
        "SELECT wrapped FROM envelopes WHERE owner = 'conversation' AND owner_id = ?", (conversation,)
    ).fetchone()
    yield Row("envelopes.wrapped", "this conversation's own key, locked", envelope[0])
    contact = connection.execute(
        "SELECT route_label, sealed FROM texter_contacts WHERE conversation = ?", (conversation,)
    ).fetchone()
    if contact is None:
        return
    yield Row("texter_contacts.sealed", "where to answer, under a key of its own", contact[1])
    if contact[0] is not None:
        yield Row("texter_contacts.route_label", "how the next text finds its way", contact[0])


LEFT = (
    ("lines of the transcript", "SELECT count(*) FROM transcript WHERE conversation = ?"),
    ("addresses", "SELECT count(*) FROM texter_contacts WHERE conversation = ?"),
    ("keys", "SELECT count(*) FROM envelopes WHERE owner = 'conversation' AND owner_id = ?"),
)
"""What may be left of an erased conversation, and how to count it."""


def _left(connection: sqlite3.Connection, conversation: bytes) -> Iterator[tuple[str, int]]:
    for what, question in LEFT:
        yield what, connection.execute(question, (conversation,)).fetchone()[0]


def _said(phones: Mapping[str, Phone]) -> list[str]:
    """Every text that a person has written; bare commands have no words of her own."""
    texts = {m.text for phone in phones.values() for m in phone.sent if not m.text.startswith("/")}
    return sorted(text for text in texts if len(WORD.findall(text)) > A_RUN)


def _who(phones: Mapping[str, Phone]) -> list[tuple[str, bytes]]:
    who: list[tuple[str, bytes]] = []
    for name, phone in phones.items():
        if len(name) >= SHORTEST:
            who.append(("a name", name.encode()))
        if isinstance(phone, SmsPhone):
            who.append(("a number", phone.number.lstrip("+").encode()))
        else:
            who.append(("a Telegram id", str(phone.user["id"]).encode()))
            started = (m.text.partition(" ")[2] for m in phone.sent)
            who += [("a link's token", token.encode()) for token in started if TOKEN.match(token)]
    return who


def _needles(texts: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for text in texts:
        words = WORD.findall(text)
        runs = (" ".join(words[n : n + A_RUN]) for n in range(len(words) - A_RUN + 1))
        yield from (("a text", needle.encode()) for needle in (text, *runs))


def _anywhere(needle: bytes, contents: Iterable[bytes]) -> bool:
    """In UTF-8 or UTF-16."""
    wide = needle.decode().encode("utf-16-le")
    return any(needle in content or wide in content for content in contents)
