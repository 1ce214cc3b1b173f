"""Which tables are exported, limited to which days, and their rows in a stable order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from transforms.readers.exports.errors import ExportRefused

if TYPE_CHECKING:
    import duckdb

    from transforms.readers.dictionary import Column, Table

DATE_COLUMNS = ("business_date", "month")  # a table is limited by the first that it has
BATCH_ROWS = 10_000
PERSONAL = frozenset({"email", "first_name", "last_name", "customer_name", "company"})


@dataclass(frozen=True)
class Period:
    """Days from `start` to `end`, both included; None leaves a side open."""

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.start > self.end:
            raise ExportRefused(f"--from {self.start} is after --to {self.end}. Nothing was written.")

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None

    def __str__(self) -> str:
        if not self:
            return "everything"
        return f"{self.start or 'the beginning'} to {self.end or 'the end'}"


@dataclass(frozen=True)
class Selected:
    """A table with the rows that are to be exported.

    Attributes:
        date_column: The column that limits the rows to the period; None: all rows are taken.
        rows: How many there are.
    """

    table: Table
    date_column: str | None
    rows: int
    query: str
    parameters: tuple[date, ...]

    @property
    def name(self) -> str:
        """The table's name; with its schema unless that is `marts`."""
        return self.table.name if self.table.schema == "marts" else self.table.full_name

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.table.columns

    @property
    def is_personal(self) -> bool:
        """Whether the table says that it holds personal data, or has columns that name persons."""
        says = "personal data" in self.table.comment.lower()
        return says or any(column.name in PERSONAL for column in self.columns)

    def batches(self, connection: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
        """The rows, ordered by the table's key."""
        result = connection.execute(self.query, list(self.parameters))
        while rows := result.fetchmany(BATCH_ROWS):
            yield rows


def select(
    connection: duckdb.DuckDBPyConnection, described: Sequence[Table], names: Sequence[str], period: Period
) -> list[Selected]:
    """The tables of these names, in the dictionary's order; without names every mart.

    Raises:
        ExportRefused: A name is unknown, or there is no mart.
    """
    wanted = {name.lower() for name in names}
    chosen = [
        table
        for table in described
        if (table.full_name in wanted or table.name in wanted if wanted else table.schema == "marts")
    ]
    unknown = wanted - {table.name for table in chosen} - {table.full_name for table in chosen}
    if unknown:
        raise ExportRefused(
            f"There is no table {', '.join(sorted(unknown))}. Nothing was written. `inventorum tables` lists them all."
        )
    if not chosen:
        raise ExportRefused("The warehouse holds no marts. Nothing was written. Run `inventorum build --full`.")
    return [_selected(connection, table, period) for table in chosen]


def _selected(connection: duckdb.DuckDBPyConnection, table: Table, period: Period) -> Selected:
    types = {column.name: column.type for column in table.columns}
    column = next((name for name in DATE_COLUMNS if types.get(name) == "DATE"), None)
    conditions: list[str] = []
    parameters: list[date] = []
    if column and period.start:
        conditions.append(f'"{column}" >= ?')
        parameters.append(period.start.replace(day=1) if column == "month" else period.start)
    if column and period.end:
        conditions.append(f'"{column}" <= ?')
        parameters.append(period.end)
    source = f'from "{table.schema}"."{table.name}"'
    if conditions:
        source += " where " + " and ".join(conditions)
    ((rows,),) = connection.execute(f"select count(*) {source}", parameters).fetchall()
    order = ", ".join(f'"{name}"' for name in table.key if name in types) or "all"
    listed = ", ".join(f'"{name}"' for name in types)
    return Selected(
        table=table,
        date_column=column if period else None,
        rows=rows,
        query=f"select {listed} {source} order by {order}",
        parameters=tuple(parameters),
    )
