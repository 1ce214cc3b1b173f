"""Whether a database holds what a warehouse file holds: row by row, value by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg

TABLES = (
    "select table_schema || '.' || table_name from information_schema.tables "
    "where table_schema in ('core', 'marts', 'ops') order by 1"
)
NOTES = {"ops.publication_tables", "ops.publication_parts"}


def in_file(warehouse: Path, only: Sequence[str] = ()) -> dict[str, Counter[tuple[Any, ...]]]:
    """The rows of every table and view of a warehouse file, or of these."""
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = [name for (name,) in connection.execute(TABLES).fetchall()]
        return {name: _counted(connection.execute(f"from {name}").fetchall()) for name in only or names}


def on_server(url: str, only: Sequence[str] = ()) -> dict[str, Counter[tuple[Any, ...]]]:
    """The rows of every table that was published, or of these; empty before."""
    with psycopg.connect(url) as connection:
        connection.execute("set time zone 'UTC'")
        names = [name for (name,) in connection.execute(TABLES).fetchall() if name not in NOTES]
        return {
            name: _counted(connection.execute(f"select * from {name}".encode()).fetchall()) for name in only or names
        }


def _counted(rows: list[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """A decimal counts with its places: 1.00 is not 1.0."""
    return Counter(tuple(str(value) if isinstance(value, Decimal) else value for value in row) for row in rows)
