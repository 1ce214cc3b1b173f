"""What the landing file holds and readers do not see yet."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

import duckdb

from transforms.errors import TransformError
from transforms.runner import ledger
from transforms.runner.session import connect

if TYPE_CHECKING:
    from pathlib import Path

    from transforms.runner.session import Files


def pending_loads(files: Files, completed: list[str]) -> list[str]:
    """Those of the completed loads that a build would still bring to readers; changes nothing.

    A load without news is built in and not published, since the published file would be the same: it waits for
    nothing.
    """
    published, state = _loads_and_state(files.published, files)
    built, built_state = _loads_and_state(files.build, files)
    seen = published | (built if state is not None and built_state == state else set())
    return [load for load in completed if load not in seen]


def _loads_and_state(path: Path, files: Files) -> tuple[set[str], str | None]:
    """What a warehouse file holds; nothing if it is missing, held by a run or none."""
    if path.is_file():
        with (
            suppress(TransformError, duckdb.Error),
            closing(connect(path, files, read_only=True)) as connection,
        ):
            if ledger.is_warehouse(connection):
                return ledger.seen_loads(connection), ledger.read_meta(connection).get("state")
    return set(), None
