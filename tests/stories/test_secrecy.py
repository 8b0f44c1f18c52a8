"""What whoever reads the log finds of a conversation: nothing that was said, and nobody. (Disk: tests/secrecy.)"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import structlog
from sqlalchemy import update

from bot import logs
from handlers.rehearsal.phones import TelegramPhone
from storage.tables import outbox, transcript
from tests.stories.stage import Phone, Stage, answers, texts

SAID = (
    "the man in the grey villa took my passport",
    "we can talk as long as you like tonight",
    "she sounds younger than sixteen to me",
    "this one belongs to nobody in particular",
)
NAMES = ("Rosalind", "Sunniva", "Wilhelmina")


def looks(canary: str) -> set[bytes]:
    """A canary as it might lie on a disk or in a log."""
    plain = canary.encode()
    return {
        plain,
        plain.lower(),
        plain[::-1],
        canary.encode("utf-16-le"),
        canary.encode("utf-16-be"),
        plain.hex().encode(),
        plain.hex().upper().encode(),
        quote(canary).encode(),
        json.dumps(canary)[1:-1].encode(),
        *(base64.b64encode(b" " * shift + plain)[4:-4] for shift in range(3)),
    }


def canaries(stage: Stage, *phones: Phone) -> set[bytes]:
    """Everything that was said, and everybody's name, number, account and token."""
    people = [str(p.user["id"]) if isinstance(p, TelegramPhone) else p.number.lstrip("+") for p in phones]
    tokens = [bot.token.partition(":")[2] for bot in stage.town.telegram.bots.values()]
    tokens.append(stage.town.twilio.auth_token)
    found = set[bytes]().union(*(looks(one) for one in (*SAID, *NAMES, *people, *tokens)))
    return found | {int(one).to_bytes(8, order) for one in people for order in ("big", "little")}


async def story(stage: Stage, robin: Phone, alma: Phone) -> str:
    """A text, an answer, a note, something held, something read again; the code."""
    await texts(robin, SAID[0])
    code = await stage.takes(alma)
    await answers(alma, code, SAID[1])
    await robin.shows(SAID[1])
    await _writes(alma, f"NOTE {code} {SAID[2]}")
    await alma.shows("note kept")
    await _writes(alma, "WHO")
    await alma.shows("On call now")
    await _writes(alma, SAID[3])
    await alma.shows("Which conversation?")
    await _writes(alma, f"HISTORY {code}")
    await alma.shows(SAID[2])
    return code


async def _writes(phone: Phone, text: str) -> None:
    if isinstance(phone, TelegramPhone):
        await phone.write(text, to="staff")
    else:
        await phone.write(text)


@pytest.fixture
async def everything_logged() -> AsyncIterator[io.StringIO]:
    """Every logger at DEBUG into one text, asyncio's own included."""
    root, out = logging.getLogger(), io.StringIO()
    kept = (root.handlers[:], root.level, structlog.get_config())
    logs.set_up_logging(level=logging.DEBUG, json_lines=True, out=out)
    loop = asyncio.get_running_loop()
    logs.quiet_loop(loop)
    loop.set_debug(True)
    yield out
    loop.set_debug(False)
    root.handlers[:], root.level = kept[0], kept[1]
    structlog.configure(**kept[2])


async def test_nothing_is_logged_of_it_at_any_level_also_when_something_raises(
    line: Stage, everything_logged: io.StringIO
) -> None:
    """A whole story, then rows that do not open any more: class and place, and no word, number, name or token."""
    alma = await line.staff(NAMES[0], "telegram")
    await line.rota(NAMES[0])
    robin = line.texter("sms", NAMES[1])
    code = await story(line, robin, alma)
    broken = update(transcript).values(sealed=b"\x01" + b"\0" * 100)
    await line.do(lambda work: work._desk.conn.execute(broken))
    await _writes(alma, f"HISTORY {code}")
    line.town.twilio.faults.broken(status=500, times=1)
    await answers(alma, code, SAID[1])
    await line.do(lambda work: work._desk.conn.execute(update(outbox).values(sealed=b"\x01" + b"\0" * 100)))
    await line.town.twilio.settled()
    await asyncio.sleep(0.5)

    said = everything_logged.getvalue().encode()

    assert b"alarm, a row did not open" in said
    assert not [one for one in canaries(line, robin, alma) if one in said]
