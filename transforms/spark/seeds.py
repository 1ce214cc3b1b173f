"""The small code tables as SELECTs of values."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from transforms.runner.models import temporary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transforms.runner.models import Seed


def seed_selects(seeds: Iterable[Seed]) -> dict[str, str]:
    """A SELECT in Spark's words for each seed, by `seeds.name`."""
    with closing(duckdb.connect(config={"threads": "1"})) as connection:
        return {f"seeds.{seed.name}": _select(connection, seed) for seed in seeds}


def _select(connection: duckdb.DuckDBPyConnection, seed: Seed) -> str:
    connection.execute(seed.create)
    columns = connection.execute(f"describe {temporary(f'seeds.{seed.name}')}").fetchall()
    texts = ", ".join(f'cast("{name}" as varchar)' for name, *_ in columns)
    rows = connection.execute(f"select {texts} from {temporary(f'seeds.{seed.name}')}").fetchall()
    values = ", ".join(f"({', '.join(_literal(cell) for cell in row)})" for row in rows)
    names = ", ".join(f"`{name}`" for name, *_ in columns)
    typed = ", ".join(
        f"cast(`{name}` as {exp.DataType.build(kind, dialect='duckdb').sql('spark')}) as `{name}`"
        for name, kind, *_ in columns
    )
    return f"select {typed} from values {values} as cells({names})"


def _literal(cell: Any) -> str:
    return "null" if cell is None else exp.Literal.string(str(cell)).sql("spark")
