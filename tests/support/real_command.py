"""The real `inventorum` as a process of its own, for faults that only a whole run can meet."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests import ROOT


def surroundings(sandbox: Sandbox | None = None, **own: str) -> dict[str, str]:
    """The environment of somebody who has set nothing but what points to a sandbox, and these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SOURCES__", "INVENTORUM"))}
    return kept | {"PYTHONPATH": str(ROOT)} | (pointing_to(sandbox) if sandbox else {}) | own


def pointing_to(sandbox: Sandbox) -> dict[str, str]:
    """The settings of a sandbox's account."""
    return {
        "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
        "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
        "SOURCES__INVENTORUM__REQUESTS_PER_SECOND": "1000",
    }


def start(
    home: Path,
    sandbox: Sandbox,
    *arguments: str,
    program: Sequence[str] = ("-m", "pipelines.cli"),
    through: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start it in a session of its own.

    Args:
        program: What Python is to run.
        through: A program with its arguments that is to start it.
        environment: Variables besides those that point to the sandbox, or in their place.
    """
    settings = pointing_to(sandbox) | {"PYTHONPATH": str(ROOT)}
    command = [*through, sys.executable, *program, *arguments, "--home", str(home)]
    return subprocess.Popen(
        command,
        env=os.environ | settings | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], *, exit_code: int = 0) -> dict[str, Any]:
    """What it printed as JSON, after it has ended as expected."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == exit_code, out[-2000:] + err
    assert "Traceback" not in err
    report: dict[str, Any] = json.loads(out)
    return report


def visible(shop: Shop) -> dict[int, int]:
    """State per order that the API shows to version 12 and later: all but PENDING ones."""
    return {key: order.state for key, order in shop.orders.items() if not order.state & 2}


def copied(database: Path, folder: Path) -> Path:
    """A copy of a database and its log as a dead process left them, to look at without mending anything."""
    copy = folder / f"{database.stem}-{time.monotonic_ns()}.duckdb"
    for suffix in ("", ".wal"):
        source = database.with_name(database.name + suffix)
        if source.exists():
            shutil.copyfile(source, copy.with_name(copy.name + suffix))
    return copy
