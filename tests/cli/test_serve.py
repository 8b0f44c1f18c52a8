"""`greenroom run` as a process: it serves, ends when told, and says why it cannot start."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

from handlers.cli.start import template
from tests.cli.conftest import HOUSE, Type


def listening_on(tmp_path: Path, port: int) -> None:
    text = template().replace('# listen = "127.0.0.1:8080"', f'listen = "127.0.0.1:{port}"')
    (tmp_path / "config.toml").write_text(text)


def test_a_port_that_is_taken_is_exit_4(types: Type, process: Type, tmp_path: Path) -> None:
    """The sentence says what to do about it, and no traceback follows."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listening_on(tmp_path, taken.getsockname()[1])
        types("init")
        shown = process("run")
    assert shown.code == 4
    assert "web.listen" in shown.err
    assert "Traceback" not in shown.err


def test_a_newer_database_is_exit_3(line: Type, tmp_path: Path) -> None:
    """A database that a newer Greenroom made is left alone, by every command."""
    from sqlalchemy import create_engine, text

    from bot.app import database_url
    from bot.config import load
    from storage.postgres import url_of

    url = database_url(load(tmp_path / "config.toml"))
    engine = create_engine(url if url.startswith("sqlite") else url_of(url))
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = 'v9999'"))
    engine.dispose()
    for words in (["staff", "list"], ["migrate"], ["init"], ["rota", "show"]):
        shown = line(*words)
        assert shown.code == 3
        assert "newer" in shown.err


def test_sigterm_ends_it_with_0(types: Type, tmp_path: Path) -> None:
    """A line without channels serves too; it stops when asked to."""
    listening_on(tmp_path, 0)
    types("init")
    running = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert running.stderr is not None
        seen = b""
        while b"serving" not in seen:
            assert select.select([running.stderr], [], [], 60)[0], "it never began to serve"
            piece = os.read(running.stderr.fileno(), 65536)
            assert piece, "it ended before it served"
            seen += piece
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    finally:
        running.kill()
        running.communicate()
