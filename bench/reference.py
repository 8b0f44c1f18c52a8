"""The plain pipeline that Greenroom is compared with: `python -m bench.reference FOLDER < its settings as JSON`.

A signed webhook, one row in SQLite with a commit, one text to the other phone, the empty answer. What it leaves out:
encryption, the rota and the ladder, commands, the transcript, an outbox (a crash between commit and send loses the
text, a slow carrier is a slow webhook), retries, rates, parts of long texts, receipts, Telegram, and any test whose
turn it is: who answers whom is fixed. It keeps what no honest one would leave out: the signature, the duplicate
check, a commit on disk before the answer.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE messages (sid TEXT PRIMARY KEY, sender TEXT, recipient TEXT, body TEXT, at REAL) STRICT;
"""


class Pipeline:
    """Texts from anybody go to the counselor who is given for them."""

    def __init__(self, settings: dict[str, Any], folder: Path, session: aiohttp.ClientSession) -> None:
        self.token = settings["token"].encode()
        self.public_url = settings["public_url"]
        self.number = settings["number"]
        self.counselors: dict[str, str] = settings["counselors"]
        self.session = session
        account = settings["account_sid"]
        self.url = f"{settings['api_url']}/2010-04-01/Accounts/{account}/Messages.json"
        self.login = aiohttp.BasicAuth(account, settings["token"])
        self.database = sqlite3.connect(folder / "reference.db", isolation_level=None)
        self.database.executescript(TABLES)

    def is_signed(self, path: str, form: list[tuple[str, str]], signature: str) -> bool:
        """Whether Twilio signed this: URL, then names and values in order, under the token."""
        signed = self.public_url + path + "".join(name + value for name, value in sorted(form))
        digest = base64.b64encode(hmac.digest(self.token, signed.encode(), hashlib.sha1))
        return hmac.compare_digest(digest, signature.encode())

    async def receive(self, request: web.Request) -> web.Response:
        form = parse_qsl(await request.text(), keep_blank_values=True)
        if not self.is_signed(request.path, form, request.headers.get("X-Twilio-Signature", "")):
            return web.Response(status=403)
        text = dict(form)
        counselor = self.counselors[text["From"]]
        row = (text["MessageSid"], text["From"], counselor, text["Body"], time.time())
        stored = self.database.execute("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?)", row)
        if stored.rowcount:
            await self.send(counselor, text["Body"])
        return web.Response(status=204)

    async def send(self, to: str, body: str) -> None:
        form = {"From": self.number, "To": to, "Body": body}
        async with self.session.post(self.url, data=form, auth=self.login) as answer:
            answer.raise_for_status()
            await answer.read()


async def serve(folder: Path) -> None:
    settings = json.loads(sys.stdin.readline())
    async with aiohttp.ClientSession() as session:
        pipeline = Pipeline(settings, folder, session)
        app = web.Application()
        app.router.add_post(settings["path"], pipeline.receive)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
