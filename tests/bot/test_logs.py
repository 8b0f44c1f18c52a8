"""Nothing of what people write, and none of their numbers, comes out of the program's own mouth."""

import ast
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bot import redact

ROOT = Path(__file__).resolve().parent.parent.parent
CANARY = "hurting lockedmein 12025550142"
START = """
import asyncio, json, logging, sys, threading, warnings
import structlog
from bot import logs, redact
CANARY = "hurting lockedmein 12025550142"
logs.set_up_logging(level=logging.DEBUG, json_lines=True)
log = structlog.get_logger()
"""


def printed(script: str, *, start: str = START) -> str:
    """What a program of its own prints to stderr, at DEBUG: nothing of Robin's text."""
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-c", start + textwrap.dedent(script)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONASYNCIODEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout == ""
    assert not any(word in run.stderr for word in CANARY.split())
    return run.stderr


def told(script: str) -> list[dict[str, object]]:
    """Its log lines, without their time. Nothing but log lines may come out."""
    lines = [json.loads(line) for line in printed(script).splitlines()]
    return [{key: value for key, value in line.items() if key != "at"} for line in lines]


def test_a_handler_that_raises_tells_class_and_place_only() -> None:
    """A handler fails over Robin's text: the operator reads what failed and where, not what Robin wrote."""
    lines = told("""
        try:
            redact.Secret(CANARY).__reduce_ex__(2)
        except TypeError:
            log.exception("handler failed", length=len(CANARY), text=CANARY)
    """)

    assert [line["event"] for line in lines] == ["handler failed"]
    assert lines[0]["level"] == "error"
    assert lines[0]["error"] == "TypeError"
    assert str(lines[0]["place"]).startswith("bot/redact.py:")
    assert lines[0]["left_out"] == 1


def test_every_logger_at_debug_says_nothing_of_a_text() -> None:
    """httpx, telegram and all the others may be as talkative as they like."""
    lines = told("""
        for name in ["httpx", "httpcore.connection", "twilio.http_client", "telegram.ext.Application",
                     "aiohttp.access", "sqlalchemy.engine.Engine", "psycopg", "asyncio", "alembic", "root"]:
            logger = logging.getLogger(name)
            logger.setLevel(logging.DEBUG)
            logger.debug("POST /bot%s/%s", CANARY, CANARY, extra={"state": CANARY})
            try:
                raise ValueError(CANARY)
            except ValueError:
                logger.critical(CANARY, exc_info=True, stack_info=True)
        logging.getLogger("httpx").info("%d", CANARY)
        warnings.warn(CANARY)
    """)

    assert {line["event"] for line in lines} == {"foreign logger"}
    assert {"logger": "httpx", "level": "critical", "event": "foreign logger", "error": "ValueError"} in lines
    assert any(line["logger"] == "py.warnings" for line in lines)


def test_a_librarys_own_handler_prints_reduced_records_too() -> None:
    """A library that brings its own handler to stderr cannot walk around the funnel."""
    said = printed("""
        logger = logging.getLogger("sqlalchemy.engine")
        logger.addHandler(logging.StreamHandler(sys.stderr))
        logger.warning("parameters %s", CANARY)
    """)

    assert said.endswith("foreign logger\n") or said.startswith("foreign logger\n")


def test_a_formatted_event_loses_its_name() -> None:
    """A developer's f-string does not get a text into the log."""
    lines = told("""
        log.info(f"relayed {CANARY}")
        log.info("relayed %s", CANARY)
        log.info("relayed", conversation=bytes(16), length=3, staff=12025550142, to=CANARY)
    """)

    assert [line["event"] for line in lines] == [redact.UNNAMED, redact.UNNAMED, "relayed"]
    assert lines[2]["conversation"] == "0" * 32
    assert lines[2]["left_out"] == 2


def test_our_own_standard_loggers_go_through_the_same_funnel() -> None:
    """Fields given by `extra` are allow-listed as well."""
    lines = told("""
        logging.getLogger("handlers.outbox").info("lane waits", extra={"count": 3, "text": CANARY})
    """)

    assert lines == [{"level": "info", "event": "lane waits", "logger": "handlers.outbox", "count": 3}]


@pytest.mark.parametrize(
    ("script", "event"),
    [
        ("raise ValueError(CANARY)", "crashed"),
        ("t = threading.Thread(target=lambda: int(CANARY)); t.start(); t.join()", "thread crashed"),
        (
            """
            class Robin:
                def __repr__(self): return CANARY
                def __del__(self): raise ValueError(CANARY)
            robin = Robin()
            del robin
            """,
            "error nobody could catch",
        ),
        (
            """
            async def handler(text): raise ValueError(text)
            async def main():
                logs.quiet_loop(asyncio.get_running_loop())
                task = asyncio.create_task(handler(CANARY), name=CANARY)
                await asyncio.sleep(0.01)
                del task
                import gc; gc.collect()
                await asyncio.sleep(0.01)
            asyncio.run(main())
            """,
            "task failed",
        ),
    ],
)
def test_an_error_nobody_caught_tells_its_class_only(script: str, event: str) -> None:
    """In the program, a thread, a destructor or a task: the class comes out, the text does not."""
    lines = [line for line in told(script) if line["event"] != "foreign logger"]

    assert lines == [{"level": "critical", "event": event, "error": "ValueError"}]


def test_a_closed_stderr_stops_nobody() -> None:
    """Where there is nowhere to write, the line goes on."""
    assert told('sys.stderr.close(); log.info("relayed")') == []


def test_lines_for_a_person_are_no_json() -> None:
    """On a terminal a line reads from left to right."""
    said = printed("logs.set_up_logging().say('info', 'relayed', {'length': 3})")

    assert said.endswith(" info     relayed length=3\n")


def test_memory_and_files_are_kept_to_ourselves() -> None:
    """After `forbid_dumps` nobody dumps us, and what we write is ours alone."""
    script = """
        import ctypes, os, resource
        from bot import logs
        logs.forbid_dumps()
        assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0
        assert os.umask(0) == 0o077
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    """

    assert printed(script, start="") == ""


def test_every_log_call_of_ours_is_a_fixed_phrase_with_allowed_fields() -> None:
    """The rooms say fixed phrases and fields of the table, or a developer learns it here."""
    wrong = []
    for package in sorted(redact.OWN_PACKAGES):
        for path in sorted((ROOT / package).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and _is_log_call(call) and not _is_plain(call):
                    wrong.append(f"{path.relative_to(ROOT)}:{call.lineno}")

    assert wrong == []


def _is_log_call(call: ast.Call) -> bool:
    said = call.func
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    return (
        isinstance(said, ast.Attribute)
        and said.attr in levels
        and isinstance(said.value, ast.Name)
        and said.value.id in {"log", "_log", "logger", "LOG"}
    )


def _is_plain(call: ast.Call) -> bool:
    event = call.args[0] if len(call.args) == 1 else None
    named = {keyword.arg for keyword in call.keywords} - {"exc_info", "extra"}
    return (
        isinstance(event, ast.Constant)
        and redact.event_name(event.value) != redact.UNNAMED
        and named <= redact.FIELDS.keys()
    )
