"""What is dear to make and never changed: made once for all processes of a run of tests."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that `make` fills; who comes second waits for the first, and finds it filled.

    What failed half way is no one's: the next one makes a folder of its own.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = root / f"{name}.made"
        if not note.exists():
            folder = factory.mktemp(name) / "made"
            make(folder)
            note.write_text(str(folder))
        return Path(note.read_text())
