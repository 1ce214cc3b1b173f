"""What the warehouse holds, as tables of PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.readers.dictionary import read_tables
from transforms.readers.postgres.errors import ServerFailed
from transforms.readers.postgres.kinds import FIRST_DAY, LAST_DAY, WHOLE_NUMBERS, kind_of, text_of
from transforms.readers.postgres.server import quoted_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from transforms.readers.dictionary import Column, Table

LONGEST_NAME = 63  # bytes; PostgreSQL cuts what is longer, so that two names could become one
LONGEST_KEY = 2000  # bytes of text; a row of a PostgreSQL index ends at a third of a page
KEY_SUFFIX = "_key"
ROWS_AT_ONCE = 10_000
NOWHERE = -(2**63)  # the part of rows without a value in the column that parts them
EPOCH = "date '2000-01-01'"
PRIMARY, UNIQUE, UNKEYED = "p", "u", ""  # the first two as pg_constraint has them


@dataclass(frozen=True)
class Shape:
    """A table or view of the warehouse, and how it stands on the server: always as a table.

    Attributes:
        key: Columns that name a row; all of them where none do.
        is_keyed: Whether the table names a key.
        parted_by: A column of the key whose ranges are compared as wholes; None: the table is one part.
    """

    table: Table
    key: tuple[str, ...]
    is_keyed: bool
    parted_by: Column | None

    @property
    def name(self) -> str:
        return self.table.full_name

    @property
    def relation(self) -> str:
        return f"{quoted_name(self.table.schema)}.{quoted_name(self.table.name)}"

    @property
    def constraint(self) -> str:
        return quoted_name(self.table.name + KEY_SUFFIX)

    @property
    def columns(self) -> str:
        """The columns' names, quoted, in order."""
        return ", ".join(quoted_name(column.name) for column in self.table.columns)

    def definition(self, column: Column) -> str:
        """A column with its type, for CREATE and ALTER."""
        return f"{quoted_name(column.name)} {kind_of(column.type)}"

    def part_in_duckdb(self, width: int) -> str:
        """The number of the part in which a row lies, in DuckDB's SQL; both databases cut towards zero."""
        if self.parted_by is None:
            return "0"
        value = quoted_name(self.parted_by.name)
        if self.parted_by.type == "DATE":  # what lies outside is infinite on the server
            value = f"case when {value} between date '{FIRST_DAY}' and date '{LAST_DAY}' then {value} - {EPOCH} end"
        return f"coalesce(({value}) // {width}, {NOWHERE})"

    def part_in_postgres(self, width: int) -> str:
        """The same in PostgreSQL's."""
        if self.parted_by is None:
            return "0"
        value = quoted_name(self.parted_by.name)
        if self.parted_by.type == "DATE":
            value = f"case when isfinite({value}) then {value} - {EPOCH} end"
        return f"coalesce(({value}) / {width}, {NOWHERE})"

    def lines(
        self, warehouse: duckdb.DuckDBPyConnection, width: int, parts: Sequence[int] | None = None
    ) -> Iterator[str]:
        """The rows in COPY's text format, some thousands at once; of these parts only, or all."""
        fields = ", ".join(text_of(quoted_name(column.name), column.type) for column in self.table.columns)
        query = f"select concat_ws(chr(9), {fields}) || chr(10) from {self.relation}"
        if parts is not None:
            query += f" where {self.part_in_duckdb(width)} in (select unnest(?::bigint[]))"
        result = warehouse.execute(query, [] if parts is None else [list(parts)])
        while rows := result.fetchmany(ROWS_AT_ONCE):
            yield "".join(line for (line,) in rows)


def read_shapes(warehouse: duckdb.DuckDBPyConnection) -> list[Shape]:
    """Every table and view of core, marts and ops; `ops.meta` and `ops.loads`, which say what is there, come last.

    Raises:
        ServerFailed: A name is longer than PostgreSQL keeps.
    """
    shapes = [_shape(table) for table in read_tables(warehouse, counted=False)]
    for shape in shapes:
        names = [shape.table.name + KEY_SUFFIX, *(column.name for column in shape.table.columns)]
        if long := [name for name in names if len(name.encode()) > LONGEST_NAME]:
            raise ServerFailed(
                f"{shape.name} has a name of more than {LONGEST_NAME} bytes, which PostgreSQL would cut: {long[0]}. "
                "Nothing was written. This is a bug of the program."
            )
    return sorted(shapes, key=lambda shape: (shape.name == "ops.loads", shape.name == "ops.meta", shape.name))


def _shape(table: Table) -> Shape:
    columns = {column.name: column for column in table.columns}
    is_keyed = bool(table.key) and set(table.key) <= set(columns)
    key = table.key if is_keyed else tuple(columns)
    numbers = [columns[name] for name in key if columns[name].type in WHOLE_NUMBERS]
    days = [columns[name] for name in key if columns[name].type == "DATE"]
    by_order = [column for column in numbers if column.name == "order_id"]
    return Shape(table, key, is_keyed, next(iter([*by_order, *days, *numbers]), None))


@dataclass(frozen=True)
class Facts:
    """What the rows of a table are like.

    Attributes:
        low: The lowest value by which the table is parted, as a number; null: no row has one.
        key: What they let the server hold: a primary key, a unique one that takes nulls, or none.
    """

    rows: int
    low: int | None
    high: int | None
    key: str


def read_facts(shape: Shape, warehouse: duckdb.DuckDBPyConnection) -> Facts:
    """Look at every row; there is no key where a text of it is longer than an index takes, or the table names none."""
    kinds = {column.name: column.type for column in shape.table.columns}
    texts = [quoted_name(name) for name in shape.key if kinds[name] == "VARCHAR"]
    length = " + ".join(f"coalesce(strlen({name}), 0)" for name in texts) or "0"
    missing = " or ".join(f"{quoted_name(name)} is null" for name in shape.key)
    place = shape.part_in_duckdb(1)
    ((rows, low, high, longest, has_nulls),) = warehouse.execute(
        f"select count(*), min(place) filter (place > {NOWHERE}), max(place) filter (place > {NOWHERE}), "
        f"coalesce(max(length), 0), coalesce(bool_or(lacks), false) "
        f"from (select {place} as place, {length} as length, {missing} as lacks from {shape.relation})"
    ).fetchall()
    if longest > LONGEST_KEY or not shape.is_keyed:
        return Facts(rows, low, high, UNKEYED)
    says_null = any("null" in column.description.lower() for column in shape.table.columns if column.name in shape.key)
    return Facts(rows, low, high, UNIQUE if has_nulls or says_null else PRIMARY)
