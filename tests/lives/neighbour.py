"""Another program that opens the home's files: a notebook kernel, an analyst's shell, a copy that runs."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

PROGRAM = """
import sys, duckdb
held = {}
for line in sys.stdin:
    mode, _, path = line.rstrip("\\n").partition(" ")
    try:
        if mode == "leave":
            [connection.close() for connection in held.values()]
            held.clear()
        else:
            held[path] = held.get(path) or duckdb.connect(path, read_only=mode == "read")
            if mode == "write":
                held[path].execute("create or replace table scratch as select 42 as answer")
            else:
                held[path].execute("select count(*) from core.fct_orders").fetchall()
        print("done", flush=True)
    except Exception as fault:
        print(type(fault).__name__, flush=True)
"""


class Neighbour:
    """A program that is started when it is first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def read(self, path: Path) -> None:
        """Open a database read-only, ask it, and keep it open."""
        self._do(f"read {path}")

    def write(self, path: Path) -> None:
        """Open a database for writing, as DuckDB does by default, add a table, and keep it open."""
        self._do(f"write {path}")

    def leave(self) -> None:
        """Close everything properly."""
        if self._process is not None:
            self._do("leave")

    def die(self) -> None:
        """Be killed: a write-ahead log stays behind."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _do(self, line: str) -> None:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            self._process.stdout.readline()
