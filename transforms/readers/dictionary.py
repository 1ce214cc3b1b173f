"""The data dictionary, read from the comments in the published catalogue."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.readers.published import open_published

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

SCHEMAS = ("marts", "core", "ops")  # in the order in which a reader asks


@dataclass(frozen=True)
class Column:
    """A column: its name, its type in DuckDB's words, and what it means."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Table:
    """A table of the warehouse.

    Attributes:
        grain: What one row is.
        key: Columns that name a row; empty where none do.
        description: What the table holds, in a sentence or two.
        questions: Questions that it answers.
        comment: The whole comment of the catalogue.
        rows: Number of rows.
    """

    schema: str
    name: str
    grain: str
    key: tuple[str, ...]
    description: str
    questions: tuple[str, ...]
    comment: str
    rows: int
    columns: tuple[Column, ...]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


def describe(published: Path) -> list[Table]:
    """Every table of the warehouse, marts first, then by name.

    Raises:
        TransformError: Nothing is published there, or it is no warehouse.
    """
    with closing(open_published(published)) as connection:
        return read_tables(connection)


def read_tables(connection: duckdb.DuckDBPyConnection, *, counted: bool = True) -> list[Table]:
    """The same of a warehouse that is open already.

    Args:
        counted: Whether rows are counted; each view is computed for that. Otherwise there are 0.
    """
    tables = connection.execute(
        "select schema_name, table_name, coalesce(comment, '') from ("
        "select schema_name, table_name, comment from duckdb_tables() union all "
        "select schema_name, view_name, comment from duckdb_views() where not internal) "
        "where schema_name in (select unnest(?)) order by list_position(?, schema_name), table_name",
        [list(SCHEMAS), list(SCHEMAS)],
    ).fetchall()
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, name, kind, comment in connection.execute(
        "select schema_name, table_name, column_name, data_type, coalesce(comment, '') "
        "from duckdb_columns() where not internal order by schema_name, table_name, column_index"
    ).fetchall():
        columns.setdefault((schema, table), []).append(Column(name, kind, comment))
    counts = {
        (schema, table): connection.execute(f'select count(*) from {schema}."{table}"').fetchall()[0][0]
        for schema, table, _ in tables
        if counted
    }
    return [
        _table(schema, name, comment, counts.get((schema, name), 0), tuple(columns[schema, name]))
        for schema, name, comment in tables
    ]


def _table(schema: str, name: str, comment: str, rows: int, columns: tuple[Column, ...]) -> Table:
    said: dict[str, str] = {}
    description = []
    for line in comment.splitlines():
        word, found, rest = line.partition(": ")
        if found and word in ("Grain", "Key", "Answers"):
            said[word] = rest
        else:
            description.append(line)
    return Table(
        schema=schema,
        name=name,
        grain=said.get("Grain", "").rstrip("."),
        key=tuple(part for part in said.get("Key", "").rstrip(".").split(", ") if part),
        description=" ".join(description),
        questions=tuple(part for part in said.get("Answers", "").split(" | ") if part),
        comment=comment,
        rows=rows,
        columns=columns,
    )
