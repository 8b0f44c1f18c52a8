"""Who may use the page: browsers on this machine that were led here by the page itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from handlers.rehearsal.page.refused import Refused

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OURS = frozenset({"127.0.0.1", "localhost", "[::1]"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """403 for another host (a name that somebody made lead here), and for what another page makes a browser post."""
    host = request.headers.get("Host", "")
    if host.rpartition(":")[0] not in OURS and host not in OURS:
        return web.Response(status=403, text="This rehearsal is at http://127.0.0.1 only.")
    if request.method == "POST" and not _from_here(request, host):
        return web.Response(status=403, text="Only the page itself may do that. Load it again.")
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        raise Refused("page.error.large") from None


def _from_here(request: web.Request, host: str) -> bool:
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return (origin is None or origin == f"http://{host}") and site in ("same-origin", "none")
