"""Compares the tables of a published file with those that Spark has written, row by row and type by type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

# Sums and counts are wider in DuckDB; the values are the same.
ACCEPTED_TYPES = {("HUGEINT", "BIGINT"), ("HUGEINT", "DECIMAL"), ("DECIMAL", "DECIMAL"), ("BIGINT", "INTEGER")}
OF_ORDERS = ("fct_orders", "fct_order_items", "fct_payments", "fct_findings", "dim_address")


@dataclass(frozen=True)
class Difference:
    """Rows of a table that only one of the engines has."""

    table: str
    engine: str
    rows: tuple[object, ...]

    def __str__(self) -> str:
        return "\n  ".join([f"{self.table}: only {self.engine} ({len(self.rows)})", *map(str, self.rows[:5])])


@dataclass
class Compared:
    """Two warehouses side by side.

    Attributes:
        rows: Rows of each table on DuckDB.
    """

    connection: duckdb.DuckDBPyConnection
    version: Path
    rows: dict[str, int] = field(default_factory=dict)

    def differences(self, without: Mapping[str, str], and_without: Mapping[str, str] | None = None) -> list[Difference]:
        """What only one engine has.

        Args:
            without: Values of columns whose rows are left out in each table that has the column.
            and_without: By table, a condition for more such rows.
        """
        found = []
        for table in self.rows:
            columns = dict(self._columns(f"from d.{table}"))
            left_out = [f"{name} = '{value}'" for name, value in without.items() if name in columns]
            left_out += [(and_without or {})[table]] if table in (and_without or {}) else []
            where = "".join(f" and not coalesce({condition}, false)" for condition in left_out)
            sides = {"duckdb": f"select * from d.{table} where true{where}"}
            sides["spark"] = f"select * from {self._files(table)} where true{where}"
            for one, other in (("duckdb", "spark"), ("spark", "duckdb")):
                only = self.connection.execute(f"{sides[one]} except all {sides[other]} order by all").fetchall()
                if only:
                    found.append(Difference(table, one, tuple(only)))
        return found

    def types(self) -> list[tuple[str, ...]]:
        """Columns whose names or types differ in a way that is not accepted: the table and both sides."""
        found = []
        for table in self.rows:
            sides = zip(self._columns(f"from d.{table}"), self._columns(f"from {self._files(table)}"), strict=True)
            for (name, of_duckdb), (other, of_spark) in sides:
                kinds = of_duckdb.partition("(")[0], of_spark.partition("(")[0]
                if name != other or (of_duckdb != of_spark and kinds not in ACCEPTED_TYPES):
                    found.append((table, name, of_duckdb, other, of_spark))
        return found

    def orders_that_differ(self, account: str) -> set[int]:
        """The orders of an account of which one engine has another row."""
        found: set[int] = set()
        for table in (name for name in self.rows if name.partition(".")[2] in OF_ORDERS):
            order = "seen_order_id" if "dim_" in table else "order_id"
            sides = [f"select * from {of} where account = '{account}'" for of in (f"d.{table}", self._files(table))]
            for one, other in (sides, reversed(sides)):
                only = self.connection.execute(f"select distinct {order} from ({one} except all {other})").fetchall()
                found.update(number for (number,) in only)
        return found

    def _files(self, table: str) -> str:
        return f"read_parquet('{self.version}/{table.replace('.', '/')}/*.parquet', hive_partitioning = false)"

    def _columns(self, select: str) -> list[tuple[str, str]]:
        return [(name, kind) for name, kind, *_ in self.connection.execute(f"describe {select}").fetchall()]


def compared(published: Path, version: Path) -> Compared:
    """A file of DuckDB's and a version of Spark's, with every table that Spark has made."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"attach '{published}' as d (read_only)")
    both = Compared(connection, version)
    for path in sorted(version.glob("*/*/")):
        table = f"{path.parent.name}.{path.name}"
        ((both.rows[table],),) = connection.execute(f"select count(*) from d.{table}").fetchall()
    return both
