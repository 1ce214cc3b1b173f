"""Finds the tables that a SELECT names and renames those that live elsewhere; needs sqlglot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transforms.errors import ModelError
from transforms.models import temporary, written

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMAS = frozenset({"raw", "staging", "seeds", "core", "marts", "ops"})


class Compiled(NamedTuple):
    """A SELECT ready to run.

    Attributes:
        sql: The statement with its tables renamed.
        sql_of_written: The same over the rows that a batch has written, where it reads tables that are kept
            by order; else empty.
        reads: The tables as the file names them, `schema.name`, sorted.
    """

    sql: str
    sql_of_written: str
    reads: tuple[str, ...]


class Kept(NamedTuple):
    """Which models are no plain tables to those that read them, as `core.name`."""

    temporary: frozenset[str]
    by_order: frozenset[str]


def compile_select(text: str, shown: str, kept: Kept) -> Compiled:
    """Rename the tables of a SELECT.

    The text stays as it is except for those names, so that DuckDB's messages fit the file.

    Raises:
        ModelError: It is not one SELECT, or it names a table without its schema.
    """
    statement = _parse(text, shown)
    spans: list[tuple[int, int, str]] = []
    of_written: list[tuple[int, int, str]] = []
    reads: set[str] = set()
    common = {cte.alias for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue  # a table function
        if not table.db:
            if table.name not in common:
                raise ModelError(f"{shown} names the table `{table.name}` without its schema.")
            continue
        if table.catalog or table.db not in SCHEMAS:
            raise ModelError(f"{shown} reads `{table.sql('duckdb')}`; the layers are {', '.join(sorted(SCHEMAS))}.")
        full_name = f"{table.db}.{table.name}"
        reads.add(full_name)
        place = (table.args["db"].meta["start"], table.this.meta["end"] + 1)
        if full_name in kept.by_order:
            of_written.append((*place, _named(written(full_name), table)))
        elif renamed := _renamed(full_name, table, kept.temporary):
            spans.append((*place, renamed))
    return Compiled(_with(text, spans), _with(text, [*spans, *of_written]) if of_written else "", tuple(sorted(reads)))


def _with(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    for start, end, renamed in sorted(spans, reverse=True):
        text = text[:start] + renamed + text[end:]
    return text.rstrip().rstrip(";")


def _parse(text: str, shown: str) -> exp.Query:
    try:
        statements = [found for found in sqlglot.parse(text, dialect="duckdb") if found is not None]
    except SqlglotError as fault:
        raise ModelError(f"{shown} cannot be parsed: {fault}") from fault
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ModelError(f"{shown} must hold one SELECT and nothing else.")
    return statements[0]


def _renamed(full_name: str, table: exp.Table, temporary_models: frozenset[str]) -> str | None:
    if full_name == "raw._dlt_loads":
        renamed = temporary(full_name)
    elif table.db == "raw":
        return f'landing.raw."{table.name}"'
    elif table.db in ("staging", "seeds") or full_name in temporary_models:
        renamed = temporary(full_name)
    else:
        return None
    return _named(renamed, table)


def _named(renamed: str, table: exp.Table) -> str:
    return renamed if table.alias else f'{renamed} as "{table.name}"'
