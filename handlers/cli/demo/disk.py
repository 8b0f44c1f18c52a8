"""What is on the disk after the conversation: one message's rows beside its words, and a search through every byte."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot.people import ConversationId
from handlers.cli.front import answer_is_no
from handlers.cli.house import House
from handlers.rehearsal.phones import SmsPhone
from handlers.rehearsal.play.events import OnDisk, Row, Searched
from handlers.rehearsal.play.eye import Phone
from handlers.rehearsal.play.script import ERASED, KEPT

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

    def read(self, codes: Mapping[str, str], phones: Mapping[str, Phone]) -> OnDisk:
        """Everything to show; `codes` by the script's words. Stopped when the words cannot be read with the keys."""
        writer, words, kept = KEPT
        erased, gone = ERASED
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            conversation = _conversation(connection, codes[kept])
            sequence = self._sequence(conversation, words)
            return OnDisk(
                writer=writer,
                words=words,
                rows=tuple(_rows(connection, conversation, sequence)),
                erased=erased,
                left=tuple(_left(connection, _conversation(connection, codes[gone]))),
                search=self._search(phones),
            )
        finally:
            connection.close()

    def _sequence(self, conversation: bytes, words: str) -> int:
        """Which line of the transcript says so, as the program itself reads it with its keys."""

        def thought(work: Work) -> int | None:
            found = work.conversations.get(ConversationId(conversation))
            lines = work.transcript.read(found) if found else []
            return next((line.sequence for line in lines if line.text.reveal() == words), None)

        store = self._house.open_store(self._config)
        try:
            sequence = store.do_now(thought)
        finally:
            store.close_now()
        if sequence is None:
            raise answer_is_no("The rehearsal's message cannot be read back with the keys.")
        return sequence

    def _search(self, phones: Mapping[str, Phone]) -> Searched:
        """Looks for everything that was said and everybody who said it."""
        texts, others = _said(phones), _who(phones)
        contents = [path.read_bytes() for path in self._files if path.is_file()]
        if not any(CONTROL in content for content in contents):
            raise answer_is_no("The search through the disk does not find what is surely there.")
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
