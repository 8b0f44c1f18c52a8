"""The page's server: plain forms for what people do, one stream of parts for what they see. It listens on loopback."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web

from bot import phrases
from handlers.rehearsal.loopback import HOST
from handlers.rehearsal.page import guard
from handlers.rehearsal.page.hand import PARTS, WAYS_OF_ADDING
from handlers.rehearsal.page.parts import View
from handlers.rehearsal.page.refused import Refused
from handlers.rehearsal.page.room import Room
from handlers.rehearsal.play.cast import Person

STATIC = Path(__file__).parent / "static"
LARGEST = 64 * 1024
"""Bytes of one form: a text has 4096 letters at most."""
TOGETHER = 0.04
"""Seconds in which changes are gathered into one message to the browsers."""
DISK = 0.3
"""Seconds between two looks at the disk."""
BEAT = 15.0
"""Seconds after which a silent stream says that it is still there."""
GOODBYE = 1.0
COOKIE = "language"
FORM = "application/x-www-form-urlencoded"
ROOM = web.AppKey("room", Room)
Given = dict[str, str]
Action = Callable[[Room, Given], Awaitable[None]]


# ── What is seen ──


async def page(request: web.Request) -> web.Response:
    """The whole page as it is now; without a script in the browser, too."""
    asked = request.query.get("language", "")
    answer = _page(request)
    if asked in phrases.languages():
        answer.set_cookie(COOKIE, asked, samesite="Strict", httponly=True)
    return answer


def _page(request: web.Request, refused: Refused | None = None) -> web.Response:
    view = View(request.app[ROOM], _language(request))
    said = view.say(refused.place, **refused.arguments) if refused else ""
    return web.Response(text=view.page(said), content_type="text/html", status=409 if refused else 200)


def _language(request: web.Request) -> str:
    """What was asked for, else what the browser reads, else English."""
    wanted = [request.query.get("language", ""), request.cookies.get(COOKIE, "")]
    wanted += [part.partition(";")[0].partition("-")[0].strip() for part in _accepted(request)]
    return next((code for code in wanted if code in phrases.languages()), phrases.SOURCE)


def _accepted(request: web.Request) -> list[str]:
    return request.headers.get("Accept-Language", "").lower().split(",")[:10]


async def stream(request: web.Request) -> web.StreamResponse:
    """Server-sent events: every part once, then each that looks otherwise; "anew" when another line has begun."""
    room = request.app[ROOM]
    view, generation = View(room, _language(request)), request.query.get("generation", "")
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    sent: dict[str, str] = {}
    with suppress(ConnectionError, asyncio.CancelledError):
        while True:
            news = asyncio.create_task(room.news())
            if str(room.generation) != generation:
                await response.write(b"event: anew\ndata: {}\n\n")
                news.cancel()
                return response
            fresh = [part for part in view.parts() if sent.get(part.id) != part.version]
            sent |= {part.id: part.version for part in fresh}
            for part in fresh:
                plain = {"id": part.id, "into": part.into, "version": part.version, "html": part.html}
                await response.write(f"event: part\ndata: {json.dumps(plain)}\n\n".encode())
            done, _ = await asyncio.wait({news}, timeout=BEAT)
            if not done:
                news.cancel()
                await response.write(b": still here\n\n")
            await asyncio.sleep(TOGETHER)
    return response


# ── What is done ──


async def gesture(room: Room, given: Given) -> None:
    await room.gesture(given["phone"], given["gesture"], given)


async def add(room: Room, given: Given) -> None:
    """One more phone."""
    if given.get("part") not in PARTS or given.get("channel") not in WAYS_OF_ADDING:
        raise Refused("page.error.gone")
    language = given.get("language") if given.get("language") in phrases.languages() else phrases.SOURCE
    number = room.stage.next_number() if WAYS_OF_ADDING[given["channel"]] else ""
    await room.add(Person(given.get("name", "").strip(), PARTS[given["part"]], number, language or "en"))


async def clock(room: Room, given: Given) -> None:
    """Time passes: minutes, or to the next shift."""
    if given.get("to") == "shift":
        await room.pass_time(0)
        return
    try:
        minutes = float(given.get("minutes", ""))
    except ValueError:
        raise Refused("page.error.minutes") from None
    if not 0 < minutes <= 7 * 24 * 60:
        raise Refused("page.error.minutes")
    await room.pass_time(minutes)


async def carrier(room: Room, given: Given) -> None:
    room.break_carrier(given.get("carrier", ""), given.get("how", ""))


async def program(room: Room, given: Given) -> None:
    """kill -9, or start again."""
    await (room.kill() if given.get("do") == "kill" else room.serve())


async def course(room: Room, given: Given) -> None:
    """A script: begin, pause, go on, begin again, end."""
    match given.get("do"):
        case "begin":
            await room.begin(given.get("script", ""), by_hand=given.get("by") == "hand")
        case "pause":
            room.pause()
        case "go-on":
            room.go_on()
        case "again":
            await room.begin(_running(room), by_hand=room.course.by_hand)
        case "end":
            await room.begin("", by_hand=False)
        case _:
            raise Refused("page.error.gone")


def _running(room: Room) -> str:
    script = room.course.script
    return script.name if script.scenes else ""


ACTIONS: dict[str, Action] = {
    "/phones/{phone}/{gesture}": gesture,
    "/phones": add,
    "/clock": clock,
    "/carriers": carrier,
    "/program": program,
    "/script": course,
}


def _door(action: Action) -> guard.Handler:
    async def posted(request: web.Request) -> web.StreamResponse:
        pairs = parse_qsl((await request.read()).decode(errors="replace"), keep_blank_values=True)
        given = dict(pairs if request.content_type == FORM else ()) | dict(request.match_info)
        await action(request.app[ROOM], given)
        if _by_script(request):
            return web.Response(status=204)
        raise web.HTTPSeeOther("/")

    return posted


@web.middleware
async def _says_why_not(request: web.Request, handler: guard.Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as error:
        # Whatever else it is: a sentence for the person, and no traceback that quotes what somebody typed.
        refused = error if isinstance(error, Refused) else Refused("page.error.broken")
        if not _by_script(request):
            return _page(request, refused)
        view = View(request.app[ROOM], _language(request))
        return web.json_response({"say": view.say(refused.place, **refused.arguments)}, status=409)


def _by_script(request: web.Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")


# ── The server ──


async def _look_at_the_disk(room: Room) -> None:
    """Reads the newest rows again after each change, and not more often than makes sense."""
    while True:
        await room.news()
        await asyncio.sleep(DISK)
        before = room.newest
        await room.look_at_the_disk()
        if room.newest != before:
            room.changed()


@asynccontextmanager
async def served(room: Room, port: int) -> AsyncIterator[int]:
    """Serves the page of an open room; the port. Raises OSError when it is taken."""
    app = web.Application(middlewares=[_says_why_not, guard.guarded], client_max_size=LARGEST)
    app[ROOM] = room
    app.on_response_prepare.append(guard.headers)
    app.router.add_get("/", page)
    app.router.add_get("/stream", stream)
    app.router.add_static("/static", STATIC)
    for path, action in ACTIONS.items():
        app.router.add_post(path, _door(action))
    # Without IPPROTO_TCP asyncio skips TCP_NODELAY: 44 ms a request instead of 2.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    looking = asyncio.create_task(_look_at_the_disk(room))
    try:
        yield int(listener.getsockname()[1])
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await runner.cleanup()
