"""Whole processes and what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """What a process and its children cost: CPU and wall-clock seconds, peak memory in MB."""

    cpu: float
    wall: float
    peak: float
    output: str = ""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run to the end.

    Raises:
        RuntimeError: It failed; with the end of what it wrote.
    """
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            cwd=cwd,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, text)


@contextmanager
def server(orders: int, shape: str = "sandbox") -> Iterator[str]:
    """A server with so many orders of a shape of shop, in a process of its own; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.server", str(orders), "--shape", shape],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the server did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def control(address: str, what: str) -> bytes:
    """Ask the server for something that is not an order."""
    with urlopen(f"{address}/control/{what}") as answer:
        content: bytes = answer.read()
        return content
