"""A PostgreSQL server of Debian's packages: on loopback and a socket of its own, in a folder that goes with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

LOCKED, PASSWORD = "locked", "pass/w@rd"  # the role that needs a password, and how the URL writes it
IN_URL = "pass%2Fw%40rd"
POWERLESS = "powerless"
RULES = f"local all all trust\nhost all {LOCKED} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
QUICK = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=20", "shared_buffers=16MB")


def binaries() -> Path | None:
    """The folder of the newest server that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    inside = shutil.which("initdb")
    return Path(inside).parent if inside else None


@dataclass
class Server:
    """A running server.

    Attributes:
        user: Its superuser.
        crash: End it at once, as if its machine had lost power; what follows is `start`, which recovers.
    """

    port: int
    user: str
    crash: Callable[[], None]
    start: Callable[[], None]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str = "postgres", user: str | None = None, port: int | None = None) -> str:
        return f"postgresql://{user or self.user}@127.0.0.1:{port or self.port}/{database}"

    def database(self, options: str = "", *, like: str | None = None) -> str:
        """The URL of a new database: empty, or with what another one holds, to which nobody is connected."""
        name = f"shop{next(self._numbers)}"
        template = f"template {like.rsplit('/', 1)[1]} strategy file_copy" if like else options
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"create database {name} {template}".encode())
        return self.url(name)


def ask(url: str, query: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """Rows that a query gives; a statement that gives none is committed."""
    with psycopg.connect(url) as connection:
        connection.execute("set time zone 'UTC'")
        cursor = connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    """Make and start a server; stop it and remove everything."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=memory if os.access(memory, os.W_OK) else "/tmp"))
    user, as_user = "postgres", []
    if os.geteuid() == 0:  # which PostgreSQL refuses
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    port = _free_port()

    def run(*command: str | Path) -> None:
        done = subprocess.run([*as_user, *map(str, command)], cwd=folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    data, log = folder / "data", folder / "log"
    options = " ".join(["-h 127.0.0.1", f"-p {port}", f"-k {folder}", *(f"-c {setting}" for setting in QUICK)])

    def start() -> None:
        run(programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")

    def crash() -> None:
        run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")

    try:
        run(programs / "initdb", "-D", data, "-U", user, "-E", "UTF8", "--locale=C", "--no-sync", "-A", "trust")
        (data / "pg_hba.conf").write_text(RULES)
        start()
        try:
            server = Server(port, user, crash, start)
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(f"create role {LOCKED} login password '{PASSWORD}'".encode())
                connection.execute(f"create role {POWERLESS} login".encode())
            yield server
        finally:
            crash()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
