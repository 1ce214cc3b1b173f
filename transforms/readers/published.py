"""Opens the published warehouse for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from transforms.errors import TransformError
from transforms.runner.ledger import is_warehouse
from transforms.runner.session import UnreadableFile, readable_faults

if TYPE_CHECKING:
    from pathlib import Path


def open_published(path: Path, timezone: str = "UTC") -> duckdb.DuckDBPyConnection:
    """A read-only connection that reaches no file, network or setting beside this warehouse.

    It sees the warehouse as published when it was opened, however often another is published meanwhile.

    Args:
        timezone: Zone in which timestamps are shown.

    Raises:
        TransformError: Nothing is published there, or it is no warehouse.
    """
    if not path.is_file():
        raise TransformError(f"{path} does not exist: nothing was published there yet. Run `inventorum sync`.")
    with readable_faults(path):
        connection = duckdb.connect(
            path,
            read_only=True,
            config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
        )
    try:
        connection.execute("set TimeZone = ?", [timezone])
        connection.execute("set enable_progress_bar = false")  # it would stand in the middle of the results
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        if not is_warehouse(connection):
            raise UnreadableFile(f"{path} is a database, but no warehouse of this program.")
    except BaseException:
        connection.close()
        raise
    return connection
