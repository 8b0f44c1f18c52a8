"""One funnel to stderr for every log line, ours and foreign: only what `bot.redact` allows comes out.

Part of the wiring: `bot.app` and the command line call it once, at start; no other room imports it.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import resource
import sys
import threading
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, NoReturn, TextIO

import structlog

from bot import redact

PR_SET_DUMPABLE: Final = 4
"""From linux/prctl.h."""


class Funnel:
    """Writes one line a call; `json_lines` for machines, else columns for a person at a terminal."""

    def __init__(self, out: TextIO, *, json_lines: bool) -> None:
        self._out = out
        self._json = json_lines
        self._lock = threading.Lock()

    def say(self, level: str, event: object, fields: Mapping[str, object]) -> None:
        """One line of what may be shown. A full disk or a closed pipe is no reason to drop a conversation."""
        name, shown = redact.event_name(event), redact.allowed(fields)
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self._json:
            line = json.dumps({"at": at, "level": level, "event": name, **shown})
        else:
            line = f"{at} {level:<8} {name}" + "".join(f" {key}={value}" for key, value in shown.items())
        try:
            with self._lock:
                self._out.write(line + "\n")
                self._out.flush()
        except (OSError, ValueError):
            return

    def crashed(self, event: str, error: BaseException | None) -> None:
        """One line on an error that nobody caught: its class and our place, no text."""
        self.say("critical", event, _error_fields(error))


def _error_fields(error: BaseException | None) -> dict[str, object]:
    if error is None:
        return {}
    where = redact.place(error)
    fields: dict[str, object] = {"error": redact.safe_error(error)}
    return {**fields, "place": where} if where else fields


def set_up_logging(
    *, level: int = logging.INFO, json_lines: bool = False, out: TextIO | None = None
) -> Funnel:
    """Route structlog, standard loggers, warnings and uncaught errors through one funnel to `out`."""
    funnel = Funnel(out or sys.stderr, json_lines=json_lines)
    _route_structlog(funnel, level)
    _route_standard(funnel, level)
    _route_crashes(funnel)
    return funnel


def _route_structlog(funnel: Funnel, level: int) -> None:
    def say(_: object, method: str, fields: MutableMapping[str, Any]) -> NoReturn:
        event = fields.pop("event", None)
        fields.update(_error_fields(_error_of(fields.pop("exc_info", None))))
        fields.pop("stack_info", None)
        funnel.say("error" if method == "exception" else method, event, fields)
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, say],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _error_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3 and isinstance(exc_info[1], BaseException):
        return exc_info[1]
    return sys.exc_info()[1] if exc_info else None


class _Handler(logging.Handler):
    """The standard library's way into the funnel."""

    def __init__(self, funnel: Funnel) -> None:
        super().__init__(logging.NOTSET)
        self._funnel = funnel
        self.addFilter(redact.ForeignFilter())

    def emit(self, record: logging.LogRecord) -> None:
        said = vars(record)
        fields: dict[str, object] = {"logger": record.name.lower()}
        for name in ("error", "place"):
            if said.get(f"greenroom_{name}") is not None:
                fields[name] = said[f"greenroom_{name}"]
        if redact.is_own(record.name):
            fields |= {name: said[name] for name in redact.FIELDS.keys() & said.keys()}
        self._funnel.say(record.levelname.lower(), said["greenroom_event"], fields)


def _route_standard(funnel: Funnel, level: int) -> None:
    """Reduce records where they are made: a library that brings its own handler prints reduced ones as well.

    `raiseExceptions` off: a log call with a wrong argument would print message and arguments to stderr.
    """

    def reduced(*args: Any, **kwargs: Any) -> logging.LogRecord:
        return redact.reduce(logging.LogRecord(*args, **kwargs))

    logging.setLogRecordFactory(reduced)
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    root = logging.getLogger()
    named = [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    for logger in (root, *named):
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
    for logger in named:
        logger.propagate = True
    root.addHandler(_Handler(funnel))
    root.setLevel(level)


def _route_crashes(funnel: Funnel) -> None:
    def uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        funnel.crashed("crashed", error)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            funnel.crashed("thread crashed", args.exc_value)

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        funnel.crashed("error nobody could catch", args.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def quiet_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Let an event loop tell class and place of a lost error only: by itself it prints tasks with values."""

    def lost(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        fields = _error_fields(error if isinstance(error, BaseException) else None)
        structlog.get_logger().critical("task failed", **fields)

    loop.set_exception_handler(lost)


def forbid_dumps() -> None:
    """Keep memory and files to ourselves: no core dump, no /proc/pid/environ, files 0600, folders 0700."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
