"""A private PostgreSQL server for one test run, and a fresh copy of one migrated database for each test."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from storage.engine import migrate

_HOW = "The tests need PostgreSQL's programs: install them with `apt-get install postgresql` (any version from 13)."
PORTS = range(20_000, 32_000)
_QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "max_connections=80",
)


def _program(name: str) -> str:
    """The newest `name` that is installed; Debian keeps the server's programs out of the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[4]), reverse=True
    )
    program = str(found[0]) if found else shutil.which(name)
    if program is None:
        raise RuntimeError(_HOW)
    return program


def _as_server(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root, so root becomes the user that Debian made for it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else list(command)


def _free_port() -> int:
    """Below those that the kernel hands out: another worker's connection cannot take it before the server does."""
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port is free for PostgreSQL.")


class Server:
    """One running server on 127.0.0.1."""

    def __init__(self, port: int, folder: Path) -> None:
        self.folder = folder
        self._address = f"postgresql://greenroom@127.0.0.1:{port}"
        self._count = 0
        self._admin: psycopg.Connection[tuple[object, ...]] | None = None

    def url(self, name: str) -> str:
        """The address of one database."""
        return f"{self._address}/{name}"

    def prepare(self) -> None:
        """Waits until it answers, then makes the database that all others are copied from."""
        until = time.monotonic() + 30
        while self._admin is None:
            try:
                self._admin = psycopg.connect(self.url("postgres"), autocommit=True)
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        self._admin.execute("CREATE DATABASE house TEMPLATE template0 ENCODING 'UTF8'")
        migrate(self.url("house"))

    @contextmanager
    def empty(self) -> Iterator[str]:
        """A database without tables."""
        with self._database("template0") as url:
            yield url

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """A database with all tables, and nothing in them."""
        with self._database("house") as url:
            yield url

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        assert self._admin is not None
        self._count += 1
        name = f"test_{self._count}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
        try:
            yield self.url(name)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def leave(self) -> None:
        """Lets go of it."""
        if self._admin is not None:
            self._admin.close()


@contextmanager
def running(tuning: Sequence[str] = _QUICK) -> Iterator[Server]:
    """A server in a temporary folder, ended by its process id and removed afterwards; `tuning` is for `postgres -c`."""
    folder = Path(tempfile.mkdtemp(prefix="greenroom-postgresql-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        initdb = (_program("initdb"), "-D", str(data), "-U", "greenroom", "-A", "trust", "-N", "-E", "UTF8")
        subprocess.run(_as_server(*initdb, "--locale=C"), check=True, stdout=subprocess.DEVNULL, cwd=folder)
        port = _free_port()
        options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *tuning]
        command = [_program("postgres"), "-D", str(data), *(part for one in options for part in ("-c", one))]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(_as_server(*command), stdout=log, stderr=log, cwd=folder)
        server = Server(port, data)
        server.prepare()
        yield server
        server.leave()
    finally:
        if process is not None:
            _end(process, folder / "data" / "postmaster.pid")
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[bytes], pid_file: Path) -> None:
    """Stops the server at once; its data is thrown away anyway. `runuser` waits beside it and ends with it."""
    if process.poll() is None and pid_file.exists():
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    elif process.poll() is None:
        process.kill()
    process.wait(timeout=20)
