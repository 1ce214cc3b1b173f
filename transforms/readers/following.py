"""A read-only connection that lives long and follows publishing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import duckdb

from transforms.errors import TransformError
from transforms.readers.published import named_alone, refuse_log
from transforms.runner.ledger import is_warehouse
from transforms.runner.session import UnreadableFile, quoted, readable_faults

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

NAME = "warehouse"


class Following:
    """The published warehouse, as it is published at each call: for notebooks and servers.

    Each statement sees one published file, never two; `core.fct_orders` and the like are found as in
    `inventorum query`. What a result has fetched stays as it was; a relation that is evaluated again reads the
    file that is published then. Not for several threads at once: give each its own.

    A connection of `duckdb.connect(path)` would keep the file that it found for as long as the process has any
    open, since DuckDB caches databases by path.

    Args:
        path: The published file.
        timezone: Zone in which timestamps are shown.

    Raises:
        TransformError: Nothing is published there, it is no warehouse, or another program's changes lie beside it.
        FilesHeld: Another program has it open for writing.
    """

    def __init__(self, path: Path, timezone: str = "UTC") -> None:
        self.path = path
        self._attached: tuple[int, int, int] | None = None
        self._connection = duckdb.connect(":memory:")
        try:
            self._connection.execute("set TimeZone = ?", [timezone])
            with suppress(duckdb.Error):  # Jupyter without widgets has no bar that could be turned off
                self._connection.execute("set enable_progress_bar = false")
            self._follow()
        except BaseException:
            self._connection.close()
            raise

    def current(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's own connection to the file that is published now, for libraries that ask for one.

        Ask again for each use: only then does it follow.
        """
        return self._follow()

    def execute(self, sql: str, parameters: Any = None) -> duckdb.DuckDBPyConnection:
        """Run a statement on the file that is published now; fetch from what it gives."""
        return self._follow().execute(sql, parameters)

    def sql(self, sql: str, **options: Any) -> duckdb.DuckDBPyRelation:
        """A relation over the file that is published now, with `.df()`, `.fetchall()`, `.show()`, ...

        Raises:
            ValueError: The statement gives no rows.
        """
        relation = self._follow().sql(sql, **options)
        if relation is None:
            raise ValueError(f"This gives no rows; run it with `execute`: {sql}")
        return relation

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table such as `marts.sales_by_day`."""
        return self._follow().table(name)

    def register(self, name: str, rows: object) -> None:
        """Let statements read a DataFrame or an Arrow table under a name."""
        self._follow().register(name, rows)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow(self) -> duckdb.DuckDBPyConnection:
        """The connection, with what is published now; a file that was moved away is read on."""
        try:
            there = self.path.stat()
        except OSError:
            if self._attached is not None:
                return self._connection
            raise TransformError(
                f"{self.path} does not exist: nothing was published there yet. Run `inventorum sync`."
            ) from None
        stamp = there.st_dev, there.st_ino, there.st_mtime_ns
        if stamp != self._attached:
            self._attach()
            self._attached = stamp  # taken before the file was opened: one that came in between is opened once more
        return self._connection

    def _attach(self) -> None:
        connection = self._connection
        refuse_log(self.path)
        if self._attached is not None:
            self._attached = None
            connection.execute("use memory.main")
            connection.execute(f"detach {NAME}")
        with readable_faults(self.path):
            connection.execute(f"attach {quoted(str(self.path))} as {NAME} (read_only)")
        connection.execute(f"use {NAME}.main")
        if not is_warehouse(connection):
            connection.execute("use memory.main")
            connection.execute(f"detach {NAME}")
            raise UnreadableFile(f"{self.path} is a database, but no warehouse of this program.")
        names = [f"{NAME}.{schema}" for schema in ("main", *named_alone(connection, NAME))]
        connection.execute("set search_path = ?", [",".join(names)])
