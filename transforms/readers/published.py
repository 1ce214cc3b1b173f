"""Opens the published warehouse for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from transforms.errors import FilesHeld, TransformError
from transforms.runner.database_file import logs_of
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
        TransformError: Nothing is published there, it is no warehouse, or another program's changes lie in a log
            beside it, which DuckDB would show as if they had been published.
        FilesHeld: Another program has it open for writing.
    """
    if not path.is_file():
        raise TransformError(f"{path} does not exist: nothing was published there yet. Run `inventorum sync`.")
    connection = _open(path)
    try:
        connection.execute("set TimeZone = ?", [timezone])
        connection.execute("set enable_progress_bar = false")  # it would stand in the middle of the results
        if not is_warehouse(connection):
            raise UnreadableFile(f"{path} is a database, but no warehouse of this program.")
        connection.execute("set search_path = ?", [",".join(named_alone(connection))])
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def named_alone(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> list[str]:
    """The schemas where a table's name alone is looked for, and which `show tables` lists, of those that a file has.

    Plumbing is found by its full name, `ops.runs`: who looks for an answer need not read past it.
    """
    found = connection.execute(
        "select schema_name from duckdb_schemas() where database_name = coalesce(?, current_database())", [database]
    )
    there = {name for (name,) in found.fetchall()}
    return [name for name in ("core", "marts") if name in there]


def _open(path: Path) -> duckdb.DuckDBPyConnection:
    """The file as it was published, without what a log beside it would add."""
    try:
        with readable_faults(path):
            connection = duckdb.connect(
                path,
                read_only=True,
                config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
            )
    except FilesHeld:
        raise
    except TransformError as fault:
        damaged = UnreadableFile(f"{fault} Nothing was read. Run `inventorum build`, which publishes the file anew.")
        raise (_with_log(path) or damaged) from fault
    if (foreign := _with_log(path)) is not None:
        connection.close()
        raise foreign
    return connection


def refuse_log(path: Path) -> None:
    """Refuse a file beside which a dead session of another program has left its changes.

    Raises:
        TransformError: It has.
    """
    if (foreign := _with_log(path)) is not None:
        raise foreign


def _with_log(path: Path) -> TransformError | None:
    """The fault of a file that a dead session of another program has left its changes beside."""
    if not (logs := logs_of(path)):
        return None
    return TransformError(
        f"{logs[0]} holds changes that another program made to the published file: they are no figures of this one. "
        "Nothing was read. Run `inventorum build`, which publishes the file anew, without them."
    )
