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
    found: dict[str, dict[str, Column]] = {}
    for table, name, kind, is_nullable in connection.execute(FOUND).fetchall():
        found.setdefault(table, {})[name] = Column(kind, is_nullable)
    if "_dlt_loads" not in found:
        return
    steps = [step for table, schema in TABLES.items() for step in _steps(table, found.get(table), expected(schema))]
    if not steps:
        return
    connection.execute("begin")
    try:
        for step in steps:
            _take(connection, step)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


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
    """One statement; `trouble` says what is wrong with the table where it fails."""

    sql: str
    trouble: str


def _steps(table: str, found: dict[str, Column] | None, wanted: dict[str, Column]) -> Iterator[_Step]:
    if found is None:
        yield _Step(_create(table, wanted), f"raw.{table} is missing")
        return
    alter = f'alter table raw."{table}"'
    for name in found.keys() - wanted.keys():
        if name == ROW_ID:
            yield _Step(f'{alter} drop column "{name}"', f"raw.{table} has a column {name}")
        elif not found[name].is_nullable:
            yield _Step(f'{alter} alter column "{name}" drop not null', f"raw.{table} has a column {name}")
    for name, column in wanted.items():
        here = found.get(name)
        if here is None:
            yield _Step(f'{alter} add column "{name}" {column.kind}', f"raw.{table} has no column {name}")
        elif here.kind != column.kind:
            yield _Step(
                f'{alter} alter column "{name}" set data type {column.kind}',
                f"raw.{table}.{name} is {here.kind}, not {column.kind}",
            )
        if (here is None or here.is_nullable) and not column.is_nullable:
            yield _Step(f'{alter} alter column "{name}" set not null', f"raw.{table} has rows without {name}")
        elif here is not None and not here.is_nullable and column.is_nullable:
            yield _Step(f'{alter} alter column "{name}" drop not null', f"raw.{table}.{name} must not be empty")


def _create(table: str, columns: dict[str, Column]) -> str:
    lines = (
        f'"{name}" {column.kind}{"" if column.is_nullable else " not null"}'
        f"{' using compression zstd' if (table, name) == ('orders', 'payload') else ''}"
        for name, column in columns.items()
    )
    return f'create table raw."{table}" ({", ".join(lines)})'


def _take(connection: duckdb.DuckDBPyConnection, step: _Step) -> None:
    try:
        connection.execute(step.sql)
    except (duckdb.ConversionException, duckdb.ConstraintException, duckdb.NotImplementedException) as error:
        raise HomeError(
            f"The landing log cannot be brought into today's form: {step.trouble}, and {str(error).splitlines()[0]} "
            "Nothing was changed and nothing was asked. Put a backup of landing.duckdb in its place; without one "
            "move it away, and the next sync reads everything again that the API shows."
        ) from error
