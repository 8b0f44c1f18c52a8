"""Answers every call as Telegram answers sendMessage: `python -m bench.responder`, ended by the end of its stdin."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

ANSWER = (
    b'{"ok":true,"result":{"message_id":4242,"date":1770000000,"text":"hello",'
    b'"from":{"id":70000001,"is_bot":true,"first_name":"Line","username":"line_bot"},'
    b'"chat":{"id":5100000001,"type":"private","first_name":"Alma"}}}'
)


async def _answer(request: web.BaseRequest) -> web.Response:
    await request.read()
    return web.Response(body=ANSWER, content_type="application/json")


async def _serve() -> None:
    runner = web.ServerRunner(web.Server(_answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
