"""Compares the tables of a published file with those that Spark has written, row by row and type by type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

# Sums and counts are wider in DuckDB; the values are the same.
ACCEPTED_TYPES = {("HUGEINT", "BIGINT"), ("HUGEINT", "DECIMAL"), ("DECIMAL", "DECIMAL"), ("BIGINT", "INTEGER")}


@dataclass(frozen=True)
class Difference:
    """A table that is not the same.

    Attributes:
        what: `types`, or which engine's rows these are: `duckdb`, `spark`.
        rows: Some of them.
    """

    table: str
    what: str
    rows: tuple[object, ...]

    def __str__(self) -> str:
        return "\n  ".join([f"{self.table} ({self.what}, {len(self.rows)})", *map(str, self.rows[:5])])


def compared(
    published: Path, version: Path, without: Mapping[str, str] | None = None
) -> tuple[dict[str, int], list[Difference]]:
    """Rows of each table of core, ops and marts that files of sql/ make, and what differs.

    Args:
        without: By table, a condition for rows that are left out on both sides.
    """
    with closing(duckdb.connect()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{published}' as d (read_only)")
        tables = [
            f"{path.parent.name}.{path.name}"
            for path in sorted(version.glob("*/*"))
            if path.is_dir() and path.parent.name != "scratch"
        ]
        rows, found = {}, []
        for table in tables:
            schema, _, name = table.partition(".")
            files = f"read_parquet('{version}/{schema}/{name}/*.parquet', hive_partitioning = false)"
            where = f"where not coalesce(({without[table]}), false)" if without and table in without else ""
            sides = {"duckdb": f"select * from d.{table} {where}", "spark": f"select * from {files} {where}"}
            ((rows[table],),) = connection.execute(f"select count(*) from ({sides['duckdb']})").fetchall()
            if types := list(_types(connection, sides)):
                found.append(Difference(table, "types", tuple(types)))
            for one, other in (("duckdb", "spark"), ("spark", "duckdb")):
                only = connection.execute(f"{sides[one]} except all {sides[other]} order by all").fetchall()
                if only:
                    found.append(Difference(table, one, tuple(only)))
    return rows, found


def _types(connection: duckdb.DuckDBPyConnection, sides: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    columns = [
        [(name, kind) for name, kind, *_ in connection.execute(f"describe {select}").fetchall()]
        for select in sides.values()
    ]
    for (name, of_duckdb), (other, of_spark) in zip(*columns, strict=True):
        kinds = of_duckdb.partition("(")[0], of_spark.partition("(")[0]
        if name != other or (of_duckdb != of_spark and kinds not in ACCEPTED_TYPES):
            yield name, of_duckdb, other, of_spark
