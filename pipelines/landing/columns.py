"""The columns of `raw` against those of `schemas`, mended in place where they differ.

Earlier releases let the first load decide: a table that was made without rows got a column `_dlt_id NOT NULL`,
which no later load could fill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.errors import HomeError
from pipelines.landing.schemas import LOAD_ID, TABLES, TYPES, hints

FOUND = """
select table_name, column_name, data_type, is_nullable
from duckdb_columns()
where schema_name = 'raw' and database_name = current_database()
order by table_name, column_index
"""
# Made by dlt for rows that are no Arrow; it tells nothing.
ROW_ID = "_dlt_id"


@dataclass(frozen=True)
class Column:
    """A column as DuckDB has it, or is to have it."""

    kind: str
    is_nullable: bool


def expected(schema: pa.Schema) -> dict[str, Column]:
    """The columns of a table of `raw`, the load id included."""
    columns = {field.name: Column(TYPES[field.type][0], field.nullable) for field in schema}
    return columns | {LOAD_ID: Column(TYPES[pa.string()][0], is_nullable=False)}


def mend_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make tables and columns of `raw` what `schemas` says, all or nothing; no row is lost.

    Nothing happens where no load has begun yet. A column that is none of ours stays, but may be empty.

    Raises:
        HomeError: A column holds what its type cannot, or rows lack what they must have; nothing was changed.
    """
    steps = _needed(connection)
    if not steps:
        return
    connection.execute("begin")
    try:
        for step in steps:
            _take(connection, step, "raw.")
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def refuse_unmendable(connection: duckdb.DuckDBPyConnection) -> None:
    """Try on copies of the columns in question what `mend_tables` would do; the log may be open read-only.

    Raises: As mend_tables.
    """
    trials: dict[str, set[str]] = {}
    steps = [step for step in _needed(connection) if step.table_exists]
    for step in steps:
        trials.setdefault(step.table, set()).update({step.column} if step.column_exists else ())
    for table, names in trials.items():
        copied = "".join(f', "{name}"' for name in sorted(names))
        connection.execute(f'create or replace temp table "{table}" as select 1 as _row{copied} from raw."{table}"')
    for step in steps:
        _take(connection, step, "temp.")


def to_mend(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables, and columns as table.column, of which `mend_tables` would change something."""
    return list(dict.fromkeys(step.place for step in _needed(connection)))


def _needed(connection: duckdb.DuckDBPyConnection) -> list[_Step]:
    """What is to be done, in order; nothing where no load has begun yet."""
    found: dict[str, dict[str, Column]] = {}
    for table, name, kind, is_nullable in connection.execute(FOUND).fetchall():
        found.setdefault(table, {})[name] = Column(kind, is_nullable)
    if "_dlt_loads" not in found:
        return []
    return [step for table, schema in TABLES.items() for step in _steps(table, found.get(table), expected(schema))]


def mend_schema(tables: dict[str, Any]) -> bool:
    """Make the columns that dlt remembers of our tables what `schemas` says; whether there was a difference.

    Args:
        tables: Of dlt's schema; changed in place.
    """
    is_changed = False
    for name in TABLES.keys() & tables.keys():
        wanted = hints(TABLES[name]) | {LOAD_ID: {"data_type": "text", "nullable": False}}
        columns = tables[name]["columns"]
        for foreign in columns.keys() - wanted.keys():
            del columns[foreign]
            is_changed = True
        for column, told in wanted.items():
            known = columns.get(column, {})
            if any(known.get(hint, True if hint == "nullable" else None) != value for hint, value in told.items()):
                columns[column] = {"name": column, **known, **told}
                is_changed = True
    return is_changed


@dataclass(frozen=True)
class _Step:
    """One change of a table; `trouble` says what is wrong with it where it fails.

    Attributes:
        change: What follows on `alter table NAME`, or on `create table NAME` where there is none yet.
        column: Empty for a whole table.
        column_exists: Whether the table had it at the beginning.
    """

    table: str
    change: str
    trouble: str
    column: str = ""
    column_exists: bool = True

    @property
    def table_exists(self) -> bool:
        return self.column != ""

    @property
    def place(self) -> str:
        return f"raw.{self.table}.{self.column}".rstrip(".")

    def sql(self, schema: str) -> str:
        return f'{"alter" if self.table_exists else "create"} table {schema}"{self.table}" {self.change}'


def _steps(table: str, found: dict[str, Column] | None, wanted: dict[str, Column]) -> Iterator[_Step]:
    if found is None:
        yield _Step(table, _definition(table, wanted), f"raw.{table} is missing")
        return
    for name in found.keys() - wanted.keys():
        if name == ROW_ID:
            yield _Step(table, f'drop column "{name}"', f"raw.{table} has a column {name}", name)
        elif not found[name].is_nullable:
            yield _Step(table, f'alter column "{name}" drop not null', f"raw.{table} has a column {name}", name)
    for name, column in wanted.items():
        for change, trouble in _changes(name, found.get(name), column):
            yield _Step(table, change, f"raw.{table}{trouble}", name, name in found)


def _changes(name: str, here: Column | None, column: Column) -> Iterator[tuple[str, str]]:
    """What makes a column what it should be, and what is wrong, to be read after the table's name."""
    if here is None:
        yield f'add column "{name}" {column.kind}', f" has no column {name}"
    elif here.kind != column.kind:
        yield f'alter column "{name}" set data type {column.kind}', f".{name} is {here.kind}, not {column.kind}"
    if (here is None or here.is_nullable) and not column.is_nullable:
        yield f'alter column "{name}" set not null', f" has rows without {name}"
    elif here is not None and not here.is_nullable and column.is_nullable:
        yield f'alter column "{name}" drop not null', f".{name} must not be empty"


def _definition(table: str, columns: dict[str, Column]) -> str:
    lines = (
        f'"{name}" {column.kind}{"" if column.is_nullable else " not null"}'
        f"{' using compression zstd' if (table, name) == ('orders', 'payload') else ''}"
        for name, column in columns.items()
    )
    return f"({', '.join(lines)})"


def _take(connection: duckdb.DuckDBPyConnection, step: _Step, schema: str) -> None:
    try:
        connection.execute(step.sql(schema))
    except (duckdb.ConversionException, duckdb.ConstraintException, duckdb.NotImplementedException) as error:
        raise HomeError(
            f"The landing log cannot be brought into today's form: {step.trouble}, and {str(error).splitlines()[0]} "
            "Nothing was changed and nothing was asked. Put a backup of landing.duckdb in its place; without one "
            "move it away, and the next sync reads everything again that the API shows."
        ) from error
